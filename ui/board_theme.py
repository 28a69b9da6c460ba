"""One theme's page: what it is, how it goes, why, in whose words, what was done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from assistant.plots import Mark
from assistant.wording import cause_name, channel_name, counted, movement, share
from ui.board_effect import effect_words
from ui.board_history import history, notes
from ui.board_signals import retests_section, signals_section
from ui.board_words import (
    Json,
    cause_badge,
    fold,
    money_range,
    people,
    press,
    quote_line,
    stage_words,
    status_pill,
    weeks_plot,
)
from ui.rendering import Html, day, element

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def theme_page(theme: Json, brief: Json | None, evidence: Json, currency: str, back: str, *, may_change: bool) -> Html:
    """The left side of the page; what can be done with it stands on the right."""
    return element(
        "article",
        element("a", "All themes", href=back or "/board", data_open=back or "?", class_="back"),
        _title(theme),
        element("div", _facts(theme, currency), _rank_words(theme, currency)),
        _always_asked(theme),
        element("p", brief["problem"], class_="problem") if brief else None,
        _plot(theme),
        _quotes(theme),
        signals_section(evidence["signals"]),
        _traces(brief) if brief else None,
        _channels(theme),
        _why(theme, brief),
        retests_section(evidence["retests"]),
        notes(theme, may_change=may_change),
        history(theme),
        class_="theme-page",
    )


def _title(theme: Json) -> Html:
    where = f"merged into {theme['merged_into']}" if theme["merged_into"] else "ended" if theme["ended_at"] else ""
    return element(
        "div",
        element("h1", theme["name"], " ", element("span", theme["id"], class_="theme-id")),
        element(
            "p",
            status_pill(theme["status"]),
            cause_badge(theme["cause"]),
            element("span", stage_words(theme["stage"])),
            element("span", "ignored", class_="status") if theme["ignored"] else None,
            element("span", where, class_="status") if where else None,
            class_="about",
        ),
        class_="title",
    )


def _facts(theme: Json, currency: str) -> Html:
    facts = [
        ("Contacts", f"{theme['contacts']:,}", people(theme)),
        ("Cost", money_range(theme["cost"], currency), _rate(theme, currency)),
        ("Share", share(theme["share"]), "of all contacts"),
        ("Rank", str(theme["rank"]), movement(theme["moved"])),
    ]
    if theme["answered"] is not None:
        facts.append(("Answered in full", share(theme["answered"]), f"of {theme['asked']:,} asked"))
    if theme["rating"] is not None:
        facts.append(("Rating", f"{theme['rating']:.1f}", f"of 5, {counted(theme['ratings'], 'rating')}"))
    cells = (
        element("div", element("dt", name), element("dd", element("b", value), element("small", more)))
        for name, value, more in facts
    )
    return element("dl", *cells, class_="facts-row")


def _always_asked(theme: Json) -> Html | None:
    """The sign that no article will help, where it is there."""
    if not theme["signals"].get("asked_often"):
        return None
    return element("p", element("b", "Answered well and still asked often. "),
                   "The articles work; what is asked about does not explain itself.", class_="design-sign")  # fmt: skip


def _rank_words(theme: Json, currency: str) -> Html | None:
    """How the rank comes about, with the numbers, so that a person can recompute it."""
    if theme["cost"] is None:
        return None
    minutes, rate = theme["minutes"]["typical"], theme["hourly_rate"]["typical"]
    sum_ = f"{theme['contacts']:,} contacts × {minutes:g} min ÷ 60 × {currency} {rate:g} an hour"
    usual = f" = {currency} {theme['cost']['typical']:,.0f}. "
    return fold(
        "How the rank comes about",
        element("p", sum_, usual, "The most costly theme has rank 1; where costs are equal, more contacts go first."),
    )


def _rate(theme: Json, currency: str) -> str:
    """What a person needs to recompute the cost."""
    minutes, rate = theme["minutes"], theme["hourly_rate"]
    return f"{minutes['low']:g} to {minutes['high']:g} min each, {currency} {rate['low']:g} to {rate['high']:g} an hour"


def _plot(theme: Json) -> Html:
    fixes = theme["fixes"]
    weeks = theme["weeks"]
    marks = [Mark(_week_of(fix), _letter(n)) for n, fix in enumerate(fixes)]
    told = latest_week(weeks[-1], f"{datetime.now(UTC):%G-W%V}") if weeks else "No weeks yet."
    return element(
        "section",
        element("h2", "Contacts a week"),
        element("p", told, element("span", " Spike.", class_="spike") if theme["spiking"] else None, class_="quiet"),
        weeks_plot(weeks, marks) if weeks else None,
        element("ul", *(_fix(theme, fix, _letter(n)) for n, fix in enumerate(fixes)), class_="fixes")
        if fixes
        else None,
    )


def latest_week(last: Json, running: str) -> str:
    """The latest week in words; the one that is `running` has what came so far, of which as much is expected.

    >>> latest_week({"week": "2026-W48", "contacts": 1, "low": 0, "high": 2}, "2026-W48")
    '1 contact so far in 2026-W48, 0 to 2 expected by its own history'
    """
    so_far = " so far" if last["week"] == running else ""
    told = f"{counted(last['contacts'], 'contact')}{so_far} in {last['week']}"
    return told if last["low"] is None else f"{told}, {last['low']} to {last['high']} expected by its own history"


def _letter(number: int) -> str:
    return _LETTERS[number % len(_LETTERS)]


def _week_of(fix: Json) -> str:
    return str((fix.get("effect") or {}).get("shipped_week") or "")


def _fix(theme: Json, fix: Json, letter: str) -> Html:
    return element(
        "li",
        element("b", letter, class_="letter"),
        element(
            "div",
            element("p", day(fix["shipped_on"]), f" · {fix['what']}"),
            effect_words(fix.get("effect"), fix["shipped_on"], letter),
            element(
                "p",
                element("span", fix["actor"]),
                press("Take back", {"do": "unfix", "theme": theme["id"], "fix": fix["id"]}),
                class_="about",
            ),
        ),
    )


def _quotes(theme: Json) -> Html:
    listen = f"?listen={theme['id']}"
    return element(
        "section",
        element("h2", "In their words"),
        element("ul", *(quote_line(quote, day(quote["at"])) for quote in theme["quotes"]), class_="voices"),
        element(
            "a",
            f"Listen to the {counted(theme['contacts'], 'contact')}",
            href=listen,
            data_open=listen,
            class_="listen-link",
        ),
    )


def _traces(brief: Json) -> Html | None:
    columns = [
        element(
            "div",
            element("h2", title),
            element(
                "ul",
                *(
                    element("li", each["text"], element("small", counted(each["contacts"], "contact")))
                    for each in listed
                ),
            ),
        )
        for title, listed in (("What they name", brief["screens"]), ("What they tried", brief["steps"]))
        if listed
    ]
    return element("section", *columns, class_="traces") if columns else None


def _channels(theme: Json) -> Html | None:
    rows = theme["channels"]
    if not rows:
        return None
    head = element(
        "tr", *(element("th", name, scope="col") for name in ("Channel", "Contacts", "Of the channel", "Cause"))
    )
    body = (
        element(
            "tr",
            element("td", channel_name(row["channel"])),
            element("td", f"{row['contacts']:,}"),
            element("td", share(row["share"]), element("b", " stands out") if row["stands_out"] else None),
            element("td", cause_name(row["cause"]) if row["cause"] else "–"),
        )
        for row in rows
    )
    return element(
        "section",
        element("h2", "Channels"),
        element("table", element("thead", head), element("tbody", *body), class_="plain"),
        *(element("p", each["text"], class_="contradiction") for each in theme["contradictions"]),
    )


def _why(theme: Json, brief: Json | None) -> Html:
    shares = list(theme["cause"]["shares"].items())[:4]
    parties = sorted(theme["parties"], key=lambda name: -theme["parties"][name])[:4]
    evidence = brief["evidence"] if brief else []
    return element(
        "section",
        element("h2", "Why"),
        element("p", brief["cause"], class_="cause-told") if brief else None,
        element("p", *_joined([f"{cause_name(label)} {share(p)}" for label, p in shares])) if shares else None,
        element("p", f"Named as responsible outside: {', '.join(parties)}.") if parties else None,
        element("ul", *(quote_line(quote, day(quote["at"])) for quote in evidence), class_="voices")
        if evidence
        else None,
        _nearest(theme.get("nearest") or ()),
    )


def _joined(parts: Sequence[str]) -> list[str]:
    return [" · ".join(parts)]


def _nearest(documents: Sequence[Any]) -> Html | None:
    named = [str(d.get("title") or d.get("document_id")) if isinstance(d, dict) else str(d) for d in documents]
    if not named:
        return None
    return element("p", "Articles that came nearest: ", ", ".join(named[:3]), ".", class_="quiet")
