"""Every kind of source over the network by its name: its options, checked, and its feed."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from assistant.errors import SourceError, UsageError
from ingest.net.addresses import refuse_odd_address
from ingest.net.fetch import Fetcher
from ingest.net.git import Repository, remote
from ingest.net.secrets import secret
from ingest.sources.api import Api, basic
from ingest.sources.chatwoot import ChatwootFeed, ChatwootOptions
from ingest.sources.feed import Feed, Options, Reading, reading
from ingest.sources.freshdesk import FreshdeskFeed, FreshdeskOptions
from ingest.sources.git import GitFeed, GitOptions
from ingest.sources.intercom import IntercomFeed, IntercomOptions
from ingest.sources.item import Defaults
from ingest.sources.sitemap import origin
from ingest.sources.web import WebFeed, WebOptions
from ingest.sources.zendesk import ZendeskFeed, ZendeskOptions


@dataclass(frozen=True, slots=True)
class Outside:
    """What a feed works with: hosts of one's own network, a folder for its own files, how to wait."""

    private_hosts: Collection[str]
    folder: Path
    wait: Callable[[float], object] = time.sleep
    opened: list[Fetcher] = field(default_factory=list)

    def fetch(self, secret_headers: Mapping[str, str], address: str) -> Fetcher:
        """A client that sends `secret_headers` to the origin of `address` alone."""
        self.opened.append(Fetcher(self.private_hosts, secret_headers, address, wait=self.wait))
        return self.opened[-1]

    def close(self) -> None:
        """Close every connection of the run."""
        for fetcher in self.opened:
            fetcher.close()


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of source; `feed` opens it for one run, and only then looks for its key."""

    options: type[Options]
    feed: Callable[[Any, Reading, Outside], Feed]


def _web(options: WebOptions, how: Reading, outside: Outside) -> Feed:
    return WebFeed(options, how, outside.fetch({}, ""))


def _zendesk(options: ZendeskOptions, how: Reading, outside: Outside) -> Feed:
    key = secret(options.token_env, options.token_file)
    header = basic(f"{options.user}/token", key) if options.user else f"Bearer {key}"
    return ZendeskFeed(options, how, _api(options, {"Authorization": header}, outside))


def _freshdesk(options: FreshdeskOptions, how: Reading, outside: Outside) -> Feed:
    key = secret(options.token_env, options.token_file)
    return FreshdeskFeed(options, how, _api(options, {"Authorization": basic(key, "X")}, outside))


def _intercom(options: IntercomOptions, how: Reading, outside: Outside) -> Feed:
    key = secret(options.token_env, options.token_file)
    headers = {"Authorization": f"Bearer {key}", "Intercom-Version": options.version, "Accept": "application/json"}
    return IntercomFeed(options, how, _api(options, headers, outside))


def _chatwoot(options: ChatwootOptions, how: Reading, outside: Outside) -> Feed:
    key = secret(options.token_env, options.token_file)
    api = _api(options, {"api_access_token": key}, outside)
    return ChatwootFeed(options, how, Api(api.fetcher, f"{api.base}/api/v1/accounts/{options.account}"))


def _git(options: GitOptions, how: Reading, outside: Outside) -> Feed:
    has_key = options.token_env or options.token_file
    key = secret(options.token_env, options.token_file) if has_key else ""
    place = outside.folder / hashlib.sha256(options.address.encode()).hexdigest()[:16]
    repository = Repository(
        place, remote(options.address), key, options.user, private_hosts=outside.private_hosts, wait=outside.wait
    )
    return GitFeed(options, how, repository)


def _api(options: Options, headers: Mapping[str, str], outside: Outside) -> Api:
    base = origin(options.address)
    return Api(outside.fetch(headers, base), base)


KINDS: Mapping[str, Kind] = {
    "web": Kind(WebOptions, _web),
    "git": Kind(GitOptions, _git),
    "zendesk": Kind(ZendeskOptions, _zendesk),
    "freshdesk": Kind(FreshdeskOptions, _freshdesk),
    "intercom": Kind(IntercomOptions, _intercom),
    "chatwoot": Kind(ChatwootOptions, _chatwoot),
}


def checked_options(kind: str, given: Mapping[str, Any]) -> Options:
    """The options of a source of this kind.

    Raises:
        UsageError: no such kind, an option that it does not have, or a value that does not fit.
    """
    if kind not in KINDS:
        raise UsageError(f"Expected a kind of source ({', '.join(sorted(KINDS))}), found {kind!r}.")
    try:
        options = KINDS[kind].options(**given)
        if kind == "git":
            remote(options.address)
        else:
            refuse_odd_address(options.address)
    except SourceError as error:
        raise UsageError(f"Source of kind {kind}: {error}") from error
    except ValidationError as error:
        raise UsageError(f"Source of kind {kind}: {_explained(error, KINDS[kind].options)}") from error
    if options.token_env.upper().startswith("WAYPOST_"):
        raise UsageError(
            f"Expected a variable of your own for the key, found {options.token_env}: names that start with WAYPOST_ "
            "are settings. Choose another name."
        )
    return options


def open_feed(kind: str, options: Options, defaults: Defaults, outside: Outside) -> tuple[Feed, str]:
    """The feed of a source and the stamp of its reading.

    Raises:
        SourceError: its key cannot be found.
    """
    how = reading(options, replace(defaults, audience=options.audience, macros=options.macros or defaults.macros))
    return KINDS[kind].feed(options, how, outside), how.stamp


def kind_of_address(location: str) -> str | None:
    """The kind of source that an address given to `ingest` stands for, None for a path.

    >>> kind_of_address("https://help.example/"), kind_of_address("https://code.example/docs.git")
    ('web', 'git')
    >>> kind_of_address("help-centre/faq.csv")
    """
    if not location.lower().startswith(("http://", "https://")):
        return None
    try:
        refuse_odd_address(location)
    except SourceError as error:
        raise UsageError(str(error)) from error
    return "git" if location.split("?", maxsplit=1)[0].rstrip("/").endswith(".git") else "web"


def _explained(error: ValidationError, options: type[Options]) -> str:
    lines = []
    for problem in error.errors(include_url=False):
        name = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            lines.append(f"there is no option {name!r}; those there are: {', '.join(sorted(options.model_fields))}")
        elif problem["type"] == "missing":
            lines.append(f"the option {name!r} is missing")
        else:
            lines.append(f"{name}: {problem['msg']}, found {str(problem['input'])[:80]!r}")
    return "; ".join(lines) + "."
