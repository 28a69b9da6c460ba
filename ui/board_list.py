"""The board's first page: themes of a period by rank, with filters."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from assistant.wording import CAUSES, STATUSES, cause_name, channel_name, counted, share, stage_name
from ui.board_calls import MOST, PAGE, PERIODS, Wanted
from ui.board_signals import SIGNALS
from ui.board_words import (
    Json,
    cause_badge,
    choice,
    fold,
    money_range,
    moved_mark,
    people,
    stage_words,
    status_pill,
    trend,
)
from ui.rendering import Html, days, element, first_words

_COLUMNS = ("Rank", "Theme", "Contacts", "Trend", "Cost", "Cause", "Stage", "Status")
_EXPORTS = (
    ("csv", "Spreadsheet (CSV)"),
    ("md", "Markdown"),
    ("github", "GitHub issues (JSON)"),
    ("jira", "Jira (CSV)"),
    ("linear", "Linear (CSV)"),
)


def list_page(found: Json, wanted: Wanted, limit: int) -> Html:
    """The whole page."""
    parts = (_head(found, wanted), _filters(found, wanted), _body(found, wanted, limit))
    return element("div", *parts, class_="themes-page")


def theme_address(theme_id: str, period: str) -> str:
    """The address of a theme's page, in the same period."""
    return "?" + urlencode({"theme": theme_id} | ({"period": period} if period else {}))


def _head(found: Json, wanted: Wanted) -> Html:
    period = found["period"]
    address = "?" + urlencode({"view": "loose"} | ({"period": wanted.period} if wanted.period else {}))
    alone = element("a", f"{found['unthemed']:,} in no theme", href=address, data_open=address)
    return element(
        "div",
        element(
            "div",
            element("h1", "What makes people write in"),
            element(
                "p",
                days(period["first"], period["last"]),
                f" · {counted(found['all_contacts'], 'contact')}",
                *((", ", alone) if found["unthemed"] else ()),
            ),
            class_="introduction",
        ),
        fold(
            "Export",
            element(
                "div",
                *(
                    element("button", words, type="button", class_="small-button", data_download=f"themes/{key}")
                    for key, words in _EXPORTS
                ),
                class_="menu",
            ),
        ),
        class_="page-head",
    )


def _filters(found: Json, wanted: Wanted) -> Html:
    channels = [
        ("", "Any channel"),
        *((name, channel_name(name)) for name in _known(found["channels"], wanted.channel)),
    ]
    causes = [("", "Any cause"), *((key, cause_name(key)) for key in CAUSES)]
    known = [key for key in dict.fromkeys((*found["stages"], wanted.stage)) if key]
    stages = [("", "Any stage"), *((key, stage_name(key)) for key in known)]
    signals = [("", "Any signal"), *((key, name) for key, (name, _) in SIGNALS.items())]
    return element(
        "div",
        _statuses(found, wanted),
        choice("period", "Period", PERIODS, wanted.period, data_filter="period"),
        choice("cause", "Cause", causes, wanted.cause, data_filter="cause"),
        choice("stage", "Stage", stages, wanted.stage, data_filter="stage"),
        choice("signal", "Signal", signals, wanted.signal, data_filter="signal"),
        choice("channel", "Channel", channels, wanted.channel, data_filter="channel"),
        element(
            "label",
            element("span", "Words", class_="label"),
            element(
                "input",
                type="search",
                value=wanted.text,
                data_filter="text",
                placeholder="in the name, its words or quotes",
                id="text",
            ),
            class_="field is-text",
        ),
        class_="filters",
        role="search",
    )


def _known(channels: Mapping[str, int], chosen: str) -> list[str]:
    return [name for name in sorted({*channels, chosen}) if name]


def _statuses(found: Json, wanted: Wanted) -> Html:
    counts = found["by_status"]
    named = [("", "All", sum(counts.values())), *((key, words, counts.get(key, 0)) for key, words in STATUSES.items())]
    return element(
        "div",
        *(
            element(
                "button",
                words,
                element("span", f"{count:,}", class_="count"),
                type="button",
                data_set=f"status={key}",
                aria_pressed="true" if wanted.status == key and not wanted.ignored else "false",
            )
            for key, words, count in named
        ),
        element(
            "button", "Ignored", type="button", data_set="ignored=1", aria_pressed="true" if wanted.ignored else "false"
        ),
        class_="segments",
        role="group",
        aria_label="Status",
    )


def _body(found: Json, wanted: Wanted, limit: int) -> Html:
    rows = found["themes"]
    if not rows:
        return _nothing(found, wanted)
    head = element("tr", *(element("th", name, scope="col", class_=f"is-{name.lower()}") for name in _COLUMNS))
    body = (_row(theme, found["currency"], wanted.period) for theme in rows)
    hidden = found["total"] - len(rows)
    return element(
        "div",
        element("table", element("thead", head), element("tbody", *body), class_="themes"),
        element(
            "button", f"Show {min(hidden, PAGE)} more", type="button", class_="small-button", data_more=limit + PAGE
        )
        if hidden > 0 and limit < MOST
        else None,
    )


def _row(theme: Json, currency: str, period: str) -> Html:
    address = theme_address(theme["id"], period)
    quote = theme["quotes"][0]["text"] if theme["quotes"] else ""
    return element(
        "tr",
        element("td", element("b", str(theme["rank"])), moved_mark(theme["moved"]), class_="is-rank"),
        element(
            "td",
            element("a", theme["name"], href=address, data_open=address),
            element("span", "answered well, still asked", class_="design-sign is-small")
            if theme["signals"].get("asked_often")
            else None,
            element("span", f"“{first_words(quote, 110)}”", class_="said") if quote else None,
            class_="is-theme",
        ),
        element(
            "td",
            element("b", f"{theme['contacts']:,}"),
            element("small", people(theme) or share(theme["share"])),
            class_="is-contacts",
        ),
        element("td", trend(theme["weeks"], spiking=theme["spiking"]), class_="is-trend"),
        element("td", money_range(theme["cost"], currency), class_="is-cost"),
        element("td", cause_badge(theme["cause"]), class_="is-cause"),
        element("td", stage_words(theme["stage"]), class_="is-stage"),
        element("td", status_pill(theme["status"]), class_="is-status"),
    )


def _nothing(found: Json, wanted: Wanted) -> Html:
    if wanted.restrict:
        return element(
            "div",
            element("h2", "No theme fits these filters"),
            element("p", "Widen them, or ", element("a", "show all themes", href="/board"), "."),
            class_="empty",
        )
    if found["all_contacts"] or found["unthemed"]:
        return element(
            "div",
            element("h2", "No themes yet"),
            element(
                "p",
                f"{counted(found['all_contacts'], 'contact')} came in. They are grouped once a night, at once with ",
                element("kbd", "waypost gaps themes"),
                "; a theme needs three that are alike. Until then, take a longer period, or look at the ",
                element("a", "single questions", href="/gaps"),
                ".",
            ),
            class_="empty",
        )
    return element(
        "div",
        element("h2", "Nobody has written in yet"),
        element(
            "p",
            "Every question asked on the ",
            element("a", "desk", href="/desk"),
            " lands here, grouped with those that are like it. To begin with the past, ingest your tickets and run ",
            element("kbd", "waypost gaps mine"),
            " on the command line.",
        ),
        class_="empty",
    )
