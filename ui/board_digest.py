"""The digest's page: the list of a week as it was given out, with the way to each theme."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.wording import counted, share
from ui.board_words import (
    Json,
    cause_badge,
    choice,
    money_range,
    moved_mark,
    people,
    quote_line,
    stage_words,
    trend,
)
from ui.rendering import Html, day, days, element


def digest_page(digest: Json | None, weeks: Sequence[str]) -> Html:
    """The whole page, or how the first digest comes about."""
    if digest is None:
        return element(
            "div",
            element("h1", "No digest yet"),
            element(
                "p",
                "The list of a week is made once, when the week has ended, and never changes. To make one: ",
                element("kbd", "waypost gaps digest --week 2024-W30"),
                ".",
            ),
            class_="empty",
        )
    week = digest["week"]
    listed = [(each, each) for each in dict.fromkeys((week, *weeks))]
    return element(
        "article",
        element(
            "div",
            element(
                "div",
                element("h1", "The week ", days(digest["period"]["first"], digest["period"]["last"])),
                element("p", digest["headline"]),
                class_="introduction",
            ),
            element(
                "div",
                choice("week", "Week", sorted(listed, reverse=True), week, data_filter="digest"),
                *(
                    element("button", name, type="button", class_="small-button", data_download=f"digest/{week}.{end}")
                    for end, name in (("md", "Markdown"), ("html", "HTML"), ("json", "JSON"))
                ),
                class_="menu",
            ),
            class_="page-head",
        ),
        element(
            "ul",
            *(
                element("li", element("b", h["name"]), " ", h["text"], class_=f"is-{h['kind']}")
                for h in digest["highlights"]
            ),
            class_="highlights",
        ),
        element("ol", *(_theme(theme, digest["currency"]) for theme in digest["themes"]), class_="digest-list")
        if digest["themes"]
        else _quiet_week(),
        _retests("Answered now", "Gaps that a retest closed this week.", digest["answered_now"]),
        _retests("Answered no longer", "The knowledge answered these before.", digest["regressed"]),
        class_="digest-page",
    )


def not_yet_page(why: str) -> Html:
    """Why the list of a week can't be made at this moment."""
    return element("div", element("h1", "Not yet"), element("p", why), class_="empty")


def _quiet_week() -> Html:
    """What to do where a week's list is empty: it stays so, since a digest never changes."""
    return element(
        "div",
        element("h2", "No theme had contacts in this week"),
        element(
            "p",
            "Choose another week above, or see ",
            element("a", "what makes people write in", href="/board", data_open="?"),
            " over a longer period.",
        ),
        class_="empty",
    )


def _theme(theme: Json, currency: str) -> Html:
    address = f"?theme={theme['id']}"
    who = people(theme)
    return element(
        "li",
        element("div", element("b", str(theme["rank"])), moved_mark(theme["moved"]), class_="is-rank"),
        element(
            "div",
            element("h2", element("a", theme["name"], href=address, data_open=address)),
            element(
                "p",
                element("span", counted(theme["contacts"], "contact") + (f" from {who}" if who else "")),
                element("span", share(theme["share"]) + " of all"),
                money_range(theme["cost"], currency),
                cause_badge(theme["cause"]),
                element("span", stage_words(theme["stage"])),
                class_="about",
            ),
            element("ul", *(quote_line(quote, day(quote["at"])) for quote in theme["quotes"][:2]), class_="voices"),
        ),
        trend(theme["weeks"], spiking=theme["spiking"]),
    )


def _retests(title: str, said: str, gaps: Sequence[Json]) -> Html | None:
    if not gaps:
        return None
    return element(
        "section",
        element("h2", title),
        element("p", said, class_="quiet"),
        element("ul", *(element("li", gap["question"]) for gap in gaps[:10]), class_="plain-list"),
    )
