"""`python -m eval.kill_report --kills 50`: kills `waypost ingest` at random moments and looks at what is left.

A folder of articles is brought in by the real command in real processes, over and over; each run is killed
at a random moment and resumed by the next, and whenever one comes to its end the source changes: articles
are edited, added and removed. After each kill every document must be whole, in its old or its new state; at
the end nothing may be lost, doubled or unreachable. Also used by the tests.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

_WAYPOST = (sys.executable, "-m", "ui.cli")
_ROOT = Path(__file__).parent.parent
_TOPICS = ("password", "invoice", "printer", "calendar", "backup", "filter", "profile", "signature", "theme", "account")


@dataclass
class Report:
    """What was seen. `kills` counts runs that were ended by SIGKILL, `finished` those that were faster."""

    kills: int = 0
    finished: int = 0
    half_written: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    kept_though_gone: list[str] = field(default_factory=list)
    unanswered: int = 0
    failed_runs: list[str] = field(default_factory=list)
    documents: int = 0
    passages: int = 0
    reachable: bool = False

    @property
    def held(self) -> bool:
        """Whether nothing was lost, doubled, half-written or unreachable."""
        wrong = self.half_written or self.lost or self.doubled or self.kept_though_gone or self.failed_runs
        return self.reachable and not wrong and not self.unanswered


@dataclass
class _Source:
    """A folder of articles that changes; `texts` are as they are now."""

    folder: Path
    chance: random.Random
    texts: dict[str, str] = field(default_factory=dict)
    made: int = 0

    def grow(self, count: int) -> None:
        for _ in range(count):
            name = f"article-{self.made:04}.md"
            self.made += 1
            self._write(name, 0)

    def change(self) -> None:
        """Edit a third, remove a tenth, add as many."""
        names = sorted(self.texts)
        for name in self.chance.sample(names, len(names) // 3):
            self._write(name, self.chance.randrange(1, 10**6))
        removed = self.chance.sample(names, len(names) // 10)
        for name in removed:
            (self.folder / name).unlink()
            del self.texts[name]
        self.grow(len(removed))

    def _write(self, name: str, edition: int) -> None:
        topic = _TOPICS[hash_of(name) % len(_TOPICS)]
        parts = [
            f"## Part {part}\n\nEdition {edition} of part {part} about the {topic} in {name}: open Settings, choose "
            f"{topic} and press button {hash_of(f'{name}{edition}{part}') % 1000}."
            for part in range(3)
        ]
        text = f"# The {topic} of {name}\n\n" + "\n\n".join(parts) + "\n"
        (self.folder / name).write_text(text)
        self.texts[name] = text


def hash_of(text: str) -> int:
    """The same number for the same text in every process."""
    return zlib.crc32(text.encode())


def run(place: Path, *, kills: int, seed: int, documents: int) -> Report:
    """Kill `kills` times in the empty folder `place`, then let one run end and look at everything."""
    chance = random.Random(seed)
    source = _Source(place / "articles", chance)
    source.folder.mkdir()
    source.grow(documents)
    report = Report()
    whole_s = 6.0
    while report.kills < kills:
        begin = time.monotonic()
        killed = _ingest_and_kill(place, source.folder, chance, 1.1 * whole_s, report)
        report.kills += killed
        report.half_written += _half_written(place)
        if not killed:
            report.finished += 1
            whole_s = time.monotonic() - begin
            source.change()
        elif chance.random() < 0.1:
            report.unanswered += not _answers(place)
    _finish(place, source, report)
    return report


def _ingest_and_kill(place: Path, folder: Path, chance: random.Random, latest_s: float, report: Report) -> bool:
    """Start a run and kill it after a random time, alone or with its children; False when it had ended before."""
    process = subprocess.Popen(
        [*_WAYPOST, "ingest", str(folder), "--json"], env=_environment(place), cwd=place, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        _, error = process.communicate(timeout=chance.uniform(0.2, latest_s))
    except subprocess.TimeoutExpired:
        (os.killpg if chance.random() < 0.5 else os.kill)(process.pid, signal.SIGKILL)
        process.communicate()
        return True
    if process.returncode != 0:
        report.failed_runs.append(error.decode("utf-8", "replace")[-500:])
    return False


def _half_written(place: Path) -> list[str]:
    """Live documents that lack a version, a passage, a vector, or whose passages leave out a piece of their text."""
    database = place / "data" / "waypost.sqlite"
    if not database.is_file():
        return []
    with closing(sqlite3.connect(database)) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'chunks'").fetchone():
            return []
        rows = connection.execute(
            "SELECT d.source_key, v.text, v.blocks, d.version_id FROM documents d "
            "LEFT JOIN versions v ON v.id = d.version_id WHERE d.deleted_at IS NULL"
        ).fetchall()
        spans: dict[int, list[tuple[int, int]]] = {}
        strays = []
        for version, start, end, vector in connection.execute(
            'SELECT c.version_id, c.start, c."end", e.vector FROM chunks c '
            "LEFT JOIN embeddings e ON e.content_hash = c.content_hash"
        ):
            spans.setdefault(version, []).append((start, end))
            strays += [] if vector else [f"chunk of version {version} without a vector"]
        live = {row[3] for row in rows}
        strays += [f"passages of version {version}, which is not current" for version in spans if version not in live]
    return strays + [
        key for key, text, blocks, version in rows if not _is_covered(text, blocks, spans.get(version, []))
    ]


def _is_covered(text: str | None, blocks: str, spans: Sequence[tuple[int, int]]) -> bool:
    """Whether every block but headings lies in a passage."""
    bodies = [block for block in json.loads(blocks or "[]") if block[0] != "heading"]
    inside = all(any(start <= block[1] and block[2] <= end for start, end in spans) for block in bodies)
    return bool(text) and bool(bodies) and inside


def _answers(place: Path) -> bool:
    """Whether a question is answered in the middle of it all; before the first commit there is nothing to ask."""
    done = _waypost(place, "search", "How do I change my password?", "--json")
    nothing_yet = "no data directory" in done.stderr or "holds no Waypost data" in done.stderr
    return nothing_yet or "is empty" in done.stderr or done.returncode == 0


def _finish(place: Path, source: _Source, report: Report) -> None:
    done = _waypost(place, "ingest", str(source.folder), "--json")
    if done.returncode:
        report.failed_runs.append(done.stderr[-500:])
    report.half_written += _half_written(place)
    with closing(sqlite3.connect(place / "data" / "waypost.sqlite")) as connection:
        rows = connection.execute(
            "SELECT d.source_key, v.text FROM documents d JOIN versions v ON v.id = d.version_id "
            "WHERE d.deleted_at IS NULL"
        ).fetchall()
        report.passages = connection.execute("SELECT count(*) FROM chunks").fetchone()[0]
    keys = [key for key, _ in rows]
    stored = dict(rows)
    report.documents = len(source.texts)
    report.lost = [name for name, text in source.texts.items() if not _same_words(stored.get(name, ""), text)]
    report.doubled = sorted({key for key in keys if keys.count(key) > 1})
    report.kept_though_gone = sorted(set(keys) - set(source.texts))
    verified = _waypost(place, "index", "verify", "--json")
    found = json.loads(verified.stdout or "{}")
    report.reachable = bool(found.get("sound")) and found.get("live_chunks") == report.passages


def _same_words(stored: str, written: str) -> bool:
    """Whether the stored visible text says what the article says; marks of headings are not stored."""
    return " ".join(stored.split()) == " ".join(word for word in written.split() if word.strip("#"))


def _waypost(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*_WAYPOST, *arguments],
        env=_environment(place),
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def _environment(place: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WAYPOST_")}
    return {**kept, "WAYPOST_DATA": str(place / "data"), "PYTHONPATH": str(_ROOT)}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run and print; exit code 1 when anything was lost, doubled, half-written or unreachable."""
    parser = argparse.ArgumentParser(prog="python -m eval.kill_report", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--documents", type=int, default=400)
    options = parser.parse_args(arguments)
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="waypost-kills-") as place:
        report = run(Path(place), kills=options.kills, seed=options.seed, documents=options.documents)
    print(
        f"{report.kills} kills, {report.finished} runs that ended before theirs, {time.monotonic() - begin:.0f} s\n"
        f"documents {report.documents}, passages {report.passages}\n"
        f"lost {len(report.lost)}, doubled {len(report.doubled)}, half-written {len(report.half_written)}, "
        f"kept though gone {len(report.kept_though_gone)}, questions unanswered {report.unanswered}, "
        f"runs that failed {len(report.failed_runs)}\n"
        f"every passage reachable after the repair: {'yes' if report.reachable else 'NO'}"
    )
    for line in [*report.lost, *report.doubled, *report.half_written, *report.kept_though_gone, *report.failed_runs][
        :20
    ]:
        print(f"  {line}")
    return 0 if report.held else 1


if __name__ == "__main__":
    sys.exit(main())
