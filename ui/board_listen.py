"""Listening: real, redacted contacts of a theme, one after the other, and what was read is remembered."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from assistant.wording import CAUSES, cause_name, channel_name, counted, stage_name
from ui.board_words import Json, choice, field
from ui.rendering import Html, day, element

_VERDICTS = {
    "answered": "The knowledge answered this.",
    "partial": "The knowledge answered a part.",
    "gap": "Nobody but a person could answer.",
}


def listen_page(theme: Json, found: Json, *, may_change: bool, again: bool = False) -> Html:
    """The queue: the first contact is shown, the script brings the next; `again` brings those that were heard too."""
    contacts = found["contacts"]
    back = f"?theme={theme['id']}"
    head = element(
        "div",
        element("a", theme["name"], href=back, data_open=back, class_="back"),
        element("p", f"{found['read']:,} of {counted(found['total'], 'contact')} heard by you", class_="quiet"),
        None if again or not found["read"] or not contacts else _again(theme["id"]),
        class_="listen-head",
    )
    if not contacts:
        return element("article", head, _all_heard(theme, found), class_="listen-page")
    cards = [
        _card(theme, contact, number, len(contacts), may_change=may_change)
        for number, contact in enumerate(contacts, 1)
    ]
    return element(
        "article",
        head,
        *cards,
        _end(theme, len(contacts), again=again),
        _split(theme["id"]) if may_change else None,
        class_="listen-page",
    )


def _card(theme: Json, contact: Json, number: int, count: int, *, may_change: bool) -> Html:
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
            *(_judges(theme, contact) if may_change else ()),
            element(
                "label",
                element("input", type="checkbox", value=contact["id"], data_split=theme["id"]),
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


def _judges(theme: Json, contact: Json) -> tuple[Html, Html]:
    """One choice for the cause and one for the stage; the first entry takes back what was said."""
    stages = tuple((key, stage_name(key)) for key in theme["stages"])
    causes = tuple((key, cause_name(key)) for key in CAUSES)
    return _judge(contact, "cause", causes, cause_name), _judge(contact, "stage", stages, stage_name)


def _judge(contact: Json, field: str, options: Sequence[tuple[str, str]], named: Callable[[str], str]) -> Html:
    judged, title = contact[field], field.capitalize()
    said = judged["label"] if judged["by"] else ""
    if judged["by"]:
        first = f"Take back what {judged['by']} said"
    else:
        first = f"{title}: {named(judged['label'])}, says the model" if judged["label"] else f"{title}: not judged"
    label = f"{title}, says {judged['by']}" if judged["by"] else title
    known = options if not said or said in dict(options) else ((said, named(said)), *options)
    return choice(
        f"{field}-{contact['id']}", label, [("", first), *known], said,
        data_reason=str(contact["id"]), data_of=field, data_was=said,
    )  # fmt: skip


def _again(theme_id: str) -> Html:
    address = f"?listen={theme_id}&again=1"
    return element("a", "Hear all again", href=address, data_open=address, class_="hear-again")


def _end(theme: Json, count: int, *, again: bool) -> Html:
    more, back = f"?listen={theme['id']}", f"?theme={theme['id']}"
    return element(
        "section",
        element("h1", f"You have listened to {counted(count, 'person', 'people')}."),
        element("p", "What would have made each of them not write? Note it on the theme while you remember."),
        element(
            "p",
            _again(theme["id"]) if again else element("a", "Listen to more", href=more, data_open=more),
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
        element("p", _again(theme["id"])) if found["total"] else None,
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
