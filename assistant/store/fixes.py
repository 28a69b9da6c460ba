"""What shipped for a theme, and what people wrote on it: comments, and agents' proposals with the credit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Literal

from sqlalchemy import Connection, delete, insert, select, update

from assistant.errors import NotFound
from assistant.records import Fix, Note, NoteKind
from assistant.store import gap_tables as g
from assistant.store.database import Database
from assistant.store.theme_ids import theme_id, theme_number
from assistant.store.themes import theme_row, write_change


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

        Raises:
            NotFound: no theme has that id.
        """
        token = f"{theme_number(theme)}|{shipped_on}|{what}"[:200]
        values = {"shipped_on": shipped_on, "what": what, "link": link, "picked_by": picked_by, "picked_on": picked_on}
        with self._database.write() as connection:
            row = theme_row(connection, theme)
            known = connection.execute(select(g.Fix).where(g.Fix.token == token)).first()
            if known is not None:
                return _fix(known)
            made = insert(g.Fix).values(theme_id=row.id, token=token, actor=actor, at=datetime.now(UTC), **values)
            fix_id = int(connection.execute(made.returning(g.Fix.id)).scalar_one())
            _set_status(connection, row, "shipped", actor, {"fix": fix_id, "what": what})
            return _fix(connection.execute(select(g.Fix).where(g.Fix.id == fix_id)).one())

    def remove(self, theme: str, fix_id: int, actor: str) -> None:
        """Take a fix back that was recorded by mistake; the theme's history keeps it.

        Raises:
            NotFound: the theme has no such fix.
        """
        with self._database.write() as connection:
            row = theme_row(connection, theme)
            fix = connection.execute(select(g.Fix).where(g.Fix.id == fix_id, g.Fix.theme_id == row.id)).first()
            if fix is None:
                raise NotFound(f"{theme_id(row.id)} has no fix {fix_id}.")
            connection.execute(delete(g.Fix).where(g.Fix.id == fix_id))
            shown = {"fix": fix.id, "what": fix.what, "shipped_on": fix.shipped_on.isoformat(), "link": fix.link}
            write_change(connection, row.id, actor, "unfix", shown, {})

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
                _set_status(connection, row, "measured", actor, verdict)

    def write_note(
        self, theme: str, kind: NoteKind, actor: str, text: str, *, token: str, contact_id: int | None = None
    ) -> Note:
        """Add a comment or a proposal; the same token is the same note.

        Raises:
            NotFound: no theme has that id.
        """
        with self._database.write() as connection:
            row = theme_row(connection, theme)
            known = connection.execute(select(g.ThemeNote).where(g.ThemeNote.token == token)).first()
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


def _set_status(connection: Connection, row: Any, status: str, actor: str, why: Mapping[str, Any]) -> None:
    """Set the status with its history line; `why` is kept beside it, apart from what taking it back looks at."""
    if row.status != status:
        connection.execute(update(g.Theme).where(g.Theme.id == row.id).values(status=status))
        write_change(connection, row.id, actor, "set", {"status": row.status}, {"status": status})
    write_change(connection, row.id, actor, "fix" if status == "shipped" else "effect", {}, why)


def _fix(row: Any) -> Fix:
    return Fix(
        id=row.id, theme_id=str(theme_id(row.theme_id)), actor=row.actor, shipped_on=row.shipped_on, what=row.what,
        link=row.link, picked_by=row.picked_by, picked_on=row.picked_on, at=row.at,
    )  # fmt: skip


def _note(row: Any) -> Note:
    return Note(row.id, str(theme_id(row.theme_id)), row.kind, row.actor, row.text, row.at, row.contact_id)
