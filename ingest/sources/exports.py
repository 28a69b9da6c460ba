"""Records as helpdesks export them, recognised by their shape and turned into lines of our own formats.

The records are those of the helpdesks' interfaces, in lines (`.jsonl`, `.ndjson`) or in one list or object
(`.json`). What an export does not say, such as who may see an article's folder, counts against being public.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from assistant.domain import Audience
from assistant.errors import UnreadableItem
from ingest.sources import chatwoot, freshdesk, intercom, zendesk
from ingest.sources.api import Record, shaped

Line = Mapping[str, Any]
_LISTS = ("tickets", "articles", "conversations", "macros", "data", "payload", "canned_responses")
_USERS = ("requester", "submitter", "assignee")


def as_line(record: Record, macros: Audience = "internal") -> Record | None:
    """The record as a line of `documents.jsonl` or `tickets.jsonl`, None for a draft or a deleted ticket.

    A record that is no helpdesk's is left as it is. `macros` is the audience of macros that all agents share.

    Raises:
        UnreadableItem: a helpdesk's record with fields of other kinds than its interface describes.
    """
    inner = record.get("helpdesk_ticket")
    found = shaped(_legacy_freshdesk, inner) if isinstance(inner, dict) else record
    for recognises, line in _SHAPES:
        if recognises(found):
            return shaped(line, found)
    for recognises, macro in _MACROS:
        if recognises(found):
            return shaped(partial(macro, audience=macros), found)
    return record


def exported_records(content: object) -> list[Any] | None:
    """The records of a whole JSON file: a list, or an object with a list under one of the usual names; else None."""
    if isinstance(content, dict):
        lists = [content[name] for name in _LISTS if isinstance(content.get(name), list)]
        lists += [part["payload"] for part in (content.get("data"),) if isinstance(part, dict) and "payload" in part]
        content = [record for part in lists for record in part] if lists else None
    if not isinstance(content, list):
        return None
    known = [record for record in content if isinstance(record, dict) and is_exported(record)]
    return content if known else None


def is_exported(record: Record) -> bool:
    """Whether the record has the shape of a helpdesk's."""
    return "helpdesk_ticket" in record or any(recognises(record) for recognises, _ in (*_SHAPES, *_MACROS))


def exported_lines(raw: bytes) -> Iterator[bytes]:
    """A whole JSON file as lines; nothing where it is no export.

    Raises:
        UnreadableItem: it is no JSON.
    """
    try:
        records = exported_records(json.loads(raw.decode("utf-8-sig"))) or []
        lines = [json.dumps(record).encode() for record in records]
    except (ValueError, RecursionError) as error:
        raise UnreadableItem(f"expected JSON in UTF-8, found {error}.") from error
    yield from lines


def _has(*names: str) -> Callable[[Record], bool]:
    return lambda record: all(name in record for name in names)


def _is_zendesk_ticket(record: Record) -> bool:
    return isinstance(record.get("comments"), list) and ("requester_id" in record or "via" in record)


def _is_freshdesk_ticket(record: Record) -> bool:
    return isinstance(record.get("conversations"), list) and ("description" in record or "description_text" in record)


def _is_chatwoot_conversation(record: Record) -> bool:
    messages = record.get("messages")
    return isinstance(messages, list) and any(isinstance(m, dict) and "message_type" in m for m in messages)


def _is_chatwoot_article(record: Record) -> bool:
    return "content" in record and "slug" in record and record.get("status") in ("published", "draft", "archived")


def _zendesk_ticket(record: Record) -> Line | None:
    if record.get("status") == "deleted":
        return None
    people = (
        [record.get(name) for name in _USERS] + list(record.get("users") or ()) + list(record.get("collaborator") or ())
    )
    users = {user["id"]: user for user in people if isinstance(user, dict) and "id" in user}
    return zendesk.ticket_record(record, record["comments"], users)


def _zendesk_article(record: Record) -> Line | None:
    if record.get("draft") is not False:
        return None
    return zendesk.article_record(record, "public")


def _freshdesk_article(record: Record) -> Line | None:
    if record.get("status") != freshdesk.PUBLISHED:
        return None
    visibility = record.get("folder_visibility", (record.get("folder") or {}).get("visibility"))
    audience = "public" if visibility == freshdesk.EVERYBODY else "internal"
    return {**freshdesk.article_record(record, audience, ""), "url": record.get("url") or ""}


def _freshdesk_canned(record: Record, audience: Audience) -> Line:
    """A canned response; an export that does not tell its folder leaves it internal."""
    folder = record.get("folder") if isinstance(record.get("folder"), dict) else {}
    return freshdesk.canned_record(record, audience if (folder or {}).get("personal") is False else "internal")


def _legacy_freshdesk(ticket: Record) -> Record:
    """The older export: a wrapped ticket with wrapped notes, known by the number that people see."""
    notes = [note.get("note", note) for note in ticket.get("notes") or () if isinstance(note, dict)]
    return {**ticket, "id": ticket.get("display_id", ticket.get("id")), "conversations": notes}


def _intercom_article(record: Record) -> Line | None:
    if record.get("state") != "published":
        return None
    return intercom.article_record(record, "public")


def _chatwoot_article(record: Record) -> Line | None:
    if record.get("status") != "published":
        return None
    portal = record.get("portal") if isinstance(record.get("portal"), dict) else {}
    line = chatwoot.article_record(record, "internal" if (portal or {}).get("archived") else "public", "", {"slug": ""})
    return {**line, "url": record.get("url") or ""}


def _chatwoot_conversation(record: Record) -> Line:
    return chatwoot.conversation_record(record, [m for m in record["messages"] if isinstance(m, dict)])


_SHAPES: tuple[tuple[Callable[[Record], bool], Callable[[Record], Line | None]], ...] = (
    (_is_zendesk_ticket, _zendesk_ticket),
    (_has("body", "draft", "section_id"), _zendesk_article),
    (_is_freshdesk_ticket, lambda record: freshdesk.ticket_record(record, record["conversations"])),
    (_has("description", "folder_id", "status", "title"), _freshdesk_article),
    (_has("conversation_parts", "source"), intercom.conversation_record),
    (_has("body", "state", "author_id", "title"), _intercom_article),
    (_is_chatwoot_conversation, _chatwoot_conversation),
    (_is_chatwoot_article, _chatwoot_article),
)

_MACROS: tuple[tuple[Callable[[Record], bool], Callable[..., Line]], ...] = (
    (_has("actions", "title", "active"), zendesk.macro_record),
    (_has("content_html", "folder_id", "title"), _freshdesk_canned),
    (lambda record: record.get("type") == "macro" and "body" in record, intercom.macro_record),
    (_has("short_code", "content"), chatwoot.canned_record),
)
