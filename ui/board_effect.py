"""What a fix did, in a sentence, in numbers before and after, and as a plot beside themes that nobody touched."""

from __future__ import annotations

from assistant.plots import Mark, compared
from assistant.wording import counted
from ui.board_words import Json, fold
from ui.rendering import Html, day, element

_PER = 1000.0


def effect_words(effect: Json | None, shipped_on: str, letter: str) -> Html | None:
    """The change against untouched themes with its interval, what to be careful about, and the numbers behind it."""
    if effect is None:
        return None
    return element("div", _sentence(effect), _rates(effect, shipped_on), _plot(effect, letter))


def _sentence(effect: Json) -> Html:
    if effect["ratio"] is None:
        weeks = counted(effect["weeks_after"], "week")
        return element("p", element("b", "Not enough data yet. "), f"{weeks} since it shipped.", class_="effect")
    low, high = _factor(effect["low"]), _factor(effect["high"])
    held = (
        f" than without it, against {counted(effect['comparable'], 'untouched theme')}" if effect["comparable"] else ""
    )
    return element(
        "p",
        element("b", f"{_factor(effect['ratio'])} contacts", class_=f"is-{effect['verdict'].replace(' ', '-')}"),
        f"{held}. 95 % sure: {low} to {high}.",
        " No clear change." if effect["verdict"] == "no clear change" else "",
        *(element("span", f" {warning.capitalize()}.", class_="warned") for warning in effect["warnings"]),
        class_="effect",
    )


def _factor(ratio: float) -> str:
    percent = round(100 * abs(1 - ratio))
    return "as many" if percent == 0 else f"{percent} % {'fewer' if ratio < 1 else 'more'}"


def _rates(effect: Json, shipped_on: str) -> Html:
    """Contacts, what they are counted against, and the rate, before and after the day it shipped."""
    names = ("", "Weeks", "Contacts", f"Of {_against(effect)}", "Rate")
    rows = (
        (words, effect[f"weeks_{when}"], effect[f"contacts_{when}"], effect[f"exposure_{when}"], effect[f"rate_{when}"])
        for words, when in (("Before", "before"), ("After", "after"))
    )
    body = (
        element(
            "tr",
            element("th", words, scope="row"),
            *(element("td", f"{value:,.0f}") for value in numbers),
            element("td", f"{_PER * rate:,.1f} in 1,000" if numbers[-1] else "–"),
        )
        for words, *numbers, rate in rows
    )
    others = effect["untouched"]
    return element(
        "div",
        element(
            "table",
            element("thead", element("tr", *(element("th", name, scope="col") for name in names))),
            element("tbody", *body),
            class_="effect-facts",
        ),
        element("p", "Shipped ", day(shipped_on), ". ", f"Untouched themes went to {others:.2f} of theirs. "
                if others is not None else None, effect["exposure_note"].capitalize() or None, class_="quiet"),
    )  # fmt: skip


def _against(effect: Json) -> str:
    return "all contacts" if effect["exposure"] == "contacts" else str(effect["exposure"])


def _plot(effect: Json, letter: str) -> Html | None:
    """The whole span that the effect was measured over."""
    weeks = effect["weeks"]
    if len(weeks) < 2:
        return None
    rates = [_PER * contacts / exposure if exposure else 0.0 for _, contacts, exposure in weeks]
    others = [
        _PER * carried / exposure if exposure else 0.0
        for carried, (_, _, exposure) in zip(effect["control"], weeks, strict=bool(effect["control"]))
    ]
    names = [str(week) for week, _, _ in weeks]
    # A fix within a week leaves that week out of both sides: its line stands at the first whole week after.
    shipped = next((name for name in names if name >= effect["shipped_week"]), names[-1])
    drawn = compared(names, rates, others, Mark(shipped, letter))
    words = "a dashed line: this theme if it had moved with the untouched ones" if others else "no comparable themes"
    return fold(
        "Rate a week, before and after",
        element("div", Html(drawn), class_="weeks"),
        element("p", f"Contacts in 1,000 of {_against(effect)}; {words}.", class_="quiet"),
        open_=effect["ratio"] is not None,
    )
