"""Freshdesk: solution articles with the visibility of their folders, tickets with conversations, canned responses.

Tickets are asked for by their time of change, always from the last one seen on, so that neither the limit of
300 pages nor a ticket that changes meanwhile makes a gap. Only a published article in a folder that
everybody may see, itself within such folders, is public.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import quote

from assistant.domain import Audience
from assistant.errors import SourceError
from ingest.sources.api import Api, Record, article_item, record_id, text_of, told
from ingest.sources.conversations import PREFIX, Conversations
from ingest.sources.feed import Event, Gone, Listed, Mark, Memory, Options, Reading, Rest
from ingest.sources.item import Item
from ingest.sources.macros import macro_line
from ingest.sources.ratings import of_steps

_PAGE = 100
_MAX_PAGES = 300
_TWO_YEARS = timedelta(days=730)
_ARTICLE, _CANNED = "article/", "canned/"
_RATING = {100: of_steps(0, 3), **{sign * (100 + n): of_steps(sign * n, 3) for n in (1, 2, 3) for sign in (1, -1)}}
"""Freshdesk's seven steps: 103 is extremely happy, 100 neutral, -103 extremely unhappy."""
EVERYBODY = 1
PUBLISHED = 2
_STATUS = {2: "open", 3: "pending", 4: "resolved", 5: "closed"}
_CHANNEL = {1: "email", 2: "portal", 3: "phone", 7: "chat", 9: "feedback widget", 10: "outbound email"}


class FreshdeskOptions(Options):
    """`canned` are canned responses; tickets are read from `since` on, two years back when it is not given."""

    read: Annotated[tuple[Literal["articles", "tickets", "canned"], ...], Listed] = ("articles", "tickets", "canned")
    since: date | None = None


@dataclass(frozen=True, slots=True)
class FreshdeskFeed:
    """One account."""

    options: FreshdeskOptions
    how: Reading
    api: Api

    def events(self, memory: Memory) -> Iterator[Event]:
        """Articles and canned responses whole, then tickets that changed and those that were deleted."""
        if "articles" in self.options.read:
            for category in self._all("/api/v2/solutions/categories"):
                path = f"/api/v2/solutions/categories/{_part(category)}/folders"
                for folder in self._all(path):
                    yield from self._folder(folder, is_open=True)
        if "canned" in self.options.read:
            for folder in self._all("/api/v2/canned_response_folders"):
                audience = self.how.defaults.macros if _is_for_all(folder) else "internal"
                found = self._all(f"/api/v2/canned_response_folders/{_part(folder)}/responses")
                yield from told(found, _CANNED, self._canned(audience))
        if "tickets" in self.options.read:
            yield from self._tickets(memory)
            yield Rest(PREFIX)

    def _canned(self, audience: Audience) -> Callable[[Record, str], Item | None]:
        return lambda response, key: article_item(self.how, key, canned_record(response, audience))

    def _folder(self, folder: Any, *, is_open: bool, depth: int = 0) -> Iterator[Item]:
        is_open = is_open and isinstance(folder, dict) and folder.get("visibility") == EVERYBODY
        number = _part(folder)
        address = self.api.base

        def item(article: Record, key: str) -> Item | None:
            if article.get("status") != PUBLISHED:
                return None
            audience = self.options.audience if is_open else "internal"
            return article_item(self.how, key, article_record(article, audience, address))

        yield from told(self._all(f"/api/v2/solutions/folders/{number}/articles"), _ARTICLE, item)
        if depth < 5 and isinstance(folder, dict) and folder.get("sub_folders_count"):
            for below in self._all(f"/api/v2/solutions/folders/{number}/subfolders"):
                yield from self._folder(below, is_open=is_open, depth=depth + 1)

    def _all(self, path: str, **wanted: Any) -> Iterator[Any]:
        """Every record of a list, page by page."""
        for number in range(1, _MAX_PAGES + 1):
            page = self.api.listed(path, {**wanted, "page": number, "per_page": _PAGE})
            yield from page
            if len(page) < _PAGE:
                return
        raise SourceError(f"{path}: expected at most {_MAX_PAGES} pages of {_PAGE}, found more.", retry=False)

    def _tickets(self, memory: Memory) -> Iterator[Event]:
        run = Conversations(self.how, memory)
        for number in run.failed_before:
            found = self.api.find(f"/api/v2/tickets/{quote(number, safe='')}", {"include": "requester"})
            yield from run.told([found] if found else [], _changed, self._whole)
        begin = str(memory.cursor.get("since") or self._start())
        for name in ("deleted", "spam"):
            for _, page in self._changes(begin, filter=name):
                yield from (Gone(f"{PREFIX}{record_id(ticket)}") for ticket in page)
        for since, page in self._changes(begin, include="requester,description"):
            yield from run.told(page, _changed, self._whole)
            yield Mark({"since": since, "again": list(run.again)})

    def _changes(self, since: str, **wanted: Any) -> Iterator[tuple[str, list[Any]]]:
        """Pages of tickets in the order of their change, each with the time to go on from."""
        number = 1
        order = {"order_by": "updated_at", "order_type": "asc", "per_page": _PAGE}
        while True:
            page = self.api.listed("/api/v2/tickets", {**wanted, **order, "updated_since": since, "page": number})
            last = max(
                (str(t["updated_at"]) for t in page if isinstance(t, dict) and t.get("updated_at")), default=since
            )
            number = 1 if last > since else number + 1
            since = max(since, last)
            yield since, page
            if len(page) < _PAGE:
                return
            if number > _MAX_PAGES:
                raise SourceError(f"Expected at most {_MAX_PAGES * _PAGE:,} tickets changed at once, found more.")

    def _whole(self, ticket: Record) -> Record | None:
        if ticket.get("deleted") or ticket.get("spam"):
            return None
        path = f"/api/v2/tickets/{quote(str(ticket['id']), safe='')}"
        whole = ticket if "description_text" in ticket else self.api.find(path, {"include": "requester"})
        if whole is None:
            return None
        surveys = self.api.listed_if_any(f"{path}/satisfaction_ratings")
        return ticket_record(whole, list(self._all(f"{path}/conversations")), surveys)

    def _start(self) -> str:
        since = self.options.since
        moment = datetime.combine(since, time(), UTC) if since else datetime.now(UTC) - _TWO_YEARS
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def article_record(article: Record, audience: str, address: str) -> dict[str, Any]:
    """An article as a line of `documents.jsonl`; `audience` is that of its folder."""
    return {
        "id": article["id"],
        "title": article.get("title") or "",
        "html": article.get("description") or "",
        "url": f"{address}/support/solutions/articles/{article['id']}",
        "audience": audience,
        "updated_at": article.get("updated_at"),
        "created_at": article.get("created_at"),
    }


def _is_for_all(folder: Any) -> bool:
    """Whether a folder of canned responses is no agent's own."""
    return isinstance(folder, dict) and folder.get("personal") is False


def canned_record(response: Record, audience: Audience = "internal") -> Record:
    """A canned response; `audience` is that of its folder."""
    html = response.get("content_html")
    return macro_line(
        response, key=f"canned-{response['id']}", title=response.get("title"),
        text=text_of(html) if html else str(response.get("content") or ""), audience=audience, is_shared=True,
    )  # fmt: skip


def ticket_record(ticket: Record, conversations: list[Any], surveys: Sequence[Any] = ()) -> dict[str, Any]:
    """A ticket with its conversations as a line of `tickets.jsonl`; its description is the first message."""
    requester = ticket.get("requester") if isinstance(ticket.get("requester"), dict) else {}
    first = {
        "by": "customer",
        "text": ticket.get("description_text") or text_of(ticket.get("description")),
        "at": ticket.get("created_at"),
        "author": _person(requester or {}),
    }
    return {
        "id": ticket["id"],
        "created": ticket.get("created_at"),
        "subject": ticket.get("subject") or "",
        "messages": [first, *(_message(said) for said in conversations if isinstance(said, dict))],
        "status": _STATUS.get(ticket.get("status", 0), str(ticket.get("status") or "")),
        "channel": _CHANNEL.get(ticket.get("source", 0), str(ticket.get("source") or "")),
        "tags": list(ticket.get("tags") or ()),
        "rating": _rating(surveys),
        "requester": _person(requester or {}),
    }


def _rating(surveys: Sequence[Any]) -> float | None:
    """The latest answer to the survey's first question."""
    answered = [each for each in surveys if isinstance(each, dict) and isinstance(each.get("ratings"), dict)]
    latest = max(answered, key=lambda each: str(each.get("created_at") or ""), default=None)
    step = None if latest is None else latest["ratings"].get("default_question")
    return _RATING.get(step) if isinstance(step, int) else None


def _message(said: Record) -> dict[str, Any]:
    return {
        "by": "customer" if said.get("incoming") is True else "agent",
        "text": said.get("body_text") or text_of(said.get("body")),
        "at": said.get("created_at"),
        "public": said.get("private") is False,
    }


def _person(person: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(person[name]) for name in ("name", "email") if person.get(name)}


def _changed(ticket: Record) -> object:
    return ticket.get("updated_at")


def _part(record: Any) -> str:
    number = record_id(record)
    if number is None:
        raise SourceError(f"Expected a category or folder with an id, found {str(record)[:80]!r}.")
    return quote(number, safe="")
