"""Where what was answered is not what we drafted for the same ticket: the signal `differs`, from drafts.

A nightly step beside mining. What was sent counts, or else the agent's own reply in the synced ticket. Replies in other
words are no difference: neither their likeness nor the verifier may find one in the other.
"""

from __future__ import annotations

from dataclasses import dataclass

from assistant.answering.verify import support_score
from assistant.gaplog.mining import LEAST_WORDS, UNLIKE
from assistant.records import NewSignal
from assistant.seams import Embedder
from assistant.store.answered_drafts import AnsweredDraft, AnsweredDrafts
from assistant.store.database import Database
from assistant.store.signals import Signals

_SUPPORTED = 0.5


@dataclass(frozen=True, slots=True)
class Differing:
    """Compares drafts of one database with what people answered."""

    database: Database
    embedder: Embedder

    def look(self) -> int:
        """Write a signal for each draft that differs; returns how many are new. Looked at twice, it is there once."""
        found = [signal for draft in AnsweredDrafts(self.database).waiting() if (signal := self._signal(draft))]
        return Signals(self.database).add_all(found)

    def _signal(self, draft: AnsweredDraft) -> NewSignal | None:
        if len(draft.theirs.split()) < LEAST_WORDS or not draft.ours:
            return None
        ours, theirs = self.embedder.embed([draft.ours, draft.theirs])
        likeness = float(ours @ theirs)
        support = max(support_score(part, draft.theirs, self.embedder).score for part in draft.ours.split("\n"))
        if likeness >= UNLIKE or support >= _SUPPORTED:
            return None
        said = {"draft_id": draft.draft_id, "ours": list(draft.sources), "from": draft.origin,
                "support": round(support, 3), "answer": draft.theirs[:500]}  # fmt: skip
        source = draft.sources[0] if draft.sources else ""
        token = f"differs:draft:{draft.draft_id}"
        return NewSignal(token, "differs", draft.at, draft.contact_id, None, source, likeness, draft.actor, said)
