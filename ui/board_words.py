"""Pieces that the board's pages share: badges, movement, money, trend, small forms."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from assistant.plots import Mark, Week, sparkline, timeline
from assistant.wording import CAUSES, cause_name, counted, movement, share, stage_name, status_name, two_figures
from ui.rendering import Html, element, first_words

Json = Mapping[str, Any]
"""A body of the API as the contract has it."""

NOTHING = "-"
"""The value of an empty choice: an option without one would send its words."""
_ARROWS = {"up": "▲", "down": "▼"}
_SURE = 0.5


def cause_badge(cause: Json) -> Html:
    """The cause with how sure, or who said so; unsure ones are drawn in outline."""
    label = cause["label"] or "unclear"
    known = label if label in CAUSES else "unclear"
    told = f"says {cause['by']}" if cause["by"] else share(cause["probability"])
    unsure = " is-unsure" if not cause["by"] and cause["probability"] < _SURE else ""
    maybe = "may be " if unsure and cause["label"] else ""
    return element(
        "span", maybe, element("b", cause_name(label)), " ", element("span", told), class_=f"cause is-{known}{unsure}"
    )


def status_pill(status: str) -> Html:
    """A status in words."""
    return element("span", status_name(status), class_=f"status is-{status}")


def moved_mark(moved: int | None) -> Html:
    """Places won or lost, as an arrow to see and words to hear."""
    words = movement(moved)
    way = "new" if moved is None else "up" if moved > 0 else "down" if moved < 0 else "same"
    seen = "new" if way == "new" else f"{_ARROWS[way]} {abs(moved or 0)}" if way in _ARROWS else "="
    return element("span", seen, class_=f"moved is-{way}", title=words, aria_label=words, role="img")


def money_range(cost: Json | None, currency: str) -> Html:
    """The cost's range, with the usual value for who asks."""
    if cost is None:
        return element("span", "–", class_="quiet")
    low, usual, high = (two_figures(cost[key]) for key in ("low", "typical", "high"))
    return element("span", f"{currency} {low}–{high}", class_="money", title=f"usually about {currency} {usual}")


def stage_words(stage: Json) -> str:
    """The journey stage, with the name of who said so."""
    if not stage["label"]:
        return "not judged yet"
    return stage_name(stage["label"]) + (f", says {stage['by']}" if stage["by"] else "")


def trend(weeks: Sequence[Json], *, spiking: bool) -> Html:
    """The sparkline, and the word "spike" where the last week stands out."""
    drawn = Html(sparkline(_weeks(weeks[-26:])))
    return element("span", drawn, element("span", "spike", class_="spike") if spiking else None, class_="trend")


def weeks_plot(weeks: Sequence[Json], marks: Sequence[Mark]) -> Html:
    """All weeks with expected range, spikes and fixes."""
    return element("div", Html(timeline(_weeks(weeks), marks)), class_="weeks")


def choice(name: str, label: str, options: Iterable[tuple[str, str]], value: str, **attributes: str) -> Html:
    """A labelled select; `attributes` say what a change of it does."""
    listed = (element("option", shown, value=key or NOTHING, selected=key == value) for key, shown in options)
    select = element("select", *listed, id=name, **attributes)
    return element("label", element("span", label, class_="label"), select, class_=f"field is-{name}")


def field(name: str, label: str, *, value: str = "", kind: str = "text", rows: int = 0, hint: str = "") -> Html:
    """A labelled input of a form; `name` is its key in what is sent."""
    named = {"data_field": name, "placeholder": hint}
    box = (
        element("textarea", value, rows=rows, **named)
        if rows
        else element("input", type=kind, value=value, autocomplete="off", **named)
    )
    return element("label", element("span", label, class_="label"), box, class_="field")


def form(action: Json, *inside: Html | None, submit: str) -> Html:
    """Inputs with the button that sends them, together with `action`."""
    button = element("button", submit, type="button", class_="small-button is-main", data_submit=True)
    return element("div", *inside, button, class_="form-box", data_form=json.dumps(dict(action)))


def fold(title: str, *inside: Html | None, open_: bool = False) -> Html:
    """Something that is opened when it is needed."""
    return element("details", element("summary", title), *inside, class_="fold", open=open_)


def press(label: str, action: Json, *, main: bool = False) -> Html:
    """A button that does one thing at once."""
    return element(
        "button",
        label,
        type="button",
        class_=f"small-button{' is-main' if main else ''}",
        data_action=json.dumps(dict(action)),
    )


def quote_line(quote: Json, when: Html) -> Html:
    """What somebody wrote, in the voice that is theirs, and where."""
    rated = f", rated {quote['rating']:g} of 5" if quote.get("rating") is not None else ""
    channel = quote["channel"].replace("_", " ") or "channel unknown"
    return element(
        "li",
        element("blockquote", f"“{first_words(quote['text'], 300)}”"),
        element("p", element("span", f"{channel}{rated}"), when, class_="about"),
    )


def people(theme: Json) -> str:
    """Distinct people in words, empty where nobody knows."""
    return counted(theme["people"], "person", "people") if theme["people"] is not None else ""


def _weeks(weeks: Sequence[Json]) -> list[Week]:
    return [Week(w["week"], w["contacts"], w["low"], w["high"], w["spike"]) for w in weeks]
