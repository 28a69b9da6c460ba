"""Why each contact was made: labels by the triage model, taught by what this desk's people said, in resumable pieces.

Second step of the gap log, after `hearing`. A label carries the stamp of the model that gave it; contacts with another
stamp wait. The model learns from new words of people once a night, since everything is labelled anew then. A judge,
where the desk has one, is heard at night as well: no label waits for it.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from assistant.gaplog.answered import outcomes, reconsider
from assistant.gaps import distributions
from assistant.gaps.triage import Contact as TriageContact
from assistant.gaps.triage import Correction, Finer, Triaged, TriageModel, load_triage
from assistant.gaps.triage.answered import FACTOR, Weighed
from assistant.gaps.triage.model import SHIPPED
from assistant.gaps.triage.opinion import CAUSE_MEANINGS, STAGE_MEANINGS, meanings
from assistant.records import Contact, Reason
from assistant.seams import Embedder, Judge, Judgement, Opinion, Progress
from assistant.store.contacts import Contacts
from assistant.store.database import Database
from assistant.store.log_state import LogState
from assistant.store.opinions import Opinions
from assistant.store.overrides import Overrides
from assistant.store.themes import Themes

log = logging.getLogger(__name__)

_PIECE = 64
_AT_ONCE = 8
"""Contacts in one call of a judge: fewer pay for its instructions more often, more are read less closely."""
_MOST_OPINIONS = 2_000
"""Opinions of one night; the rest waits for the next."""
_MOST_FAILURES = 5
"""Calls in a row after which a judge is left alone until the next night."""
_LEARNED = "triage_learned"
_OF_THEME = 10
"""Contacts of a theme that a word about the whole theme teaches: more would drown what was said about single ones."""


@dataclass(frozen=True, slots=True)
class SecondOpinion:
    """Whose opinion is heard beside the weights', and how often it is taken to be right, in (0, 1)."""

    judge: Judge
    trust: float


@dataclass(frozen=True, slots=True)
class Labelling:
    """Labels contacts of one database; `embedder` is the model that the triage weights belong to."""

    database: Database
    embedder: Embedder
    second: SecondOpinion | None = None
    finer: Finer = field(default_factory=dict)
    answer_factor: float = FACTOR

    def label_new(self, *, limit: int | None = None, progress: Progress | None = None) -> int:
        """Label contacts that wait, at most `limit`, and return how many; stopped at any moment, it can go on."""
        contacts = Contacts(self.database)
        stamp = self.stamp()
        waiting = contacts.count_unlabelled(stamp)
        total = min(waiting, limit) if limit is not None else waiting
        done = 0
        while done < total and (piece := contacts.unlabelled(stamp, min(_PIECE, total - done))):
            self._label(piece, stamp)
            done += len(piece)
            if progress:
                progress(done, total, "labelling")
        return done

    def hear_opinions(self, *, limit: int = _MOST_OPINIONS, progress: Progress | None = None) -> int:
        """Ask the judge about contacts that it has not seen, latest first, and return of how many it spoke.

        What it says moves their labels at once. A call that fails is divided, so that one contact which a vendor
        refuses keeps no other from being read; it is asked again another night.
        """
        if self.second is None:
            return 0
        opinions = Opinions(self.database, self.second.judge.name)
        waiting = opinions.waiting(limit)
        todo = [waiting[at : at + _AT_ONCE] for at in range(0, len(waiting), _AT_ONCE)][::-1]
        heard = failures = 0
        while todo and failures < _MOST_FAILURES:
            piece = todo.pop()
            judged = self._judged(piece, self.second.judge, opinions)
            if judged.opinions is not None:
                heard, failures = heard + len(piece), 0
                if progress:
                    progress(heard, len(waiting), "second opinions")
                continue
            log.warning("second opinion on %d contacts: %s", len(piece), judged.notice)
            failures += 1 if judged.usage and judged.usage.calls else _MOST_FAILURES  # no call: none would be made
            todo += [half for half in (piece[len(piece) // 2 :], piece[: len(piece) // 2]) if len(piece) > 1]
        return heard

    def _judged(self, piece: Sequence[Contact], judge: Judge, opinions: Opinions) -> Judgement:
        """What the judge says of these contacts, kept with its cost; their labels follow it."""
        model = self.model()
        causes, stages = meanings(model.cause.labels, CAUSE_MEANINGS), meanings(model.stages, STAGE_MEANINGS)
        judged = judge.judge([contact.full_text for contact in piece], causes, stages)
        said = zip(piece, judged.opinions, strict=True) if judged.opinions is not None else ()
        opinions.add({contact.id: opinion for contact, opinion in said}, judged.usage)
        if judged.opinions is not None:
            self._label(piece, self.stamp())
        return judged

    def opinions(self, contact_ids: Sequence[int]) -> dict[int, Opinion]:
        """What the judge says of those contacts that it has read; nothing without a judge."""
        return Opinions(self.database, self.second.judge.name).of(contact_ids) if self.second else {}

    def _label(self, piece: Sequence[Contact], stamp: str) -> None:
        said = self.opinions([contact.id for contact in piece])
        found = self.model().label(
            [_asked(contact) for contact in piece],
            self.embedder,
            opinions={str(i): opinion for i, opinion in said.items()},
            trust=self.second.trust if self.second else 0.0,
            outcomes={str(i): outcome for i, outcome in outcomes(self.database, piece).items()},
            factor=self.answer_factor,
        )
        Contacts(self.database).label({c.id: _reason(t, stamp) for c, t in zip(piece, found, strict=True)})

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
        """Take in what people said and what became of answers; true when labels wait anew for what people said."""
        reconsider(self.database)
        said = _digest(self._decided())
        if said == (LogState(self.database).get(_LEARNED) or _digest({})):
            return False
        LogState(self.database).set(_LEARNED, said)
        return True

    def stamp(self) -> str:
        """Names the model that labels now: weights, what answers weigh, what was learned, finer stages, opinions."""
        learned = LogState(self.database).get(_LEARNED) or _digest({})
        stamp = f"triage-{_shipped()}*{self.answer_factor:g}" + ("" if learned == _digest({}) else f"+{learned}")
        if self.finer:
            stamp += f"/{hashlib.sha256(json.dumps(self.finer, sort_keys=True).encode()).hexdigest()[:8]}"
        if self.second is None:
            return stamp
        return f"{stamp}~{self.second.trust:.2f}.{hashlib.sha256(self.second.judge.name.encode()).hexdigest()[:8]}"

    def model(self) -> TriageModel:
        """The shipped model, moved by what people said up to the last time that it learned."""
        learned = str(LogState(self.database).get(_LEARNED) or "")
        known = _TAUGHT.get((str(self.database.engine.url), learned))
        if known is None:
            known = load_triage().adapted(self._corrections(), self.embedder)
            _TAUGHT.clear()
            _TAUGHT[str(self.database.engine.url), learned] = known
        return replace(known, finer=self.finer)

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
    shares = distributions.written(Weighed(cause, found.outcome, found.kinds), stage)
    return Reason(
        cause.label, cause.probability, stage.label, stage.probability, found.quote, found.party[:200], stamp, shares
    )


def _digest(decided: dict[int, tuple[str | None, str | None]]) -> str:
    lines = "\n".join(f"{i} {cause} {stage}" for i, (cause, stage) in sorted(decided.items()))
    return f"{len(decided)}.{hashlib.sha256(lines.encode()).hexdigest()[:8]}"


@lru_cache(maxsize=1)
def _shipped() -> str:
    return hashlib.sha256(SHIPPED.read_bytes()).hexdigest()[:12]
