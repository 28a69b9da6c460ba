"""An index generation holds what the store holds, is replaced in one step, and is never needed for an answer."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from filling import BOTH, KINDS, MODEL, answers, exact_answers, opened, owned
from making import chunks, document

from assistant.domain import Role
from assistant.errors import DirectoryInUse, IndexUnavailable
from assistant.index.exact import StoreSearch
from assistant.index.generation import OwnedIndex
from assistant.index.lock import holder_of, own
from assistant.index.reader import ReaderIndex
from assistant.seams import Ids, Vectors
from assistant.store.corpus import Corpus
from assistant.store.database import Database
from assistant.store.generations import Generations, IndexedChunk, StoredVectors
from assistant.store.knowledge import StoredKnowledge
from eval.seeded import SeededEmbedder, fill, question, remove, vector

QUESTIONS = [question(number, 1) for number in range(0, 20, 3)]


class Counting(SeededEmbedder):
    """Counts what it embeds."""

    def __init__(self, model_id: str = MODEL) -> None:
        self.model_id = model_id
        self.embedded = 0

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.embedded += len(texts)
        return super().embed([self.model_id + text if self.model_id != MODEL else text for text in texts])


@dataclass
class Desk:
    """A data directory with an opened index."""

    folder: Path
    database: Database
    index: OwnedIndex

    @property
    def generations(self) -> Generations:
        return Generations(self.database)

    def folders(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "index").glob("gen-*"))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Four hundred passages, indexed."""
    with opened(tmp_path) as (database, index):
        fill(database, 20, 20)
        index.apply()
        yield Desk(tmp_path, database, index)


def top(index: OwnedIndex, text: str, role: Role = "body") -> int:
    return index.dense(vector(text), kinds=KINDS, roles=(role,), k=1)[0][0]


def test_a_generation_is_built_from_the_store_without_embedding(tmp_path: Path) -> None:
    with opened(tmp_path) as (database, _):
        fill(database, 4, 5)
        embedder = Counting()
        index = OwnedIndex(Generations(database), tmp_path / "index", embedder, deadline_s=5, probe_s=30)
        found = index.rebuild()
        assert found.sound
        assert found.live_chunks == 20
        assert embedder.embedded == 0
        index.close()


def test_every_live_passage_is_reachable_with_its_own_vector(desk: Desk) -> None:
    found = desk.index.verify()
    assert (found.live_chunks, found.unreachable, found.altered, found.unlisted, found.foreign) == (400, (), (), (), ())
    assert found.recall >= 0.95
    assert answers(desk.index, QUESTIONS, k=1) == exact_answers(desk.database, QUESTIONS, k=1)


def test_a_few_passages_out_of_reach_are_searched_apart_and_more_are_damage(tmp_path: Path) -> None:
    with opened(tmp_path) as (database, index):
        fill(database, 60, 20)
        index.apply()
        live, lost = index._open, [top(index, question(7, 3))]
        assert live is not None
        live.vectors.delete(lost)
        assert top(index, question(7, 3)) not in lost
    with opened(tmp_path) as (database, index):
        index.bring_up()
        assert index.name == "gen-000001"
        assert (index.verify().apart, index.verify().sound) == (tuple(lost), True)
        assert top(index, question(7, 3)) in lost
        assert index._open is not None
        index._open.vectors.delete([top(index, question(8, 3))])
    with opened(tmp_path) as (database, index):
        index.bring_up()
        assert index.name == "gen-000002"
        assert index.verify().apart == ()
        assert top(index, question(7, 3)) in lost


def test_a_rebuild_swaps_and_leaves_one_folder(desk: Desk) -> None:
    assert desk.index.name == "gen-000001"
    desk.index.rebuild()
    assert desk.index.name == "gen-000002"
    assert desk.folders() == ["gen-000002"]
    assert desk.generations.live().name == "gen-000002"  # type: ignore[union-attr]


def test_additions_and_removals_reach_the_live_generation(desk: Desk) -> None:
    fill(desk.database, 2, 5, prefix="new")
    remove(desk.database, "d0")
    assert desk.index.apply() == 30
    assert desk.index.name == "gen-000001"
    found = desk.index.verify()
    assert found.sound
    assert found.live_chunks == 390
    text = "Title of new1\nPassage 2 of new1 about word1x2."
    assert StoredKnowledge(desk.database).passages([top(desk.index, text)], audiences=BOTH)
    assert desk.index.apply() == 0


def test_what_came_and_went_while_the_index_was_closed_is_applied_at_its_opening(tmp_path: Path) -> None:
    with opened(tmp_path) as (database, index):
        fill(database, 3, 5)
        index.apply()
    with opened(tmp_path) as (database, index):
        fill(database, 1, 5, prefix="later")
        remove(database, "d1")
        assert not index.is_current()
        index.apply()
        assert index.name == "gen-000001"
        assert index.verify().live_chunks == 15
    with opened(tmp_path) as (_, index):
        assert index.is_current()


def test_a_deleted_passage_is_not_returned_though_the_index_still_holds_it(desk: Desk) -> None:
    text = question(7, 3)
    before = top(desk.index, text)
    remove(desk.database, "d7")
    knowledge = StoredKnowledge(desk.database)
    assert top(desk.index, text) == before, "the index itself is stale here, on purpose"
    assert knowledge.passages([before], audiences=BOTH) == {}
    desk.index.apply()
    assert top(desk.index, text) != before


def test_a_row_planted_in_both_halves_is_neither_returned_nor_kept(desk: Desk) -> None:
    planted = IndexedChunk(9_999, "doc", "body", "Planted", "", "planted secret words", "x" * 64)
    opened_now = desk.index._open
    assert opened_now is not None
    opened_now.vectors.add([planted], vector("planted")[None, :])
    opened_now.keywords.add([planted])
    assert top(desk.index, "planted") == 9_999
    assert desk.index.keyword("planted secret", kinds=KINDS, roles=("body",), k=1)[0][0] == 9_999
    assert StoredKnowledge(desk.database).passages([9_999], audiences=BOTH) == {}
    found = desk.index.verify()
    assert found.foreign == (9_999,)
    assert not found.sound
    desk.index.close()
    desk.index.apply()
    assert desk.index.name == "gen-000002"
    assert top(desk.index, "planted") != 9_999


def test_an_internal_passage_in_the_index_is_not_shown_to_the_public(desk: Desk) -> None:
    fill(desk.database, 1, 1, prefix="inside", audience="internal")
    desk.index.apply()
    found = top(desk.index, "Title of inside0\nPassage 0 of inside0 about word0x0.")
    knowledge = StoredKnowledge(desk.database)
    assert knowledge.passages([found], audiences=BOTH)
    assert not knowledge.passages([found], audiences=("public",))


def test_a_passage_with_another_vector_than_the_store_has_is_noticed(desk: Desk) -> None:
    opened_now = desk.index._open
    assert opened_now is not None
    ids = desk.generations.live_chunk_ids().tolist()
    victim = desk.generations.chunks(ids[5:6])
    opened_now.vectors.delete([victim[0].chunk_id])
    opened_now.vectors.add(victim, vector("another text")[None, :])
    assert desk.index.verify().altered == (victim[0].chunk_id,)


def test_a_passage_with_other_words_than_the_store_has_is_noticed(desk: Desk) -> None:
    opened_now = desk.index._open
    assert opened_now is not None
    ids = desk.generations.live_chunk_ids().tolist()
    (victim,) = desk.generations.chunks(ids[5:6])
    opened_now.keywords.add([IndexedChunk(victim.chunk_id, "faq", "body", victim.title, "", victim.body, "")])
    assert desk.index.verify().unlisted == (victim.chunk_id,)


def test_another_embedder_makes_the_index_outdated_and_only_what_is_missing_is_embedded(tmp_path: Path) -> None:
    with opened(tmp_path) as (database, index):
        fill(database, 4, 5)
        index.apply()
    with opened(tmp_path) as (database, _):
        other = Counting("another-384")
        generations = Generations(database)
        index = OwnedIndex(generations, tmp_path / "index", other, deadline_s=5, probe_s=30)
        assert not index.is_current()
        some = list(generations.unembedded(other.model_id))
        generations.add_embeddings(other.model_id, {h: other.embed([text])[0] for h, text in some[:3]})
        # Not embedded yet: absent, as the seam says, and no failure.
        ids = generations.live_chunk_ids().tolist()
        assert 0 < len(index.similarities(vector("x"), ids)) < len(ids)
        other.embedded = 0
        index.apply()
        assert other.embedded == 17
        assert index.state == "sound"
        assert index.verify().live_chunks == 20
        assert len(index.similarities(vector("x"), ids)) == 20
        index.close()
        reader = ReaderIndex(generations, tmp_path / "index", MODEL)
        assert reader.notice == ""
        assert "no vector of model third" in ReaderIndex(generations, tmp_path / "index", "third").notice


def test_no_question_fails_while_generations_are_built_and_swapped(desk: Desk) -> None:
    expected = {
        text: ids[0] for text, (ids, _) in zip(QUESTIONS, exact_answers(desk.database, QUESTIONS, 1), strict=True)
    }
    wrong: list[object] = []
    asked = [0]
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            for text, chunk_id in expected.items():
                try:
                    word = text.rsplit(" ", 1)[-1]
                    by_words = desk.index.keyword(word, kinds=KINDS, roles=("body",), k=1)
                    if top(desk.index, text) != chunk_id or by_words[0][0] != chunk_id:
                        wrong.append(text)
                except Exception as error:
                    wrong.append(error)
                asked[0] += 1

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(2):
        desk.index.rebuild()
    fill(desk.database, 1, 5, prefix="new")
    desk.index.apply()
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong
    assert asked[0] > 20
    assert (desk.index.name, desk.index.state, desk.index.notice) == ("gen-000003", "sound", "")


def test_documents_that_change_while_a_generation_is_built_do_not_spoil_it(desk: Desk) -> None:
    stop = threading.Event()

    def write() -> None:
        turn = 0
        while not stop.is_set():
            remove(desk.database, *[f"d{n}" for n in range(5)])
            fill(desk.database, 5, 4 + turn % 3)
            turn += 1

    thread = threading.Thread(target=write)
    thread.start()
    try:
        assert desk.index.rebuild().sound
        assert desk.index.verify().sound
    finally:
        stop.set()
        thread.join()
    desk.index.apply()
    assert desk.index.verify().sound


class ChangedWhileRead(Generations):
    """A store that gains and loses documents just before its vectors are read the second time: for the sample."""

    readings = 0

    def stored(self, model_id: str) -> Iterator[StoredVectors]:
        """What is stored, after the change."""
        self.readings += 1
        if self.readings == 2:
            fill(self._database, 300, 4, prefix="new")
            remove(self._database, *[f"d{n}" for n in range(10)])
        return super().stored(model_id)


def test_what_comes_and_goes_while_the_sample_is_compared_counts_neither_way(tmp_path: Path) -> None:
    with opened(tmp_path) as (database, _):
        fill(database, 40, 5)
        generations = ChangedWhileRead(database)
        index = OwnedIndex(generations, tmp_path / "other", SeededEmbedder(), deadline_s=5.0, probe_s=30.0)
        try:
            verification = index.rebuild()
        finally:
            index.close()
        assert generations.readings == 2
        assert (verification.recall, verification.sound) == (1.0, True)


class AddedAsTheBuildBegins(Generations):
    """A store that gains a document after a build noted the position, and before it reads what there is."""

    begun = False

    def live_chunk_ids(self) -> Ids:
        """What is live, after the change."""
        if not self.begun:
            self.begun = True
            fill(self._database, 1, 4, prefix="brief")
        return super().live_chunk_ids()


def test_a_document_met_by_a_build_and_deleted_before_it_ended_leaves_the_index(tmp_path: Path) -> None:
    with opened(tmp_path) as (database, _):
        fill(database, 10, 5)
        index = OwnedIndex(
            AddedAsTheBuildBegins(database), tmp_path / "other", SeededEmbedder(), deadline_s=5, probe_s=30
        )
        try:
            index.rebuild()
            remove(database, "brief0")
            index.apply()
            assert (index.verify().sound, index.verify().foreign) == (True, ())
        finally:
            index.close()


def test_exact_search_answers_before_there_is_any_generation(tmp_path: Path) -> None:
    with opened(tmp_path) as (database, index):
        fill(database, 5, 4)
        assert index.name == "exact"
        questions = [question(3, 1), question(4, 0)]
        assert answers(index, questions) == exact_answers(database, questions)


def test_an_empty_store_has_a_sound_empty_index(tmp_path: Path) -> None:
    with opened(tmp_path) as (_, index):
        index.apply()
        assert index.state == "sound"
        assert index.dense(vector("x"), kinds=KINDS, roles=("body",), k=3) == []
        assert index.keyword("anything", kinds=KINDS, roles=("body",), k=3) == []


def test_kinds_and_roles_are_searched_apart(tmp_path: Path) -> None:
    with opened(tmp_path) as (database, index):
        corpus = Corpus(database)
        source = corpus.source("/s", "file", {})
        roles: dict[str, Role] = {"doc": "body", "faq": "body", "ticket": "problem"}
        for kind, role in roles.items():
            made = document(kind, "Identical phrases.", kind=kind, title="Same")
            parts = chunks(made, role)
            corpus.put(source, kind, made, parts, {c.content_hash: vector(c.embedded_text) for c in parts}, MODEL)
        index.apply()
        exact = StoreSearch(Generations(database), MODEL)
        for kind, role in roles.items():
            (found,) = index.dense(vector("Same\nIdentical phrases."), kinds=(kind,), roles=(role,), k=5)  # type: ignore[arg-type]
            assert [found[0]] == [i for i, _ in exact.dense(vector("q"), kinds=(kind,), roles=(role,), k=5)]  # type: ignore[arg-type]
            assert found[1] == pytest.approx(1.0, abs=1e-5)
            assert len(index.keyword("identical", kinds=(kind,), roles=(role,), k=5)) == 1  # type: ignore[arg-type]
        assert len(index.dense(vector("q"), kinds=("doc", "faq"), roles=("body",), k=5)) == 2


def test_a_build_that_a_killed_process_left_is_cleared_away(desk: Desk) -> None:
    left = desk.generations.begin(MODEL)
    (desk.folder / "index" / f"gen-{left:06d}" / "chroma").mkdir(parents=True)
    desk.index.close()
    desk.index.apply()
    assert desk.folders() == ["gen-000001"]


def test_a_full_disk_is_foreseen_and_the_old_generation_stays(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.index.generation._SPARE_BYTES", 10**18)
    with pytest.raises(IndexUnavailable, match="Make room"):
        desk.index.rebuild()
    assert (desk.index.name, desk.index.state) == ("gen-000001", "sound")
    assert desk.folders() == ["gen-000001"]
    assert answers(desk.index, QUESTIONS, k=1) == exact_answers(desk.database, QUESTIONS, k=1)


def test_a_reader_finds_what_the_owner_finds(desk: Desk) -> None:
    reader = ReaderIndex(desk.generations, desk.folder / "index", MODEL)
    assert (reader.name, reader.notice) == ("gen-000001", "")
    assert answers(reader, QUESTIONS) == exact_answers(desk.database, QUESTIONS)  # type: ignore[arg-type]
    fill(desk.database, 1, 2, prefix="new")
    late = ReaderIndex(desk.generations, desk.folder / "index", MODEL)
    assert "lags behind" in late.notice
    word = late.keyword("new0", kinds=KINDS, roles=("body",), k=5)
    assert len(word) == 2


def test_similarities_are_cosines_of_the_stored_vectors(desk: Desk) -> None:
    ids, _, _, matrix = desk.generations.matrix(MODEL)
    asked = vector("anything")
    found = desk.index.similarities(asked, [*ids[:5], 10**9])
    assert list(found) == ids[:5]
    assert np.allclose(list(found.values()), matrix[:5] @ asked, atol=1e-6)


def test_a_second_owner_is_told_who_holds_the_directory(tmp_path: Path) -> None:
    held = own(tmp_path, "waypost serve")
    with pytest.raises(DirectoryInUse, match=r"process \d+ \(waypost serve"):
        own(tmp_path, "waypost ingest")
    assert (tmp_path / "owner.json").stat().st_mode & 0o077 == 0
    held.release()
    assert holder_of(tmp_path) is None
    own(tmp_path, "waypost ingest").release()


def test_a_closed_index_is_clean_and_one_in_use_is_not(tmp_path: Path) -> None:
    with opened(tmp_path) as (database, index):
        fill(database, 2, 2)
        index.apply()
        assert Generations(database).live().clean is False  # type: ignore[union-attr]
        index.close()
        assert Generations(database).live().clean is True  # type: ignore[union-attr]
        assert owned(database, tmp_path / "index").is_current()
