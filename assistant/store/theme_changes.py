"""What people do with themes: set, merge, split, ignore, and take back; every change one transaction with its history.

A merge or a split pins the contacts that it touched: the nightly pass may not undo what a person decided.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from assistant.errors import NotFound, UsageError
from assistant.records import REVERSIBLE, THEME_STATUSES, ThemeState
from assistant.store import gap_tables as g
from assistant.store.corpus import pieces
from assistant.store.database import Database
from assistant.store.fixes import bring_back_fix, drop_fix
from assistant.store.theme_ids import theme_id, theme_number
from assistant.store.themes import NIGHT, new_theme, shown_theme, theme_row, write_change

FIELDS = ("name", "status", "reason", "owner", "due", "tracker", "cause", "stage")
"""What `set` takes; `due` as YYYY-MM-DD or empty."""


class ThemeChanges:
    """Changes themes on behalf of a person."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def set(self, theme: str, changes: Mapping[str, Any], actor: str) -> ThemeState:
        """Set fields of `FIELDS`; what is equal stays. An empty name, cause or stage gives it back to the model.

        Raises:
            UsageError: an unknown field, status or day, a dismissal without a reason, or a theme that is merged.
            NotFound: no theme has that id.
        """
        wanted = _checked(changes)
        with self._database.write() as connection:
            row = _open_row(connection, theme)
            if row.status == "dismissed" and wanted.get("status", "dismissed") != "dismissed":
                wanted.setdefault("reason", "")
            if wanted.get("status") == "dismissed" and not (wanted.get("reason") or row.reason):
                raise UsageError("Expected a reason for dismissing the theme, found none. Say why in 'reason'.")
            if "name" in wanted:
                wanted["named_by"] = actor if wanted["name"] else ""
                wanted["name"] = wanted["name"] or row.name
            _apply(connection, row, wanted, actor, "set")
            return shown_theme(theme_row(connection, theme))

    def ignore(self, theme: str, ignored: bool, actor: str) -> ThemeState:
        """Leave the theme out of lists and digests, or take it in again."""
        with self._database.write() as connection:
            row = _open_row(connection, theme)
            _apply(connection, row, {"ignored": ignored}, actor, "ignore" if ignored else "unignore")
            return shown_theme(theme_row(connection, theme))

    def merge(self, theme: str, others: Sequence[str], actor: str) -> ThemeState:
        """Take `others` into `theme`: their contacts move and are pinned, their notes and fixes count here.

        Raises:
            UsageError: nothing to merge, or one of them is merged already. NotFound: one does not exist.
        """
        names = [theme_id(theme_number(other)) for other in dict.fromkeys(others)]
        with self._database.write() as connection:
            into = _open_row(connection, theme)
            rows = [_open_row(connection, other) for other in names if theme_number(other) != into.id]
            if not rows:
                raise UsageError("Expected at least one other theme to merge, found none.")
            moves = _moves(connection, [into.id, *(row.id for row in rows)])
            _pin(connection, [move[0] for move in moves], into.id)
            numbers = [row.id for row in rows]
            connection.execute(update(g.Theme).where(g.Theme.id.in_(numbers)).values(merged_into=into.id))
            after = {"merged": [theme_id(number) for number in numbers]}
            write_change(connection, into.id, actor, "merge", {}, after, moves=moves)
            return shown_theme(theme_row(connection, theme))

    def split(self, theme: str, contact_ids: Sequence[int], name: str, actor: str) -> ThemeState:
        """Move these contacts of `theme` into a new theme called `name` and return that; both sides are pinned.

        Raises:
            UsageError: none of the contacts is in the theme, or all are. NotFound: no theme has that id.
        """
        wanted = set(contact_ids)
        with self._database.write() as connection:
            row = _open_row(connection, theme)
            moves = _moves(connection, [row.id])
            chosen = [move[0] for move in moves if move[0] in wanted]
            if not chosen or len(chosen) == len(moves) or len(chosen) < len(wanted):
                raise UsageError(
                    f"Expected some of the {len(moves)} contacts of {theme_id(row.id)}, but not all; found "
                    f"{len(chosen)} of them among the {len(wanted)} given."
                )
            number = new_theme(connection, name.strip() or f"part of {row.name}", named_by=actor)
            _pin(connection, [move[0] for move in moves if move[0] not in wanted], row.id)
            _pin(connection, chosen, number)
            write_change(connection, row.id, actor, "split", {}, {"into": theme_id(number)}, moves=moves)
            write_change(connection, number, actor, "made", {}, {"from": theme_id(row.id)})
            return shown_theme(theme_row(connection, theme_id(number)))

    def place(self, theme: str, contact_ids: Sequence[int], actor: str) -> ThemeState:
        """Put contacts into `theme`, from no theme or from another one; they are pinned there.

        Raises:
            UsageError: all are in it already, or the theme is merged. NotFound: one of them, or the theme, is unknown.
        """
        wanted = sorted(set(contact_ids))
        with self._database.write() as connection:
            row = _open_row(connection, theme)
            known: list[list[Any]] = []
            for piece in pieces(wanted):
                query = select(g.Contact.id, g.Contact.theme_id, g.Contact.pinned).where(g.Contact.id.in_(piece))
                known += [[found[0], found[1], bool(found[2])] for found in connection.execute(query)]
            if missing := sorted(set(wanted) - {each[0] for each in known}):
                raise NotFound(f"No contact {missing[0]}.")
            moves = [each for each in known if each[1] != row.id]
            if not moves:
                raise UsageError(f"Expected contacts that are not in {theme_id(row.id)} yet, found none.")
            _pin(connection, [move[0] for move in moves], row.id)
            write_change(connection, row.id, actor, "place", {}, {}, moves=moves)
            return shown_theme(theme_row(connection, theme))

    def undo(self, theme: str, change: int | None, actor: str) -> ThemeState:
        """Take back the theme's latest change that a person made, or the one named; the way back is a change too.

        Raises:
            UsageError: there is none, it was taken back already, or what it set was changed again since.
            NotFound: no theme has that id.
        """
        with self._database.write() as connection:
            row = theme_row(connection, theme)
            event = _undoable(connection, row, change)
            _take_back(connection, row, event)
            connection.execute(update(g.ThemeEvent).where(g.ThemeEvent.id == event.id).values(undone=True))
            write_change(
                connection, row.id, actor, "undo", event.after, event.before, undoes=event.id,
                moves=[move[:1] for move in event.moves],
            )  # fmt: skip
            return shown_theme(theme_row(connection, theme))


def _checked(changes: Mapping[str, Any]) -> dict[str, Any]:
    if unknown := sorted(set(changes) - set(FIELDS)):
        raise UsageError(f"Expected fields of {', '.join(FIELDS)}; found {', '.join(unknown)}.")
    wanted = {name: value.strip() if isinstance(value, str) else value for name, value in changes.items()}
    if "status" in wanted and wanted["status"] not in THEME_STATUSES:
        raise UsageError(f"Expected a status of {', '.join(THEME_STATUSES)}; found {wanted['status']!r}.")
    if "due" in wanted:
        wanted["due"] = _day(wanted["due"])
    return wanted


def _day(given: Any) -> date | None:
    if isinstance(given, date) or not given:
        return given or None
    try:
        return date.fromisoformat(str(given))
    except ValueError as error:
        raise UsageError(f"Expected a day as YYYY-MM-DD in 'due', found {given!r}.") from error


def _open_row(connection: Connection, theme: str) -> Any:
    row = theme_row(connection, theme)
    if row.merged_into is not None:
        living = theme_id(row.merged_into)
        raise UsageError(f"{theme_id(row.id)} was merged into {living}. Change {living}, or take the merge back there.")
    return row


def _apply(connection: Connection, row: Any, wanted: Mapping[str, Any], actor: str, action: str) -> None:
    changed = {name: value for name, value in wanted.items() if getattr(row, name) != value}
    if not changed:
        return
    connection.execute(update(g.Theme).where(g.Theme.id == row.id).values(**changed))
    before = {name: _plain(getattr(row, name)) for name in changed}
    write_change(connection, row.id, actor, action, before, {name: _plain(value) for name, value in changed.items()})


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _moves(connection: Connection, numbers: Sequence[int]) -> list[list[Any]]:
    """Id, theme and pin of every contact of these themes."""
    query = select(g.Contact.id, g.Contact.theme_id, g.Contact.pinned).where(g.Contact.theme_id.in_(numbers))
    return [[row[0], row[1], bool(row[2])] for row in connection.execute(query.order_by(g.Contact.id))]


def _pin(connection: Connection, contact_ids: Sequence[int], number: int) -> None:
    for piece in pieces(list(contact_ids)):
        moved = update(g.Contact).where(g.Contact.id.in_(piece))
        connection.execute(moved.values(theme_id=number, pinned=True, placed_by="person"))


def _undoable(connection: Connection, row: Any, change: int | None) -> Any:
    query = select(g.ThemeEvent).where(g.ThemeEvent.theme_id == row.id)
    if change is not None:
        query = query.where(g.ThemeEvent.id == change)
    else:
        query = query.where(g.ThemeEvent.undone.is_(False), g.ThemeEvent.undoes.is_(None))
        query = query.where(g.ThemeEvent.actor != NIGHT, g.ThemeEvent.action.in_(REVERSIBLE))
    event = connection.execute(query.order_by(g.ThemeEvent.id.desc())).first()
    if event is None:
        raise UsageError(f"{theme_id(row.id)} has no change to take back.")
    if event.undone or event.undoes is not None or event.action not in REVERSIBLE:
        raise UsageError(f"Change {event.id} of {theme_id(row.id)} ({event.action}) cannot be taken back.")
    return event


def _take_back(connection: Connection, row: Any, event: Any) -> None:
    if event.action in ("merge", "split", "place"):
        _take_back_moves(connection, row, event)
        return
    if event.action == "withdraw":
        _bring_back_note(connection, event)
        return
    if event.action in ("fix", "unfix") and "token" not in {**event.before, **event.after}:
        raise UsageError(f"Change {event.id} of {theme_id(row.id)} is of an earlier release: take back the fix itself.")
    if event.action == "fix":
        drop_fix(connection, row, event.after["token"])
        return
    if event.action == "unfix":
        bring_back_fix(connection, row, event.before)
        return
    now = {name: _plain(getattr(row, name)) for name in event.after}
    if now != dict(event.after):
        changed = ", ".join(name for name in now if now[name] != event.after[name])
        raise UsageError(f"{changed} of {theme_id(row.id)} was changed again since; take that back first.")
    values = {name: _day(value) if name == "due" else value for name, value in event.before.items()}
    connection.execute(update(g.Theme).where(g.Theme.id == row.id).values(**values))


def _bring_back_note(connection: Connection, event: Any) -> None:
    """The comment or proposal stands again as it was, with its author and its time."""
    note = event.before
    connection.execute(
        insert(g.ThemeNote).values(
            token=f"brought back:{event.id}", theme_id=event.theme_id, contact_id=None, kind=note["kind"],
            actor=note["author"], text=note["text"], at=datetime.fromisoformat(note["at"]),
        )
    )  # fmt: skip


def _take_back_moves(connection: Connection, row: Any, event: Any) -> None:
    """Contacts go back to where they were, those that a person moved on since stay."""
    places = {row.id, theme_number(event.after["into"])} if event.action == "split" else {row.id}
    if event.action == "merge":
        numbers = [theme_number(other) for other in event.after["merged"]]
        reopened = update(g.Theme).where(g.Theme.id.in_(numbers), g.Theme.merged_into == row.id)
        connection.execute(reopened.values(merged_into=None, ended_at=None))
    elif event.action == "split":
        made = update(g.Theme).where(g.Theme.id == theme_number(event.after["into"]))
        connection.execute(made.values(merged_into=row.id, centre=None))
        strays = update(g.Contact).where(g.Contact.theme_id == theme_number(event.after["into"]))
    for contact_id, theme, pinned in event.moves:
        back = update(g.Contact).where(g.Contact.id == contact_id, g.Contact.theme_id.in_(places))
        connection.execute(back.values(theme_id=theme, pinned=pinned, placed_by="person" if pinned else "night"))
    if event.action == "split":
        connection.execute(strays.values(theme_id=row.id))
