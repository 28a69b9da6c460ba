"""What shipped for a theme, and what people wrote on it: comments, and agents' proposals with the credit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, delete, func, insert, select, update

from assistant.errors import NotFound, UsageError
from assistant.records import Fix, Note, NoteKind
from assistant.store import gap_tables as g
from assistant.store.database import Database
from assistant.store.theme_ids import theme_id, theme_number
from assistant.store.themes import theme_row, write_change

_SHIPPED = ("shipped", "measured")


class Fixes:
    """Writes fixes and notes and reads them back."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        theme: str,
        actor: str,
        *,
        what: str,
        shipped_on: date,
        link: str = "",
        picked_by: Literal["volume", "rise"] = "volume",
        picked_on: date | None = None,
    ) -> Fix:
        """Record what shipped and set the theme to `shipped`, in one transaction; the same fix is recorded once.

        `picked_on` is the day on which the theme was chosen. Where nobody says it, it is the day on which the theme was
        last accepted, else begun, else the day of shipping: a theme is chosen when it is high, and without a day the
        effect could not warn of that.

        Raises:
            NotFound: no theme has that id. UsageError: the day of shipping is still to come.
        """
        if shipped_on > datetime.now(UTC).date() + timedelta(days=1):  # tomorrow has begun somewhere
            raise UsageError(f"Expected a day up to today for what shipped, found {shipped_on}. Record it when it has.")
        token = f"{theme_number(theme)}|{shipped_on}|{what}"[:200]
        values = {"shipped_on": shipped_on, "what": what, "link": link, "picked_by": picked_by, "picked_on": picked_on}
        with self._database.write() as connection:
            row = theme_row(connection, theme)
            known = connection.execute(select(g.Fix).where(g.Fix.token == token)).first()
            if known is not None:
                return _fix(known)
            values["picked_on"] = picked_on or _picked_on(connection, row.id, shipped_on)
            made = insert(g.Fix).values(theme_id=row.id, token=token, actor=actor, at=datetime.now(UTC), **values)
            fix_id = int(connection.execute(made.returning(g.Fix.id)).scalar_one())
            # One line for one deed: a status line of its own could be taken back apart from the fix.
            after = {"fix": fix_id, "token": token, "what": what, "status": "shipped"}
            write_change(connection, row.id, actor, "fix", {"status": row.status}, after)
            connection.execute(update(g.Theme).where(g.Theme.id == row.id).values(status="shipped"))
            return _fix(connection.execute(select(g.Fix).where(g.Fix.id == fix_id)).one())

    def remove(self, theme: str, fix_id: int, actor: str) -> None:
        """Take a fix back that was recorded by mistake; the theme's history keeps it, so that it can be brought back.

        A theme without any other fix gets the status from before it shipped.

        Raises:
            NotFound: the theme has no such fix.
        """
        with self._database.write() as connection:
            row = theme_row(connection, theme)
            fix = connection.execute(select(g.Fix).where(g.Fix.id == fix_id, g.Fix.theme_id == row.id)).first()
            if fix is None:
                raise NotFound(f"{theme_id(row.id)} has no fix {fix_id}.")
            write_change(connection, row.id, actor, "unfix", {**_kept(fix), "status": row.status}, {})
            drop_fix(connection, row, fix.token)

    def of(self, themes: Sequence[str]) -> list[Fix]:
        """Fixes of these themes, oldest first."""
        numbers = [theme_number(theme) for theme in themes]
        with self._database.read() as connection:
            rows = connection.execute(
                select(g.Fix).where(g.Fix.theme_id.in_(numbers)).order_by(g.Fix.shipped_on, g.Fix.id)
            )
            return [_fix(row) for row in rows]

    def all(self) -> list[Fix]:
        """Every fix, oldest first."""
        with self._database.read() as connection:
            return [_fix(row) for row in connection.execute(select(g.Fix).order_by(g.Fix.shipped_on, g.Fix.id))]

    def measured(self, theme: str, verdict: Mapping[str, Any], actor: str) -> None:
        """Set a shipped theme to `measured`, with what the effect was; any other status stays."""
        with self._database.write() as connection:
            row = theme_row(connection, theme)
            if row.status == "shipped":
                connection.execute(update(g.Theme).where(g.Theme.id == row.id).values(status="measured"))
                write_change(connection, row.id, actor, "set", {"status": row.status}, {"status": "measured"})
                write_change(connection, row.id, actor, "effect", {}, verdict)

    def write_note(
        self, theme: str, kind: NoteKind, actor: str, text: str, *, token: str, contact_id: int | None = None
    ) -> Note:
        """Add a comment or a proposal; the same token is the same note.

        Raises:
            NotFound: no theme has that id. UsageError: the token is that of a note with other words.
        """
        with self._database.write() as connection:
            row = theme_row(connection, theme)
            known = connection.execute(select(g.ThemeNote).where(g.ThemeNote.token == token)).first()
            if known is not None and known.text != text:
                raise UsageError("This Idempotency-Key was used for other words. Use a new key for a new note.")
            if known is not None:
                return _note(known)
            made = insert(g.ThemeNote).values(
                token=token, theme_id=row.id, contact_id=contact_id, kind=kind, actor=actor, text=text,
                at=datetime.now(UTC),
            )  # fmt: skip
            note_id = connection.execute(made.returning(g.ThemeNote.id)).scalar_one()
            return _note(connection.execute(select(g.ThemeNote).where(g.ThemeNote.id == note_id)).one())

    def withdraw_note(self, theme: str, note_id: int, actor: str) -> None:
        """Take a comment or a proposal back; the theme's history keeps it, so that it can be brought back.

        Raises:
            NotFound: the theme has no such note.
        """
        with self._database.write() as connection:
            row = theme_row(connection, theme)
            mine = (g.ThemeNote.id == note_id, g.ThemeNote.theme_id == row.id)
            note = connection.execute(select(g.ThemeNote).where(*mine)).first()
            if note is None:
                raise NotFound(f"{theme_id(row.id)} has no comment or proposal {note_id}. Reload to see what it has.")
            connection.execute(delete(g.ThemeNote).where(*mine))
            kept = {"kind": note.kind, "author": note.actor, "text": note.text, "at": note.at.isoformat()}
            write_change(connection, row.id, actor, "withdraw", kept, {})

    def notes(self, themes: Sequence[str]) -> list[Note]:
        """Comments and proposals on these themes, oldest first."""
        numbers = [theme_number(theme) for theme in themes]
        query = select(g.ThemeNote).where(g.ThemeNote.theme_id.in_(numbers)).order_by(g.ThemeNote.id)
        with self._database.read() as connection:
            return [_note(row) for row in connection.execute(query)]

    def set_exposure(self, name: str, weeks: Mapping[str, float]) -> None:
        """Say how many active users, orders or the like there were, by ISO week; a week given again is replaced."""
        with self._database.write() as connection:
            for week, amount in weeks.items():
                mine = (g.Exposure.name == name, g.Exposure.week == week)
                connection.execute(delete(g.Exposure).where(*mine))
                connection.execute(insert(g.Exposure).values(name=name, week=week, amount=amount))

    def exposures(self) -> dict[str, dict[str, float]]:
        """Every given exposure, by name and week."""
        found: dict[str, dict[str, float]] = {}
        with self._database.read() as connection:
            for row in connection.execute(select(g.Exposure).order_by(g.Exposure.name, g.Exposure.week)):
                found.setdefault(row.name, {})[row.week] = row.amount
        return found


def drop_fix(connection: Connection, row: Any, token: str) -> None:
    """Remove a fix within the caller's transaction; without another one the theme gets its status from before.

    Raises:
        UsageError: the fix was taken back already.
    """
    mine = (g.Fix.theme_id == row.id, g.Fix.token == token)
    if not connection.execute(delete(g.Fix).where(*mine)).rowcount:
        raise UsageError(f"That fix of {theme_id(row.id)} was taken back already. Reload to see what it has.")
    others = connection.scalar(select(func.count(g.Fix.id)).where(g.Fix.theme_id == row.id))
    if not others and row.status in _SHIPPED:
        before = _status_before(connection, row.id)
        connection.execute(update(g.Theme).where(g.Theme.id == row.id).values(status=before))


def bring_back_fix(connection: Connection, row: Any, kept: Mapping[str, Any]) -> None:
    """Record a fix again as it was, with the theme's status then, within the caller's transaction.

    Raises:
        UsageError: the same fix was recorded anew meanwhile.
    """
    if connection.scalar(select(g.Fix.id).where(g.Fix.token == kept["token"])) is not None:
        raise UsageError(f"That fix of {theme_id(row.id)} was recorded anew meanwhile. Reload to see what it has.")
    connection.execute(
        insert(g.Fix).values(
            theme_id=row.id, token=kept["token"], actor=kept["author"], what=kept["what"], link=kept["link"],
            shipped_on=date.fromisoformat(kept["shipped_on"]), picked_by=kept["picked_by"],
            picked_on=date.fromisoformat(kept["picked_on"]) if kept["picked_on"] else None,
            at=datetime.fromisoformat(kept["at"]),
        )
    )  # fmt: skip
    connection.execute(update(g.Theme).where(g.Theme.id == row.id).values(status=kept["status"]))


def _kept(fix: Any) -> dict[str, Any]:
    return {
        "fix": fix.id, "token": fix.token, "author": fix.actor, "what": fix.what, "link": fix.link,
        "shipped_on": fix.shipped_on.isoformat(), "picked_by": fix.picked_by,
        "picked_on": fix.picked_on.isoformat() if fix.picked_on else "", "at": fix.at.isoformat(),
    }  # fmt: skip


def _picked_on(connection: Connection, theme: int, shipped_on: date) -> date:
    """The last day up to shipping on which somebody accepted the theme, else began it, else that of shipping."""
    changes = [event for event in _changes_of_status(connection, theme) if event.at.date() <= shipped_on]
    for status in ("accepted", "in_progress"):
        for event in changes:
            if event.after["status"] == status:
                return event.at.date()  # type: ignore[no-any-return]
    return shipped_on


def _status_before(connection: Connection, theme: int) -> str:
    """The status that the theme had when it last began to be shipped."""
    changes = _changes_of_status(connection, theme)
    shipped = (e.before["status"] for e in changes if e.after["status"] == "shipped")
    return next((str(status) for status in shipped if status not in _SHIPPED), "accepted")


def _changes_of_status(connection: Connection, theme: int) -> list[Any]:
    """The changes of the theme's status that stand, latest first."""
    mine = (g.ThemeEvent.theme_id == theme, g.ThemeEvent.action.in_(("set", "fix")), g.ThemeEvent.undone.is_(False))
    events = connection.execute(select(g.ThemeEvent).where(*mine).order_by(g.ThemeEvent.id.desc()))
    return [event for event in events if "status" in event.after]


def _fix(row: Any) -> Fix:
    return Fix(
        id=row.id, theme_id=str(theme_id(row.theme_id)), actor=row.actor, shipped_on=row.shipped_on, what=row.what,
        link=row.link, picked_by=row.picked_by, picked_on=row.picked_on, at=row.at,
    )  # fmt: skip


def _note(row: Any) -> Note:
    return Note(row.id, str(theme_id(row.theme_id)), row.kind, row.actor, row.text, row.at, row.contact_id)
