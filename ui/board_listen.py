"""Listening: real, redacted contacts of a theme, one after the other, and what was read is remembered."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.wording import CAUSES, cause_name, channel_name, counted, stage_name
from ui.board_words import Json, choice, field
from ui.rendering import Html, day, element

_VERDICTS = {
    "answered": "The knowledge answered this.",
    "partial": "The knowledge answered a part.",
    "gap": "Nobody but a person could answer.",
}


def listen_page(theme: Json, found: Json, *, may_change: bool) -> Html:
    """The queue: the first contact is shown, the script brings the next."""
    contacts = found["contacts"]
    back = f"?theme={theme['id']}"
    head = element(
        "div",
        element("a", theme["name"], href=back, data_open=back, class_="back"),
        element("p", f"{found['read']:,} of {counted(found['total'], 'contact')} heard by you", class_="quiet"),
        class_="listen-head",
    )
    if not contacts:
        return element("article", head, _all_heard(theme, found), class_="listen-page")
    cards = [
        _card(theme["id"], contact, number, len(contacts), may_change=may_change)
        for number, contact in enumerate(contacts, 1)
    ]
    return element(
        "article",
        head,
        *cards,
        _end(theme, len(contacts)),
        _split(theme["id"]) if may_change else None,
        class_="listen-page",
    )


def _card(theme_id: str, contact: Json, number: int, count: int, *, may_change: bool) -> Html:
    title = (
        contact["title"]
        if contact["title"] and contact["title"] not in contact["text"][: len(contact["title"])]
        else ""
    )
    rated = element("span", f"rated {contact['rating']:g} of 5") if contact["rating"] is not None else None
    return element(
        "section",
        element(
            "p",
            element("span", f"{number} of {count}"),
            element("span", channel_name(contact["channel"])),
            day(contact["at"]),
            rated,
            _heard_by(contact["read_by"]),
            class_="about",
        ),
        element("h1", title) if title else None,
        element("blockquote", contact["text"] or contact["title"]),
        element("p", _VERDICTS[contact["verdict"]], class_="quiet") if contact["verdict"] in _VERDICTS else None,
        _second_opinion(contact["second_opinion"]),
        element(
            "div",
            element("button", "Back", type="button", class_="small-button", data_step="-1", disabled=number == 1),
            element("button", "Next", type="button", class_="small-button is-main", data_step="1"),
            _judge(contact) if may_change else None,
            element(
                "label",
                element("input", type="checkbox", value=contact["id"], data_split=theme_id),
                element("span", "belongs elsewhere"),
                class_="tick",
            )
            if may_change
            else None,
            class_="listen-actions",
        ),
        class_="card",
        hidden=number != 1,
        data_contact=contact["id"],
        tabindex="-1",
    )


def _second_opinion(opinion: Json | None) -> Html | None:
    if opinion is None or not opinion["cause"]:
        return None
    stage = f", {stage_name(opinion['stage'])}" if opinion["stage"] else ""
    return element("p", f"The chat model takes it for: {cause_name(opinion['cause'])}{stage}", class_="quiet")


def _heard_by(names: Sequence[str]) -> Html | None:
    return element("span", f"heard by {', '.join(names[:4])}") if names else None


def _judge(contact: Json) -> Html:
    label = contact["cause"]["label"]
    options = [("", "Cause: not judged"), *((key, cause_name(key)) for key in CAUSES)]
    return choice(f"cause-{contact['id']}", "Cause", options, label, data_reason=str(contact["id"]))


def _end(theme: Json, count: int) -> Html:
    again, back = f"?listen={theme['id']}", f"?theme={theme['id']}"
    return element(
        "section",
        element("h1", f"You have listened to {counted(count, 'person', 'people')}."),
        element("p", "What would have made each of them not write? Note it on the theme while you remember."),
        element(
            "p",
            element("a", "Listen to more", href=again, data_open=again),
            " · ",
            element("a", "Back to the theme", href=back, data_open=back),
        ),
        class_="card is-end",
        hidden=True,
        tabindex="-1",
    )


def _all_heard(theme: Json, found: Json) -> Html:
    back = f"?theme={theme['id']}"
    words = "You have heard everybody." if found["total"] else "Nobody has written about this yet."
    return element(
        "section",
        element("h1", words),
        element("p", element("a", "Back to the theme", href=back, data_open=back)),
        class_="card",
    )


def _split(theme_id: str) -> Html:
    """Shown by the script as soon as a contact is ticked."""
    return element(
        "div",
        element("b", "", class_="ticked"),
        field("name", "Name of the new theme", hint="or leave it to their words"),
        element("button", "Split off", type="button", class_="small-button is-main", data_split_off=theme_id),
        class_="split-bar",
        hidden=True,
    )
