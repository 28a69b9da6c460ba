"""The whole of tuning: learn from earlier tickets, compare on later ones, adopt what is better beyond noise.

Takes records and makers of embedders, returns what was learned with its report; storing it, embedding the corpus anew
and swapping the index in is the caller's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from assistant.answering.fuse import FusionWeights, title_match
from assistant.answering.language import content_stems
from assistant.answering.rerank import Reranker
from assistant.answering.retrieve import Breadth
from assistant.models.curriculum import Curriculum
from assistant.seams import Embedder, Progress, Vectors
from assistant.tuning.adopt import LEAST_QUESTIONS, Gain, paired_gain
from assistant.tuning.fusion import (
    Table,
    Tables,
    best_of_documents,
    fused,
    learn_weights,
    others,
    reciprocal_ranks,
)
from assistant.tuning.lessons import CorpusPassage, Desk, Flags, Lesson, by_time, link_table, split, training_pairs
from assistant.tuning.reranking import Leading, leading, learn_reranker, reranked_scores, second_of_documents

LATER_SHARE = 0.2


class Trainer(Protocol):
    """Trains an encoder and returns the embedder that runs it."""

    def __call__(self, lessons: Curriculum, folder: Path, progress: Progress | None) -> Embedder:
        """Train on `lessons`, save in `folder`, load from there."""
        ...


@dataclass(frozen=True, slots=True)
class Compared:
    """One candidate beside what it would replace, on the later tickets."""

    name: str
    gain: Gain
    adopted: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to use from now on, and why.

    `weights` are the fusion weights to use, `encoder` the folder of the trained encoder or None to keep the present
    one, `reranker` what orders the leading articles anew or None. Of the `lessons`, `drafts` come from drafts that
    agents took. `seconds` are wall time.
    """

    weights: FusionWeights
    encoder: Path | None
    reranker: Reranker | None
    compared: tuple[Compared, ...]
    lessons: int
    drafts: int
    earlier: int
    later: int
    seconds: float

    @property
    def changes_anything(self) -> bool:
        """Whether something was adopted."""
        return any(one.adopted for one in self.compared)


@dataclass(frozen=True, slots=True)
class _Corpus:
    """Passages with their documents; keyword scores and titles' matches of all questions, `(lessons, documents)`.

    `votes`, shape `(lessons,)`, says which lessons vote.
    """

    passages: Sequence[CorpusPassage]
    documents: tuple[str, ...]
    document_of: npt.NDArray[np.int64]
    keyword: Table
    titles: Table
    votes: Flags


@dataclass(frozen=True, slots=True)
class _Embedded:
    """One embedder's vectors of all questions, passages and replies; `reply_of` says whose reply each is."""

    questions: Vectors
    passages: Vectors
    replies: Vectors
    reply_of: npt.NDArray[np.int64]


def tune(
    desk: Desk,
    embedder: Embedder,
    *,
    folder: Path,
    trainer: Trainer | None = None,
    present: FusionWeights = FusionWeights(),
    progress: Progress | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Outcome:
    """Return what is worth adopting. `trainer` None leaves the encoder alone.

    The later fifth of the tickets judges; everything is learned on the earlier part, where every ticket asks and all
    others vote. The encoder that was judged is the one that is adopted, in `folder`: training once more on all tickets
    would double the time, and the later ones vote anyway. The reranker comes last, over whatever is then in use. With
    fewer than 40 later tickets nothing is learned.
    """
    started = clock()
    earlier, later = split([one for one in desk.lessons() if one.articles], LATER_SHARE)
    lessons = by_time((*earlier, *later))
    drafts = sum(not lesson.votes for lesson in lessons)
    if len(later) < LEAST_QUESTIONS:
        return Outcome(present, None, None, (), len(lessons), drafts, len(earlier), len(later), clock() - started)
    corpus = _read_corpus(desk, lessons)
    links = link_table(lessons, corpus.documents)
    at = len(earlier)
    base = _embed(embedder, lessons, corpus, progress)
    before = _later_ranks(base, corpus, links, at, present)
    weights, fusion = _compare_fusion(base, corpus, links, at, present, before)
    compared, encoder = [fusion], None
    if fusion.adopted:
        before = _later_ranks(base, corpus, links, at, weights)
    if trainer is not None:
        curriculum = _curriculum(lessons[:at], corpus, links[:at], base, at)
        trained = _embed(trainer(curriculum, folder, progress), lessons, corpus, progress)
        candidate = learn_weights(_tables(trained, corpus, links, slice(0, at), at), weights)
        gain = paired_gain(before, _later_ranks(trained, corpus, links, at, candidate))
        compared.append(Compared("encoder", gain, gain.is_beyond_noise))
        if gain.is_beyond_noise:
            weights, encoder, base = candidate, folder, trained
    reranker, reranking = _compare_reranker(base, corpus, links, at, weights)
    compared.append(reranking)
    return Outcome(weights, encoder, reranker, tuple(compared), len(lessons), drafts, at, len(later), clock() - started)


def _read_corpus(desk: Desk, lessons: Sequence[Lesson]) -> _Corpus:
    passages = tuple(desk.corpus())
    documents = tuple(sorted({passage.document_key for passage in passages}))
    place = {key: at for at, key in enumerate(documents)}
    document_of = np.array([place[passage.document_key] for passage in passages], np.int64)
    column = {passage.chunk_id: int(document_of[at]) for at, passage in enumerate(passages)}
    keyword = np.zeros((len(lessons), len(documents)), np.float32)
    for row, lesson in enumerate(lessons):
        for chunk, score in desk.keyword(lesson.question.full_text, Breadth().keyword_chunks):
            if chunk in column:
                keyword[row, column[chunk]] = max(keyword[row, column[chunk]], score)
    keyword /= np.maximum(keyword.max(axis=1, keepdims=True, initial=0.0), 1e-12)
    votes = np.array([lesson.votes for lesson in lessons])
    return _Corpus(passages, documents, document_of, keyword, _titles(lessons, passages, documents), votes)


def _titles(lessons: Sequence[Lesson], passages: Sequence[CorpusPassage], documents: Sequence[str]) -> Table:
    titles = {passage.document_key: content_stems(passage.title) for passage in passages}
    asked = [content_stems(lesson.question.headline) for lesson in lessons]
    return np.array([[title_match(one, titles[key]) for key in documents] for one in asked], np.float32)


def _embed(embedder: Embedder, lessons: Sequence[Lesson], corpus: _Corpus, progress: Progress | None) -> _Embedded:
    if progress is not None:
        progress(0, None, "embedding tickets and passages")
    return _Embedded(
        embedder.embed([lesson.question.full_text for lesson in lessons]),
        embedder.embed([passage.embedded_text for passage in corpus.passages]),
        embedder.embed([text for lesson in lessons for text in lesson.replies]),
        np.array([row for row, lesson in enumerate(lessons) for _ in lesson.replies], np.int64),
    )


def _tables(vectors: _Embedded, corpus: _Corpus, links: Flags, asking: slice, voters: int) -> Tables:
    """Tables of the `asking` questions; those of the first `voters` lessons that vote do so, none on itself."""
    votes = corpus.votes[:voters]
    tickets = np.where(votes, others(vectors.questions)[asking, :voters], -1.0)
    replies = np.where(votes, _replies(vectors)[asking, :voters], -1.0)
    dense = best_of_documents(_cosines(vectors, asking), corpus.document_of, len(corpus.documents))
    return Tables(
        dense, corpus.keyword[asking], corpus.titles[asking], tickets, replies, links[:voters] & votes[:, None],
        links[asking],
    )  # fmt: skip


def _cosines(vectors: _Embedded, asking: slice) -> Table:
    return np.asarray(vectors.questions[asking] @ vectors.passages.T, np.float32)


def _replies(vectors: _Embedded) -> Table:
    """Cosine of each question to each ticket's nearest reply, -1 to its own and where there is none."""
    n = len(vectors.questions)
    if not len(vectors.reply_of):
        return np.full((n, n), -1.0, np.float32)
    cosines = np.asarray(vectors.questions @ vectors.replies.T, np.float32)
    nearest = best_of_documents(cosines, vectors.reply_of, n)
    np.fill_diagonal(nearest, -1.0)
    return nearest


def _later_ranks(
    vectors: _Embedded, corpus: _Corpus, links: Flags, at: int, weights: FusionWeights
) -> npt.NDArray[np.float64]:
    tables = _tables(vectors, corpus, links, slice(at, None), at)
    return reciprocal_ranks(fused(tables, weights), tables.relevant)


def _compare_fusion(
    vectors: _Embedded,
    corpus: _Corpus,
    links: Flags,
    at: int,
    present: FusionWeights,
    before: npt.NDArray[np.float64],
) -> tuple[FusionWeights, Compared]:
    learned = learn_weights(_tables(vectors, corpus, links, slice(0, at), at), present)
    gain = paired_gain(before, _later_ranks(vectors, corpus, links, at, learned))
    return (learned if gain.is_beyond_noise else present), Compared("fusion", gain, gain.is_beyond_noise)


def _compare_reranker(
    vectors: _Embedded, corpus: _Corpus, links: Flags, at: int, weights: FusionWeights
) -> tuple[Reranker | None, Compared]:
    learned = learn_reranker(_leading(vectors, corpus, links, slice(0, at), at, weights))
    later = _leading(vectors, corpus, links, slice(at, None), at, weights)
    before, after = (
        reciprocal_ranks(scores, later.relevant) for scores in (later.scores, reranked_scores(later, learned))
    )
    gain = paired_gain(before, after)
    return (learned if gain.is_beyond_noise else None), Compared("reranker", gain, gain.is_beyond_noise)


def _leading(
    vectors: _Embedded, corpus: _Corpus, links: Flags, asking: slice, voters: int, weights: FusionWeights
) -> Leading:
    tables = _tables(vectors, corpus, links, asking, voters)
    second = second_of_documents(
        _cosines(vectors, asking), corpus.document_of, len(corpus.documents), fetched=Breadth().article_chunks
    )
    return leading(tables, second, weights)


def _curriculum(lessons: Sequence[Lesson], corpus: _Corpus, links: Flags, base: _Embedded, at: int) -> Curriculum:
    pairs = training_pairs(links[:at], base.questions[:at], base.passages, corpus.document_of)
    return Curriculum(
        [lesson.question.full_text for lesson in lessons],
        [passage.embedded_text for passage in corpus.passages],
        corpus.document_of.tolist(),
        pairs,
        links[:at],
    )
