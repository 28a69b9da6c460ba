"""Contacts that the grouping left alone: to read, and to put into a theme where a person sees that they belong."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.wording import channel_name, counted
from ui.board_calls import PERIODS, Wanted
from ui.board_words import Json, cause_badge, choice
from ui.rendering import Html, day, days, element, first_words


def loose_page(found: Json, themes: Sequence[Json], wanted: Wanted, *, may_change: bool) -> Html:
    """The whole page."""
    return element(
        "article",
        element(
            "div",
            element("h1", "In no theme"),
            element(
                "p",
                days(found["period"]["first"], found["period"]["last"]),
                f" · {counted(found['total'], 'contact')} like too few others. They are looked at again every night; ",
                "one that you put into a theme stays there.",
            ),
            class_="introduction",
        ),
        element(
            "div",
            choice("period", "Period", PERIODS, wanted.period, data_filter="period"),
            element(
                "label",
                element("span", "Words", class_="label"),
                element("input", type="search", value=wanted.text, data_filter="text", id="text"),
                class_="field is-text",
            ),
            class_="filters",
            role="search",
        ),
        _list(found["contacts"], themes, may_change=may_change),
        element("p", f"and {found['total'] - len(found['contacts']):,} more", class_="quiet")
        if found["total"] > len(found["contacts"])
        else None,
        class_="loose-page",
    )


def _list(contacts: Sequence[Json], themes: Sequence[Json], *, may_change: bool) -> Html:
    if not contacts:
        return element("p", "Every contact of this period is in a theme.", class_="quiet")
    options = [("", "Put into a theme …"), *((theme["id"], theme["name"]) for theme in themes)] if may_change else []
    return element("ul", *(_contact(contact, options) for contact in contacts), class_="loose")


def _contact(contact: Json, options: Sequence[tuple[str, str]]) -> Html:
    words = contact["text"] or contact["title"]
    rated = element("span", f"rated {contact['rating']:g} of 5") if contact["rating"] is not None else None
    return element(
        "li",
        element(
            "div",
            element("blockquote", first_words(words, 280)),
            element(
                "p",
                element("span", channel_name(contact["channel"])),
                day(contact["at"]),
                rated,
                cause_badge({**contact["cause"], "by": ""}) if contact["cause"]["label"] else None,
                class_="about",
            ),
        ),
        choice(f"place-{contact['id']}", "Theme", options, "", data_place=str(contact["id"])) if options else None,
    )
