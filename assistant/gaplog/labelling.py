"""Why each contact was made: labels by the triage model, taught by what this desk's people said, in resumable pieces.

Second step of the gap log, after `hearing`. A label carries the stamp of the model that gave it; contacts with another
stamp wait. The model learns from new words of people once a night, since everything is labelled anew then.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

from assistant.gaps.triage import Contact as TriageContact
from assistant.gaps.triage import Correction, Triaged, TriageModel, load_triage
from assistant.gaps.triage.model import SHIPPED
from assistant.records import Contact, Reason
from assistant.seams import Embedder, Progress
from assistant.store.contacts import Contacts
from assistant.store.database import Database
from assistant.store.log_state import LogState
from assistant.store.overrides import Overrides
from assistant.store.themes import Themes

_PIECE = 64
_LEARNED = "triage_learned"
_OF_THEME = 10
"""Contacts of a theme that a word about the whole theme teaches: more would drown what was said about single ones."""


@dataclass(frozen=True, slots=True)
class Labelling:
    """Labels contacts of one database; `embedder` is the model that the triage weights belong to."""

    database: Database
    embedder: Embedder

    def label_new(self, *, limit: int | None = None, progress: Progress | None = None) -> int:
        """Label contacts that wait, at most `limit`, and return how many; stopped at any moment, it can go on."""
        contacts = Contacts(self.database)
        stamp = self.stamp()
        waiting = contacts.count_unlabelled(stamp)
        total = min(waiting, limit) if limit is not None else waiting
        done = 0
        while done < total and (piece := contacts.unlabelled(stamp, min(_PIECE, total - done))):
            found = self.model().label([_asked(contact) for contact in piece], self.embedder)
            contacts.label({c.id: _reason(t, stamp) for c, t in zip(piece, found, strict=True)})
            done += len(piece)
            if progress:
                progress(done, total, "labelling")
        return done

    def embed_new(self, *, progress: Progress | None = None) -> int:
        """Embed the words of contacts that have no vector yet, in pieces, and return how many."""
        contacts = Contacts(self.database)
        waiting = contacts.unembedded(self.embedder.model_id)
        for at in range(0, len(waiting), _PIECE):
            piece = waiting[at : at + _PIECE]
            vectors = self.embedder.embed([text for _, text in piece])
            contacts.add_vectors(self.embedder.model_id, dict(zip([i for i, _ in piece], vectors, strict=True)))
            if progress:
                progress(min(at + _PIECE, len(waiting)), len(waiting), "embedding")
        return len(waiting)

    def learn(self) -> bool:
        """Take in what people said since last time; true when labels wait to be given anew because of it."""
        said = _digest(self._decided())
        if said == (LogState(self.database).get(_LEARNED) or _digest({})):
            return False
        LogState(self.database).set(_LEARNED, said)
        return True

    def stamp(self) -> str:
        """Names the model that labels now: the shipped weights, and what was learned on top."""
        learned = LogState(self.database).get(_LEARNED) or _digest({})
        return f"triage-{_shipped()}" + ("" if learned == _digest({}) else f"+{learned}")

    def model(self) -> TriageModel:
        """The shipped model, moved by what people said up to the last time that it learned."""
        learned = str(LogState(self.database).get(_LEARNED) or "")
        known = _TAUGHT.get((str(self.database.engine.url), learned))
        if known is None:
            known = load_triage().adapted(self._corrections(), self.embedder)
            _TAUGHT.clear()
            _TAUGHT[str(self.database.engine.url), learned] = known
        return known

    def _decided(self) -> dict[int, tuple[str | None, str | None]]:
        """What people decided about contacts, and about whole themes: that counts for a theme's first contacts."""
        decided = Overrides(self.database).decided()
        for theme in Themes(self.database).all():
            if theme.cause or theme.stage:
                for contact_id in Contacts(self.database).first_of(theme.id, _OF_THEME):
                    cause, stage = decided.get(contact_id, (None, None))
                    decided[contact_id] = (cause or theme.cause or None, stage or theme.stage or None)
        return decided

    def _corrections(self) -> list[Correction]:
        if not LogState(self.database).get(_LEARNED):
            return []
        decided = self._decided()
        contacts = Contacts(self.database).many(sorted(decided))
        return [Correction(_asked(contact), *decided[contact.id]) for contact in contacts]


_TAUGHT: dict[tuple[str, str], TriageModel] = {}
"""The model in use, by database and what it learned: teaching costs an embedding of every correction."""


def _asked(contact: Contact) -> TriageContact:
    return TriageContact(str(contact.id), contact.title, contact.text)


def _reason(found: Triaged, stamp: str) -> Reason:
    cause, stage = found.cause, found.stage
    return Reason(cause.label, cause.probability, stage.label, stage.probability, found.quote, found.party[:200], stamp)


def _digest(decided: dict[int, tuple[str | None, str | None]]) -> str:
    lines = "\n".join(f"{i} {cause} {stage}" for i, (cause, stage) in sorted(decided.items()))
    return f"{len(decided)}.{hashlib.sha256(lines.encode()).hexdigest()[:8]}"


@lru_cache(maxsize=1)
def _shipped() -> str:
    return hashlib.sha256(SHIPPED.read_bytes()).hexdigest()[:12]
