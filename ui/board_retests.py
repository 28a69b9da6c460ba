"""What asking questions again has changed: answers that were lost first, then theme by theme."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from assistant.wording import counted
from ui.board_signals import retest_lists
from ui.board_words import Json
from ui.rendering import Html, day, element

_LEADS = ("regressed", "worse", "improved", "closed")


def retests_page(runs: Sequence[Json]) -> Html:
    """The whole page, over the latest runs."""
    if not runs:
        return element(
            "div",
            element("h1", "Nothing was asked again yet"),
            element("p", "Every ingest asks the open questions again that it can have touched; ",
                    element("kbd", "waypost gaps retest"), " does it by hand."),
            class_="empty",
        )  # fmt: skip
    lines = [line for run in runs for line in run["gaps"]]
    lost = [line for line in lines if line["result"] == "regressed"]
    rest = [line for line in lines if line["result"] != "regressed"]
    return element(
        "article",
        element(
            "div",
            element("h1", "What asking again changed"),
            element(
                "p", f"{counted(len(runs), 'retest')}, the latest on ", day(runs[0]["at"]), ": ", _run_words(runs[0])
            ),
            class_="introduction",
        ),
        element("section", *retest_lists(lost, 100), class_="signals") if lost else _none_lost(),
        *(_theme(name, mine) for name, mine in _by_theme(rest)),
        class_="retests-page",
    )


def _none_lost() -> Html:
    return element("p", "No question that was answered before has lost its answer.", class_="quiet")


def _run_words(run: Json) -> str:
    counts = ", ".join(f"{count:,} {result}" for result, count in sorted(run["results"].items()))
    return f"{counted(run['asked'], 'question')} of {run['open']:,} open ones and of earlier answers" + (
        f", {counts}" if counts else ""
    )


def _by_theme(lines: Sequence[Json]) -> list[tuple[str, list[Json]]]:
    """Lines by the name of their theme, the theme with most of them first, those in none last."""
    found: dict[str, list[Json]] = {}
    for line in lines:
        found.setdefault(line["theme_name"] or "", []).append(line)
    return sorted(found.items(), key=lambda pair: (not pair[0], -len(pair[1]), pair[0]))


def _theme(name: str, lines: Sequence[Json]) -> Html:
    counts = Counter(line["result"] for line in lines)
    told = ", ".join(f"{counts[result]} {result}" for result in _LEADS if counts[result])
    return element(
        "section",
        element("h2", name or "In no theme", " ", element("span", told, class_="theme-id")),
        *retest_lists(lines),
        class_="signals",
    )
