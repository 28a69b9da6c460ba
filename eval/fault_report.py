"""`python -m eval.fault_report`: plants every damage that was ever seen in an index, and says what came of it.

A data directory with 1,200 passages is built once (vectors seeded by the text, so that Chroma writes its
graph to disk), copied for each damage, damaged, and opened. Meanwhile and afterwards every question is
compared with exact search over the store. Also used by the tests.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from assistant.domain import Kind
from assistant.errors import IndexUnavailable
from assistant.index.exact import StoreSearch
from assistant.index.generation import OwnedIndex
from assistant.store.database import Database, open_database, sqlite_url
from assistant.store.generations import Generations
from eval.seeded import SeededEmbedder, fill, question, vector

Found = list[tuple[list[int], list[int]]]
Search = OwnedIndex | StoreSearch

DOCUMENTS, PASSAGES = 30, 40
_KINDS: tuple[Kind, ...] = ("doc", "faq", "ticket")
_QUESTIONS = [question(number, (7 * number) % PASSAGES) for number in range(0, DOCUMENTS, 3)]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one damage: times in seconds from the damage; `wrong` counts answers unlike exact search."""

    damage: str
    noticed_s: float
    repaired_s: float
    asked: int
    wrong: int
    notice: str
    sound: bool

    @property
    def held(self) -> bool:
        """Noticed, repaired, and no wrong or missing answer."""
        return self.sound and bool(self.notice) and self.asked > 0 and not self.wrong


@contextmanager
def opened(folder: Path) -> Iterator[tuple[Database, OwnedIndex]]:
    """The data directory `folder` with its index, not yet brought up; closed at the end."""
    database = open_database(sqlite_url(folder), create=True)
    index = OwnedIndex(Generations(database), folder / "index", SeededEmbedder(), deadline_s=2.0, probe_s=30.0)
    try:
        yield database, index
    finally:
        index.close()
        database.close()


def build(folder: Path) -> None:
    """A sound data directory, closed cleanly."""
    with opened(folder) as (database, index):
        fill(database, DOCUMENTS, PASSAGES)
        index.apply()


def damages_at_rest() -> dict[str, Callable[[Path], Any]]:
    """Name and act of each damage to a closed data directory; a subprocess it returns is ended afterwards."""
    graph: dict[str, Callable[[Path], Any]] = {
        "link_lists.bin cut in half": lambda d: _halve(_segment(d) / "link_lists.bin"),
        "index_metadata.pickle removed": lambda d: (_segment(d) / "index_metadata.pickle").unlink(),
        "data_level0.bin cut in half": lambda d: _halve(_segment(d) / "data_level0.bin"),
        "data_level0.bin, bytes of vectors flipped": lambda d: _flip(_segment(d) / "data_level0.bin", 0.5, 400),
        "header.bin zeroed": lambda d: _zero(_segment(d) / "header.bin"),
        "Chroma's SQLite emptied of its rows": _forget_rows,
    }
    return {
        **graph,
        "length.bin removed": lambda d: (_segment(d) / "length.bin").unlink(),
        "Chroma's segment folder removed": lambda d: shutil.rmtree(_segment(d)),
        "Chroma's SQLite, bytes flipped": lambda d: _flip(_generation(d) / "chroma" / "chroma.sqlite3", 0.3, 4000),
        "Chroma's SQLite, header zeroed": lambda d: _zero(_generation(d) / "chroma" / "chroma.sqlite3", 100),
        "Chroma's SQLite locked by another process": lambda d: _locked(_generation(d) / "chroma" / "chroma.sqlite3"),
        "a row planted that the store does not know": _plant,
        "generation folder removed": lambda d: shutil.rmtree(_generation(d)),
        "index folder replaced by a file": _replace_by_file,
        "keywords.sqlite removed": lambda d: (_generation(d) / "keywords.sqlite").unlink(),
        "keywords.sqlite cut in half": lambda d: _halve(_generation(d) / "keywords.sqlite"),
        "keywords.sqlite, bytes flipped": lambda d: _flip(_generation(d) / "keywords.sqlite", 0.5, 4000),
        "keywords.sqlite, one word changed": _change_word,
        "keywords.sqlite locked by another process": lambda d: _locked(_generation(d) / "keywords.sqlite"),
        **{f"{name}, after a crash": _after_crash(act) for name, act in graph.items()},
        "built with another model": _other_model,
        "interrupted while building": _unfinished,
    }


def at_rest(pristine: Path, work: Path, name: str) -> Outcome:
    """Damage a copy of `pristine`, start as a server does, and ask while it repairs itself."""
    folder = work / "".join(c if c.isalnum() else "-" for c in name)
    shutil.copytree(pristine, folder)
    helper = damages_at_rest()[name](folder)
    try:
        with opened(folder) as (database, index):
            return _watched(name, database, index)
    finally:
        _end(helper)
        shutil.rmtree(folder, ignore_errors=True)


def damages_in_flight() -> dict[str, Callable[[OwnedIndex, Path], Any]]:
    """Name and act of each damage to a running index."""
    return {
        "child process killed": lambda index, _: _child(index).kill(),
        "child process stopped (no reply)": lambda index, _: os.kill(_child(index).pid, signal.SIGSTOP),
        "child process killed while a question runs": lambda index, _: _while_asked(index, signal.SIGKILL),
        "child process stopped while a question runs": lambda index, _: _while_asked(index, signal.SIGSTOP),
        "keywords.sqlite overwritten under the server": lambda _, d: _zero(_generation(d) / "keywords.sqlite", 1 << 20),
        "Chroma's SQLite locked under the server": lambda _, d: _locked(_generation(d) / "chroma" / "chroma.sqlite3"),
        "generation folder removed under the server": lambda _, d: shutil.rmtree(_generation(d)),
    }


def in_flight(pristine: Path, work: Path, name: str) -> Outcome:
    """Open a copy of `pristine`, damage it, and ask while a change is applied as a server does."""
    folder = work / "".join(c if c.isalnum() else "-" for c in name)
    shutil.copytree(pristine, folder)
    helper = None
    try:
        with opened(folder) as (database, index):
            index.apply()
            helper = damages_in_flight()[name](index, folder)
            return _watched(name, database, index)
    finally:
        _end(helper)
        shutil.rmtree(folder, ignore_errors=True)


def _watched(name: str, database: Database, index: OwnedIndex) -> Outcome:
    """Ask from another thread until the index is sound again, as `ui.serve.Upkeep` brings it there."""
    exact = answers(StoreSearch(Generations(database), SeededEmbedder.model_id))
    begin = time.monotonic()
    seen: list[float] = []
    counts = [0, 0]
    notices: list[str] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set() or not counts[0]:
            before = index.name
            got = answers(index, stop)
            exactly = before == index.name == "exact"
            counts[0] += len(got)
            counts[1] += sum(not _equal(f, e, exactly=exactly) for f, e in zip(got, exact, strict=False))
            _note(index, begin, seen, notices)
            time.sleep(0.05)

    def look() -> None:
        while not stop.is_set():
            _note(index, begin, seen, notices)
            time.sleep(0.01)

    threads = [threading.Thread(target=ask), threading.Thread(target=look)]
    for thread in threads:
        thread.start()
    _keep_up(index, notices)
    repaired = time.monotonic() - begin
    time.sleep(0.1)
    stop.set()
    for thread in threads:
        thread.join()
    verification = index.verify()
    after = all(_equal(f, e, exactly=False) for f, e in zip(answers(index), exact, strict=True))
    sound = index.state == "sound" and verification.sound and after
    notice = notices[0] if notices else ""
    return Outcome(name, seen[0] if seen else -1.0, repaired, counts[0], counts[1], notice, sound)


def _keep_up(index: OwnedIndex, notices: list[str]) -> None:
    """Look after the index as a server does; what a running one cannot notice, its next start must."""
    index.apply()
    for _ in range(10):
        if index.state == "sound" and notices:
            return
        with suppress(IndexUnavailable):
            index.healthy()
            index.apply()
        time.sleep(0.3)
    index.close()
    index.apply()


def _note(index: OwnedIndex, begin: float, seen: list[float], notices: list[str]) -> None:
    if index.notice and not notices:
        notices.append(index.notice)
        seen.append(time.monotonic() - begin)


def answers(index: Search, stop: threading.Event | None = None) -> Found:
    """For each question, the ids by dense and by keyword search."""
    found: Found = []
    for text in _QUESTIONS:
        if stop is not None and stop.is_set():
            break
        dense = index.dense(vector(text), kinds=_KINDS, roles=("body",), k=10)
        keyword = index.keyword(text.rsplit(" ", 1)[-1], kinds=_KINDS, roles=("body",), k=10)
        found.append(([i for i, _ in dense], [i for i, _ in keyword]))
    return found


def _equal(found: tuple[list[int], list[int]], exact: tuple[list[int], list[int]], *, exactly: bool) -> bool:
    """Keyword search is equal; of the ten nearest an approximate graph may miss two, the nearest never."""
    near = found[0][:1] == exact[0][:1] and len(found[0]) == 10 and len(set(found[0]) & set(exact[0])) >= 8
    return (found[0] == exact[0] if exactly else near) and found[1] == exact[1]


def _generation(data: Path) -> Path:
    return next(path for path in sorted((data / "index").iterdir()) if path.is_dir())


def _segment(data: Path) -> Path:
    """The folder of the one segment that Chroma has written to disk."""
    return next(path.parent for path in sorted((_generation(data) / "chroma").glob("*/data_level0.bin")))


def _halve(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _zero(path: Path, size: int | None = None) -> None:
    with path.open("r+b") as file:
        file.write(bytes(min(size or path.stat().st_size, path.stat().st_size)))


def _flip(path: Path, place: float, count: int) -> None:
    """Invert `count` bytes from the relative `place` on."""
    raw = bytearray(path.read_bytes())
    start = int(len(raw) * place)
    raw[start : start + count] = bytes(255 - byte for byte in raw[start : start + count])
    path.write_bytes(raw)


def _forget_rows(data: Path) -> None:
    with sqlite3.connect(_generation(data) / "chroma" / "chroma.sqlite3") as connection:
        connection.execute("DELETE FROM embeddings WHERE id % 2")
    connection.close()


def _plant(data: Path) -> None:
    with sqlite3.connect(_generation(data) / "keywords.sqlite") as connection:
        connection.execute(
            "INSERT INTO passages(rowid, title, headings, body, kind, role) VALUES (999999, '', '', ?, 'doc', 'body')",
            (_QUESTIONS[0],),
        )
    connection.close()


def _change_word(data: Path) -> None:
    with sqlite3.connect(_generation(data) / "keywords.sqlite") as connection:
        connection.execute("UPDATE passages SET body = 'something else' WHERE rowid = 8")
    connection.close()


def _replace_by_file(data: Path) -> None:
    generation = _generation(data)
    shutil.rmtree(generation)
    generation.touch()


def _other_model(data: Path) -> None:
    with sqlite3.connect(data / "waypost.sqlite") as connection:
        connection.execute("UPDATE generations SET model_id = 'another'")
    connection.close()


def _after_crash(act: Callable[[Path], Any]) -> Callable[[Path], Any]:
    def both(data: Path) -> Any:
        _unclean(data)
        return act(data)

    return both


def _unclean(data: Path) -> None:
    """As after SIGKILL: nothing is known of the files any more."""
    with sqlite3.connect(data / "waypost.sqlite") as connection:
        connection.execute("UPDATE generations SET clean = 0")
    connection.close()


def _unfinished(data: Path) -> None:
    with sqlite3.connect(data / "waypost.sqlite") as connection:
        connection.execute("UPDATE generations SET state = 'building', clean = 0")
    connection.close()


def _locked(path: Path) -> subprocess.Popen[bytes]:
    """A process that holds the database `path` locked until it is ended."""
    code = (
        "import sqlite3, sys, time; c = sqlite3.connect(sys.argv[1], isolation_level=None); "
        "c.execute('PRAGMA locking_mode = EXCLUSIVE'); c.execute('BEGIN EXCLUSIVE'); print('held', flush=True); "
        "time.sleep(600)"
    )
    holder = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    holder.stdout.readline()
    return holder


def _end(helper: object) -> None:
    if isinstance(helper, subprocess.Popen):
        helper.kill()
        helper.wait()
        if helper.stdout is not None:
            helper.stdout.close()


def _child(index: OwnedIndex) -> subprocess.Popen[bytes]:
    """The process that holds the vectors; only a test reaches for it."""
    found = index._open
    assert found is not None
    return found.vectors._process


def _while_asked(index: OwnedIndex, sent: signal.Signals) -> None:
    child = _child(index)
    asking = threading.Thread(target=answers, args=(index,))
    asking.start()
    time.sleep(0.02)
    os.kill(child.pid, sent)
    asking.join()


def report(outcomes: Sequence[Outcome]) -> str:
    """One Markdown row a damage."""
    lines = ["| damage | noticed after s | repaired after s | asked meanwhile | wrong | held |", "|--|--|--|--|--|--|"]
    lines += [
        f"| {o.damage} | {o.noticed_s:.2f} | {o.repaired_s:.2f} | {o.asked} | {o.wrong} | {'yes' if o.held else 'NO'} |"
        for o in outcomes
    ]
    held = sum(o.held for o in outcomes)
    lines.append(f"\n{held} of {len(outcomes)} damages noticed and repaired without a wrong or missing answer.")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all or some damages; exit code 1 when one was not held."""
    parser = argparse.ArgumentParser(prog="python -m eval.fault_report", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--only", default="", help="only damages whose name holds this")
    options = parser.parse_args(arguments)
    outcomes = []
    with tempfile.TemporaryDirectory(prefix="waypost-faults-") as place:
        pristine = Path(place) / "pristine"
        pristine.mkdir()
        build(pristine)
        for run, names in ((at_rest, damages_at_rest()), (in_flight, damages_in_flight())):
            for name in names:
                if options.only in name:
                    outcomes.append(run(pristine, Path(place), name))
                    print(replace(outcomes[-1], notice=outcomes[-1].notice[:60]), file=sys.stderr)
    print(report(outcomes))
    return 0 if all(outcome.held for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
