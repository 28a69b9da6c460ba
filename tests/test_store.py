"""The store keeps what was committed, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from making import chunks, document, vector
from sqlalchemy import func, inspect, select, text

from assistant.domain import Answer, Candidate, CitedPart, GapFound, Question, Source
from assistant.errors import DataDirectoryError, NotFound, UsageError
from assistant.store import tables as t
from assistant.store.corpus import Corpus
from assistant.store.database import Database, open_database, sqlite_url
from assistant.store.drafts import Drafts, edit_distance
from assistant.store.encoding import url_key
from assistant.store.gaps import GapFilter, Gaps
from assistant.store.generations import Generations
from assistant.store.keys import Keys
from assistant.store.knowledge import StoredKnowledge
from assistant.store.migrations.runner import head
from assistant.store.schema import HEAD

MODEL = "seeded-384"
BOTH = ("public", "internal")


def put(corpus: Corpus, source: int, made: object, key: str = "") -> str:
    parts = chunks(made)  # type: ignore[arg-type]
    vectors = {c.content_hash: vector(c.embedded_text) for c in parts}
    return corpus.put(source, key or made.key, made, parts, vectors, MODEL)  # type: ignore[attr-defined]


@pytest.fixture
def corpus(database: Database) -> Corpus:
    return Corpus(database)


def live_texts(database: Database) -> set[str]:
    knowledge = StoredKnowledge(database)
    ids = Generations(database).live_chunk_ids().tolist()
    return {p.text for p in knowledge.passages(ids, audiences=BOTH).values()}


def test_the_schema_in_code_is_the_newest_migration(database: Database) -> None:
    assert head() == HEAD
    with database.read() as connection:
        assert set(t.Base.metadata.tables) <= set(inspect(connection).get_table_names())


def test_a_document_is_added_updated_and_left_alone(database: Database, corpus: Corpus) -> None:
    source = corpus.source("/a", "file", {})
    first = document("a", "One.\n\nTwo.")
    assert put(corpus, source, first) == "added"
    assert put(corpus, source, first) == "unchanged"
    assert put(corpus, source, replace(document("a", "One.\n\nThree."), revision="2")) == "updated"
    assert live_texts(database) == {"One.", "Three."}
    stored = StoredKnowledge(database)
    assert stored.version("a").version == 2
    assert stored.version("a", 1).text == "One.\n\nTwo."


def test_a_passage_is_the_stored_text_at_its_offsets(database: Database, corpus: Corpus) -> None:
    source = corpus.source("/a", "file", {})
    put(corpus, source, document("a", "Größe 🙂 ok.\n\nZweiter Absatz."))
    knowledge = StoredKnowledge(database)
    stored = knowledge.version("a").text
    for passage in knowledge.passages(Generations(database).live_chunk_ids().tolist(), audiences=BOTH).values():
        assert stored[passage.start : passage.end] == passage.text
        assert [(b.start, b.end) for b in passage.blocks] == [(passage.start, passage.end)]


def test_a_removed_document_is_gone_at_once_and_may_come_back(database: Database, corpus: Corpus) -> None:
    source = corpus.source("/a", "file", {})
    put(corpus, source, document("a", "One."))
    knowledge = StoredKnowledge(database)
    ids = Generations(database).live_chunk_ids().tolist()
    assert knowledge.passages(ids, audiences=BOTH)
    assert corpus.remove([corpus.known(source)["a"].document_id]) == 1
    assert not knowledge.passages(ids, audiences=BOTH)
    assert knowledge.live_keys(["a"]) == set()
    assert put(corpus, source, document("a", "One.")) == "added"
    assert live_texts(database) == {"One."}
    assert Generations(database).live_chunk_ids().tolist() > ids


def test_an_internal_passage_is_not_shown_to_the_public(database: Database, corpus: Corpus) -> None:
    source = corpus.source("/a", "file", {})
    put(corpus, source, document("a", "Secret.", audience="internal"))
    ids = Generations(database).live_chunk_ids().tolist()
    knowledge = StoredKnowledge(database)
    assert not knowledge.passages(ids, audiences=("public",))
    assert knowledge.passages(ids, audiences=BOTH)


def test_an_article_that_turns_internal_is_hidden_where_it_was_read_before(database: Database, corpus: Corpus) -> None:
    source = corpus.source("/a", "file", {})
    put(corpus, source, document("a", "Now public."))
    knowledge = StoredKnowledge(database)
    before = Generations(database).live_chunk_ids().tolist()
    assert knowledge.passages(before, audiences=("public",))
    put(corpus, source, document("a", "Now public.", audience="internal", revision="2"))
    after = Generations(database).live_chunk_ids().tolist()
    assert not knowledge.passages([*before, *after], audiences=("public",))


def test_one_id_from_two_sources_is_told_apart(database: Database, corpus: Corpus) -> None:
    put(corpus, corpus.source("/x/a.jsonl", "file", {}), document("same", "From a."))
    put(corpus, corpus.source("/x/b.jsonl", "file", {}), document("same", "From b."))
    knowledge = StoredKnowledge(database)
    assert knowledge.version("same").text == "From a."
    assert knowledge.version("b.jsonl:same").text == "From b."


def test_the_same_text_is_embedded_once(database: Database, corpus: Corpus) -> None:
    source = corpus.source("/a", "file", {})
    made = document("a", "One.")
    put(corpus, source, made)
    assert corpus.missing_embeddings(MODEL, [c.content_hash for c in chunks(made)]) == set()
    assert corpus.missing_embeddings("another", [c.content_hash for c in chunks(made)]) != set()
    put(corpus, source, document("b", "One.", title="Title of a"))
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(t.Embedding)) == 1


def test_vectors_come_back_bit_for_bit(database: Database, corpus: Corpus) -> None:
    source = corpus.source("/a", "file", {})
    made = document("a", "One.\n\nTwo.")
    put(corpus, source, made)
    ids, _, _, matrix = Generations(database).matrix(MODEL)
    expected = np.stack([vector(c.embedded_text) for c in chunks(made)])
    assert len(ids) == 2
    assert np.array_equal(matrix, expected)


def test_the_outbox_folds_what_came_and_went(database: Database, corpus: Corpus) -> None:
    source = corpus.source("/a", "file", {})
    put(corpus, source, document("a", "One."))
    generations = Generations(database)
    seq = generations.last_seq()
    put(corpus, source, document("b", "Two."))
    corpus.remove([corpus.known(source)["b"].document_id, corpus.known(source)["a"].document_id])
    pending = generations.pending(seq)
    assert not pending.add
    assert len(pending.delete) == 2  # also the one added since: an index being built may have met it


def test_links_of_agents_find_the_article_whatever_form_the_address_has(database: Database, corpus: Corpus) -> None:
    source = corpus.source("/a", "file", {})
    put(corpus, source, document("a", "One.", url="https://help.example/en-US/kb/a"))
    link = ("http://www.help.example/kb/A/#top",)
    ticket = document("t1", "Help!", kind="ticket", audience="internal", url="", agent_links=link)
    put(corpus, source, ticket)
    knowledge = StoredKnowledge(database)
    assert knowledge.resolving_articles(["t1"]) == {"t1": ("a",)}
    assert dict(knowledge.link_counts()) == {"a": 1}
    corpus.remove([corpus.known(source)["a"].document_id])
    assert knowledge.resolving_articles(["t1"]) == {}
    assert dict(knowledge.link_counts()) == {}


@pytest.mark.parametrize("url", ["", "ftp://x/y", "javascript:alert(1)", "http://[", "notaurl"])
def test_what_is_no_web_address_has_no_key(url: str) -> None:
    assert url_key(url) == ""


def answer(key: str = "a", **fields: object) -> Answer:
    quote = "One."
    source = Source(1, key, 1, "doc", "public", "Title", "https://help.example/a", "", quote, 0, 4, None)
    values: dict[str, object] = {
        "id": "d" * 32, "question": Question("How?", title="T"), "verdict": "answered", "confidence": 0.8,
        "greeting": "Hello,", "parts": (CitedPart("One.", (1,), ((1, 0, 4),), 1.0, None),), "uncovered": ("Why?",),
        "closing": "Bye", "sources": (source,), "suggestions": (), "gap": None, "warnings": ("stale: x",),
        "timings_ms": (("retrieve", 1.5),), "model": "extractive", "prompt_version": "", "generation": "gen-1",
        "features": (("best", 0.5),), "considered": (), "vector": (),
    }  # fmt: skip
    return Answer(**{**values, **fields})  # type: ignore[arg-type]


def test_a_draft_is_read_back_unchanged(database: Database, corpus: Corpus) -> None:
    put(corpus, corpus.source("/a", "file", {}), document("a", "One.", title="Title", url="https://help.example/a"))
    knowledge = StoredKnowledge(database)
    passage = next(iter(knowledge.passages(Generations(database).live_chunk_ids().tolist(), audiences=BOTH).values()))
    made = answer(considered=(Candidate(passage, 0.5, 1.0, 0.0, 0.9),))
    drafts = Drafts(database)
    drafts.save(made, ticket_id=None, asked_by="t", settings={"a": 1})
    assert drafts.load(made.id) == replace(made, considered=())
    with database.read() as connection:
        assert connection.scalar(select(t.Considered.cited)) is True


def test_events_keep_how_much_was_edited(database: Database, corpus: Corpus) -> None:
    put(corpus, corpus.source("/a", "file", {}), document("a", "One."))
    drafts = Drafts(database)
    drafts.save(answer(), ticket_id=None, asked_by="t", settings={})
    assert drafts.add_event("d" * 32, "sent", "ann", "Hello,\n\nOne.\n\nBye") == 0.0
    assert drafts.add_event("d" * 32, "sent", "ann", "Hello,\n\nTwo.\n\nBye") == pytest.approx(1 / 3)
    assert [e["edit_distance"] for e in drafts.history("d" * 32)["events"]] == [0.0, pytest.approx(1 / 3)]
    with pytest.raises(NotFound):
        drafts.add_event("unknown", "sent", "ann", None)


def test_edit_distance_of_nothing_is_nothing() -> None:
    assert edit_distance("", "") == 0.0
    assert edit_distance("", "a b") == 1.0


def log(gaps: Gaps, words: str, token: str, at: int = 1, seed: str = "") -> int:
    question = Question(words, channel="chat", created=datetime(2026, 1, at, tzinfo=UTC))
    return gaps.log(
        question, GapFound("weak_evidence", ("a",)), vector(seed or words), MODEL, token=token, draft_id=None
    )


def test_repeats_join_one_gap_and_a_token_counts_once(database: Database) -> None:
    gaps = Gaps(database)
    first = log(gaps, "How do I fly?", "1", at=2)
    assert log(gaps, "how do i FLY", "2", at=1) == first
    assert log(gaps, "How does one fly?", "3", seed="How do I fly?", at=5) == first
    assert log(gaps, "How do I fly?", "1", at=9) == first
    assert log(gaps, "Something else", "4") != first
    shown = gaps.show(first)
    assert shown["count"] == 3
    assert len(shown["occurrences"]) == 3
    assert (shown["first_seen_at"].day, shown["last_seen_at"].day) == (1, 5)


def test_gaps_are_listed_most_frequent_first_and_filtered(database: Database) -> None:
    gaps = Gaps(database)
    log(gaps, "Rare 100%", "1")
    for token in "234":
        log(gaps, "Often", token)
    assert [g["title"] for g in gaps.list(GapFilter())] == ["Often", "Rare 100%"]
    assert [g["title"] for g in gaps.list(GapFilter(text="100%"))] == ["Rare 100%"]
    assert gaps.count(GapFilter(channel="chat")) == 2
    assert gaps.count(GapFilter(channel="mail")) == 0
    assert gaps.list(GapFilter(), limit=1, offset=1)[0]["title"] == "Rare 100%"


def test_a_change_of_a_gap_is_kept_with_who_made_it(database: Database) -> None:
    gaps = Gaps(database)
    number = log(gaps, "Q", "1")
    gaps.change(number, {"status": "accepted"}, "dee")
    shown = gaps.change(number, {"status": "new"}, "dee")
    assert [(e["old"], e["new"], e["actor"]) for e in shown["history"]] == [
        ("new", "accepted", "dee"),
        ("accepted", "new", "dee"),
    ]
    with pytest.raises(UsageError):
        gaps.change(number, {"status": "done"}, "dee")
    with pytest.raises(UsageError):
        gaps.change(number, {"count": "9"}, "dee")
    with pytest.raises(NotFound):
        gaps.change(999, {"status": "new"}, "dee")


def test_a_key_is_checked_and_can_be_revoked(database: Database) -> None:
    keys = Keys(database)
    key = keys.create("sidebar", "agent")
    found = keys.check(key)
    assert found is not None
    assert (found.name, found.role) == ("sidebar", "agent")
    for wrong in ("", "wp_", "wp_x_y", key[:-1], key + "x", key.replace("wp_", "sk_")):
        assert keys.check(wrong) is None
    with database.read() as connection:
        stored = connection.execute(select(t.ApiKey)).one()
    assert key.split("_", 2)[2] not in str(tuple(stored))
    keys.revoke(found.id)
    assert keys.check(key) is None
    with pytest.raises(NotFound):
        keys.revoke(found.id)


def test_sqlite_is_durable_and_keeps_its_references(sqlite_database: Database) -> None:
    with sqlite_database.read() as connection:
        found = {name: connection.execute(text(f"PRAGMA {name}")).scalar() for name in
                 ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "secure_delete")}  # fmt: skip
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 5000,
        "secure_delete": 1,
    }


def test_a_newer_schema_is_refused_with_what_to_do(tmp_path: Path) -> None:
    database = open_database(sqlite_url(tmp_path), create=True)
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    with pytest.raises(DataDirectoryError, match="newer than"):
        open_database(sqlite_url(tmp_path), create=True)


def test_a_damaged_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "waypost.sqlite"
    path.write_bytes(b"this is not a database" * 100)
    before = path.read_bytes()
    with pytest.raises(DataDirectoryError, match="damaged"):
        open_database(sqlite_url(tmp_path), create=True)
    assert path.read_bytes() == before


def test_a_naive_time_is_refused(database: Database) -> None:
    with pytest.raises(Exception, match="zone"), database.write() as connection:
        connection.execute(
            t.Source.__table__.insert().values(name="x", kind="y", options={}, created_at=datetime(2026, 1, 1))  # noqa: DTZ001
        )


def test_reading_some_vectors_costs_the_same_however_many_there_are(tmp_path: Path) -> None:
    few, many = (_steps_to_read_vectors(tmp_path / str(documents), documents) for documents in (100, 2_000))
    assert 0 < many < 1.5 * few


def _steps_to_read_vectors(folder: Path, documents: int) -> int:
    """Instructions, in tens, that SQLite takes to read a hundred vectors out of one for each of the documents."""
    folder.mkdir()
    with closing(open_database(sqlite_url(folder), create=True)) as database:
        corpus = Corpus(database)
        source = corpus.source("/a", "file", {})
        for number in range(documents):
            put(corpus, source, document(f"d{number}", f"Text {number}."))
        ids = Generations(database).live_chunk_ids().tolist()[:100]
        steps: list[None] = []
        with database.read() as connection:
            driver = connection.connection.driver_connection
        assert driver is not None
        driver.set_progress_handler(lambda: steps.append(None), 10)
        found, _ = Generations(database).vectors(ids, MODEL)
        driver.set_progress_handler(None, 0)
        assert found == ids
        return len(steps)
