"""What the desk asks of the API, gathered for one screen."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from ui.client import ApiError, Client

Json = Mapping[str, Any]
"""A body of the API as the contract has it."""

RECENT = 12
OTHERS = 5
_PERSON = re.compile(r" ?\[person \d+\]")


@dataclass(frozen=True, slots=True)
class Ticket:
    """What the agent pasted."""

    text: str
    title: str = ""
    requester: str = ""
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Opened:
    """A draft with everything its screen needs; `documents` is keyed by id and version, `others` were found as well."""

    ticket: Ticket
    answer: Json
    documents: Mapping[tuple[str, int], Json]
    nearest: tuple[Json, ...]
    history: Json
    similar: tuple[Json, ...] = ()
    others: tuple[Json, ...] = ()

    @property
    def draft_id(self) -> str:
        """The draft's own id, apart from the ticket's."""
        return str(self.answer["draft_id"])


def ask(client: Client, ticket: Ticket) -> Iterator[tuple[Json, ...] | Opened]:
    """A new draft for the ticket: its parts so far, as each comes, and at last the whole, logged as shown."""
    body = {
        "text": ticket.text or ticket.title,
        "title": ticket.title,
        "requester": ticket.requester,
        "channel": ticket.channel,
    }
    parts: tuple[Json, ...] = ()
    for name, data in client.stream("/v1/drafts:stream", body):
        if name == "delta":
            parts = (*parts, data)
            yield parts
        elif name == "done":
            yield _shown(client, replace(ticket, requester=ticket.requester or data["question"]["requester"]), data)


def made_anew(client: Client, draft_id: str, wish: str, requester: str) -> Opened:
    """The draft said anew ("shorter", "translate:German") or from another article ("from:its-id"), logged as shown."""
    how, _, what = wish.partition(":")
    if how == "from":
        path, body = "redraft", {"document_id": what, "requester": requester}
    else:
        path, body = "rewrite", {"how": how, "language": what, "requester": requester}
    answer = client.post(f"/v1/drafts/{quote(draft_id, safe='')}/{path}", body)
    return _shown(client, _asked(answer), answer)


def stored(client: Client, draft_id: str) -> Opened:
    """A draft as it was made, with what became of it."""
    place = quote(draft_id, safe="")
    answer = client.get(f"/v1/drafts/{place}")
    answer = {**answer, "greeting": _PERSON.sub("", answer["greeting"])}  # the name is stored nowhere
    return _opened(client, _asked(answer), answer, client.get(f"/v1/drafts/{place}/history"))


def recent(client: Client) -> list[Json]:
    """The latest drafts, newest first."""
    found: list[Json] = client.get("/v1/drafts", {"limit": RECENT})
    return found


def happened(client: Client, draft_id: str, kind: str, final_text: str | None = None) -> Json:
    """Record what the agent did; returns the draft's history with it."""
    place = quote(draft_id, safe="")
    body = {"kind": kind} if final_text is None else {"kind": kind, "final_text": final_text}
    client.post(f"/v1/drafts/{place}/events", body)
    history: Json = client.get(f"/v1/drafts/{place}/history")
    return history


def rated(client: Client, draft_id: str, feedback: Json) -> None:
    """Record a rating."""
    client.post(f"/v1/drafts/{quote(draft_id, safe='')}/feedback", feedback)


def is_sample(client: Client) -> bool:
    """Whether the knowledge is that of the sample helpdesk."""
    sources: list[Json] = client.get("/v1/sources")
    return any(str(source["name"]).endswith("/ui/sample/articles") for source in sources)


def _shown(client: Client, ticket: Ticket, answer: Json) -> Opened:
    client.post(f"/v1/drafts/{answer['draft_id']}/events", {"kind": "shown"})
    return _opened(client, ticket, answer, {"events": [], "feedback": []})


def _opened(client: Client, ticket: Ticket, answer: Json, history: Json) -> Opened:
    keys = dict.fromkeys((s["document_id"], s["version"]) for s in answer["sources"])
    found = {key: _document(client, *key) for key in keys}
    near = [_document(client, document_id) for document_id in (answer["gap"] or {}).get("nearest", [])]
    considered: list[Json] = client.get(f"/v1/drafts/{quote(answer['draft_id'], safe='')}/considered")
    shown = {document["document_id"] for document in near if document}
    return Opened(
        ticket,
        answer,
        {key: document for key, document in found.items() if document},
        tuple(document for document in near if document),
        history,
        tuple(client.get("/v1/tickets/similar", {"draft_id": answer["draft_id"]})),
        tuple(one for one in considered if not one["cited"] and one["document_id"] not in shown)[:OTHERS],
    )


def _document(client: Client, document_id: str, version: int | None = None) -> Json | None:
    """A document, None when it is gone: the draft still shows the quote that it stored."""
    try:
        found: Json = client.get(f"/v1/documents/{quote(document_id)}", {"version": version})
    except ApiError as error:
        if error.status == 404:
            return None
        raise
    return found


def _asked(answer: Json) -> Ticket:
    """The ticket behind a stored draft."""
    return Ticket(answer["question"]["text"], answer["question"]["title"])
