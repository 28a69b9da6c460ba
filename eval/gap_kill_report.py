"""`python -m eval.gap_kill_report --kills 200`: kills a process in the middle of writing to the gap log, and looks.

The process writes signals, merges and takes back, makes digests and exports in turn; it is killed at a random moment,
each time in the next kind of write, and started again. After each kill what it had acknowledged must be there, once,
and nothing may be there in half. Also used by the tests.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

from assistant.gaplog.board import prices
from assistant.gaplog.log import GapLog
from assistant.gaplog.weekly import RECONSIDERED
from assistant.records import NewContact
from assistant.store.contacts import Contacts
from assistant.store.database import open_database, sqlite_url
from assistant.store.log_state import LogState
from assistant.store.themes import FoundTheme, Night, StoredPlace, Themes
from eval.gap_kill_worker import LABELLED, START, STEPS, WEEKS, work
from eval.seeded import SeededEmbedder, vector

_THEMES = 3
_EACH = 40
_LONGEST_S = 60.0
_STEP_S = 0.03
_FORKS = get_context("forkserver")
_FORKS.set_forkserver_preload(["eval.gap_kill_worker"])
"""Each writer is forked from a clean process that has everything imported, so that a kill costs no second."""


@dataclass
class Report:
    """What was seen: kills by the kind of write that they hit, acknowledged writes, and everything that was wrong."""

    kills: Counter[str] = field(default_factory=Counter)
    acknowledged: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    @property
    def held(self) -> bool:
        """Whether nothing was lost, doubled or half there."""
        return not self.wrong


def run(place: Path, *, kills: int, seed: int) -> Report:
    """Kill `kills` times in the empty folder `place`."""
    chance, report = random.Random(seed), Report()
    fill(place)
    number, digests, signals = 0, dict[str, tuple[str, ...]](), set[int]()
    for kill in range(kills):
        wanted = STEPS[kill % len(STEPS)]
        number, said = _work_and_kill(place, number, wanted, chance)
        report.kills[wanted] += 1
        report.acknowledged.update(line.split()[0] for line in said)
        signals |= {int(line.split()[1]) for line in said if line.startswith("signal")}
        report.wrong += _looked(place, said, signals, digests)
    return report


def fill(place: Path) -> None:
    """Three themes of forty contacts over the weeks that digests are made of."""
    database = open_database(sqlite_url(place), create=True)
    log = GapLog(database, SeededEmbedder(), prices((6, 14), (28, 45)), "EUR", "Desk")
    found = []
    for theme in range(_THEMES):
        contacts = [
            NewContact(
                f"t:{theme}:{n}", "question", "email", START + timedelta(days=7 * n % (7 * WEEKS)), f"{theme} {n}"
            )
            for n in range(_EACH)
        ]
        ids = Contacts(database).add_all(contacts)
        Contacts(database).label(dict.fromkeys(ids, LABELLED))
        found.append(FoundTheme(None, f"Theme {theme}", (), StoredPlace(vector(str(theme)), 0.5), tuple(ids)))
    seen = tuple(i for theme in found for i in theme.contact_ids)
    Themes(database).settle(Night(log.embedder.model_id, seen, tuple(found), 0))
    LogState(database).set(RECONSIDERED, datetime.now(UTC).isoformat())
    database.close()


def _work_and_kill(place: Path, number: int, wanted: str, chance: random.Random) -> tuple[int, list[str]]:
    """Let it write until the step before `wanted` is acknowledged, kill it within that step; returns what it said."""
    ours, theirs = _FORKS.Pipe(duplex=False)
    process = _FORKS.Process(target=work, args=(place, number, theirs))
    process.start()
    theirs.close()
    before, said = STEPS[STEPS.index(wanted) - 1], list[str]()
    with suppress(EOFError):
        while before not in (said or [""])[-1] and ours.poll(_LONGEST_S):
            said.append(str(ours.recv()))
    time.sleep(chance.uniform(0.0, _STEP_S))
    process.kill()
    process.join()
    with suppress(EOFError, OSError):
        while ours.poll():
            said.append(str(ours.recv()))
    ours.close()
    # The step that was cut off is taken again: whatever it had written must not be there twice.
    return (int(said[-1].split()[1]) + 1 if said else number), said


def _looked(place: Path, said: Sequence[str], signals: set[int], digests: dict[str, tuple[str, ...]]) -> list[str]:
    wrong = []
    with closing(sqlite3.connect(place / "waypost.sqlite")) as base:
        wrong += _signals_wrong(base, signals) + _themes_wrong(base) + _digests_wrong(base, digests, said)
        if base.execute("PRAGMA integrity_check").fetchone()[0] != "ok":
            wrong.append("the database is damaged")
    for line in said:
        step, number, _ = line.split(" ", 2)
        if step == "export" and not (place / f"export-{number}.csv").is_file():
            wrong.append(f"export {number} was acknowledged and is not there")
    for file in place.glob("export-*.csv"):
        with file.open(encoding="utf-8", newline="") as opened:
            rows = list(csv.reader(opened))
        if len(rows) < _THEMES or len({len(row) for row in rows}) != 1:
            wrong.append(f"{file.name} is half there")
    return wrong


def _signals_wrong(base: sqlite3.Connection, acknowledged: set[int]) -> list[str]:
    there = Counter(row[0] for row in base.execute("SELECT token FROM contacts WHERE kind = 'review'"))
    wrong = [f"contact {n} was acknowledged and is lost" for n in acknowledged if there[f"review:{n}"] != 1]
    pairs = base.execute(
        "SELECT c.token, sum(s.type = 'review'), sum(s.type = 'flagged') FROM contacts c "
        "LEFT JOIN signals s ON s.contact_id = c.id WHERE c.kind = 'review' GROUP BY c.id"
    )
    for token, reviews, flags in pairs:
        if reviews != 1:
            wrong.append(f"{token} has {reviews} review signals, not its one")
        if (flags or 0) > 1 or (int(token.split(":")[1]) in acknowledged and flags != 1):
            wrong.append(f"{token} has {flags} flags")
    return wrong


def _themes_wrong(base: sqlite3.Connection) -> list[str]:
    """Whether the merge is whole: where T2 was merged it has no contacts and T1 has all; the history says the same."""
    merged = base.execute("SELECT merged_into FROM themes WHERE id = 2").fetchone()[0]
    counts = dict(base.execute("SELECT theme_id, count(*) FROM contacts WHERE theme_id IS NOT NULL GROUP BY theme_id"))
    expected = {1: 2 * _EACH, 3: _EACH} if merged else {1: _EACH, 2: _EACH, 3: _EACH}
    wrong = [] if counts == expected else [f"themes hold {counts}, expected {expected}"]
    actions = [row[0] for row in base.execute("SELECT action FROM theme_events WHERE theme_id = 1 ORDER BY id")]
    turns = [action for action in actions if action in ("merge", "undo")]
    if turns != (["merge", "undo"] * len(turns))[: len(turns)] or (len(turns) % 2 == 1) != bool(merged):
        wrong.append(f"the history of T1 says {turns[-4:]}, the theme says {'merged' if merged else 'apart'}")
    return wrong


def _digests_wrong(base: sqlite3.Connection, before: dict[str, tuple[str, ...]], said: Sequence[str]) -> list[str]:
    wrong, there = [], {}
    for week, *texts in base.execute("SELECT week, markdown, html, json, made_at FROM digests"):
        there[week] = tuple(texts)
        if before.setdefault(week, tuple(texts)) != tuple(texts):
            wrong.append(f"the digest of {week} changed")
        if json.loads(texts[2]).get("week") != week or week not in texts[0]:
            wrong.append(f"the digest of {week} is half there")
    wrong += [f"the digest of {week} is lost" for week in before if week not in there]
    weeks = [line.split()[2] for line in said if line.startswith("digest")]
    return wrong + [f"the digest of {week} was acknowledged and is lost" for week in weeks if week not in there]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run and print; exit code 1 when anything was lost, doubled or half there."""
    parser = argparse.ArgumentParser(prog="python -m eval.gap_kill_report", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="waypost-gap-kills-") as place:
        report = run(Path(place), kills=options.kills, seed=options.seed)
    hits = ", ".join(f"{count} in a {step}" for step, count in report.kills.items())
    written = ", ".join(f"{count} {step}" for step, count in report.acknowledged.items())
    print(f"{report.kills.total()} kills ({hits}) in {time.monotonic() - begin:.0f} s; acknowledged: {written}")
    print("nothing lost, nothing twice, nothing half there" if report.held else "WRONG:")
    for line in report.wrong[:20]:
        print(f"  {line}")
    return 0 if report.held else 1


if __name__ == "__main__":
    sys.exit(main())
