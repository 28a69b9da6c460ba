"""What was learned from this desk: one adopted state at a time, the earlier ones kept so that a step can be undone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from assistant.store import tables as t
from assistant.store.database import Database

_RERANKER = "reranker"
"""Its weights lie beside the fusion weights under this name, which a release without a reranker passes over."""


@dataclass(frozen=True, slots=True)
class Tuned:
    """An adopted state: fusion weights by name, confidence thresholds where learned, and the encoder's sha256 or "".

    `reranker` holds its weights by feature, None where none was adopted or the state is older than there was one.
    """

    id: int
    weights: Mapping[str, float]
    reranker: Mapping[str, float] | None
    thresholds: Mapping[str, float] | None
    encoder: str
    report: Mapping[str, Any]
    adopted_at: datetime


class Tunings:
    """Reads and changes what is adopted."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def active(self) -> Tuned | None:
        """What is in use, None while everything is as shipped."""
        with self._database.read() as connection:
            return _newest(connection, "active")

    def previous(self) -> Tuned | None:
        """What an undo would bring back, None when that is the shipped state."""
        with self._database.read() as connection:
            return _newest(connection, "replaced")

    def adopt(
        self,
        *,
        weights: Mapping[str, float],
        thresholds: Mapping[str, float] | None,
        encoder: str,
        report: Mapping[str, Any],
        reranker: Mapping[str, float] | None = None,
    ) -> int:
        """Put a new state in use and keep the old one; both or neither. Returns its id."""
        held = {**weights, _RERANKER: dict(reranker)} if reranker else dict(weights)
        with self._database.write() as connection:
            _move(connection, "active", "replaced")
            row = insert(t.Tuning).values(
                state="active", weights=held, thresholds=dict(thresholds) if thresholds else None,
                encoder=encoder, report=dict(report), adopted_at=datetime.now(UTC),
            )  # fmt: skip
            return int(connection.execute(row.returning(t.Tuning.id)).scalar_one())

    def draw(self, tuning_id: int, thresholds: Mapping[str, float], report: Mapping[str, Any]) -> None:
        """Set the thresholds of a state that was just adopted, with the report that now holds them."""
        with self._database.write() as connection:
            row = update(t.Tuning).where(t.Tuning.id == tuning_id)
            connection.execute(row.values(thresholds=dict(thresholds), report=dict(report)))

    def undo(self) -> Tuned | None:
        """Bring back the state before the last adopted one and return it; None is the shipped state."""
        with self._database.write() as connection:
            _move(connection, "active", "undone")
            before = _newest(connection, "replaced")
            if before is not None:
                connection.execute(update(t.Tuning).where(t.Tuning.id == before.id).values(state="active"))
            return before

    def encoders(self) -> set[str]:
        """Every encoder that is in use or that an undo may bring back."""
        with self._database.read() as connection:
            wanted = select(t.Tuning.encoder).where(t.Tuning.state.in_(("active", "replaced")), t.Tuning.encoder != "")
            return set(connection.scalars(wanted))


def _move(connection: Connection, before: str, after: str) -> None:
    connection.execute(update(t.Tuning).where(t.Tuning.state == before).values(state=after))


def _newest(connection: Connection, state: str) -> Tuned | None:
    query = select(t.Tuning).where(t.Tuning.state == state).order_by(t.Tuning.id.desc())
    row: Row[Any] | None = connection.execute(query).first()
    if row is None:
        return None
    weights = {name: value for name, value in row.weights.items() if name != _RERANKER}
    reranker = row.weights.get(_RERANKER)
    return Tuned(row.id, weights, reranker, row.thresholds, row.encoder, row.report, row.adopted_at)
