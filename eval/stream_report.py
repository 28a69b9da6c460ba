"""Replays a stream of contacts week by week: which themes spike and when, and how often by chance alone.

    WAYPOST_BENCH=... python -m eval.stream_report [--shuffles 1]

Each week the last 26 weeks are grouped anew, with the week before as memory, and the newest week is held
against the others. The same replay with the dates permuted within weekdays shows the false alarms.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt

from assistant.gaps.themes import NONE, cluster, name_themes
from assistant.gaps.trend import spikes, week_of, weekly_counts
from assistant.gaps.triage import Contact, load_triage
from assistant.models.embedder import load_embedder
from assistant.seams import Embedder

WINDOW = 27
FIRST = 12
RESCALE_EVERY = 13


@dataclass(frozen=True, slots=True)
class Alarm:
    """A spike as it would have been raised at the end of `week`.

    `fresh` if fewer than a tenth of its contacts were part of a spike in the 8 weeks before. `cause` is the likeliest
    one over the week's contacts with its mean probability, of the titles alone.
    """

    week: str
    ended: date
    name: str
    words: tuple[str, ...]
    count: int
    expected: float
    high: int
    p_value: float
    fresh: bool
    cause: str = ""


def read_stream(path: Path) -> tuple[list[date], list[str]]:
    """Days and titles of a CSV with the columns `created` and `title`."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [date.fromisoformat(row["created"][:10]) for row in rows], [row["title"] for row in rows]


def shuffled_within_weekday(days: Sequence[date], *, seed: int) -> list[date]:
    """The same days in a random order among contacts of the same weekday: nothing happens any more."""
    rng = np.random.default_rng(seed)
    result = list(days)
    for weekday in range(7):
        places = [i for i, day in enumerate(days) if day.weekday() == weekday]
        for place, source in zip(places, rng.permutation(places), strict=True):
            result[place] = days[int(source)]
    return result


def replay(
    days: Sequence[date],
    titles: Sequence[str],
    vectors: npt.NDArray[np.float32],
    cause_of: Callable[[Sequence[str]], str] = lambda _: "",
) -> Iterator[Alarm]:
    """Alarms in the order in which they would have been raised; week 12 of the stream is the first one judged.

    `cause_of` says why the contacts with these titles came.
    """
    start = min(days) - timedelta(days=min(days).weekday())
    weeks = np.asarray([(day - start).days // 7 for day in days], dtype=np.int64)
    memory = np.full(len(days), NONE, dtype=np.int64)
    raised: dict[int, int] = {}
    scale: int | None = None
    for week in range(FIRST, int(weeks.max())):
        rows = np.flatnonzero((weeks > week - WINDOW) & (weeks <= week))
        texts = [titles[int(r)] for r in rows]
        again = (week - FIRST) % RESCALE_EVERY == 0
        found = cluster(vectors[rows], texts, previous=memory[rows], scale=None if again else scale)
        scale = found.scale
        memory[rows] = found.labels
        first = max(week - WINDOW + 1, 0)
        counts = weekly_counts(weeks[rows] - first, found.labels, themes=len(found.centroids), span=week - first + 1)
        exposure = np.bincount(weeks[rows] - first, minlength=week - first + 1).tolist()
        names = name_themes(texts, found.labels)
        ended = start + timedelta(days=7 * week + 6)
        for spike in spikes(counts, exposure):
            members = rows[found.labels == spike.theme]
            earlier = [raised[int(m)] for m in members if week - 8 <= raised.get(int(m), -99) < week]
            fresh = len(earlier) < 0.1 * len(members)
            latest = members[weeks[members] == week]
            raised.update({int(m): week for m in latest})
            yield Alarm(
                week=week_of(ended),
                ended=ended,
                name=names[spike.theme].name,
                words=names[spike.theme].words[:5],
                count=spike.count,
                expected=round(spike.expected.mean, 1),
                high=spike.expected.high,
                p_value=spike.p_value,
                fresh=fresh,
                cause=cause_of([titles[int(m)] for m in latest]),
            )


def likeliest_cause(titles: Sequence[str], embedder: Embedder) -> str:
    """The cause with the highest mean probability over contacts of which only the titles are known."""
    found = load_triage().label([Contact(str(n), title, "") for n, title in enumerate(titles)], embedder)
    total = Counter[str]()
    for triaged in found:
        total.update({name: share / len(found) for name, share in triaged.cause.distribution})
    name, share = total.most_common(1)[0]
    return f"{name} {share:.2f}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the alarms of the stream, then those of each shuffle; 1 without the data."""
    parser = argparse.ArgumentParser(description="Replay a stream of contacts week by week.")
    parser.add_argument("--shuffles", type=int, default=1)
    shuffles = parser.parse_args(arguments).shuffles
    bench = os.environ.get("WAYPOST_BENCH")
    if not bench:
        sys.stdout.write("skipped: WAYPOST_BENCH names no folder of benchmark data\n")
        return 1
    days, titles = read_stream(Path(bench) / "thunderbird" / "stream_2023_24.csv")
    embedder = load_embedder()
    vectors = embedder.embed(titles)
    _show("the stream", days, replay(days, titles, vectors, lambda some: likeliest_cause(some, embedder)))
    for seed in range(1, shuffles + 1):
        moved = shuffled_within_weekday(days, seed=seed)
        _show(f"shuffle {seed}", moved, replay(moved, titles, vectors))
    return 0


def _show(name: str, days: Sequence[date], alarms: Iterator[Alarm]) -> None:
    raised = 0
    for alarm in alarms:
        raised += 1
        sys.stdout.write(
            f"{name}: {alarm.week}, ended {alarm.ended}, {'new  ' if alarm.fresh else 'again'} {alarm.name!r} "
            f"{alarm.count} contacts, expected {alarm.expected} (up to {alarm.high}), p {alarm.p_value:.1e} "
            f"{alarm.cause}\n"
        )
    judged = ((max(days) - min(days)).days / 7 - FIRST) / 13
    sys.stdout.write(f"{name}: {raised} alarms in {judged:.1f} quarters, {raised / judged:.2f} per quarter\n")


if __name__ == "__main__":
    sys.exit(main())
