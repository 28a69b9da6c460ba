"""One question to one answer: retrieve, draft, verify, decide, reply. Knows no log; callers store and log."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from assistant.answering.asks import coverage
from assistant.answering.chosen import of_article
from assistant.answering.clarify import follow_ups
from assistant.answering.conflict import conflicts
from assistant.answering.conversation import is_linked, sent_before
from assistant.answering.each_ask import Alone, each_asked
from assistant.answering.first_look import look_through
from assistant.answering.fuse import FusionWeights
from assistant.answering.live import Follower, Live
from assistant.answering.matter import FEW_WORDS, NOTHING_ASKED, VAGUE, asks_nothing, is_matter, is_vague, says_little
from assistant.answering.phrase import (
    EXTRACTIVE,
    NoRails,
    Phrased,
    Rails,
    allowed_suggestions,
    phrase,
    policy_of,
    screened,
)
from assistant.answering.reply import Wording, article_links, cited, warnings
from assistant.answering.rerank import Reranker
from assistant.answering.resolutions import last_resolution
from assistant.answering.retrieve import ARTICLE_KINDS, retrieve
from assistant.answering.rewrite import Rewriter
from assistant.answering.similar import SimilarTicket, similar_tickets
from assistant.answering.tongue import in_own_language, with_language_told
from assistant.answering.verify import in_doubt, verify
from assistant.answering.violations import violations_of
from assistant.domain import (
    Answer,
    Audience,
    Candidate,
    Decision,
    Draft,
    GapFound,
    Kind,
    Part,
    Passage,
    Question,
    Retrieval,
    Source,
    Style,
    Suggestion,
    Support,
    Wish,
)
from assistant.errors import UsageError
from assistant.seams import Drafter, Embedder, Knowledge, PassageIndex, Vectors

_CANDIDATES = 16
_NEAREST = 5
_SUGGESTIONS = 3
_LEAST_SIMILAR = 0.45
_LEAST_SUPPORT = 0.5

Decider = Callable[[Retrieval, Sequence[Support], float, bool], Decision]
"""Retrieval, the verdicts on the parts, how much of the question they cover, and whether the drafter declined."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What a desk decides: words, weights, when a source counts as stale, and a reranker where one was adopted."""

    wording: Wording
    weights: FusionWeights = field(default_factory=FusionWeights)
    stale_after_days: int = 730
    reranker: Reranker | None = None


@dataclass(slots=True)
class _Clock:
    """Milliseconds spent per stage."""

    spent: dict[str, float] = field(default_factory=dict)
    _last: float = field(default_factory=time.perf_counter)

    def lap(self, stage: str) -> None:
        now = time.perf_counter()
        self.spent[stage] = round(self.spent.get(stage, 0.0) + 1000 * (now - self._last), 3)
        self._last = now


class Assistant:
    """Answers questions from one knowledge; holds no state of its own.

    `embedder` reads sentences; `searcher`, where one is given, is the encoder that the index was built with.
    """

    def __init__(
        self,
        embedder: Embedder,
        index: PassageIndex,
        knowledge: Knowledge,
        decide: Decider,
        policy: Policy,
        drafter: Drafter | None = None,
        generation: Callable[[], str] = lambda: "",
        rails: Rails = NoRails(),
        searcher: Embedder | None = None,
    ) -> None:
        self._embedder = embedder
        self._searcher = searcher or embedder
        self._index = index
        self._knowledge = knowledge
        self._decide = decide
        self._policy = policy
        self._drafter = drafter
        self._generation = generation
        self._rails = rails

    def search(
        self, question: Question, *, audiences: Sequence[Audience], kinds: Sequence[Kind] = ARTICLE_KINDS
    ) -> Retrieval:
        """Ranked articles and similar tickets."""
        return retrieve(
            question, self._searcher, self._index, self._knowledge,
            weights=self._policy.weights, audiences=audiences, kinds=kinds, reranker=self._policy.reranker,
        )  # fmt: skip

    def ask(
        self,
        question: Question,
        *,
        audiences: Sequence[Audience],
        style: Style | None = None,
        follower: Follower | None = None,
    ) -> Answer:
        """A cited reply, a partial one, or a gap; `follower` is shown what is certain while it is made."""
        clock = _Clock()
        question = in_own_language(question)
        retrieval = self.search(question, audiences=audiences)
        clock.lap("retrieve")
        if asks_nothing(question):
            silent = self._undrafted(replace(retrieval, articles=(), tickets=()), NOTHING_ASKED, clock)
            return replace(silent, confidence=self._sureness(retrieval))
        if is_vague(question):
            asking = self._undrafted(retrieval, VAGUE, clock)
            return replace(asking, greeting=self._policy.wording.greet(question), closing=self._policy.wording.close())
        return self._drafted(retrieval, audiences, clock, style, follower)

    def ask_of(self, question: Question, document_key: str, *, audiences: Sequence[Audience]) -> Answer:
        """What one article, which somebody chose, says to the question: never a gap, however low the confidence is.

        Raises:
            NotFound: no such live article, or none that these audiences may read.
            UsageError: nothing of it can be told.
        """
        clock = _Clock()
        question = in_own_language(question)
        retrieval = of_article(
            self.search(question, audiences=audiences), document_key, self._index, self._knowledge, audiences
        )
        clock.lap("retrieve")
        answer = self._drafted(retrieval, audiences, clock, chosen=True)
        if not answer.parts:
            raise UsageError(
                f"Expected a section of {retrieval.articles[0].best.title!r} that speaks of this question, found none "
                "that could be told. Choose another article, or write the reply by hand."
            )
        return answer

    def look_through(self, document_keys: Sequence[str]) -> int:
        """Take the first look at these documents, so that no draft has to; how many sections they have."""
        return look_through(document_keys, self._knowledge, self._embedder)

    def _drafted(
        self,
        retrieval: Retrieval,
        audiences: Sequence[Audience],
        clock: _Clock,
        style: Style | None = None,
        follower: Follower | None = None,
        *,
        chosen: bool = False,
    ) -> Answer:
        """The cited reply from what was found; what was `chosen` is told although its confidence is low."""
        question, candidates = retrieval.question, _leading(retrieval)
        whole = self._knowledge.whole([c.passage for c in candidates])
        listener = None
        if follower is not None:
            follower.found([candidate.passage for candidate in candidates])
            listener = Live(follower, lambda part: self._stays(part, retrieval, whole))
        phrased = phrase(question, candidates, whole, self._embedder, self._drafter, self._rails, style, listener)
        if chosen and phrased.declined:  # a person has judged what the model would not answer from
            phrased = phrase(question, candidates, whole, self._embedder, None, self._rails)
        clock.lap("draft")
        phrased, supports = self._verified(phrased, whole)
        clock.lap("verify")
        covered = coverage(question, [s.part for s in supports])
        decision = self._decide(retrieval, supports, covered, phrased.declined)
        if chosen and supports and decision.verdict == "gap":
            decision = replace(decision, verdict="partial", reason=None)
        clock.lap("decide")
        whole = dict(whole)
        if not phrased.declined:
            kept = supports if decision.verdict != "gap" else []
            phrased, supports = self._each_asked(question, phrased, kept, whole, audiences)
            if says_little(question):
                phrased = replace(phrased, notices=(*phrased.notices, FEW_WORDS))
            if supports and (decision.reason or says_little(question)):
                decision = replace(decision, verdict="partial")
        clock.lap("each ask")
        suggestions = allowed_suggestions(self._suggestions(retrieval, audiences), whole, question, self._rails)
        clock.lap("suggest")
        answer = self._answer(question, retrieval, candidates, whole, phrased, supports, decision, suggestions, clock)
        return with_language_told(answer)

    def _each_asked(
        self,
        question: Question,
        phrased: Phrased,
        supports: Sequence[Support],
        whole: dict[tuple[str, int], Passage],
        audiences: Sequence[Audience],
    ) -> tuple[Phrased, list[Support]]:
        """The draft with what was asked beside its main matter; `whole` learns what that is quoted from."""
        alone = self._alone(audiences, whole) if phrased.model == EXTRACTIVE else None

        def title_of(document_key: str) -> str:
            return next((passage.title for (key, _), passage in whole.items() if key == document_key), "")

        told, left = each_asked(question, supports, self._embedder, alone, title_of)
        kept = screened(replace(phrased.draft, uncovered=left), whole, question, self._rails).draft
        return replace(phrased, draft=replace(phrased.draft, uncovered=kept.uncovered)), told

    def _alone(self, audiences: Sequence[Audience], found: dict[tuple[str, int], Passage]) -> Alone:
        """What the knowledge tells of one ask by itself, without a model; `found` learns what that is quoted from."""

        def supports_of(question: Question) -> Sequence[Support]:
            retrieval = self.search(question, audiences=audiences)
            candidates = _leading(retrieval)
            whole = self._knowledge.whole([c.passage for c in candidates])
            phrased = phrase(question, candidates, whole, self._embedder, None, self._rails)
            supports = self._supported(phrased.draft, whole)
            found.update(whole)
            covered = coverage(question, [s.part for s in supports])
            return supports if self._decide(retrieval, supports, covered, False).verdict == "answered" else ()

        return supports_of

    def similar(self, question: Question, *, audiences: Sequence[Audience], limit: int) -> tuple[SimilarTicket, ...]:
        """Similar tickets with how they ended, nearest first; none where nothing in particular was asked."""
        if not is_matter(question):
            return ()
        retrieval = self.search(question, audiences=audiences)
        whole = self._knowledge.whole([hit.best for hit in retrieval.articles[:_NEAREST]])

        def allow(told: Sequence[Suggestion]) -> Sequence[Suggestion]:
            return allowed_suggestions(told, whole, question, self._rails)

        return similar_tickets(retrieval.tickets, self._knowledge, audiences, allow, limit=limit)

    @property
    def has_model(self) -> bool:
        """Whether a chat model phrases replies."""
        return self._drafter is not None

    def rewrite(self, answer: Answer, wish: Wish, *, requester: str = "") -> Answer:
        """A stored answer said anew, with its citations; `requester` is greeted by name. See `Rewriter`."""
        if requester or "[person" in answer.greeting:  # as stored, the greeting has lost its name
            question = replace(answer.question, requester=requester)
            answer = replace(answer, question=question, greeting=self._policy.wording.greet(question))
        policy = self._policy
        rewriter = Rewriter(
            self._embedder, self._knowledge, self._drafter, self._rails, policy.stale_after_days, _LEAST_SUPPORT
        )
        return with_language_told(rewriter(answer, wish))

    def _undrafted(self, retrieval: Retrieval, why: str, clock: _Clock) -> Answer:
        """A typed silence: nothing that was said could be answered, and `why` as a warning."""
        question, candidates = retrieval.question, _leading(retrieval)
        whole = self._knowledge.whole([c.passage for c in candidates]) if candidates else {}
        decision = Decision("gap", self._sureness(retrieval), "declined")
        silent = Phrased(Draft(()), notices=(why,), declined=True)
        return self._answer(question, retrieval, candidates, whole, silent, (), decision, (), clock)

    def _sureness(self, retrieval: Retrieval) -> float:
        """The calibrated probability that what was found answers the question, whatever becomes of it."""
        return self._decide(retrieval, (), 0.0, True).confidence

    def _stays(self, part: Part, retrieval: Retrieval, whole: Mapping[tuple[str, int], Passage]) -> bool:
        """Whether the part is sure to be in the reply, whatever parts come after it."""
        kept = screened(Draft((part,)), whole, retrieval.question, self._rails).draft
        supports = self._supported(kept, whole) if kept.parts == (part,) else []
        return bool(supports) and self._decide(retrieval, supports, 1.0, False).verdict != "gap"

    def _verified(self, phrased: Phrased, whole: Mapping[tuple[str, int], Passage]) -> tuple[Phrased, list[Support]]:
        """The draft's supported parts. What a model wrote without support is left out and said; all of it, replaced."""
        verdicts = self._verdicts(phrased.draft, whole)
        supports = self._standing(verdicts)
        said = len(phrased.draft.parts)
        if phrased.instead is None or len(supports) == said:
            return phrased, supports
        words = in_doubt(s for s in verdicts if s.score < _LEAST_SUPPORT)
        if supports:
            lost = f"chat_model: {said - len(supports)} of its {said} parts are left out, their sources do not say that"
            return replace(phrased, notices=(*phrased.notices, f"{lost}{words}")), supports
        plain = phrased.instead
        refused = f"chat_model: no source supports any part of its draft{words}; this is the extractive draft"
        return replace(plain, notices=(*plain.notices, refused)), self._supported(plain.draft, whole)

    def _supported(self, draft: Draft, whole: Mapping[tuple[str, int], Passage]) -> list[Support]:
        return self._standing(self._verdicts(draft, whole))

    def _verdicts(self, draft: Draft, whole: Mapping[tuple[str, int], Passage]) -> list[Support]:
        texts = {key: passage.text for key, passage in whole.items()}
        return verify(draft, texts, self._embedder, whole=whole)

    def _standing(self, verdicts: Sequence[Support]) -> list[Support]:
        return self._still_live([s for s in verdicts if s.score >= _LEAST_SUPPORT])

    def _still_live(self, supports: Sequence[Support]) -> list[Support]:
        """Supports whose every source still exists now: one may have been deleted since retrieval."""
        keys = {quote.document_key for s in supports for quote in s.part.quotes}
        live = self._knowledge.live_keys(sorted(keys)) if keys else set()
        return [s for s in supports if s.part.quotes and all(q.document_key in live for q in s.part.quotes)]

    def _follow_ups(
        self,
        question: Question,
        candidates: Sequence[Candidate],
        sources: Sequence[Source],
        whole: Mapping[tuple[str, int], Passage],
    ) -> tuple[str, ...]:
        """What to ask the customer, without what may not be said to one."""
        asked = follow_ups(question, candidates, sources, whole)
        policy = policy_of(self._rails.strict())
        public = [passage for passage in whole.values() if passage.audience == "public"]
        return tuple(text for text in asked if not violations_of(text, public, question, policy))

    def _links(
        self, sources: Sequence[Source], question: Question, whole: Mapping[tuple[str, int], Passage]
    ) -> tuple[str, ...]:
        """Where the customer can read on."""
        policy = policy_of(self._rails.strict())

        def may_tell(line: str, source: Source) -> bool:
            return not violations_of(line, [whole[source.document_key, source.version]], question, policy)

        return article_links(sources, may_tell)

    def _suggestions(self, retrieval: Retrieval, audiences: Sequence[Audience]) -> tuple[Suggestion, ...]:
        """How the most similar tickets ended, for the agent's eyes."""
        near = [hit for hit in retrieval.tickets if hit.score >= _LEAST_SIMILAR][: 2 * _SUGGESTIONS]
        if not near:
            return ()
        chunks = self._knowledge.chunks_of([hit.document_key for hit in near])
        passages = self._knowledge.passages([i for ids in chunks.values() for i in ids], audiences=audiences)
        found: list[Suggestion] = []
        for hit in near:
            ends = [passages[i] for i in chunks.get(hit.document_key, ()) if i in passages]
            ends = [p for p in ends if p.role == "resolution"]
            suggestion = last_resolution(ends)
            if suggestion is not None:
                found.append(suggestion)
        return tuple(found[:_SUGGESTIONS])

    def _answer(
        self,
        question: Question,
        retrieval: Retrieval,
        candidates: Sequence[Candidate],
        whole: Mapping[tuple[str, int], Passage],
        phrased: Phrased,
        supports: Sequence[Support],
        decision: Decision,
        suggestions: tuple[Suggestion, ...],
        clock: _Clock,
    ) -> Answer:
        is_gap = decision.verdict == "gap" or not supports
        parts, sources = ((), ()) if is_gap else cited(supports, whole)
        _check_quotes(sources, whole)
        gap = GapFound(decision.reason or "unsupported", _nearest(retrieval)) if is_gap else None
        uncovered = phrased.draft.uncovered
        alerts = warnings(sources, conflicts(sources, whole.values()), stale_after_days=self._policy.stale_after_days)
        closing = "" if is_gap else self._policy.wording.close(self._links(sources, question, whole))
        clock.lap("reply")
        return Answer(
            id=uuid.uuid4().hex,
            question=question,
            verdict="gap" if is_gap else "partial" if uncovered or phrased.cut else decision.verdict,
            confidence=decision.confidence,
            greeting="" if is_gap else self._policy.wording.greet(question),
            parts=parts,
            uncovered=uncovered if not is_gap else (),
            closing=closing,
            sources=sources,
            suggestions=suggestions,
            gap=gap,
            warnings=(*alerts, *sent_before(question, phrased.draft, sources), *phrased.notices),
            timings_ms=tuple(clock.spent.items()),
            model=phrased.model,
            prompt_version=phrased.prompt_version,
            generation=self._generation(),
            features=decision.features,
            considered=tuple(candidates),
            vector=retrieval.vector,
            usage=phrased.usage,
            follow_ups=self._follow_ups(question, candidates, sources, whole),
        )


def _leading(retrieval: Retrieval) -> list[Candidate]:
    """Passages to draft from: every document's best first, then the second best of the leading ones.

    Articles that an agent linked in the conversation come after the others: the customer has them.
    """
    rounds = [
        hit.candidates[place] for place in range(3) for hit in retrieval.articles[:8] if len(hit.candidates) > place
    ]
    linked = is_linked(retrieval.question)
    articles = sorted(retrieval.articles, key=lambda hit: linked(hit.best.url))
    order = {hit.document_key: rank for rank, hit in enumerate(articles)}
    chosen = rounds[:_CANDIDATES]
    return sorted(chosen, key=lambda c: (order[c.passage.document_key], -c.fused))


def _nearest(retrieval: Retrieval) -> tuple[str, ...]:
    return tuple(hit.document_key for hit in retrieval.articles[:_NEAREST])


def _check_quotes(sources: Sequence[Source], whole: Mapping[tuple[str, int], Passage]) -> None:
    """The last line of defence: a quote that is not the stored text at its offsets never leaves this module."""
    for source in sources:
        stored = whole[source.document_key, source.version].text
        if stored[source.start : source.end] != source.quote:
            raise AssertionError(f"source {source.n} does not quote the stored text")


def question_vector(answer: Answer) -> Vectors:
    """The question's vector, shape `(d,)`."""
    return np.asarray(answer.vector, np.float32)
