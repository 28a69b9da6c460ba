"""A reranker learned from resolved tickets: adopted where a feature decides, refused on noise, off unless adopted."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from commands import waypost
from making import chunks, document
from test_retrieve import ask, keys, passage

from assistant.answering.fuse import Ballots, FusionWeights, Neighbour, count_votes, trust
from assistant.answering.rerank import FEATURES, LEADING, Reranker, _evidence, features, reranked
from assistant.answering.retrieve import rank
from assistant.answering.signals import signals
from assistant.domain import Document, Question
from assistant.store.corpus import Corpus
from assistant.store.tunings import Tunings
from assistant.tuning.adopt import paired_gain
from assistant.tuning.fusion import Tables, reciprocal_ranks
from assistant.tuning.reranking import leading, learn_reranker, reranked_scores, second_of_documents
from ui.home import Home, open_home

QUESTION = Question("refund invoice colour parcel")


def weighing(**weights: float) -> Reranker:
    return Reranker(tuple(weights.get(name, 0.0) for name in FEATURES))


DEVICES = (
    "kettle", "toaster", "printer", "lawn mower", "bicycle", "camera", "dishwasher", "piano", "aquarium", "tent",
    "sewing machine", "telescope", "garage door", "wheelchair", "espresso machine",
)  # fmt: skip
FAULTS = (
    "leaks", "smells of smoke", "makes a grinding noise", "does not switch on", "has lost its cover", "is too heavy",
    "shows a crack", "overheats", "has faded paint", "vibrates", "rusts", "came without a manual", "is stuck",
    "got wet in the rain",
)  # fmt: skip
START = datetime(2024, 1, 1, tzinfo=UTC)


def found(home: Home, text: str, ticket: str) -> list[str]:
    """The articles for a ticket's question, which does not vote on itself."""
    index = home.reader_index()
    question = Question(text, id=ticket)
    hits = home.assistant(index, lambda: index.name).search(question, audiences=("public",)).articles
    return [hit.document_key for hit in hits]


def ticket(number: int, text: str, link: str) -> Document:
    asked = document(
        f"t{number:03}", text, kind="ticket", title="", created_at=START + timedelta(days=number), agent_links=(link,)
    )
    return replace(asked, url="")


def article(key: str, *paragraphs: str) -> Document:
    return document(key, "\n\n".join(paragraphs), title="Help", url=f"https://help.example/{key}")


def helpdesk(folder: Path) -> Path:
    """Every ticket is about something new. A notice names the matter in one line and is nearest, a guide treats it.

    The guide resolved every ticket; what tells it from the notice is that a second passage of it is near as well.
    """
    records: list[tuple[Document, bool]] = []
    for n, (device, fault) in enumerate(product(DEVICES, FAULTS)):
        symptoms = f"Unplug it, let it dry and call our workshop on a weekday whenever the {device} {fault} again."
        cure = f"Why a {device} {fault}, which spare parts are needed and what our workshop asks for them."
        records.append((article(f"notice-{n:03}", f"The {device} {fault}."), False))
        records.append((article(f"guide-{n:03}", symptoms, cure), False))
        records.append((ticket(n, f"My {device} {fault}", f"https://help.example/guide-{n:03}"), True))
    home = open_home(folder, create=True)
    corpus, model = Corpus(home.database), home.embedder.model_id
    source = corpus.source("/made", "file", {})
    parts = [chunks(made, "problem" if is_ticket else "body") for made, is_ticket in records]
    every = [part for own in parts for part in own]
    vectors = home.embedder.embed([part.embedded_text for part in every])
    stored = {part.content_hash: vector for part, vector in zip(every, vectors, strict=True)}
    for (made, _), own in zip(records, parts, strict=True):
        corpus.put(source, made.key, made, own, {p.content_hash: stored[p.content_hash] for p in own}, model)
    index = home.owned_index()
    index.apply()
    index.close()
    home.close()
    return folder


def test_it_is_adopted_where_a_feature_decides_searched_with_and_undone(tmp_path: Path) -> None:
    data = helpdesk(tmp_path)
    home = open_home(data)
    assert found(home, "My toaster leaks", "t014")[0] == "notice-014"
    home.close()
    report = json.loads(waypost("tune", "--no-encoder", "--json", "--data", data).out)
    (reranking,) = [one for one in report["compared"] if one["what"] == "reranker"]
    assert reranking["adopted"]
    assert "reranker" in Path(report["report"]).read_text("utf-8")
    home = open_home(data)
    active = Tunings(home.database).active()
    assert active is not None
    assert active.reranker == report["reranker"]
    assert set(active.weights) == set(report["weights"])
    assert found(home, "My toaster leaks", "t014")[0] == "guide-014"
    home.close()
    assert waypost("tune", "--undo", "--data", data).code == 0
    home = open_home(data)
    assert found(home, "My toaster leaks", "t014")[0] == "notice-014"
    home.close()


def test_one_that_learned_from_noise_is_refused() -> None:
    rng = np.random.default_rng(11)

    def asked(questions: int) -> tuple[Tables, np.ndarray]:
        dense = rng.random((questions, 30), np.float32)
        relevant = np.eye(30, dtype=bool)[rng.integers(0, 30, questions)]
        nobody = np.full((questions, 0), -1, np.float32)
        keyword = rng.random((questions, 30), np.float32)
        none = np.zeros_like(dense)
        return Tables(dense, keyword, none, nobody, nobody, np.zeros((0, 30), bool), relevant), dense / 2

    learned = learn_reranker(leading(*asked(400), FusionWeights()))
    later = leading(*asked(100), FusionWeights())
    gain = paired_gain(
        reciprocal_ranks(later.scores, later.relevant),
        reciprocal_ranks(reranked_scores(later, learned), later.relevant),
    )
    assert not gain.is_beyond_noise


def test_a_search_without_one_is_as_it_was_and_one_that_only_knows_the_fused_score_changes_nothing() -> None:
    assert ask(QUESTION, reranker=weighing(fused=1.0)) == ask(QUESTION)
    assert ask(QUESTION, reranker=weighing()) == ask(QUESTION)


def test_articles_change_places_and_scores_still_fall() -> None:
    before, after = ask(QUESTION), ask(QUESTION, reranker=weighing(fused=-1.0))
    assert keys(after) == keys(before)[::-1]
    assert [hit.score for hit in after.articles] == [hit.score for hit in before.articles]
    for hit in after.articles:
        assert max(c.fused for c in hit.candidates) == pytest.approx(hit.score)


def test_the_confidence_reads_the_leaders_own_evidence() -> None:
    before, after = ask(QUESTION), ask(QUESTION, reranker=weighing(fused=-1.0))
    last, found = before.articles[-1], signals(after, None)
    assert found is not None
    assert found.leader == last.candidates[0].dense
    assert found.agreement == found.leader - max(hit.candidates[0].dense for hit in before.articles) < 0


def test_only_the_leading_articles_are_moved() -> None:
    many = [passage(n, f"a{n:02}", "text") for n in range(LEADING + 5)]
    hits = rank(many, {n: 1 - n / 100 for n in range(len(many))}, {}, Ballots({}, {}), weights=FusionWeights())
    moved = reranked(hits, Ballots({}, {}), weighing(fused=-1.0), floor=0.0)
    assert [hit.document_key for hit in moved[:LEADING]] == [hit.document_key for hit in hits[:LEADING]][::-1]
    assert moved[LEADING:] == hits[LEADING:]
    assert reranked((), Ballots({}, {}), weighing(), floor=0.0) == ()


def test_learning_and_answering_see_the_same_features() -> None:
    """One question over four articles of two passages each, and three voting tickets."""
    rng = np.random.default_rng(5)
    documents, weights = ["a", "b", "c", "d"], FusionWeights()
    of = np.repeat(np.arange(4), 2)
    cosines, words = rng.random((1, 8), np.float32), rng.random((1, 8), np.float32)
    tickets, replies = (rng.uniform(0.3, 0.6, (1, 3)).astype(np.float32) for _ in range(2))
    links = np.array([[1, 0, 0, 1], [0, 1, 0, 0], [0, 1, 1, 0]], bool)
    best = np.stack([cosines[:, of == d].max(1) for d in range(4)], 1)
    keyword = np.stack([words[:, of == d].max(1) for d in range(4)], 1)
    tables = Tables(best, keyword / keyword.max(), np.zeros_like(best), tickets, replies, links, links[:1])
    learned = leading(tables, second_of_documents(cosines, of, 4, fetched=6), weights)

    linked = [tuple(d for d, on in zip(documents, row, strict=True) if on) for row in links]
    counts = {d: int(n) for d, n in zip(documents, links.sum(0), strict=True)}
    problems, agents = (
        [Neighbour(str(n), float(s), linked[n]) for n, s in enumerate(row[0])] for row in (tickets, replies)
    )
    ballots = Ballots(
        count_votes(problems, counts, weights), count_votes(agents, counts, weights),
        *(trust(float(near.max()), float(best.max()), int(links.sum())) for near in (tickets, replies)),
    )  # fmt: skip
    passages = [passage(n, documents[d], "text") for n, d in enumerate(of)]
    fetched = np.argsort(-cosines[0])[:6]  # what the search did not return is not among a document's passages
    hits = rank(
        [passages[n] for n in range(8) if n in fetched or cosines[0, n] == best[0, of[n]]],
        dict(enumerate(cosines[0].tolist())), dict(enumerate(words[0].tolist())), ballots, weights=weights,
    )  # fmt: skip
    assert [documents[at] for at in learned.columns[0]] == [hit.document_key for hit in hits]
    answering = features(_evidence(hits, ballots, float(cosines[0, fetched].min())))
    assert features(learned.evidence)[0] == pytest.approx(answering, abs=1e-5)


def test_the_weights_that_are_learned_are_those_that_chose() -> None:
    rng = np.random.default_rng(2)
    dense, second = rng.random((300, 12), np.float32), rng.random((300, 12), np.float32)
    relevant = np.eye(12, dtype=bool)[(2 * second - dense).argmax(axis=1)]
    nobody = np.full((300, 0), -1, np.float32)
    none = np.zeros_like(dense)
    tables = Tables(dense, none, none, nobody, nobody, np.zeros((0, 12), bool), relevant)
    asked = leading(tables, second, FusionWeights())
    learned = learn_reranker(asked)
    fused, close, *others = learned.weights
    assert fused < 0 < close
    assert others == pytest.approx([0.0] * 3)
    before = reciprocal_ranks(asked.scores, relevant).mean()
    assert reciprocal_ranks(reranked_scores(asked, learned), relevant).mean() > before + 0.3


def test_with_nothing_to_learn_from_the_order_stays() -> None:
    dense = np.linspace(0, 1, 12, dtype=np.float32).reshape(1, 12)
    nobody = np.full((1, 0), -1, np.float32)
    none, links = np.zeros_like(dense), np.zeros((0, 12), bool)
    tables = Tables(dense, dense, none, nobody, nobody, links, np.zeros((1, 12), bool))
    asked = leading(tables, dense, FusionWeights())
    assert np.array_equal(reranked_scores(asked, learn_reranker(asked)), asked.scores)
