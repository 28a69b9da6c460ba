"""What is the same stays the same: moved files keep their identity, near-duplicates are found."""

from __future__ import annotations

from pathlib import Path

from making import SeededEmbedder

from assistant.store.corpus import Corpus
from assistant.store.database import Database
from ingest.build import Summary, ingest
from ingest.duplicates import near_duplicates
from ingest.sources.files import open_path
from ingest.sources.item import Defaults


def run(database: Database, folder: Path) -> Summary:
    return ingest(open_path(str(folder), Defaults()), Corpus(database), SeededEmbedder())


def test_a_renamed_or_moved_file_stays_the_same_document(sqlite_database: Database, tmp_path: Path) -> None:
    (tmp_path / "old.md").write_text("# Lamp\n\nIt is red.")
    (tmp_path / "stays.md").write_text("# Desk\n\nIt is brown.")
    (tmp_path / "list.jsonl").write_text('{"id": "q", "text": "One."}\n')
    assert run(sqlite_database, tmp_path).added == 3
    (tmp_path / "deep").mkdir()
    (tmp_path / "old.md").rename(tmp_path / "deep" / "new.md")
    (tmp_path / "list.jsonl").rename(tmp_path / "records.jsonl")
    summary = run(sqlite_database, tmp_path)
    assert (summary.added, summary.updated, summary.unchanged, summary.removed, summary.moved) == (0, 0, 3, 0, 2)
    corpus = Corpus(sqlite_database)
    source = corpus.source(str(tmp_path.resolve()), "folder", {"kind": None, "audience": "public"})
    keys = corpus.keys(source, ["deep/new.md", "old.md", "stays.md", "records.jsonl#q"])
    assert keys == {"deep/new.md": "old.md", "stays.md": "stays.md", "records.jsonl#q": "q"}
    (tmp_path / "deep" / "new.md").write_text("# Lamp\n\nIt is green.")
    assert run(sqlite_database, tmp_path).updated == 1


def test_a_copy_is_another_document(sqlite_database: Database, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# Lamp\n\nIt is red.")
    run(sqlite_database, tmp_path)
    (tmp_path / "b.md").write_text("# Lamp\n\nIt is red.")
    summary = run(sqlite_database, tmp_path)
    assert (summary.added, summary.unchanged, summary.moved) == (1, 1, 0)


def test_near_duplicates_are_found_and_others_are_not(sqlite_database: Database, tmp_path: Path) -> None:
    text = " ".join(f"word{n} of the article about lamps" for n in range(60))
    (tmp_path / "a.md").write_text(text)
    (tmp_path / "b.md").write_text(f"{text} And one more thing.")
    (tmp_path / "c.md").write_text(" ".join(f"other{n} in quite another text" for n in range(60)))
    run(sqlite_database, tmp_path)
    (pair,) = near_duplicates(Corpus(sqlite_database).live_texts())
    assert (pair.one, pair.other) == ("a.md", "b.md")
    assert pair.likeness > 0.95
    assert near_duplicates([("x", ""), ("y", "one"), ("z", "one")])[0].likeness == 1.0
