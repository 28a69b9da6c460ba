"""Routes of the themes: reading is open to every key, working them is a designer's; agents propose."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Query
from fastapi.responses import PlainTextResponse, Response

from assistant.api.auth import Asker, Caller, GapWorker
from assistant.api.idempotency import IdempotencyKey
from assistant.api.services import Served, Services
from assistant.api.theme_schemas import Contacts, Day, FixRequest, Ignore, Merge, NoteText, Split, ThemePatch, Undo
from assistant.cleaning import cleaned
from assistant.gaplog.board import ThemeFilter, moments
from assistant.gaps import shapes
from assistant.records import Evidence, NoteKind, SignalType
from assistant.store.fixes import Fixes
from assistant.store.retests import Retests
from assistant.store.signals import Signals
from assistant.store.theme_changes import ThemeChanges
from assistant.store.use import KnowledgeUse

router = APIRouter(prefix="/v1/themes", tags=["themes"])
Word = Annotated[str, Query(max_length=80)]


def _wanted(
    status: Word = "",
    cause: Word = "",
    stage: Word = "",
    channel: Word = "",
    text: Annotated[str, Query(max_length=200)] = "",
    ignored: bool = False,
    signal: Annotated[SignalType | Literal[""], Query(description="Only themes with a signal of this type")] = "",
) -> ThemeFilter:
    return ThemeFilter(status, cause, stage, cleaned(channel), cleaned(text), ignored, signal)


Wanted = Annotated[ThemeFilter, Depends(_wanted)]
"""Which themes, as the query's filters have it; empty ones do not restrict."""


@router.get("")
def list_themes(
    caller: Asker,  # noqa: ARG001
    services: Served,
    wanted: Wanted,
    since: Day = None,
    until: Day = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> dict[str, Any]:
    """Themes of a period, most costly first."""
    board = services.gap_log.board
    found = board.page(board.period(since, until), wanted, limit=limit, offset=offset)
    return shapes.list_json(found, services.gap_log.stages)


@router.get("/{theme_id}")
def get_theme(
    theme_id: str,
    caller: Asker,  # noqa: ARG001
    services: Served,
    since: Day = None,
    until: Day = None,
) -> dict[str, Any]:
    """One theme with what people did with it."""
    return _whole(services, theme_id, since, until)


@router.get("/{theme_id}/evidence")
def get_evidence(
    theme_id: str,
    caller: Asker,  # noqa: ARG001
    services: Served,
    since: Day = None,
    until: Day = None,
) -> dict[str, Any]:
    """What the theme's signals rest on, by type, and what retests changed for its questions."""
    board = services.gap_log.board
    period = board.period(since, until)
    view = board.show(theme_id, period)
    found = Signals(services.database).evidence(view.state.id, *moments(period))
    lines = Retests(services.database).of_theme(view.state.id)
    return {
        "signals": shapes.signals_json(view.signals, found, KnowledgeUse(services.database).titles(_documents(found))),
        "retests": [asdict(line) for line in lines],
    }


@router.patch("/{theme_id}")
def change_theme(theme_id: str, body: ThemePatch, caller: GapWorker, services: Served) -> dict[str, Any]:
    """Set fields; every change stays in the history and can be taken back."""
    changes = {k: cleaned(v) if isinstance(v, str) else v for k, v in body.model_dump(exclude_none=True).items()}
    if "reason" in changes:
        changes["reason"] = services.desk.redactor.text(changes["reason"])
    ThemeChanges(services.database).set(theme_id, changes, caller.name)
    return _whole(services, theme_id)


@router.post("/{theme_id}/merge")
def merge_themes(theme_id: str, body: Merge, caller: GapWorker, services: Served) -> dict[str, Any]:
    """Take other themes in."""
    found = ThemeChanges(services.database).merge(theme_id, body.sources, caller.name)
    services.gap_log.grouping.move_places([found.id])
    return _whole(services, found.id)


@router.post("/{theme_id}/split")
def split_theme(theme_id: str, body: Split, caller: GapWorker, services: Served) -> dict[str, Any]:
    """Make a theme of some of its contacts and return that."""
    found = ThemeChanges(services.database).split(theme_id, body.contacts, cleaned(body.name), caller.name)
    services.gap_log.grouping.move_places([theme_id, found.id])
    return _whole(services, found.id)


@router.post("/{theme_id}/contacts")
def put_contacts(theme_id: str, body: Contacts, caller: GapWorker, services: Served) -> dict[str, Any]:
    """Put contacts into the theme, from no theme or from another one; `undo` puts them back."""
    return _whole(services, services.gap_log.put(theme_id, body.contacts, caller.name).id)


@router.post("/{theme_id}/ignore")
def ignore_theme(theme_id: str, body: Ignore, caller: GapWorker, services: Served) -> dict[str, Any]:
    """Leave it out of lists, or take it in again."""
    ThemeChanges(services.database).ignore(theme_id, body.ignored, caller.name)
    return _whole(services, theme_id)


@router.post("/{theme_id}/undo")
def undo(theme_id: str, body: Undo, caller: GapWorker, services: Served) -> dict[str, Any]:
    """Take a change back, the latest one unless another is named."""
    ThemeChanges(services.database).undo(theme_id, body.change, caller.name)
    card = services.gap_log.card(theme_id)
    services.gap_log.grouping.move_places([*card.family, *_came_back(card.history)])
    return _whole(services, theme_id)


@router.post("/{theme_id}/comments")
def comment(
    theme_id: str, body: NoteText, caller: GapWorker, services: Served, idempotency_key: IdempotencyKey = None
) -> dict[str, Any]:
    """Say something about a theme."""
    return _note(services, theme_id, "comment", caller, body.text, idempotency_key)


@router.post("/{theme_id}/proposals")
def propose(
    theme_id: str, body: NoteText, caller: Asker, services: Served, idempotency_key: IdempotencyKey = None
) -> dict[str, Any]:
    """Propose a fix; the one who proposed it has the credit."""
    return _note(services, theme_id, "proposal", caller, body.text, idempotency_key)


@router.delete("/{theme_id}/notes/{note_id}")
def withdraw(theme_id: str, note_id: int, caller: Asker, services: Served) -> dict[str, Any]:
    """Take a comment or a proposal back: one's own, or anybody's for who works the gap log; `undo` brings it back."""
    fixes = Fixes(services.database)
    theirs = any(note.id == note_id and note.actor != caller.name for note in fixes.notes([theme_id]))
    if theirs and not caller.may("gaps"):
        raise HTTPException(403, f"The key of {caller.name!r} may take back its own proposals only.")
    fixes.withdraw_note(theme_id, note_id, caller.name)
    return _whole(services, theme_id)


@router.post("/{theme_id}/fixes")
def ship(theme_id: str, body: FixRequest, caller: GapWorker, services: Served) -> dict[str, Any]:
    """Record what shipped; the theme becomes `shipped`, and its effect is measured from now on."""
    what, day = services.desk.redactor.text(cleaned(body.what)), body.shipped_on or datetime.now(UTC).date()
    fix = Fixes(services.database).add(
        theme_id, caller.name, what=what, shipped_on=day,
        link=cleaned(body.link), picked_by=body.picked_by, picked_on=body.picked_on,
    )  # fmt: skip
    return shapes.fix_json(fix, services.gap_log.effects.of([fix])[0])


@router.delete("/{theme_id}/fixes/{fix_id}")
def unship(theme_id: str, fix_id: int, caller: GapWorker, services: Served) -> dict[str, Any]:
    """Take a fix back that was recorded by mistake."""
    Fixes(services.database).remove(theme_id, fix_id, caller.name)
    return _whole(services, theme_id)


@router.get("/{theme_id}/brief", response_model=None)
def get_brief(
    theme_id: str,
    caller: Asker,  # noqa: ARG001
    services: Served,
    since: Day = None,
    until: Day = None,
    format: Literal["md", "json"] = "json",
) -> Response | dict[str, Any]:
    """The brief for whoever designs the fix."""
    from assistant.gaps.brief import as_markdown

    found = services.gap_log.brief(theme_id, services.gap_log.board.period(since, until))
    if format == "md":
        return PlainTextResponse(as_markdown(found), media_type="text/markdown")
    shown = {name: value for name, value in asdict(found).items() if name not in ("theme", "fixes")}
    fixes = [shapes.effect_json(verdict) for verdict in found.fixes]
    return shown | {"theme": shapes.view_json(found.theme), "fixes": fixes, "markdown": as_markdown(found)}


def _whole(services: Services, theme_id: str, since: date | None = None, until: date | None = None) -> dict[str, Any]:
    log = services.gap_log
    view = log.board.show(theme_id, log.board.period(since, until))
    more = {"nearest": log.nearest(view.state.id), "stages": log.stages}
    return shapes.view_json(view) | shapes.card_json(log.card(view.state.id)) | more


def _note(
    services: Services, theme_id: str, kind: NoteKind, caller: Caller, text: str, key: str | None
) -> dict[str, Any]:
    whole = "|".join((caller.name, kind, theme_id, key)) if key else uuid.uuid4().hex
    token = hashlib.sha256(whole.encode()).hexdigest()
    kept = services.desk.redactor.text(cleaned(text))
    note = Fixes(services.database).write_note(theme_id, kind, caller.name, kept, token=token)
    return shapes.note_json(note)


def _documents(found: Mapping[str, Sequence[Evidence]]) -> list[str]:
    return [key for listed in found.values() for each in listed for key in shapes.documents_of(each)]


def _came_back(history: tuple[Any, ...]) -> list[str]:
    """Themes that a merge which was taken back let go again."""
    return [
        theme for change in history if change.action == "merge" and change.undone for theme in change.after["merged"]
    ]
