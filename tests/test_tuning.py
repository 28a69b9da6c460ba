"""Learning from resolved tickets: what is learned, what is adopted, and what is left alone."""

from __future__ import annotations

import doctest
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from assistant.answering.fuse import Ballots, FusionWeights, Neighbour, count_votes, fused_scores, trust
from assistant.domain import Question
from assistant.models.curriculum import Curriculum
from assistant.seams import Embedder, Progress, Vectors
from assistant.tuning import adopt, fusion
from assistant.tuning.adopt import paired_gain
from assistant.tuning.fusion import Tables, fused, learn_weights, others, reciprocal_ranks
from assistant.tuning.lessons import CorpusPassage, Lesson, by_time, link_table, split, training_pairs
from assistant.tuning.tune import tune

START = datetime(2024, 1, 1, tzinfo=UTC)
TOPICS = ("print", "login", "refund", "sync")
HIDDEN = ("toner", "pin", "money", "cloud")
"""What customers say where the article says the topic; only tickets or a trained encoder connect the two."""


def lesson(number: int, text: str, *articles: str, days: int | None = None) -> Lesson:
    created = None if days is None else START + timedelta(days=days)
    return Lesson(f"t{number:03d}", Question(text, created=created), articles)


class Words:
    """Counts words; `same` maps a word to the one it counts as, as if training had learned that they agree."""

    model_id = "words"

    def __init__(self, same: dict[str, str] | None = None) -> None:
        self._same = same or {}

    def embed(self, texts: Sequence[str]) -> Vectors:
        vocabulary = (*TOPICS, *HIDDEN)
        rows = np.full((len(texts), len(vocabulary) + 1), 0.01, np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().split():
                counted = self._same.get(word, word)
                rows[row, vocabulary.index(counted) if counted in vocabulary else -1] += 1.0
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


@dataclass
class Helpdesk:
    """A desk whose customers use other words than its articles."""

    rows: list[Lesson]

    def lessons(self) -> Sequence[Lesson]:
        return self.rows

    def corpus(self) -> Sequence[CorpusPassage]:
        return [CorpusPassage(at, topic, topic, f"{topic} help") for at, topic in enumerate(TOPICS)]

    def keyword(self, text: str, k: int) -> Sequence[tuple[int, float]]:
        return [(at, 1.0) for at, topic in enumerate(TOPICS) if topic in text.split()][:k]


def helpdesk(size: int) -> Helpdesk:
    turns = itertools.islice(itertools.cycle(zip(TOPICS, HIDDEN, strict=True)), size)
    return Helpdesk([lesson(n, f"my {hidden} fails", topic, days=n) for n, (topic, hidden) in enumerate(turns)])


def learned(same: dict[str, str]):
    def train(lessons: Curriculum, folder: Path, progress: Progress | None) -> Embedder:
        assert len(lessons.questions) == len(lessons.links)
        assert all(lessons.links[pair.question, pair.article] for pair in lessons.pairs)
        folder.mkdir(parents=True)
        return Words(same)

    return train


def test_the_worked_examples_hold() -> None:
    assert doctest.testmod(fusion).failed == 0
    assert doctest.testmod(adopt).failed == 0


def test_tables_fuse_as_one_question_alone_does() -> None:
    rng = np.random.default_rng(3)
    documents = ["a", "b", "c"]
    links = rng.random((6, 3)) < 0.5
    tables = Tables(
        rng.random((2, 3), np.float32), rng.random((2, 3), np.float32), rng.random((2, 3), np.float32),
        rng.random((2, 6), np.float32), rng.random((2, 6), np.float32), links, links[:2],
    )  # fmt: skip
    weights = FusionWeights(neighbours=4)
    counts = {d: int(n) for d, n in zip(documents, links.sum(0), strict=True)}

    def votes(cosines: np.ndarray) -> dict[str, float]:
        linked = [tuple(d for d, on in zip(documents, row, strict=True) if on) for row in links]
        nearest = np.argsort(-cosines)[:4]
        return count_votes([Neighbour(str(t), float(cosines[t]), linked[t]) for t in nearest], counts, weights)

    for row in range(2):
        top, nearest = float(tables.keyword[row].max()), float(tables.dense[row].max())
        known = int(links.sum())
        alone = fused_scores(
            dict(zip(documents, tables.dense[row].tolist(), strict=True)),
            {d: float(s) / top for d, s in zip(documents, tables.keyword[row], strict=True)},
            dict(zip(documents, tables.titles[row].tolist(), strict=True)),
            Ballots(
                votes(tables.tickets[row]),
                votes(tables.replies[row]),
                trust(float(tables.tickets[row].max()), nearest, known),
                trust(float(tables.replies[row].max()), nearest, known),
            ),
            weights,
        )
        scaled_keyword = replace(tables, keyword=tables.keyword / tables.keyword.max(1, keepdims=True))
        assert fused(scaled_keyword, weights)[row] == pytest.approx([alone[d] for d in documents], abs=1e-5)


def test_no_ticket_votes_on_itself() -> None:
    assert np.diag(others(Words().embed(["print", "login"]))).tolist() == [-1.0, -1.0]


def test_ranks_below_the_cutoff_and_questions_without_articles_count_nothing() -> None:
    scores = np.array([[3.0, 2.0, 1.0], [3.0, 2.0, 1.0]], np.float32)
    relevant = np.array([[False, False, True], [False, False, False]])
    assert reciprocal_ranks(scores, relevant, cutoff=2).tolist() == [0.0, 0.0]


def test_votes_that_are_always_right_gain_weight() -> None:
    n = 60
    links = np.eye(4, dtype=bool)[np.arange(n) % 4]
    rng = np.random.default_rng(0)
    tickets = np.where((links @ links.T), 0.9, 0.2).astype(np.float32)
    np.fill_diagonal(tickets, -1)
    silent = np.full_like(tickets, -1)
    none = np.zeros((n, 4), np.float32)
    tables = Tables(rng.random((n, 4), np.float32), none, none, tickets, silent, links, links)
    assert learn_weights(tables, FusionWeights(votes=0.2)).votes > 0.2


def test_weights_that_cannot_be_bettered_stay() -> None:
    relevant = np.eye(4, dtype=bool)
    nobody = np.full((4, 4), -1, np.float32)
    none = np.zeros((4, 4), np.float32)
    perfect = Tables(relevant.astype(np.float32), none, none, nobody, nobody, relevant, relevant)
    assert learn_weights(perfect) == FusionWeights()


def test_a_gain_on_few_questions_is_noise() -> None:
    assert not paired_gain([0.0] * 10, [1.0] * 10).is_beyond_noise
    assert paired_gain([0.0] * 60, [1.0] * 60).is_beyond_noise
    assert not paired_gain([0.0, 1.0] * 30, [1.0, 0.0] * 30).is_beyond_noise


def test_lessons_are_split_by_time_and_undated_ones_come_first() -> None:
    rows = [lesson(1, "x", "a", days=9), lesson(2, "x", "a"), lesson(3, "x", "a", days=1), lesson(4, "x", "a", days=5)]
    earlier, later = split(rows, 0.5)
    assert [one.ticket_key for one in (*earlier, *later)] == ["t002", "t003", "t004", "t001"]
    assert by_time(rows) == (*earlier, *later)


def test_a_pair_holds_the_passages_of_the_article_nearest_to_the_question() -> None:
    embedder = Words()
    passages = embedder.embed(["print", "login", "print print toner"])
    links = link_table([lesson(1, "print", "a", "unknown")], ["a", "b"])
    pairs = training_pairs(links, embedder.embed(["toner"]), passages, np.array([0, 1, 0]), most=1)
    assert [(pair.article, pair.passages) for pair in pairs] == [(0, (2,))]


def test_a_better_encoder_is_adopted(tmp_path: Path) -> None:
    first = [one for one in helpdesk(320).rows if one.articles[0] in TOPICS[:2]]
    last = [one for one in helpdesk(80).rows if one.articles[0] in TOPICS[2:]]
    moved = [replace(one, question=replace(one.question, created=START + timedelta(days=900))) for one in last]
    outcome = tune(
        Helpdesk(first + moved),
        Words(),
        folder=tmp_path / "encoder",
        trainer=learned(dict(zip(HIDDEN, TOPICS, strict=True))),
    )
    assert [one.adopted for one in outcome.compared if one.name == "encoder"] == [True]
    assert outcome.encoder == tmp_path / "encoder"
    assert outcome.encoder.is_dir()


def test_an_encoder_that_is_no_better_is_left(tmp_path: Path) -> None:
    outcome = tune(helpdesk(200), Words(), folder=tmp_path / "encoder", trainer=learned({}))
    assert outcome.encoder is None
    assert not any(one.adopted for one in outcome.compared if one.name == "encoder")


def test_without_a_trainer_only_the_weights_are_learned(tmp_path: Path) -> None:
    outcome = tune(helpdesk(200), Words(), folder=tmp_path)
    assert [(one.name, one.adopted) for one in outcome.compared] == [("fusion", False), ("reranker", False)]
    assert outcome.reranker is None
    assert not list(tmp_path.iterdir())


def test_votes_are_learned_where_customers_use_other_words(tmp_path: Path) -> None:
    outcome = tune(helpdesk(200), Words(), folder=tmp_path, present=FusionWeights(votes=0.0))
    assert outcome.weights.votes > 0
    assert outcome.compared[0].gain.after > outcome.compared[0].gain.before


def test_few_tickets_teach_nothing(tmp_path: Path) -> None:
    outcome = tune(helpdesk(50), Words(), folder=tmp_path)
    assert (outcome.weights, outcome.compared) == (FusionWeights(), ())


def test_tickets_without_links_are_no_lessons(tmp_path: Path) -> None:
    unlinked = Helpdesk([lesson(n, "my toner fails", days=n) for n in range(200)])
    assert tune(unlinked, Words(), folder=tmp_path).lessons == 0


@pytest.mark.slow
def test_training_brings_questions_near_the_articles_that_resolved_them(tmp_path: Path) -> None:
    from assistant.models.embedder import SentenceTransformerEmbedder
    from assistant.models.train import Plan, train_encoder

    questions = [f"{hidden} trouble {n}" for n in range(4) for hidden in HIDDEN]
    passages = [f"{topic} article" for topic in TOPICS]
    links = np.eye(4, dtype=bool)[np.arange(16) % 4]
    table = np.arange(4)
    plain = SentenceTransformerEmbedder("all-MiniLM-L6-v2-torch")
    pairs = training_pairs(links, plain.embed(questions), plain.embed(passages), table)
    lessons = Curriculum(questions, passages, table.tolist(), pairs, links)
    train_encoder(lessons, tmp_path / "model", plan=Plan(epochs=3, batch=8, tokens=16))
    trained = SentenceTransformerEmbedder(str(tmp_path / "model"))

    def margin(embedder: Embedder) -> float:
        scores = embedder.embed(questions) @ embedder.embed(passages).T
        return float(scores[links].mean() - scores[~links].mean())

    assert margin(trained) > margin(plain) + 0.05
