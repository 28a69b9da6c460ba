"""Retrieval over a small exact index: who ranks, who votes, who is never shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from assistant.answering.fuse import FusionWeights
from assistant.answering.retrieve import Breadth, in_scope, retrieve
from assistant.domain import Audience, Kind, Passage, Question, Retrieval, Role
from assistant.seams import Vectors

WORDS = ("refund", "parcel", "password", "colour", "invoice", "login")


class WordEmbedder:
    """Counts a few words: a real, tiny, deterministic embedding."""

    model_id = "words"

    def embed(self, texts: Sequence[str]) -> Vectors:
        rows = np.array([[text.lower().count(word) + 0.01 for word in WORDS] for text in texts], np.float32)
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


@dataclass
class Shelf:
    """Exact search over passages held in memory: index and knowledge in one, for tests."""

    rows: list[Passage]
    links: dict[str, tuple[str, ...]]

    def dense(
        self, vector: Vectors, *, kinds: Sequence[Kind], roles: Sequence[Role], k: int
    ) -> list[tuple[int, float]]:
        found = [p for p in self.rows if p.kind in kinds and p.role in roles]
        scores = self.similarities(vector, [p.chunk_id for p in found])
        return sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:k]

    def keyword(self, text: str, *, kinds: Sequence[Kind], roles: Sequence[Role], k: int) -> list[tuple[int, float]]:
        asked = set(text.lower().split())
        found = [(p.chunk_id, float(len(asked & set(p.text.lower().split())))) for p in self.rows if p.kind in kinds]
        return sorted((row for row in found if row[1]), key=lambda item: (-item[1], item[0]))[:k]

    def similarities(self, vector: Vectors, chunk_ids: Sequence[int]) -> dict[int, float]:
        known = {p.chunk_id: p for p in self.rows}
        embedder = WordEmbedder()
        return {i: float(embedder.embed([known[i].text])[0] @ vector) for i in chunk_ids if i in known}

    def passages(self, chunk_ids: Sequence[int], *, audiences: Sequence[Audience]) -> dict[int, Passage]:
        return {p.chunk_id: p for p in self.rows if p.chunk_id in set(chunk_ids) and p.audience in audiences}

    def resolving_articles(self, ticket_keys: Sequence[str]) -> dict[str, tuple[str, ...]]:
        return {key: self.links[key] for key in ticket_keys if key in self.links}

    def link_counts(self) -> Mapping[str, int]:
        return Counter(article for articles in self.links.values() for article in articles)

    def chunks_of(self, document_keys: Sequence[str]) -> dict[str, tuple[int, ...]]:
        return {key: tuple(p.chunk_id for p in self.rows if p.document_key == key) for key in document_keys}

    def chunks_in_scope(self, question: Question, kinds: Sequence[Kind], *, most: int) -> list[int]:
        return [p.chunk_id for p in self.rows if p.kind in kinds and in_scope(p, question)][:most]


def passage(number: int, key: str, text: str, *, kind: Kind = "doc", audience: Audience = "public") -> Passage:
    role: Role = "problem" if kind == "ticket" else "body"
    return Passage(number, key, 1, kind, audience, role, key, "", (), "", text, 0, len(text), ())


SHELF = Shelf(
    [
        passage(1, "refunds", "refund refund invoice how it works here"),
        passage(2, "parcels", "parcel tracking and what it shows you"),
        passage(3, "passwords", "password and login help for everyone"),
        passage(4, "goodwill", "refund refund refund limits only for agents", audience="internal"),
        passage(10, "t1", "parcel lost want colour", kind="ticket", audience="internal"),
        passage(11, "t2", "colour colour parcel", kind="ticket", audience="internal"),
    ],
    {"t1": ("refunds",)},
)


def ask(question: Question, shelf: Shelf = SHELF, **options: object) -> Retrieval:
    settings: dict[str, object] = {"weights": FusionWeights(), "audiences": ("public",), **options}
    return retrieve(question, WordEmbedder(), shelf, shelf, **settings)  # type: ignore[arg-type]


def keys(retrieval: Retrieval) -> list[str]:
    return [hit.document_key for hit in retrieval.articles]


def test_the_nearest_article_comes_first() -> None:
    assert keys(ask(Question("my password login fails")))[0] == "passwords"


def test_a_similar_ticket_lifts_the_article_that_resolved_it() -> None:
    question = Question("parcel lost colour colour")
    without = replace(SHELF, links={})
    lifted, plain = ask(question), ask(question, without)
    assert keys(lifted).index("refunds") < keys(plain).index("refunds")
    assert lifted.articles[keys(lifted).index("refunds")].candidates[0].votes > 0


def test_an_article_that_only_tickets_point_to_still_has_a_passage() -> None:
    found = ask(Question("parcel lost colour"), breadth=Breadth(article_chunks=1, keyword_chunks=1))
    assert "refunds" in keys(found)


def test_a_ticket_does_not_vote_on_itself() -> None:
    found = ask(Question("parcel lost want colour", id="t1"), audiences=("public", "internal"))
    assert all(hit.candidates[0].votes == 0 for hit in found.articles)
    assert [hit.document_key for hit in found.tickets] == ["t2"]


def test_a_customer_never_gets_internal_passages_or_ticket_text() -> None:
    found = ask(Question("refund refund please colour parcel"))
    assert "goodwill" not in keys(found)
    assert found.tickets == ()


def test_an_agent_sees_internal_articles_and_tickets() -> None:
    found = ask(Question("refund refund please colour parcel"), audiences=("public", "internal"))
    assert "goodwill" in keys(found)
    assert [hit.document_key for hit in found.tickets] == ["t1", "t2"]


def test_kinds_filter_what_is_returned() -> None:
    assert ask(Question("refund"), kinds=("faq",)).articles == ()


def test_of_two_copies_the_fresher_stays() -> None:
    text = "refund takes five days after the parcel came back to us in full"
    old = replace(passage(1, "old", text), updated_at=datetime(2020, 1, 1, tzinfo=UTC))
    new = replace(passage(2, "new", text), updated_at=datetime(2024, 1, 1, tzinfo=UTC))
    assert keys(ask(Question("refund"), Shelf([old, new], {}))) == ["new"]


def test_short_passages_are_never_taken_for_copies() -> None:
    shelf = Shelf([passage(1, "a", "refund"), passage(2, "b", "refund")], {})
    assert keys(ask(Question("refund"), shelf)) == ["a", "b"]


def test_nothing_stored_gives_an_empty_retrieval() -> None:
    found = ask(Question("refund"), Shelf([], {}))
    assert (found.articles, found.tickets) == ((), ())


def told(number: int, key: str, **fields: str) -> Passage:
    return replace(passage(number, key, f"refund {key}"), **fields)  # type: ignore[arg-type]


def test_only_the_questions_product_and_documents_of_none_are_searched() -> None:
    shelf = Shelf([told(1, "a", product="Clock"), told(2, "b", product="Lamp"), told(3, "c")], {})
    assert set(keys(ask(Question("refund", product="lamp"), shelf))) == {"b", "c"}


def test_only_the_named_sources_are_searched() -> None:
    shelf = Shelf([told(1, "a", source="help"), told(2, "b", source="wiki")], {})
    assert keys(ask(Question("refund", sources=("wiki",)), shelf)) == ["b"]


def test_documents_in_the_questions_language_come_alone_where_there_are_any() -> None:
    shelf = Shelf([told(1, "a", locale="en-US"), told(2, "b", locale="de"), told(3, "c")], {})
    assert set(keys(ask(Question("refund", locale="de-AT"), shelf))) == {"b", "c"}
    only_english = Shelf([told(1, "a", locale="en-US")], {})
    assert keys(ask(Question("refund", locale="de"), only_english)) == ["a"]


def test_a_narrow_question_finds_what_a_wide_search_would_have_cut_off() -> None:
    rows = [told(n, f"other{n}", source="wiki") for n in range(1, 40)]
    shelf = Shelf([*rows, replace(passage(99, "mine", "invoice"), source="help")], {})
    found = ask(Question("refund", sources=("help",)), shelf, breadth=Breadth(article_chunks=5, keyword_chunks=5))
    assert keys(found) == ["mine"]
