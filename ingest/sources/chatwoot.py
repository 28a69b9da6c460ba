"""Chatwoot: articles of its portals, conversations with their messages, canned responses.

An article is public when it is published in a portal that is not archived.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal
from urllib.parse import quote

from pydantic import Field

from assistant.domain import Audience
from assistant.errors import SourceError
from ingest.sources.api import Api, Record, article_item, moment_of, record_id, records_in, told
from ingest.sources.conversations import PREFIX, Conversations
from ingest.sources.feed import Event, Listed, Memory, Options, Reading, Rest, Words
from ingest.sources.item import Item
from ingest.sources.macros import macro_line
from ingest.sources.ratings import of_five
from ingest.sources.window import Window

_ARTICLE, _CANNED = "article/", "canned/"
_SIDES = {0: "customer", "incoming": "customer", 1: "agent", "outgoing": "agent", 3: "agent", "template": "agent"}
_MAX_PAGES = 100_000


class ChatwootOptions(Options):
    """`account` is the number in the addresses of the dashboard; no `portals` means all that are not archived."""

    account: int = Field(ge=1)
    portals: Words = ()
    read: Annotated[tuple[Literal["articles", "conversations", "canned"], ...], Listed] = (
        "articles",
        "conversations",
        "canned",
    )
    since: date | None = None
    recheck_days: int = Field(7, ge=0, le=365)


@dataclass(frozen=True, slots=True)
class ChatwootFeed:
    """One account; `api.base` ends with its number."""

    options: ChatwootOptions
    how: Reading
    api: Api

    def events(self, memory: Memory) -> Iterator[Event]:
        """Articles and canned responses whole, then conversations with news."""
        if "articles" in self.options.read:
            for portal in records_in(self.api.get("/portals"), "payload", "/portals"):
                if self._is_wanted(portal):
                    yield from self._portal(portal)
        if "canned" in self.options.read:
            found = self.api.listed("/canned_responses")
            audience = self.how.defaults.macros
            yield from told(found, _CANNED, lambda r, key: article_item(self.how, key, canned_record(r, audience)))
        if "conversations" in self.options.read:
            yield from self._conversations(memory)

    def _is_wanted(self, portal: Any) -> bool:
        if not isinstance(portal, dict) or not portal.get("slug"):
            raise SourceError(f"Expected a portal with a slug, found {str(portal)[:80]!r}.")
        chosen = not self.options.portals or portal["slug"] in self.options.portals
        return chosen and not portal.get("archived")

    def _portal(self, portal: Record) -> Iterator[Item]:
        address = f"https://{portal['custom_domain']}" if portal.get("custom_domain") else self.api.origin

        def item(article: Record, key: str) -> Item | None:
            if article.get("status") != "published":
                return None
            return article_item(self.how, key, article_record(article, self.options.audience, address, portal))

        path = f"/portals/{quote(str(portal['slug']), safe='')}/articles"
        for locale in _locales(portal):
            yield from told(self._pages(path, {"locale": locale}), _ARTICLE, item)

    def _pages(self, path: str, wanted: Record) -> Iterator[Any]:
        """Every record of a list, until a page brings none that is new."""
        seen: set[str | None] = set()
        for number in range(1, _MAX_PAGES):
            page = records_in(self.api.get(path, {**wanted, "page": number}), "payload", path)
            ids = {record_id(record) for record in page}
            if not ids - seen:
                return
            seen |= ids
            yield from page

    def _conversations(self, memory: Memory) -> Iterator[Event]:
        window = Window.opened(memory, self.options.since, self.options.recheck_days)
        run = Conversations(self.how, memory)
        for number in run.failed_before:
            found = self.api.find(f"/conversations/{quote(number, safe='')}")
            yield from run.told([found] if found else [], _changed, self._whole)
        yield from run.told(self._recent(window.since), _changed, self._whole)
        if not window.is_full:
            yield Rest(PREFIX)
        yield window.mark(run.again)

    def _recent(self, since: int) -> Iterator[Any]:
        """Conversations with something new after `since`: the list begins with the latest."""
        wanted = {"status": "all", "assignee_type": "all", "sort_by": "last_activity_at_desc"}
        for number in range(1, _MAX_PAGES):
            reply = self.api.get("/conversations", {**wanted, "page": number})
            page = records_in(reply.get("data") or {}, "payload", "/conversations")
            yield from page
            oldest = min((_activity(conversation) for conversation in page), default=0)
            if not page or oldest < since:
                return

    def _whole(self, header: Record) -> Record | None:
        path = f"/conversations/{quote(str(header['id']), safe='')}/messages"
        messages: list[Any] = []
        wanted: dict[str, Any] = {}
        while True:
            reply = self.api.find(path, wanted)
            if reply is None:
                return None
            page = [message for message in records_in(reply, "payload", path) if isinstance(message, dict)]
            ids = [int(message["id"]) for message in page if isinstance(message.get("id"), int)]
            if not ids or (messages and min(ids) >= int(wanted["before"])):
                return conversation_record(header, messages)
            messages = page + messages
            wanted = {"before": min(ids)}


def article_record(article: Record, audience: str, address: str, portal: Record) -> dict[str, Any]:
    """A published article as a line of `documents.jsonl`."""
    slug = article.get("slug") or article["id"]
    return {
        "id": article["id"],
        "title": article.get("title") or "",
        "markdown": article.get("content") or "",
        "url": f"{address}/hc/{portal['slug']}/articles/{slug}",
        "audience": audience,
        "updated_at": moment_of(article.get("updated_at")),
        "locale": article.get("locale") or (article.get("category") or {}).get("locale") or "",
    }


def canned_record(response: Record, audience: Audience = "internal") -> Record:
    """A canned response; every agent of the account has it."""
    return macro_line(
        response, key=f"canned-{response['id']}", title=response.get("short_code"),
        text=str(response.get("content") or ""), audience=audience, is_shared=True,
    )  # fmt: skip


def conversation_record(header: Record, messages: list[Any]) -> dict[str, Any]:
    """A conversation as a line of `tickets.jsonl`; what machines note in it is left out."""
    meta = header.get("meta") if isinstance(header.get("meta"), dict) else {}
    said = [_message(message) for message in messages if message.get("message_type") in _SIDES]
    attributes = header.get("additional_attributes") or {}
    return {
        "id": header["id"],
        "created": moment_of(header.get("created_at") or header.get("timestamp")),
        "subject": attributes.get("mail_subject") or "",
        "messages": said,
        "status": header.get("status") or "",
        "channel": str((meta or {}).get("channel") or "").removeprefix("Channel::").lower(),
        "tags": list(header.get("labels") or ()),
        "rating": _rating(messages),
        "requester": _person((meta or {}).get("sender")),
        "agents": [message["author"] for message in said if message["by"] == "agent" and message["author"]],
    }


def _rating(messages: list[Any]) -> float | None:
    """What the customer answered to the latest survey in the conversation."""
    for message in reversed(messages):
        answer: Any = message
        for name in ("content_attributes", "submitted_values", "csat_survey_response", "rating"):
            answer = answer.get(name) if isinstance(answer, dict) else None
        if (rating := of_five(answer)) is not None:
            return rating
    return None


def _message(message: Record) -> dict[str, Any]:
    return {
        "by": _SIDES[message["message_type"]],
        "text": message.get("content") or "",
        "at": moment_of(message.get("created_at")),
        "public": message.get("private") is False,
        "author": _person(message.get("sender")),
    }


def _person(person: object) -> dict[str, str]:
    found = person if isinstance(person, dict) else {}
    return {name: str(found[name]) for name in ("name", "email") if found.get(name)}


def _locales(portal: Record) -> tuple[str, ...]:
    allowed = (portal.get("config") or {}).get("allowed_locales") or ()
    codes = [locale.get("code") if isinstance(locale, dict) else locale for locale in allowed]
    return tuple(str(code) for code in codes if code) or ("en",)


def _activity(conversation: Any) -> float:
    found = conversation.get("last_activity_at") if isinstance(conversation, dict) else None
    return float(found) if isinstance(found, int | float) else 0.0


def _changed(conversation: Record) -> object:
    return conversation.get("last_activity_at"), conversation.get("status"), sorted(conversation.get("labels") or ())
