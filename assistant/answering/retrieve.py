"""Question to ranked documents: dense and keyword search over articles, and the votes of resolved tickets.

A ticket votes for the articles that its agents linked: when its problem is like the question, and, apart from that,
when its reply is, since agents say in the article's words what customers say in their own.

Every chunk id that a search returns is read back from the store before it counts, so what was deleted, replaced
or is forbidden to the asker never ranks. Articles that tickets vote for but no search returned get their best
passage by cosine.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from assistant.answering.fuse import (
    Ballots,
    FusionWeights,
    Neighbour,
    aging,
    ballot,
    best_first,
    count_votes,
    fused_scores,
    title_match,
    trust,
)
from assistant.answering.language import content_stems
from assistant.answering.rerank import Reranker, reranked
from assistant.domain import Audience, Candidate, Hit, Kind, Passage, Question, Retrieval, Role, language_of
from assistant.seams import Embedder, Knowledge, PassageIndex, Vectors

ARTICLE_KINDS: tuple[Kind, ...] = ("doc", "faq")
_ROLES: tuple[Role, ...] = ("body",)
_SHINGLE_WORDS = 4
_DUPLICATE_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class Breadth:
    """How much is fetched (chunks of each search) and returned (documents, passages of each)."""

    article_chunks: int = 200
    keyword_chunks: int = 100
    ticket_chunks: int = 160
    articles: int = 20
    tickets: int = 30
    passages: int = 5
    narrow_chunks: int = 20_000


def retrieve(
    question: Question,
    embedder: Embedder,
    index: PassageIndex,
    knowledge: Knowledge,
    *,
    weights: FusionWeights,
    audiences: Sequence[Audience],
    kinds: Sequence[Kind] = ARTICLE_KINDS,
    breadth: Breadth = Breadth(),
    reranker: Reranker | None = None,
) -> Retrieval:
    """Return ranked articles of these kinds and, apart from them, similar tickets, which vote whatever `kinds` says.

    In a ticket's candidate `votes` is the ballot it casts: 0 when its agents linked no live article. A ticket with
    the question's own id neither votes nor is returned.
    """
    vector = embedder.embed([question.full_text])[0]
    near = _Near(question, vector, index, knowledge, breadth)
    problems = near.tickets("problem")
    voters = _Voters([n for _, n in problems], [n for _, n in near.tickets("resolution")], knowledge.link_counts())
    wanted = [kind for kind in kinds if kind in ARTICLE_KINDS]
    articles = _ranked_articles(
        question, vector, voters, index, knowledge, wanted, weights=weights, audiences=audiences, breadth=breadth,
        reranker=reranker,
    )  # fmt: skip
    seen = [(p, n) for p, n in problems if p.audience in audiences and in_scope(p, question)]
    hits = [_ticket_hit(passage, neighbour, weights) for passage, neighbour in seen]
    return Retrieval(question, tuple(vector.tolist()), articles, tuple(hits[: breadth.tickets]))


@dataclass(frozen=True, slots=True)
class _Voters:
    """The tickets near one question, by problem and by reply, and how often each article is linked in all."""

    problems: Sequence[Neighbour]
    replies: Sequence[Neighbour]
    counts: Mapping[str, int]

    def ballots(self, weights: FusionWeights, nearest_article: float) -> Ballots:
        """Their votes beside an article of this cosine."""
        links = sum(self.counts.values())
        return Ballots(
            count_votes(self.problems, self.counts, weights),
            count_votes(self.replies, self.counts, weights),
            trust(_nearest_voter(self.problems), nearest_article, links),
            trust(_nearest_voter(self.replies), nearest_article, links),
        )


def _nearest_voter(neighbours: Sequence[Neighbour]) -> float:
    return max((n.similarity for n in neighbours if n.articles), default=0.0)


def is_narrow(question: Question) -> bool:
    """Whether something is known of the question that a document must agree with."""
    return bool(question.product or question.locale or question.sources)


def in_scope(passage: Passage, question: Question) -> bool:
    """Whether the passage's source, and its product where both know theirs, fit the question."""
    if question.sources and passage.source not in question.sources:
        return False
    return not (question.product and passage.product) or passage.product.lower() == question.product.lower()


def in_language(passages: Sequence[Passage], locale: str) -> list[Passage]:
    """The passages in this language or in none that is named; all of them where there is no such one."""
    asked = language_of(locale)
    fitting = [p for p in passages if not asked or language_of(p.locale) in ("", asked)]
    return fitting or list(passages)


def _allowed(
    question: Question,
    cosines: Mapping[int, float],
    knowledge: Knowledge,
    kinds: Sequence[Kind],
    audiences: Sequence[Audience],
) -> list[Passage]:
    passages = knowledge.passages(list(cosines), audiences=audiences)
    fitting = [p for p in passages.values() if p.kind in kinds and in_scope(p, question)]
    return in_language(fitting, question.locale)


@dataclass(frozen=True, slots=True)
class _Near:
    """Looks for tickets near one question."""

    question: Question
    vector: Vectors
    index: PassageIndex
    knowledge: Knowledge
    breadth: Breadth

    def tickets(self, role: Role) -> list[tuple[Passage, Neighbour]]:
        """The tickets whose problem, or whose reply, is nearest to the question, each with its nearest passage.

        Every live ticket votes, also one that a customer-facing asker may not read: a vote names an article and
        carries no text. The question's own ticket is left out.
        """
        found = dict(self.index.dense(self.vector, kinds=("ticket",), roles=(role,), k=self.breadth.ticket_chunks))
        passages = self.knowledge.passages(list(found), audiences=("public", "internal"))
        best: dict[str, Passage] = {}
        for passage in sorted(passages.values(), key=lambda p: (-found[p.chunk_id], p.document_key)):
            if passage.document_key != self.question.id:
                best.setdefault(passage.document_key, passage)
        links = self.knowledge.resolving_articles(list(best))
        return [(p, Neighbour(key, found[p.chunk_id], links.get(key, ()))) for key, p in best.items()]


def _ranked_articles(
    question: Question,
    vector: Vectors,
    voters: _Voters,
    index: PassageIndex,
    knowledge: Knowledge,
    kinds: Sequence[Kind],
    *,
    weights: FusionWeights,
    audiences: Sequence[Audience],
    breadth: Breadth,
    reranker: Reranker | None,
) -> tuple[Hit, ...]:
    if not kinds:
        return ()
    cosines = dict(index.dense(vector, kinds=kinds, roles=_ROLES, k=breadth.article_chunks))
    floor = min(cosines.values(), default=-1.0)
    ballots = voters.ballots(weights, max(cosines.values(), default=-1.0))
    keyword = dict(index.keyword(question.full_text, kinds=kinds, roles=_ROLES, k=breadth.keyword_chunks))
    voted = (chunk for chunks in knowledge.chunks_of(ballots.articles()).values() for chunk in chunks)
    unscored = sorted({*keyword, *voted} - set(cosines))
    if unscored:
        cosines |= index.similarities(vector, unscored)
    allowed = _allowed(question, cosines, knowledge, kinds, audiences)
    if is_narrow(question) and len({p.document_key for p in allowed}) < breadth.articles:
        # What the searches returned lies mostly elsewhere: look at everything inside instead.
        inside = set(knowledge.chunks_in_scope(question, kinds, most=breadth.narrow_chunks))
        cosines |= index.similarities(vector, sorted(inside - set(cosines)))
        allowed = _allowed(question, cosines, knowledge, kinds, audiences)
    hits = rank(allowed, cosines, keyword, ballots, weights=weights, headline=question.headline)
    if reranker is not None:
        hits = reranked(hits, ballots, reranker, floor=floor)
    # Folding reads the text of every hit: twice what is returned leaves enough after the copies are gone.
    leading = _shortened(hits[: 2 * breadth.articles], breadth.passages)
    return fold_duplicates(leading)[: breadth.articles]


def _ticket_hit(passage: Passage, neighbour: Neighbour, weights: FusionWeights) -> Hit:
    cast = ballot(neighbour.similarity, weights.temperature) if neighbour.articles else 0.0
    candidate = Candidate(passage, neighbour.similarity, 0.0, cast, neighbour.similarity)
    return Hit(neighbour.ticket_key, neighbour.similarity, (candidate,), neighbour.articles)


def rank(
    passages: Iterable[Passage],
    cosines: Mapping[int, float],
    keyword: Mapping[int, float],
    ballots: Ballots,
    *,
    weights: FusionWeights,
    headline: str = "",
) -> tuple[Hit, ...]:
    """Return the documents of `passages`, best first, each with all its passages, best first.

    A document's cosine and keyword score are those of its best passage by each; its votes are its own, and so are its
    age and its title, which is compared with the question's `headline`. Passages of one document are ordered by cosine
    plus scaled keyword score, since votes do not tell them apart.
    """
    by_document: dict[str, list[Passage]] = defaultdict(list)
    for passage in passages:
        by_document[passage.document_key].append(passage)
    dense = {key: max(cosines[p.chunk_id] for p in group) for key, group in by_document.items()}
    words = {key: max(keyword.get(p.chunk_id, 0.0) for p in group) for key, group in by_document.items()}
    asked = content_stems(headline)
    titles = {key: title_match(asked, content_stems(group[0].title)) for key, group in by_document.items()}
    aged = aging({key: group[0].updated_at for key, group in by_document.items()})
    scores = {k: score - aged[k] for k, score in fused_scores(dense, words, titles, ballots, weights).items()}
    top_words = max(words.values(), default=0.0)
    votes = ballots.problems
    return tuple(
        Hit(
            key,
            scores[key],
            _candidates(by_document[key], cosines, keyword, votes.get(key, 0.0), top_words, scores[key], weights),
        )
        for key in best_first(scores)
    )


def _candidates(
    passages: Sequence[Passage],
    cosines: Mapping[int, float],
    keyword: Mapping[int, float],
    votes: float,
    top_keyword: float,
    document_score: float,
    weights: FusionWeights,
) -> tuple[Candidate, ...]:
    own = {
        p.chunk_id: cosines[p.chunk_id] + weights.keyword * keyword.get(p.chunk_id, 0.0) / (top_keyword or 1.0)
        for p in passages
    }
    best = max(own.values())
    ordered = sorted(passages, key=lambda p: (-own[p.chunk_id], p.start))
    return tuple(
        Candidate(
            p,
            cosines[p.chunk_id],
            keyword.get(p.chunk_id, 0.0),
            votes,
            document_score - best + own[p.chunk_id],
        )
        for p in ordered
    )


def _shortened(hits: Iterable[Hit], passages: int) -> list[Hit]:
    return [Hit(hit.document_key, hit.score, hit.candidates[:passages]) for hit in hits]


def fold_duplicates(hits: Sequence[Hit]) -> tuple[Hit, ...]:
    """Return the hits without near-duplicates: of two whose best passages say the same, the fresher one stays.

    It takes the better of the two places. Same means that 80 % of the runs of four words are shared.
    """
    kept: list[Hit] = []
    shingles: list[frozenset[str]] = []
    for hit in hits:
        own = _shingles(hit.best.text)
        twin = next((at for at, other in enumerate(shingles) if _overlap(own, other) >= _DUPLICATE_SHARE), None)
        if twin is None:
            kept.append(hit)
            shingles.append(own)
        elif _is_fresher(hit.best, kept[twin].best):
            kept[twin] = Hit(hit.document_key, kept[twin].score, hit.candidates)
    return tuple(kept)


@lru_cache(maxsize=4_096)
def _shingles(text: str) -> frozenset[str]:
    words = re.findall(r"\w+", text.lower())
    return frozenset(" ".join(words[at : at + _SHINGLE_WORDS]) for at in range(len(words) - _SHINGLE_WORDS + 1))


def _overlap(first: frozenset[str], second: frozenset[str]) -> float:
    smaller, larger = sorted((len(first), len(second)))
    if smaller < _DUPLICATE_SHARE * larger or not smaller:
        return 0.0  # too different in length to share that much, so the sets need not be met
    both = len(first & second)
    return both / (smaller + larger - both)


def _is_fresher(first: Passage, second: Passage) -> bool:
    return bool(first.updated_at and second.updated_at and first.updated_at > second.updated_at)
