"""The hostile corpus: every file has its outcome, in bounded time and memory, and its neighbours are unaffected."""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path

import pytest
from hostile import Hostile, corpus
from making import SeededEmbedder

from assistant.errors import UnreadableItem
from assistant.store.corpus import Corpus
from assistant.store.database import Database
from assistant.store.knowledge import StoredKnowledge
from ingest.build import ingest
from ingest.chunk import chunks
from ingest.sandbox import Limits, Sandbox
from ingest.sources.files import FileSource, open_path
from ingest.sources.item import Defaults, Item

_SECONDS = Limits().seconds  # the product's own limit of one file: its parser's child has it, so has this process
_MEMORY_KB = 512 * 1024


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Hostile]]:
    folder = tmp_path_factory.mktemp("hostile") / "corpus"
    folder.mkdir()
    return folder, corpus(folder)


def outcome(items: list[Item]) -> str:
    """What became of one file: read if anything of it was."""
    found = "ignored"
    for item in items:
        try:
            if not chunks(item.load(), lambda texts: [len(text.split()) for text in texts]):
                raise UnreadableItem("nothing to search in")
        except UnreadableItem:
            found = "left out" if found == "ignored" else found
        else:
            found = "read"
    return found


def parsers_peak_kb() -> int:
    """The most memory that a parser's child now alive ever held: others may live, left by the tests before."""
    found = [0]
    for pid in Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text("ascii").split():
        if b"ingest.sandbox_worker" in Path(f"/proc/{pid}/cmdline").read_bytes():
            status = Path(f"/proc/{pid}/status").read_text("utf-8")
            found += [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")]
    return max(found)


@pytest.mark.slow
def test_every_hostile_file_has_its_outcome_within_its_limits(made: tuple[Path, list[Hostile]]) -> None:
    folder, files = made
    assert len(files) >= 150
    wrong, slow = [], []
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak = 0
    for file in files:
        begin = time.process_time()
        path = folder / file.name
        regular = file.raw is not None and not path.name.startswith(".")
        single = _Only(folder, Defaults(), path)
        found = outcome(list(single.items())) if regular else "ignored"
        seconds = time.process_time() - begin
        peak = max(peak, parsers_peak_kb())
        if found != file.outcome:
            wrong.append((file.name, found, file.outcome))
        if seconds > _SECONDS:
            slow.append((file.name, round(seconds, 1)))
    assert wrong == []
    assert slow == []
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < _MEMORY_KB
    assert 0 < peak < 1.1 * _MEMORY_KB


class _Only(FileSource):
    """The folder with one file of it."""

    def __init__(self, folder: Path, defaults: Defaults, only: Path) -> None:
        super().__init__(folder, defaults)
        object.__setattr__(self, "_only", only)

    def items(self):  # type: ignore[no-untyped-def]
        from ingest.sources.files import items_of
        from ingest.sources.piece import file_piece
        from ingest.sources.suffixes import SUFFIXES

        only: Path = self._only  # type: ignore[attr-defined]
        if only.suffix.lower() in SUFFIXES:
            yield from items_of(file_piece(only, only.name), "", self.defaults)


@pytest.mark.slow
def test_the_neighbours_of_hostile_files_are_all_read(
    sqlite_database: Database, made: tuple[Path, list[Hostile]]
) -> None:
    folder, _ = made
    for place in sorted(path for path in folder.iterdir() if path.is_dir()):
        (place / "zz-neighbour.md").write_text(f"# Neighbour in {place.name}\n\nStill here.")
    summary = ingest(open_path(str(folder), Defaults()), Corpus(sqlite_database), SeededEmbedder())
    keys = StoredKnowledge(sqlite_database).live_keys(
        [f"{place.name}/zz-neighbour.md" for place in folder.iterdir() if place.is_dir()]
    )
    assert len(keys) == len([place for place in folder.iterdir() if place.is_dir()])
    assert summary.failed > 80
    assert all(failure["reason"].strip() for failure in summary.failures)


def test_a_parser_that_hangs_dies_or_eats_memory_takes_one_file_with_it() -> None:
    sandbox = Sandbox(Limits(memory=300 * 1024 * 1024, output=10_000))
    try:
        assert sandbox.parse("text", b"It is red.")["text"] == "It is red."
        with pytest.raises(Exception, match="bytes of content"):
            sandbox.parse("text", b"lamp " * 10_000)
        with pytest.raises(Exception, match="MB of memory"):
            sandbox.parse("zip_member", b"x" * 290 * 1024 * 1024, number=0, limit=1)
        child = sandbox._running()
        child.kill()
        child.wait()
        assert sandbox.parse("text", b"It is red.")["text"] == "It is red."
        with pytest.raises(Exception, match="could not be parsed"):
            sandbox.parse("os.system", b"true")
    finally:
        sandbox.close()
    hasty = Sandbox(Limits(waited=0.0))
    with pytest.raises(Exception, match="within 10 s"):
        hasty.parse("text", b"x")
    hasty.close()
