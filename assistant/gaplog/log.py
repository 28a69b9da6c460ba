"""The gap log of one data directory, put together: what hears, labels, groups and shows, over one database.

By day `catch_up` takes in what came; at night `night` reconsiders. Both can be stopped at any moment and run again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np

from assistant.gaplog.board import Board, moments
from assistant.gaplog.differing import Differing
from assistant.gaplog.effects import Effects
from assistant.gaplog.grouping import Grouping, Pass
from assistant.gaplog.hearing import Hearing
from assistant.gaplog.labelling import Labelling, SecondOpinion
from assistant.gaplog.listening import Listening
from assistant.gaplog.often import AskedOften
from assistant.gaplog.weekly import RECONSIDERED, Weekly
from assistant.gaps.brief import Brief, brief
from assistant.gaps.overview import Prices
from assistant.gaps.records import Period, ThemeCard
from assistant.gaps.triage import STAGES, Finer, stage_names
from assistant.gaps.triage.answered import FACTOR
from assistant.records import Note, ThemeState
from assistant.seams import Embedder, Progress, Vectors
from assistant.store.contact_rows import ContactFilter
from assistant.store.contacts import Contacts
from assistant.store.database import Database
from assistant.store.fixes import Fixes
from assistant.store.log_state import LogState
from assistant.store.signals import Signals
from assistant.store.theme_changes import ThemeChanges
from assistant.store.themes import Themes

_PIECE = 256
_READ = 500
"""The latest contacts of a theme that a brief is read from."""


@dataclass(frozen=True, slots=True)
class GapLog:
    """The gap log over `database`; `embedder` is the model that triage and themes are read with, never a tuned one."""

    database: Database
    embedder: Embedder
    prices: Prices
    currency: str
    desk: str
    second: SecondOpinion | None = None
    finer: Finer = field(default_factory=dict)
    answer_factor: float = FACTOR

    @property
    def hearing(self) -> Hearing:
        """Makes contacts."""
        return Hearing(self.database, self.embedder)

    @property
    def labelling(self) -> Labelling:
        """Says why they were made."""
        return Labelling(self.database, self.embedder, self.second, self.finer, self.answer_factor)

    @property
    def grouping(self) -> Grouping:
        """Puts them into themes."""
        return Grouping(self.database, self.embedder)

    @property
    def board(self) -> Board:
        """Shows themes."""
        return Board(self.database, self.embedder.model_id, self.prices, self.currency)

    @property
    def effects(self) -> Effects:
        """Measures fixes."""
        return Effects(self.database)

    @property
    def weekly(self) -> Weekly:
        """Makes and keeps digests."""
        return Weekly(self.database, self.board, self.desk)

    @property
    def stages(self) -> tuple[str, ...]:
        """The journey stages that this desk tells apart, in the journey's order."""
        return stage_names(STAGES, self.finer)

    def card(self, theme: str) -> ThemeCard:
        """What people did with a theme and with those merged into it.

        Raises:
            NotFound: no theme has that id.
        """
        family = Themes(self.database).family(Themes(self.database).get(theme).id)
        fixes = Fixes(self.database).of(family)
        return ThemeCard(
            tuple(family),
            (*Fixes(self.database).notes(family), *self._proposed(family[0])),
            tuple((v.fix, v) for v in self.effects.of(fixes)),
            tuple(Themes(self.database).history(family)),
        )

    def listening(self, theme: str, reader: str) -> Listening:
        """The theme's contacts for somebody who listens.

        Raises:
            NotFound: no theme has that id.
        """
        return Listening(self.database, self.embedder.model_id, Themes(self.database).get(theme).id, reader)

    def put(self, theme: str, contact_ids: Sequence[int], actor: str) -> ThemeState:
        """Put contacts into a theme on a person's word, and say anew where it and the themes they left lie.

        Raises:
            UsageError: all are in it already. NotFound: one of them is not there.
        """
        before = {contact.theme_id for contact in Contacts(self.database).many(list(contact_ids))}
        state = ThemeChanges(self.database).place(theme, contact_ids, actor)
        self.grouping.move_places(sorted({state.id, *(left for left in before if left)}))
        return state

    def brief(self, theme: str, period: Period) -> Brief:
        """What a designer needs before drawing.

        Raises:
            NotFound: no theme has that id.
        """
        view = self.board.show(theme, period)
        card = self.card(theme)
        since, until = moments(period)
        wanted = ContactFilter(since=since, until=until, theme_id=view.state.id)
        contacts = Contacts(self.database).page(wanted, limit=_READ)
        fixes = [verdict for _, verdict in card.fixes]
        return brief(view, contacts, currency=self.currency, notes=card.notes, fixes=fixes)

    def nearest(self, theme: str, count: int = 5) -> list[str]:
        """The documents that answer the theme's contacts, or came nearest, most frequent first."""
        latest = Contacts(self.database).page(ContactFilter(theme_id=theme), limit=_READ)
        return [key for key, _ in Counter(key for c in latest for key in c.nearest).most_common(count)]

    def _proposed(self, theme: str) -> list[Note]:
        """What agents said would have prevented contacts of the theme: proposals, with the credit."""
        flags = Signals(self.database).flags(theme)
        said = [(flag, str(flag.evidence.get("prevented_by") or "")) for flag in flags]
        return [Note(f.id, theme, "proposal", f.actor, text, f.at, f.contact_id) for f, text in said if text]

    def catch_up(self, *, limit: int | None = None, progress: Progress | None = None) -> int:
        """Hear new tickets, label at most `limit` contacts that wait, and find today's theme for new ones.

        Returns how many contacts still wait for a label.
        """
        self.hearing.hear_tickets(progress)
        labelled = self.labelling.label_new(limit=limit, progress=progress)
        if limit is None or labelled < limit:
            self._place_new(progress)
        return Contacts(self.database).count_unlabelled(self.labelling.stamp())

    def night(self, progress: Progress | None = None) -> Pass:
        """Everything that is reconsidered once a day: labels after what people said, the themes, and what fixes did."""
        self.hearing.hear_tickets(progress)
        Differing(self.database, self.embedder).look()
        self.labelling.learn()
        self.catch_up(progress=progress)
        self.labelling.hear_opinions(progress=progress)
        result = self.grouping.regroup(progress)
        self.effects.settle()
        AskedOften(self.database).look()
        LogState(self.database).set(RECONSIDERED, datetime.now(UTC).isoformat())
        return result

    def _place_new(self, progress: Progress | None) -> None:
        contacts = Contacts(self.database)
        new = contacts.unplaced()
        places = self.hearing.places() if new else []
        if not places:
            return
        from assistant.gaps.themes.identity import assign_all

        self.labelling.embed_new(progress=progress)
        for at in range(0, len(new), _PIECE):
            vectors = contacts.vectors(self.embedder.model_id, new[at : at + _PIECE])
            ids = list(vectors)
            found = assign_all(_rows(vectors, ids), places)
            contacts.place(dict(zip(ids, found, strict=True)))


def _rows(vectors: dict[int, Vectors], ids: list[int]) -> Vectors:
    return np.stack([vectors[i] for i in ids])
