"""Zendesk: articles of the help centre, tickets with their conversations, macros.

Articles and macros are listed whole in each run, tickets by the incremental export from where the last run
stopped. Only an article that is published and limited to no user segment is public.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Annotated, Any, Literal
from urllib.parse import quote

from pydantic import Field

from assistant.domain import Audience
from ingest.sources.api import Api, Record, article_item, records_in, text_of, told
from ingest.sources.conversations import PREFIX, Conversations
from ingest.sources.feed import Event, Listed, Mark, Memory, Options, Reading, Rest, Words
from ingest.sources.item import Item
from ingest.sources.macros import macro_line
from ingest.sources.ratings import BEST, WORST

_PAGE = 100
_EXPORT_PAGE = 1000
_TWO_YEARS = timedelta(days=730)
_ARTICLE, _MACRO = "article/", "macro/"
_RATING = {"good": BEST, "bad": WORST}
"""Zendesk asks for one of two; "offered" and "unoffered" say that nobody rated."""


class ZendeskOptions(Options):
    """`user` is the address of the key's owner, empty for an OAuth token; tickets are read from `since` on."""

    user: str = Field("", max_length=300)
    locales: Words = ()
    read: Annotated[tuple[Literal["articles", "tickets", "macros"], ...], Listed] = ("articles", "tickets", "macros")
    since: date | None = None


@dataclass(frozen=True, slots=True)
class ZendeskFeed:
    """One account."""

    options: ZendeskOptions
    how: Reading
    api: Api

    def events(self, memory: Memory) -> Iterator[Event]:
        """Articles, macros, then tickets, whose mark is the export's own cursor."""
        if "articles" in self.options.read:
            for number, locale in enumerate(self.options.locales or ("",)):
                yield from self._articles(locale, is_first=number == 0)
        if "macros" in self.options.read:
            pages = self._by_cursor("/api/v2/macros/active.json", "macros")
            yield from told(
                pages, _MACRO, lambda r, key: article_item(self.how, key, macro_record(r, self.how.defaults.macros))
            )
        if "tickets" in self.options.read:
            yield from self._tickets(memory)
            yield Rest(PREFIX)

    def _articles(self, locale: str, *, is_first: bool) -> Iterator[Item]:
        place = f"/{locale}" if locale else ""
        pages = self._by_cursor(f"/api/v2/help_center{place}/articles.json", "articles")

        def item(article: Record, key: str) -> Item | None:
            if article.get("draft") is not False:
                return None
            record = article_record(article, self.options.audience)
            if not is_first:
                key, record = f"{key}/{locale}", {**record, "id": f"{record['id']}/{locale}"}
            return article_item(self.how, key, record)

        yield from told(pages, _ARTICLE, item)

    def _by_cursor(self, path: str, name: str) -> Iterator[Any]:
        """The records of every page, by cursor pagination."""
        reply = self.api.get(path, {"page[size]": _PAGE})
        while True:
            yield from records_in(reply, name, path)
            after = _next(reply)
            if not after:
                return
            reply = self.api.get(after)

    def _tickets(self, memory: Memory) -> Iterator[Event]:
        path = "/api/v2/incremental/tickets/cursor.json"
        run = Conversations(self.how, memory)
        for number in run.failed_before:
            found = self.api.find(f"/api/v2/tickets/{quote(number, safe='')}.json")
            headers = [found.get("ticket")] if found else []
            yield from run.told(headers, _changed, lambda ticket: self._whole(ticket, {}))
        cursor = memory.cursor.get("tickets")
        wanted = {"cursor": cursor} if cursor else {"start_time": self._start()}
        while True:
            reply = self.api.get(path, {**wanted, "per_page": _EXPORT_PAGE, "include": "users"})
            tickets = records_in(reply, "tickets", path)
            whole = partial(self._whole, users=_by_id(reply.get("users")))
            yield from run.told(tickets, _changed, whole)
            cursor = reply.get("after_cursor")
            if cursor:
                yield Mark({"tickets": cursor, "again": list(run.again)})
            if reply.get("end_of_stream", True) or not cursor:
                return
            wanted = {"cursor": cursor}

    def _whole(self, ticket: Record, users: Mapping[Any, Record]) -> Record | None:
        if ticket.get("status") == "deleted":
            return None
        path = f"/api/v2/tickets/{quote(str(ticket['id']), safe='')}/comments.json"
        comments: list[Any] = []
        people = dict(users)
        reply = self.api.find(path, {"page[size]": _PAGE, "include": "users"})
        while reply is not None:
            comments += records_in(reply, "comments", path)
            people |= _by_id(reply.get("users"))
            after = _next(reply)
            if not after:
                return ticket_record(ticket, comments, people)
            reply = self.api.get(after)
        return None

    def _start(self) -> int:
        since = self.options.since
        moment = datetime.combine(since, time(), UTC) if since else datetime.now(UTC) - _TWO_YEARS
        return max(0, int(moment.timestamp()))


def article_record(article: Record, audience: str) -> dict[str, Any]:
    """An article as a line of `documents.jsonl`; internal unless it says that everybody may see it."""
    restricted = article.get("user_segment_id", "unsaid") is not None or article.get("user_segment_ids")
    is_public = article.get("draft") is False and not restricted
    return {
        "id": article["id"],
        "title": article.get("title") or article.get("name") or "",
        "html": article.get("body") or "",
        "url": article.get("html_url") or "",
        "audience": audience if is_public else "internal",
        "updated_at": article.get("edited_at") or article.get("updated_at"),
        "created_at": article.get("created_at"),
        "locale": article.get("locale") or "",
    }


def macro_record(macro: Record, audience: Audience = "internal") -> Record:
    """A macro: the texts that it puts into a reply. One that is not for all agents stays internal."""
    texts = [_macro_text(action) for action in macro.get("actions") or () if isinstance(action, dict)]
    return macro_line(
        macro, key=f"macro-{macro['id']}", title=macro.get("title"), text="\n\n".join(text for text in texts if text),
        audience=audience, is_shared="restriction" in macro and macro["restriction"] is None,
    )  # fmt: skip


def _macro_text(action: Record) -> str:
    value = action.get("value")
    if isinstance(value, list):  # ["channel:all", "text"]
        value = value[-1] if value else ""
    if action.get("field") == "comment_value_html":
        return text_of(value)
    return str(value) if action.get("field") == "comment_value" else ""


def ticket_record(ticket: Record, comments: Iterable[Any], users: Mapping[Any, Record]) -> dict[str, Any]:
    """A ticket with its comments as a line of `tickets.jsonl`."""
    requester = ticket.get("requester_id")
    rated = ticket.get("satisfaction_rating")
    score = rated.get("score") if isinstance(rated, dict) else None
    return {
        "id": ticket["id"],
        "created": ticket.get("created_at"),
        "subject": ticket.get("raw_subject") or ticket.get("subject") or "",
        "messages": [_message(comment, requester, users) for comment in comments if isinstance(comment, dict)],
        "status": ticket.get("status") or "",
        "channel": (ticket.get("via") or {}).get("channel") or "",
        "tags": list(ticket.get("tags") or ()),
        "rating": _RATING.get(str(score)),
        "requester": _person(users.get(requester)),
        "agents": [found for user in users.values() if user.get("role") != "end-user" and (found := _person(user))],
    }


def _message(comment: Record, requester: object, users: Mapping[Any, Record]) -> dict[str, Any]:
    author = comment.get("author_id")
    role = users.get(author, {}).get("role") or ("end-user" if author == requester else "agent")
    return {
        "by": "customer" if role == "end-user" else "agent",
        "text": comment.get("plain_body") or comment.get("body") or text_of(comment.get("html_body")),
        "at": comment.get("created_at"),
        "public": comment.get("public") is True,
        "author": _person(users.get(author)),
    }


def _person(user: Record | None) -> dict[str, str]:
    return {name: str(user[name]) for name in ("name", "email") if user.get(name)} if user else {}


def _changed(ticket: Record) -> object:
    return ticket.get("generated_timestamp"), ticket.get("updated_at"), ticket.get("status")


def _next(reply: Record) -> str:
    """The address of the next page, empty on the last one."""
    more = (reply.get("meta") or {}).get("has_more")
    return str((reply.get("links") or {}).get("next") or "") if more else ""


def _by_id(users: object) -> dict[Any, Record]:
    found = users if isinstance(users, list) else []
    return {user["id"]: user for user in found if isinstance(user, dict) and "id" in user}
