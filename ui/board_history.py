"""What people wrote about a theme and what was changed, with the way back of each."""

from __future__ import annotations

from typing import Any

from assistant.wording import cause_name, counted, stage_name, status_name
from ui.board_words import Json, press
from ui.rendering import Html, ago, element, first_words

_FIELDS = {"due": "due date", "tracker": "tracker link", "named_by": "who named it"}
_ACTIONS = {
    "merge": "took in another theme",
    "split": "split a theme off",
    "place": "put contacts in",
    "ignore": "ignored it",
    "fix": "shipped a fix",
    "unfix": "took a fix back",
    "withdraw": "took back what somebody wrote",
    "undo": "undid a change",
    "found": "was found by the nightly grouping",
    "named": "was named anew by its contacts",
    "ended": "ended; its contacts went on elsewhere",
    "made": "was split off another theme",
    "effect": "its effect was measured",
}
_UNTOLD = ("found", "ended", "made", "effect", "merge", "split")
"""Actions that say all there is to say; their fields are for programs."""


def notes(theme: Json, *, may_change: bool) -> Html | None:
    """Proposals and comments, each with its way back."""
    written = theme["notes"]
    if not written:
        return None
    rows = (
        element(
            "li",
            element("p", note["text"], class_="written"),
            element(
                "p",
                element("b", "Proposal") if note["kind"] == "proposal" else None,
                element("span", note["actor"]),
                ago(note["at"]),
                _withdraw(note) if may_change else None,
                class_="about",
            ),
            class_=f"is-{note['kind']}",
        )
        for note in written
    )
    return element("section", element("h2", "Proposals and comments"), element("ul", *rows, class_="notes"))


def _withdraw(note: Json) -> Html | None:
    """The way back for what was written here; what an agent said of a contact is set there."""
    if note["contact_id"] is not None:
        return None
    return press("Take back", {"do": "withdraw", "theme": note["theme_id"], "note": note["id"]})


def history(theme: Json) -> Html:
    """The last thirty changes, folded, each with its way back."""
    rows = [_change(theme["id"], change) for change in sorted(theme["history"], key=lambda c: -c["id"])[:30]]
    return element(
        "details",
        element("summary", f"History ({len(theme['history'])})"),
        element("ol", *rows, class_="history") if rows else element("p", "Nothing was changed yet.", class_="quiet"),
        class_="fold",
    )


def _change(theme_id: str, change: Json) -> Html:
    undo = {"do": "undo", "theme": theme_id, "change": change["id"]}
    back = press("Undo", undo) if change["reversible"] else None
    taken_back = element("span", "taken back", class_="quiet") if change["undone"] else back
    return element(
        "li",
        element("p", _words(change)),
        element("p", element("span", change["actor"]), ago(change["at"]), taken_back, class_="about"),
    )


def _words(change: Json) -> str:
    """A line of the history: "status from New to Accepted", "merge: 12 contacts moved"."""
    moved = f": {counted(change['contacts'], 'contact')} moved" if change["contacts"] else ""
    after, before = change["after"], change["before"]
    said = after.get("what") or after.get("text") or before.get("what") or before.get("text")
    quoted = f": “{first_words(said, 120)}”" if said else ""
    told = [
        f"{_FIELDS.get(key, key)} from {_value(key, before.get(key))} to {_value(key, new)}"
        for key, new in after.items()
        if not said and change["action"] not in _UNTOLD
    ]
    words = _ACTIONS.get(change["action"], "")
    return first_words("; ".join(part for part in (words + moved + quoted, *told) if part) or change["action"], 240)


def _value(key: str, value: Any) -> str:
    if value in (None, "", []):
        return "nothing"
    named = {"status": status_name, "cause": cause_name, "stage": stage_name}
    return named[key](str(value)) if key in named else str(value)
