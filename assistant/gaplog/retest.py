"""Open gaps asked again after the knowledge changed, but only those that the change can have touched.

A gap is touched when a chunk that is new is among those nearest to its question, or holds its words, or when a document
that came near it changed or went. Everything else would get the answer that it got.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assistant.answering.language import content_stems
from assistant.domain import Answer, Audience, Kind, Question
from assistant.gaplog.mining import Asker
from assistant.records import Retested, RetestResult, RetestRun
from assistant.seams import Progress
from assistant.store.database import Database
from assistant.store.generations import Generations
from assistant.store.retests import Asked, Change, Retests

AGENT: tuple[Audience, ...] = ("public", "internal")
_ARTICLES: tuple[Kind, ...] = ("doc", "faq")
_DENSE = 30
_WORDS = 0.5
_FEWEST_WORDS = 3
_TICKETS = 10
_CLEARLY = 0.1  # difference in confidence from which an unanswered gap counts as improved or worse
_REGRESSIONS = 200


@dataclass(frozen=True, slots=True)
class Retest:
    """Asks gaps of one database again; `model_id` names the model that `assistant` embeds questions with."""

    database: Database
    assistant: Asker
    model_id: str

    def run(self, trigger: str, *, everything: bool = False, progress: Progress | None = None) -> RetestRun:
        """Ask the open gaps that the changes since last time can have touched, or with `everything` all of them.

        Answered questions whose sources changed are asked too, the latest two hundred.
        """
        begin = time.perf_counter()
        store = Retests(self.database)
        change, gaps = store.changed(), store.open_gaps()
        touched = gaps if everything else self.touched(gaps, change)
        again = [*store.closed_gaps(change.documents), *store.answered(change.documents, _REGRESSIONS)]
        number = store.begin(trigger, len(gaps), len(change.documents))
        results: Counter[str] = Counter()
        for done, asked in enumerate([*touched, *again], 1):
            results[self._ask(store, number, asked, change)] += 1
            if progress:
                progress(done, len(touched) + len(again), asked.title)
        store.finish(number, round(time.perf_counter() - begin, 3), len(touched) + len(again), results, change)
        return next(run for run in store.runs(1) if run.id == number)

    def lines(self, run: int) -> list[Retested]:
        """What a run changed."""
        return Retests(self.database).lines(run)

    def touched(self, gaps: Sequence[Asked], change: Change) -> list[Asked]:
        """Those of the gaps that the change can have touched."""
        if not change.documents or not gaps:
            return []
        near = zip(self._near_by_meaning(gaps, change), self._near_by_words(gaps, change), strict=True)
        return [
            gap
            for gap, is_near in zip(gaps, near, strict=True)
            if any(is_near) or change.documents.intersection(gap.documents)
        ]

    def _near_by_meaning(self, gaps: Sequence[Asked], change: Change) -> list[bool]:
        """Whether a new chunk is among the nearest of each gap: 30 of articles, 10 of tickets' problems."""
        ids, kinds, roles, vectors = Generations(self.database).matrix(self.model_id)
        new = np.asarray([i in change.chunk_ids for i in ids], np.bool_)
        is_article = np.asarray([k != "ticket" and r == "body" for k, r in zip(kinds, roles, strict=True)], np.bool_)
        is_problem = np.asarray([k == "ticket" and r == "problem" for k, r in zip(kinds, roles, strict=True)], np.bool_)
        found = []
        for gap in gaps:
            if gap.vector is None or gap.model_id != self.model_id:
                found.append(True)  # its vector is another model's: nothing can be said without asking
                continue
            cosines = vectors @ gap.vector if len(ids) else np.zeros(0, np.float32)
            pools = ((is_article, _DENSE), (is_problem, _TICKETS))
            found.append(any(_enters(cosines, pool, new, k) for pool, k in pools))
        return found

    def _near_by_words(self, gaps: Sequence[Asked], change: Change) -> list[bool]:
        """Whether a new chunk of an article holds half of the words that carry the question, and at least three.

        Only the new chunks are read: asking the whole keyword index for each gap costs as much as answering it.
        """
        chunks: dict[str, list[int]] = {}
        for chunk in Generations(self.database).chunks(sorted(change.chunk_ids)):
            if chunk.kind in _ARTICLES:
                for stem in set(content_stems(f"{chunk.title} {chunk.headings} {chunk.body}")):
                    chunks.setdefault(stem, []).append(chunk.chunk_id)
        found = []
        for gap in gaps:
            stems = set(content_stems(_question(gap).full_text))
            shared = Counter(chunk_id for stem in stems for chunk_id in chunks.get(stem, ()))
            found.append(max(shared.values(), default=0) >= max(_FEWEST_WORDS, _WORDS * len(stems)))
        return found

    def _ask(self, store: Retests, run: int, asked: Asked, change: Change) -> RetestResult:
        answer = self.assistant.ask(_question(asked), audiences=AGENT)
        sources = tuple(dict.fromkeys(source.document_key for source in answer.sources))
        result = outcome(asked, answer)
        nearest = answer.gap.nearest if answer.gap else sources
        changed = sorted(change.documents.intersection((*asked.documents, *nearest)))
        store.write(run, asked, result, answer.verdict, answer.confidence, sources, changed)
        if asked.gap_id is not None and asked.model_id != self.model_id:
            store.place(asked.gap_id, np.asarray(answer.vector, np.float32), self.model_id)
        return result


def outcome(asked: Asked, answer: Answer) -> RetestResult:
    """What the new answer means for a question.

    An open gap is closed when it is answered, improved when it is answered in part or with confidence at least 0.1
    higher, worse with 0.1 less; what was answered and is a gap now has regressed.
    """
    if asked.verdict == "answered":
        return "regressed" if answer.verdict == "gap" else "unchanged"
    if answer.verdict == "answered":
        return "closed"
    if answer.verdict == "partial" and asked.verdict == "gap":
        return "improved"
    if answer.verdict == "gap" and asked.verdict == "partial":
        return "worse"
    gained = 0.0 if asked.confidence is None else answer.confidence - asked.confidence
    return "improved" if gained >= _CLEARLY else "worse" if gained <= -_CLEARLY else "unchanged"


def _enters(
    cosines: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
    pool: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
    new: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
    k: int,
) -> bool:
    """Whether one of the `new` is among the `k` best of the `pool`."""
    fresh = pool & new
    if not fresh.any():
        return False
    rivals = int((cosines[pool & ~new] > cosines[fresh].max()).sum())
    return rivals < k


def _question(asked: Asked) -> Question:
    return Question(asked.text, title=asked.title if asked.title != asked.text else "")
