"""Intercom: articles, conversations with their parts, and macros where the version of the interface has them.

An article is public when it is published, has an address in the help centre and names no audience.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal
from urllib.parse import quote

from pydantic import Field

from assistant.domain import Audience
from ingest.sources.api import Api, Record, article_item, moment_of, records_in, text_of, told
from ingest.sources.conversations import PREFIX, Conversations
from ingest.sources.feed import Event, Listed, Memory, Options, Reading, Rest
from ingest.sources.item import Item
from ingest.sources.macros import macro_line
from ingest.sources.ratings import of_five
from ingest.sources.window import Window

_PAGE = 50
_ARTICLE, _MACRO = "article/", "macro/"
_CUSTOMERS = ("user", "lead", "contact")
_RESTRICTIONS = ("audience", "audiences", "audience_ids", "segments", "segment_ids")


class IntercomOptions(Options):
    """`address` is that of the region; conversations are read from `since` on, deleted ones found every so often."""

    address: str = Field("https://api.intercom.io", min_length=1, max_length=900)
    version: str = Field("2.14", pattern=r"^(\d{1,2}\.\d{1,3}|Unstable)$")
    read: Annotated[tuple[Literal["articles", "conversations", "macros"], ...], Listed] = ("articles", "conversations")
    since: date | None = None
    recheck_days: int = Field(7, ge=0, le=365)


@dataclass(frozen=True, slots=True)
class IntercomFeed:
    """One workspace."""

    options: IntercomOptions
    how: Reading
    api: Api

    def events(self, memory: Memory) -> Iterator[Event]:
        """Articles and macros whole, then conversations that changed."""
        if "articles" in self.options.read:
            yield from told(self._articles(), _ARTICLE, self._article)
        if "macros" in self.options.read:
            yield from told(self._macros(), _MACRO, self._macro)
        if "conversations" in self.options.read:
            yield from self._conversations(memory)

    def _macro(self, macro: Record, key: str) -> Item | None:
        return article_item(self.how, key, macro_record(macro, self.how.defaults.macros))

    def _articles(self) -> Iterator[Any]:
        number = 1
        while True:
            reply = self.api.get("/articles", {"page": number, "per_page": _PAGE})
            yield from records_in(reply, "data", "/articles")
            if number >= int((reply.get("pages") or {}).get("total_pages") or 1):
                return
            number += 1

    def _article(self, article: Record, key: str) -> Item | None:
        if article.get("state") != "published":
            return None
        return article_item(self.how, key, article_record(article, self.options.audience))

    def _macros(self) -> Iterator[Any]:
        wanted: dict[str, Any] = {"per_page": _PAGE}
        while True:
            reply = self.api.get("/macros", wanted)
            yield from records_in(reply, "data", "/macros")
            after = _after(reply)
            if not after:
                return
            wanted["starting_after"] = after

    def _conversations(self, memory: Memory) -> Iterator[Event]:
        window = Window.opened(memory, self.options.since, self.options.recheck_days)
        run = Conversations(self.how, memory)
        for number in run.failed_before:
            found = self.api.find(f"/conversations/{quote(number, safe='')}", {"display_as": "plaintext"})
            yield from run.told([found] if found else [], _changed, conversation_record)
        pagination: dict[str, Any] = {"per_page": _PAGE}
        query = {"field": "updated_at", "operator": ">", "value": window.since}
        while True:
            reply = self.api.search("/conversations/search", {"query": query, "pagination": pagination})
            yield from run.told(records_in(reply, "conversations", "/conversations/search"), _changed, self._whole)
            after = _after(reply)
            if not after:
                break
            pagination = {"per_page": _PAGE, "starting_after": after}
        if not window.is_full:
            yield Rest(PREFIX)
        yield window.mark(run.again)

    def _whole(self, header: Record) -> Record | None:
        path = f"/conversations/{quote(str(header['id']), safe='')}"
        found = self.api.find(path, {"display_as": "plaintext"})
        return conversation_record(found) if found else None


def article_record(article: Record, audience: str) -> dict[str, Any]:
    """An article as a line of `documents.jsonl`; internal unless it clearly is for everybody."""
    restricted = any(article.get(name) for name in _RESTRICTIONS)
    is_public = article.get("state") == "published" and bool(article.get("url")) and not restricted
    return {
        "id": article["id"],
        "title": article.get("title") or "",
        "html": article.get("body") or "",
        "url": article.get("url") or "",
        "audience": audience if is_public else "internal",
        "updated_at": moment_of(article.get("updated_at")),
        "created_at": moment_of(article.get("created_at")),
        "locale": article.get("default_locale") or "",
    }


def macro_record(macro: Record, audience: Audience = "internal") -> Record:
    """A macro. One that is not visible to everyone of the workspace stays internal."""
    line = macro_line(
        macro, key=f"macro-{macro['id']}", title=macro.get("name"),
        text=macro.get("body_text") or text_of(macro.get("body")), audience=audience,
        is_shared=macro.get("visible_to") == "everyone",
    )  # fmt: skip
    return {**line, "updated_at": moment_of(macro.get("updated_at")), "created_at": moment_of(macro.get("created_at"))}


def conversation_record(found: Record) -> dict[str, Any]:
    """A conversation as a line of `tickets.jsonl`: its first message and those parts that the customer saw."""
    source = found.get("source") if isinstance(found.get("source"), dict) else {}
    parts = (found.get("conversation_parts") or {}).get("conversation_parts") or []
    messages = [_message({**(source or {}), "part_type": "comment", "created_at": found.get("created_at")})]
    messages += [_message(part) for part in parts if isinstance(part, dict)]
    rated = found.get("conversation_rating")
    rating = rated.get("rating") if isinstance(rated, dict) else None
    tags = [tag["name"] for tag in (found.get("tags") or {}).get("tags") or () if isinstance(tag, dict)]
    return {
        "id": found["id"],
        "created": moment_of(found.get("created_at")),
        "subject": found.get("title") or text_of((source or {}).get("subject")),
        "messages": messages,
        "status": found.get("state") or "",
        "channel": (source or {}).get("type") or "",
        "tags": tags,
        "rating": of_five(rating),
        "requester": [m["author"] for m in messages if m["by"] == "customer" and m["author"]][:1],
        "agents": [m["author"] for m in messages if m["by"] == "agent" and m["author"]],
    }


def _message(part: Record) -> dict[str, Any]:
    author = part.get("author") if isinstance(part.get("author"), dict) else {}
    return {
        "by": "customer" if (author or {}).get("type") in _CUSTOMERS else "agent",
        "text": text_of(part.get("body")),
        "at": moment_of(part.get("created_at")),
        "public": part.get("part_type") == "comment" and not part.get("redacted"),
        "author": {name: str((author or {})[name]) for name in ("name", "email") if (author or {}).get(name)},
    }


def _after(reply: Record) -> str:
    """The cursor of the next page, empty on the last one."""
    following = (reply.get("pages") or {}).get("next")
    return str(following.get("starting_after") or "") if isinstance(following, dict) else ""


def _changed(conversation: Record) -> object:
    return conversation.get("updated_at"), conversation.get("state")
