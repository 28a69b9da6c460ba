"""Writes to a gap log until it is killed; used by `gap_kill_report` only.

Each numbered step is one kind of write; what is acknowledged was committed before.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

from assistant.files import saved
from assistant.gaplog.board import ThemeFilter, prices
from assistant.gaplog.log import GapLog
from assistant.gaps.export import export
from assistant.records import NewContact, NewSignal, Reason
from assistant.store.contacts import Contacts
from assistant.store.database import open_database, sqlite_url
from assistant.store.signals import Signals
from assistant.store.theme_changes import ThemeChanges
from assistant.store.themes import Themes
from eval.seeded import SeededEmbedder

START = datetime(2024, 1, 1, 9, tzinfo=UTC)
STEPS = ("signal", "merge", "digest", "export")
WEEKS = 40
LABELLED = Reason("defect", 0.9, "use", 0.9, by="seeded")
"""A digest is made of labelled contacts."""


def work(folder: Path, number: int, say: Connection) -> None:
    """Take steps until killed, from the number given; each is acknowledged with a line."""
    log = GapLog(
        open_database(sqlite_url(folder), create=True), SeededEmbedder(), prices((6, 14), (28, 45)), "EUR", "Desk"
    )
    steps: dict[str, Callable[[GapLog, Path, int], str]] = {
        "signal": _signal, "merge": _merge, "digest": _digest, "export": _export,
    }  # fmt: skip
    while True:
        step = STEPS[number % len(STEPS)]
        done = steps[step](log, folder, number)
        say.send(f"{step} {number} {done}")
        number += 1


def _signal(log: GapLog, _folder: Path, number: int) -> str:
    """A review with its signal, then a second signal about it."""
    at = START + timedelta(days=number % (7 * WEEKS))
    review = NewContact(f"review:{number}", "review", "app_store", at, f"Review {number} says it is slow.", rating=2.0)
    contact = Contacts(log.database).add(review)
    Contacts(log.database).label({contact: LABELLED})
    flag = NewSignal(f"flagged:{number}", "flagged", at, contact, actor="ann", evidence={"prevented_by": "a label"})
    Signals(log.database).add_all([flag, flag])
    return str(contact)


def _merge(log: GapLog, _folder: Path, number: int) -> str:
    """Merge the two newest themes, or take the merge back."""
    themes, changes = Themes(log.database), ThemeChanges(log.database)
    into, other = themes.get("T1"), themes.get("T2")
    if other.merged_into is None:
        changes.merge(into.id, [other.id], f"ann {number}")
        return "merged"
    changes.undo(into.id, None, f"ann {number}")
    return "taken back"


def _digest(log: GapLog, _folder: Path, number: int) -> str:
    """The list of a week, new or as it was."""
    day = START + timedelta(weeks=number // len(STEPS) % WEEKS)
    year, week, _ = day.isocalendar()
    name = f"{year}-W{week:02d}"
    log.weekly.digest(name)
    return name


def _export(log: GapLog, folder: Path, number: int) -> str:
    """All themes to a file, which takes its name when it is whole."""
    found = export(log.board.page(log.board.period(), ThemeFilter(), limit=100), "csv")
    out = folder / f"export-{number}.csv"
    saved(out, found.text)
    return out.name
