"""Ingest brings the store in step with a source: incrementally, completely, with a reason for what is left out."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from making import SeededEmbedder

from assistant.errors import UsageError
from assistant.store.corpus import Corpus
from assistant.store.database import Database
from assistant.store.generations import Generations
from assistant.store.knowledge import StoredKnowledge
from ingest.build import Summary, ingest
from ingest.sources.files import open_path
from ingest.sources.item import Defaults
from ui.home import Home, open_home
from ui.intake import Intake
from ui.unchanged import unchanged_summaries


class Desk:
    """A store, and a source to read from."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.corpus = Corpus(database)
        self.knowledge = StoredKnowledge(database)
        self.generations = Generations(database)
        self.folder = folder

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def lines(self, name: str, *records: Any) -> Path:
        return self.write(name, "".join(f"{r if isinstance(r, str) else json.dumps(r)}\n" for r in records))

    def ingest(self, path: Path | None = None, **options: Any) -> Summary:
        source = open_path(
            str(path or self.folder), Defaults(options.pop("kind", None), options.pop("audience", "public"))
        )
        return ingest(source, self.corpus, SeededEmbedder(), **options)

    def live(self) -> set[str]:
        ids = self.generations.live_chunk_ids().tolist()
        return {p.document_key for p in self.knowledge.passages(ids, audiences=("public", "internal")).values()}


@pytest.fixture
def desk(sqlite_database: Database, tmp_path: Path) -> Desk:
    folder = tmp_path / "source"
    folder.mkdir()
    return Desk(sqlite_database, folder)


def counts(summary: Summary) -> tuple[int, int, int, int, int]:
    return summary.added, summary.updated, summary.unchanged, summary.removed, summary.failed


def article(key: object, text: str = "Open Settings and choose Reset.", **fields: Any) -> dict[str, Any]:
    return {"id": key, "title": f"Title {key}", "text": text, **fields}


def test_a_second_run_embeds_nothing_and_changes_nothing(desk: Desk) -> None:
    path = desk.lines("a.jsonl", *[article(f"a{n}", f"Text {n}.") for n in range(5)])
    first = desk.ingest(path)
    assert (counts(first), first.embedded) == ((5, 0, 0, 0, 0), 5)
    before = desk.generations.last_seq()
    second = desk.ingest(path)
    assert (counts(second), second.embedded) == ((0, 0, 5, 0, 0), 0)
    assert desk.generations.last_seq() == before


def test_one_changed_article_embeds_only_its_new_passages(desk: Desk) -> None:
    sections = [f"# Part {n}\n\n" + f"Sentence of part {n}. " * 60 for n in range(6)]
    desk.write("a.md", "\n\n".join(sections))
    desk.write("b.md", "# Other\n\nUntouched.")
    first = desk.ingest()
    sections[2] = "# Part 2\n\n" + "Another sentence altogether. " * 60
    desk.write("a.md", "\n\n".join(sections))
    second = desk.ingest()
    assert counts(second) == (0, 1, 1, 0, 0)
    assert 0 < second.embedded < first.embedded / 2
    assert desk.knowledge.version("a.md").version == 2


def test_a_record_that_is_gone_is_tombstoned_and_may_come_back(desk: Desk) -> None:
    path = desk.lines("a.jsonl", article("a"), article("b"))
    desk.ingest(path)
    desk.lines("a.jsonl", article("b"))
    assert counts(desk.ingest(path)) == (0, 0, 1, 1, 0)
    assert desk.live() == {"b"}
    desk.lines("a.jsonl", article("b"), article("a"))
    back = desk.ingest(path)
    assert (counts(back), back.embedded) == ((1, 0, 1, 0, 0), 0)
    assert desk.live() == {"a", "b"}


def test_a_source_that_is_suddenly_empty_is_not_taken_at_its_word(desk: Desk) -> None:
    path = desk.lines("a.jsonl", article("a"), article("b"))
    desk.ingest(path)
    path.write_text("")
    with pytest.raises(UsageError, match=r"held 2 documents and now holds none.*--allow-empty"):
        desk.ingest(path)
    assert desk.live() == {"a", "b"}
    assert counts(desk.ingest(path, allow_empty=True)) == (0, 0, 0, 2, 0)
    assert desk.live() == set()


def test_what_cannot_be_read_is_left_out_with_its_reason_and_taken_in_when_it_can(desk: Desk) -> None:
    path = desk.lines("a.jsonl", article("a"), {"id": "b", "title": "No text"}, "{ not json", article("d", "  "))
    summary = desk.ingest(path)
    assert counts(summary) == (1, 0, 0, 0, 3)
    reasons = {row.item: row.reason for row in desk.corpus.quarantine_list()}
    assert set(reasons) == {"b", "line 3", "d"}
    assert "line 2: expected one of 'text', 'html', 'markdown'" in reasons["b"]
    assert "expected one JSON object" in reasons["line 3"]
    again = desk.ingest(path)
    assert counts(again) == (0, 0, 1, 0, 3)
    assert [f["reason"] for f in again.failures] == [f["reason"] for f in summary.failures]
    desk.lines("a.jsonl", article("a"), article("b"), article("c"), article("d"))
    assert counts(desk.ingest(path)) == (3, 0, 1, 0, 0)
    assert desk.corpus.quarantine_list() == []


def test_a_record_that_goes_bad_and_back_leaves_no_trace_in_quarantine(desk: Desk) -> None:
    path = desk.lines("a.jsonl", article("a"), article("b"))
    desk.ingest(path)
    desk.lines("a.jsonl", article("a"), {"id": "b"})
    assert counts(desk.ingest(path)) == (0, 0, 1, 0, 1)
    assert desk.live() == {"a", "b"}, "its last good version stays"
    desk.lines("a.jsonl", article("a"), article("b"))
    assert counts(desk.ingest(path)) == (0, 0, 2, 0, 0)
    assert desk.corpus.quarantine_list() == []


def test_a_broken_line_does_not_delete_the_record_it_held(desk: Desk) -> None:
    path = desk.lines("a.jsonl", article("a"), article("b"), article("c"))
    desk.ingest(path)
    desk.lines("a.jsonl", article("a"), '{"id": "b", "title": "cut o', article("c"))
    assert counts(desk.ingest(path)) == (0, 0, 2, 0, 1)
    assert desk.live() == {"a", "b", "c"}
    assert [row.item for row in desk.corpus.quarantine_list()] == ["b"]


def test_a_file_that_becomes_unreadable_as_a_whole_keeps_its_documents(desk: Desk) -> None:
    desk.lines("a.jsonl", article("a"), article("b"))
    desk.write("faq.csv", "question,answer\nHow?,So.\nWhy?,Because.\n")
    desk.write("c.md", "# C\n\nText.")
    assert desk.ingest().added == 5
    good = {name: (desk.folder / name).read_bytes() for name in ("a.jsonl", "faq.csv")}
    (desk.folder / "a.jsonl").write_bytes(good["a.jsonl"].decode().encode("utf-16"))
    (desk.folder / "faq.csv").write_text('question,answer\nHow?,So.\n"Why?,Because.\n')
    (desk.folder / "c.md").unlink()
    summary = desk.ingest()
    assert (summary.removed, summary.unchanged) == (1, 0)
    assert len(desk.live()) == 4
    assert any("JSON Lines in UTF-8" in row.reason for row in desk.corpus.quarantine_list())
    for name, raw in good.items():
        (desk.folder / name).write_bytes(raw)
    assert counts(desk.ingest()) == (0, 0, 4, 0, 0)
    assert desk.corpus.quarantine_list() == []


def test_a_folder_that_cannot_be_listed_keeps_its_documents(desk: Desk) -> None:
    deep = desk.folder
    names = []
    # Longer than any path may be: it can be made step by step, and then not be listed by its name.
    before = Path.cwd()
    try:
        for turn in range(25):
            os.chdir(deep if turn == 0 else names[-1])
            names.append("d" * 200)
            Path(names[-1]).mkdir()
    finally:
        os.chdir(before)
    desk.write("a.md", "# A\n\nText.")
    summary = desk.ingest()
    assert (summary.added, summary.failed) == (1, 1)
    assert "cannot be listed: File name too long" in summary.failures[0]["reason"]


def test_one_id_twice_in_a_file_keeps_the_first_and_says_so(desk: Desk) -> None:
    path = desk.lines("a.jsonl", article("a", "First."), article("a", "Second."), article("b"))
    summary = desk.ingest(path)
    assert counts(summary) == (2, 0, 0, 0, 1)
    assert "the id 'a' was already used in line 1; the first record is kept" in summary.failures[0]["reason"]
    assert desk.knowledge.version("a").text == "First."


def test_a_clash_between_sources_is_reported_and_resolved(desk: Desk) -> None:
    for name in ("jan", "feb", "mar", "apr", "may"):
        summary = desk.ingest(desk.lines(f"{name}.jsonl", article("1", f"Of {name}.")))
        assert counts(summary) == (1, 0, 0, 0, 0)
    assert summary.clashes == [{"item": "may.jsonl, line 1", "id": "1", "stored_as": "may.jsonl:1"}]
    assert desk.knowledge.version("1").text == "Of jan."
    assert desk.knowledge.version("may.jsonl:1").text == "Of may."


def test_one_id_in_many_files_of_one_folder_is_told_apart(desk: Desk) -> None:
    for name in "abcdef":
        desk.lines(f"{name}.jsonl", article(1, f"Of {name}."))
    summary = desk.ingest()
    assert counts(summary) == (6, 0, 0, 0, 0)
    assert len(summary.clashes) == 5
    assert len(desk.live()) == 6
    assert desk.ingest().unchanged == 6


@pytest.mark.parametrize("key", [0, 1, 7, "0"])
def test_numbers_are_ids(desk: Desk, key: object) -> None:
    desk.ingest(desk.lines("a.jsonl", article(key)))
    assert desk.live() == {str(key)}


@pytest.mark.parametrize("key", [None, "", " ", True, 1.5, [], {}, "\u200b", "x" * 501])
def test_what_is_no_id_is_refused(desk: Desk, key: object) -> None:
    summary = desk.ingest(desk.lines("a.jsonl", article(key), article("good")))
    assert (counts(summary), desk.live()) == ((1, 0, 0, 0, 1), {"good"})
    assert 'expected an object with an "id"' in summary.failures[0]["reason"]


def test_the_same_text_in_two_documents_is_embedded_once(desk: Desk) -> None:
    summary = desk.ingest(desk.lines("a.jsonl", {**article("a"), "title": "T"}, {**article("b"), "title": "T"}))
    assert (summary.added, summary.embedded, summary.chunks) == (2, 1, 2)
    assert desk.live() == {"a", "b"}


def test_another_audience_is_another_reading(desk: Desk) -> None:
    path = desk.lines("a.jsonl", article("a"))
    desk.ingest(path)
    assert counts(desk.ingest(path, audience="internal")) == (0, 1, 0, 0, 0)
    assert desk.knowledge.version("a").audience == "internal"


def test_an_interrupted_run_goes_on_where_it_was(desk: Desk) -> None:
    path = desk.lines("a.jsonl", *[article(f"a{n}", f"Text {n}.") for n in range(600)])
    batches = 0

    def stop_after_two() -> None:
        nonlocal batches
        batches += 1
        if batches == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        desk.ingest(path, committed=stop_after_two)
    stored = len(desk.live())
    assert 0 < stored < 600
    rest = desk.ingest(path)
    assert counts(rest) == (600 - stored, 0, stored, 0, 0)
    assert rest.embedded == 600 - stored
    assert len(desk.live()) == 600


def test_hidden_files_links_and_other_kinds_are_not_read(desk: Desk) -> None:
    desk.write("a.md", "# A\n\nText.")
    desk.write(".hidden.md", "# H\n\nText.")
    desk.write(".git/x.md", "# G\n\nText.")
    desk.write("picture.png", b"\x89PNG")
    (desk.folder / "link.md").symlink_to(desk.folder / "a.md")
    (desk.folder / "dangling.md").symlink_to(desk.folder / "nowhere.md")
    (desk.folder / "folder.md").mkdir()
    os.mkfifo(desk.folder / "pipe.md")
    assert counts(desk.ingest()) == (1, 0, 0, 0, 0)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A data directory with the real model."""
    opened = open_home(tmp_path / "data", create=True)
    yield opened
    opened.close()


def run(home: Home, *sources: Path, **options: Any) -> list[dict[str, Any]]:
    """What the command does when it owns the directory."""
    intake = Intake(home, home.owned_index())
    try:
        return intake.run([str(source) for source in sources], **options)
    finally:
        intake.close()


def unchanged(home: Home, *sources: Path, **options: Any) -> list[dict[str, Any]] | None:
    request = {
        "sources": [str(s) for s in sources],
        "kind": None,
        "audience": "public",
        "allow_empty": False,
        **options,
    }
    return unchanged_summaries(home.folder, request)


def test_the_short_way_is_taken_only_when_nothing_can_have_changed(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "a.md").write_text("# A\n\nText of a.")
    (folder / "b.jsonl").write_text('{"id": "x"}\n')
    assert unchanged(home, folder) is None
    (first,) = run(home, folder)
    (short,) = unchanged(home, folder) or [{}]
    assert (short["unchanged"], short["failed"], short["embedded"]) == (1, 1, 0)
    assert short["failures"][0]["reason"] == first["failures"][0]["reason"]
    assert set(short) == set(first)
    assert unchanged(home, folder, kind="faq") is None
    assert unchanged(home, folder, audience="internal") is None
    assert unchanged(home, folder, tmp_path / "other") is None
    for name, value in {"WAYPOST_MODELS__THREADS": "1", "WAYPOST_NONSENSE": "1", "WAYPOST_DATABASE": "x"}.items():
        monkeypatch.setenv(name, value)
        assert unchanged(home, folder) is None
        monkeypatch.delenv(name)
    (home.folder / "waypost.toml").write_text("[models]\nthreads = 1\n")
    assert unchanged(home, folder) is None
    (home.folder / "waypost.toml").unlink()
    assert unchanged(home, folder) is not None
    (folder / "a.md").write_text("# A\n\nText of A.")
    assert unchanged(home, folder) is None
    (folder / "a.md").write_text("# A\n\nText of a.")
    assert unchanged(home, folder) is not None
    next((home.index_folder).glob("gen-*/keywords.sqlite")).unlink()
    assert unchanged(home, folder) is None


def test_a_source_that_is_refused_does_not_keep_the_others_from_search(home: Home, tmp_path: Path) -> None:
    good, empty = tmp_path / "good.jsonl", tmp_path / "empty.jsonl"
    good.write_text(json.dumps(article("a")) + "\n")
    empty.write_text(json.dumps(article("b")) + "\n")
    run(home, empty)
    empty.write_text("")
    with pytest.raises(UsageError, match="--allow-empty"):
        run(home, good, empty)
    assert home.owned_index().is_current()
    assert home.knowledge.version("a").live
