"""Themes as the store keeps them: their state, where they lie, and what the nightly pass made of them.

What people change is in `theme_changes`. A theme is never deleted: one that was merged or that ended keeps its history
and says where it lives on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from assistant.errors import NotFound
from assistant.records import ThemeChange, ThemeState
from assistant.seams import Vectors
from assistant.store import gap_tables as g
from assistant.store.corpus import pieces
from assistant.store.database import Database
from assistant.store.encoding import vector_to_bytes, vectors_from_bytes
from assistant.store.theme_ids import theme_id, theme_number

NIGHT = "waypost"
"""The actor of what nobody did by hand."""


@dataclass(frozen=True, slots=True)
class StoredPlace:
    """Where a theme lies: `centre` is a unit vector, shape `(d,)`; `reach` the lowest cosine of a usual member."""

    centre: Vectors
    reach: float


@dataclass(frozen=True, slots=True)
class FoundTheme:
    """One theme as the nightly pass found it; `id` is None for a new one."""

    id: str | None
    name: str
    words: tuple[str, ...]
    place: StoredPlace
    contact_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Night:
    """What a nightly pass found among the contacts `seen`, from what it read when the last change was `change`.

    `heirs` says, for a theme that ended, which of `themes` (by position) holds most of its contacts; None: no one.
    """

    model_id: str
    seen: tuple[int, ...]
    themes: tuple[FoundTheme, ...]
    change: int
    heirs: Mapping[str, int | None] = field(default_factory=dict)


class Themes:
    """Reads themes and takes in the nightly pass."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, theme: str) -> ThemeState:
        """The theme, as it is: one that was merged says where it lives on.

        Raises:
            NotFound: no theme has that id.
        """
        with self._database.read() as connection:
            return shown_theme(theme_row(connection, theme))

    def all(self, *, gone: bool = False) -> list[ThemeState]:
        """Every theme that is neither merged nor ended, in the order of their numbers; with `gone`, those too."""
        query = select(g.Theme).order_by(g.Theme.id)
        if not gone:
            query = query.where(g.Theme.merged_into.is_(None), g.Theme.ended_at.is_(None))
        with self._database.read() as connection:
            return [shown_theme(row) for row in connection.execute(query)]

    def family(self, theme: str) -> list[str]:
        """The theme and every theme that was merged into it, directly or not."""
        with self._database.read() as connection:
            rows = connection.execute(select(g.Theme.id, g.Theme.merged_into)).all()
        children: dict[int, list[int]] = {}
        for row in rows:
            if row.merged_into is not None:
                children.setdefault(row.merged_into, []).append(row.id)
        found = [theme_number(theme)]
        for number in found:
            found += [child for child in children.get(number, []) if child not in found]
        return [theme_id(number) for number in found]

    def living(self, theme: str) -> str:
        """Where the theme lives now: its own id, or that of the theme that it was merged into."""
        with self._database.read() as connection:
            row = theme_row(connection, theme)
            passed = {row.id}
            while row.merged_into is not None and row.merged_into not in passed:
                passed.add(row.merged_into)
                row = theme_row(connection, theme_id(row.merged_into))
        return shown_theme(row).id

    def places(self, model_id: str) -> dict[str, StoredPlace]:
        """Where every living theme lies, under this embedding model."""
        query = select(g.Theme.id, g.Theme.centre, g.Theme.reach).where(
            g.Theme.model_id == model_id,
            g.Theme.centre.is_not(None),
            g.Theme.merged_into.is_(None),
            g.Theme.ended_at.is_(None),
        )
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(g.Theme.id)).all()
        centres = vectors_from_bytes([row.centre for row in rows])
        return {theme_id(row.id): StoredPlace(c, float(row.reach)) for row, c in zip(rows, centres, strict=True)}

    def move_place(self, theme: str, model_id: str, place: StoredPlace | None) -> None:
        """Say where the theme lies after people changed its contacts; None when it has none."""
        with self._database.write() as connection:
            _set_place(connection, theme_number(theme), model_id, place)

    def members(self) -> dict[int, tuple[str | None, bool]]:
        """Theme and pin of every contact."""
        with self._database.read() as connection:
            rows = connection.execute(select(g.Contact.id, g.Contact.theme_id, g.Contact.pinned).order_by(g.Contact.id))
            return {row[0]: (theme_id(row[1]), bool(row[2])) for row in rows}

    def last_change(self) -> int:
        """The number of the newest change of any theme, 0 before the first."""
        with self._database.read() as connection:
            return _last_change(connection)

    def history(self, themes: Sequence[str]) -> list[ThemeChange]:
        """What happened to these themes, oldest first."""
        numbers = [theme_number(theme) for theme in themes]
        query = select(g.ThemeEvent).where(g.ThemeEvent.theme_id.in_(numbers)).order_by(g.ThemeEvent.id)
        with self._database.read() as connection:
            return [shown_change(row) for row in connection.execute(query)]

    def settle(self, night: Night) -> bool:
        """Take in a nightly pass in one transaction; false, and nothing done, when people changed themes meanwhile.

        Contacts that came since keep the place that they were given by day, in the heir where their theme ended.
        """
        with self._database.write() as connection:
            if _last_change(connection) != night.change:
                return False
            ids = [_found(connection, theme, night.model_id) for theme in night.themes]
            for number, theme in zip(ids, night.themes, strict=True):
                _move(connection, theme.contact_ids, number)
            placed = {i for theme in night.themes for i in theme.contact_ids}
            _move(connection, [i for i in night.seen if i not in placed], None)
            for ended, heir in night.heirs.items():
                _end(connection, theme_number(ended), None if heir is None else ids[heir])
        return True


def theme_row(connection: Connection, theme: str) -> Any:
    """The theme's row.

    Raises:
        NotFound: no theme has that id.
    """
    row = connection.execute(select(g.Theme).where(g.Theme.id == theme_number(theme))).first()
    if row is None:
        raise NotFound(f"No theme {theme!r}. `waypost gaps list --themes` shows those that there are.")
    return row


def new_theme(connection: Connection, name: str, *, named_by: str = "", words: Sequence[str] = ()) -> int:
    """Add a theme within the caller's transaction and return its number."""
    row = insert(g.Theme).values(
        name=name, named_by=named_by, words=list(words), status="new", reason="", owner="", due=None, tracker="",
        ignored=False, cause="", stage="", merged_into=None, model_id="", centre=None, reach=None,
        created_at=datetime.now(UTC), ended_at=None,
    )  # fmt: skip
    return int(connection.execute(row.returning(g.Theme.id)).scalar_one())


def write_change(
    connection: Connection,
    number: int,
    actor: str,
    action: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    moves: Sequence[Any] = (),
    undoes: int | None = None,
) -> int:
    """Add a line to a theme's history within the caller's transaction and return its number."""
    row = insert(g.ThemeEvent).values(
        theme_id=number, actor=actor, action=action, before=dict(before), after=dict(after), moves=list(moves),
        at=datetime.now(UTC), undoes=undoes, undone=False,
    )  # fmt: skip
    return int(connection.execute(row.returning(g.ThemeEvent.id)).scalar_one())


def shown_theme(row: Any) -> ThemeState:
    """A row of the table as a record."""
    return ThemeState(
        id=theme_id(row.id), name=row.name, named_by=row.named_by, words=tuple(row.words), status=row.status,
        reason=row.reason, owner=row.owner, due=row.due, tracker=row.tracker, ignored=row.ignored, cause=row.cause,
        stage=row.stage, merged_into=theme_id(row.merged_into), created_at=row.created_at, ended_at=row.ended_at,
    )  # fmt: skip


def shown_change(row: Any) -> ThemeChange:
    """A row of the history as a record."""
    return ThemeChange(
        id=row.id, theme_id=theme_id(row.theme_id), actor=row.actor, action=row.action, before=row.before,
        after=row.after, contacts=len(row.moves), at=row.at, undoes=row.undoes, undone=row.undone,
    )  # fmt: skip


def _last_change(connection: Connection) -> int:
    return int(connection.scalar(select(func.max(g.ThemeEvent.id))) or 0)


def _found(connection: Connection, theme: FoundTheme, model_id: str) -> int:
    """The number of a theme that the night found, made or brought up to date."""
    if theme.id is None:
        number = new_theme(connection, theme.name, words=theme.words)
        write_change(connection, number, NIGHT, "found", {}, {"name": theme.name})
    else:
        number = theme_number(theme.id)
        row = theme_row(connection, theme.id)
        values: dict[str, Any] = {"words": list(theme.words), "ended_at": None}
        if not row.named_by and row.name != theme.name:
            write_change(connection, number, NIGHT, "named", {"name": row.name}, {"name": theme.name})
            values["name"] = theme.name
        connection.execute(update(g.Theme).where(g.Theme.id == number).values(**values))
    _set_place(connection, number, model_id, theme.place)
    return number


def _set_place(connection: Connection, number: int, model_id: str, place: StoredPlace | None) -> None:
    values: dict[str, Any] = {"model_id": model_id, "centre": None, "reach": None}
    if place is not None:
        values |= {"centre": vector_to_bytes(place.centre), "reach": place.reach}
    connection.execute(update(g.Theme).where(g.Theme.id == number).values(**values))


def _move(connection: Connection, contact_ids: Sequence[int], number: int | None) -> None:
    for piece in pieces(list(contact_ids)):
        moved = update(g.Contact).where(g.Contact.id.in_(piece), g.Contact.theme_id.is_distinct_from(number))
        connection.execute(moved.values(theme_id=number, placed_by="night"))


def _end(connection: Connection, number: int, heir: int | None) -> None:
    """End a theme; contacts that came to it since the pass was read go to its heir."""
    connection.execute(
        update(g.Theme).where(g.Theme.id == number).values(ended_at=datetime.now(UTC), merged_into=heir, centre=None)
    )
    connection.execute(update(g.Contact).where(g.Contact.theme_id == number).values(theme_id=heir, placed_by="night"))
    write_change(connection, number, NIGHT, "ended", {}, {"heir": theme_id(heir)})
