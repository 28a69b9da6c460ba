"""Hooks and mailboxes as the settings name them; secrets come from the environment, never from a file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from assistant.errors import SettingsError, SourceError
from assistant.gaps.events import Event
from assistant.settings import MailTarget, Notify, WebhookTarget
from assistant.store.digests import Digests
from ui.notify.mail import Mailbox, digest_mail, send
from ui.notify.notifier import Target, refused
from ui.notify.webhook import Hook, Outcome, Sender


@dataclass(frozen=True, slots=True)
class HookTarget:
    """A webhook of the settings."""

    hook: Hook
    sender: Sender

    @property
    def name(self) -> str:
        """The host."""
        return self.hook.name

    @property
    def key(self) -> str:
        """The whole address."""
        return self.hook.url

    def wants(self, event: Event) -> bool:
        """Those that the settings name, else all."""
        return not self.hook.events or event.type in self.hook.events

    def send(self, event: Event, now: datetime) -> Outcome:
        """One try."""
        return self.sender.send(self.hook, event, now)


@dataclass(frozen=True, slots=True)
class MailboxTarget:
    """The digest's readers."""

    mailbox: Mailbox
    digests: Digests
    desk: str
    private_hosts: tuple[str, ...]

    @property
    def name(self) -> str:
        """The mail server."""
        return self.mailbox.host

    @property
    def key(self) -> str:
        """Server and readers."""
        return f"mail:{self.mailbox.host}:{','.join(self.mailbox.recipients)}"

    def wants(self, event: Event) -> bool:
        """The digest alone: a mail for each spike would be one that nobody reads."""
        return event.type == "digest.ready"

    def send(self, event: Event, now: datetime) -> Outcome:  # noqa: ARG002
        """One try."""
        digest = self.digests.get(str(event.facts["week"]))
        if digest is None:
            return Outcome(0, delivered=False, retry=False, said="the digest is gone")
        try:
            send(digest_mail(digest, self.mailbox, self.desk), self.mailbox, private_hosts=self.private_hosts)
        except SourceError as error:
            return refused(error)
        return Outcome(250, delivered=True, retry=False)


def targets(settings: Notify, digests: Digests, desk: str, environment: Mapping[str, str] = os.environ) -> list[Target]:
    """All that the settings name.

    Raises:
        SettingsError: a secret is to be in the environment and is not.
    """
    sender = Sender(private_hosts=settings.private_hosts)
    found: list[Target] = [HookTarget(_hook(webhook, environment), sender) for webhook in settings.webhooks]
    if settings.mail is not None:
        found.append(MailboxTarget(_mailbox(settings.mail, environment), digests, desk, settings.private_hosts))
    return found


def _hook(webhook: WebhookTarget, environment: Mapping[str, str]) -> Hook:
    return Hook(webhook.url, webhook.format, _secret(webhook.secret_env, environment), webhook.events)


def _mailbox(mail: MailTarget, environment: Mapping[str, str]) -> Mailbox:
    return Mailbox(
        host=mail.host,
        port=mail.port,
        tls=mail.tls,
        sender=mail.sender,
        recipients=mail.recipients,
        user=mail.user,
        password=_secret(mail.password_env, environment),
    )


def _secret(name: str, environment: Mapping[str, str]) -> str:
    if name and not environment.get(name):
        raise SettingsError(
            f"Expected a secret in the environment variable {name}, found none. Set it, or correct [notify]."
        )
    return environment.get(name, "") if name else ""
