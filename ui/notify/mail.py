"""The digest by mail: Markdown for who reads plain text, HTML for the others, in one message."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Collection
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from assistant.errors import SettingsError, SourceError
from assistant.records import StoredDigest
from ingest.net.addresses import Resolver, checked_addresses, system_resolver

_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Mailbox:
    """The mail server and who gets the digest. `tls` is starttls, tls or none; an empty `user` does not sign in."""

    host: str
    sender: str
    recipients: tuple[str, ...]
    port: int = 587
    tls: str = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)


def digest_mail(digest: StoredDigest, mailbox: Mailbox, title: str) -> EmailMessage:
    """The message; a line break in a name or title is refused by the message itself."""
    message = EmailMessage()
    message["Subject"] = f"{title}: what people wrote about in {digest.week}"
    message["From"] = mailbox.sender
    message["To"] = ", ".join(mailbox.recipients)
    message["Date"] = formatdate(localtime=False)
    message["Message-ID"] = make_msgid(domain="waypost.invalid")
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(digest.markdown)
    message.add_alternative(digest.html, subtype="html")
    return message


def send(
    message: EmailMessage, mailbox: Mailbox, *, private_hosts: Collection[str] = (), resolve: Resolver = system_resolver
) -> None:
    """Hand the message to the mail server.

    Raises:
        SourceError: the server is not to be asked, does not answer, or refuses; `retry` says whether to try again.
        SettingsError: `tls` is none of "starttls", "tls", "none".
    """
    if mailbox.tls not in ("starttls", "tls", "none"):
        raise SettingsError(f"Expected [notify.mail] tls to be starttls, tls or none, found {mailbox.tls!r}.")
    checked_addresses(mailbox.host, mailbox.port, resolve=resolve, private_hosts=private_hosts)
    try:
        with _connected(mailbox) as server:
            if mailbox.tls == "starttls":
                server.starttls(context=ssl.create_default_context())
            if mailbox.user:
                server.login(mailbox.user, mailbox.password)
            server.send_message(message)
    except smtplib.SMTPResponseException as error:
        passing = 400 <= error.smtp_code < 500
        raise SourceError(
            f"{mailbox.host} refused the mail: {error.smtp_code} {error.smtp_error!r}.", retry=passing
        ) from error
    except smtplib.SMTPRecipientsRefused as error:
        passing = all(400 <= code < 500 for code, _ in error.recipients.values())
        raise SourceError(f"{mailbox.host} refused {', '.join(error.recipients)}.", retry=passing) from error
    except (OSError, smtplib.SMTPException) as error:
        raise SourceError(f"{mailbox.host}:{mailbox.port} took no mail: {type(error).__name__}: {error}.") from error


def _connected(mailbox: Mailbox) -> smtplib.SMTP:
    if mailbox.tls == "tls":
        return smtplib.SMTP_SSL(mailbox.host, mailbox.port, timeout=_TIMEOUT_S, context=ssl.create_default_context())
    return smtplib.SMTP(mailbox.host, mailbox.port, timeout=_TIMEOUT_S)
