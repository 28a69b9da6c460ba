"""What can be done with a theme: the right side of its page. Every change has its way back."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.wording import CAUSES, cause_name, stage_name
from ui.board_words import Json, choice, field, fold, form, press
from ui.rendering import Html, day, element, link

_NEXT = {
    "new": (("Accept", "accepted"),),
    "accepted": (("Start work", "in_progress"),),
    "in_progress": (),
    "shipped": (),
    "measured": (),
    "dismissed": (("Reopen", "new"),),
}


def work_pane(theme: Json, others: Sequence[Json], refusal: str) -> Html:
    """Forms and buttons, or why this visitor has none."""
    if refusal:
        return element("div", element("p", refusal), _proposal(theme["id"]), class_="work read-only")
    theme_id = theme["id"]
    return element(
        "div",
        _steps(theme),
        _judgement(theme),
        fold(
            "Ship a fix",
            form(
                {"do": "fix", "theme": theme_id},
                field("what", "What changed", rows=3, hint="In a sentence that people would understand"),
                field("shipped_on", "Live since", kind="date"),
                field("link", "Link", kind="url", hint="https://…"),
                choice(
                    "picked_by",
                    "Why this theme was chosen",
                    (("volume", "It stood high on the list"), ("rise", "It rose against its history")),
                    "volume",
                    data_field="picked_by",
                ),
                submit="Shipped",
            ),
        ),
        fold(
            "Owner, due date, tracker", _planning(theme), open_=bool(theme["owner"] or theme["due"] or theme["tracker"])
        ),
        fold(
            "Comment or propose",
            form({"do": "comment", "theme": theme_id}, field("text", "Comment", rows=2), submit="Comment"),
            _proposal(theme_id),
        ),
        fold(
            "Rename",
            form({"do": "set", "theme": theme_id}, field("name", "Name", value=theme["name"]), submit="Rename"),
            press("Give the name back to the customers' words", {"do": "set", "theme": theme_id, "name": ""})
            if theme.get("named_by")
            else None,
        ),
        fold("Merge or split", _merge(theme_id, others), _split(theme_id)),
        fold(
            "Dismiss or ignore",
            form(
                {"do": "set", "theme": theme_id, "status": "dismissed"},
                field("reason", "Why not", rows=2, hint="Who asks later wants to know"),
                submit="Dismiss",
            ),
            press(
                "Stop ignoring" if theme["ignored"] else "Ignore: never list it",
                {"do": "ignore", "theme": theme_id, "ignored": not theme["ignored"]},
            ),
        ),
        element(
            "div",
            element(
                "button", "Brief (Markdown)", type="button", class_="small-button", data_download=f"brief/{theme_id}.md"
            ),
            element(
                "button",
                "Draft article",
                type="button",
                class_="small-button",
                data_download=f"article/{theme_id}.md",
                title="From agents' own answers, for a writer",
            ),
            class_="menu",
        ),
        class_="work",
    )


def _steps(theme: Json) -> Html:
    buttons = [
        press(label, {"do": "set", "theme": theme["id"], "status": status}, main=True)
        for label, status in _NEXT.get(theme["status"], ())
    ]
    reason = element("p", f"Dismissed: {theme['reason']}", class_="quiet") if theme["reason"] else None
    return element("div", *buttons, reason, class_="steps")


def _judgement(theme: Json) -> Html:
    """Cause and stage, set with one choice; the first entry gives it back to the model."""
    kept = {name: theme[name]["label"] if theme[name]["by"] else "" for name in ("cause", "stage")}
    model = {name: theme[name]["label"] if not theme[name]["by"] else "" for name in ("cause", "stage")}
    causes = [("", _by_model(cause_name(model["cause"]))), *((key, cause_name(key)) for key in CAUSES)]
    stages = [key for key in dict.fromkeys((*theme["stages"], kept["stage"])) if key]
    return element(
        "div",
        choice("set-cause", "Cause", causes, kept["cause"], data_change="cause", data_theme=theme["id"]),
        choice(
            "set-stage",
            "Stage",
            [("", _by_model(stage_name(model["stage"]))), *((key, stage_name(key)) for key in stages)],
            kept["stage"],
            data_change="stage",
            data_theme=theme["id"],
        ),
        class_="pair",
    )


def _by_model(name: str) -> str:
    return f"{name} (by itself)" if name else "By itself"


def _planning(theme: Json) -> Html:
    return element(
        "div",
        form(
            {"do": "set", "theme": theme["id"]},
            field("owner", "Owner", value=theme["owner"]),
            field("due", "Due", value=theme["due"] or "", kind="date"),
            field("tracker", "Tracker link", value=theme["tracker"], kind="url", hint="https://…"),
            submit="Save",
        ),
        element("p", "Due ", day(theme["due"])) if theme["due"] else None,
        element("p", link(theme["tracker"], "Open in the tracker")) if theme["tracker"] else None,
    )


def _proposal(theme_id: str) -> Html:
    return form(
        {"do": "proposal", "theme": theme_id},
        field("text", "What would help", rows=2, hint="Your name goes with it"),
        submit="Propose",
    )


def _merge(theme_id: str, others: Sequence[Json]) -> Html:
    listed = [("", "Choose a theme"), *((o["id"], f"{o['name']} ({o['id']})") for o in others if o["id"] != theme_id)]
    return form(
        {"do": "merge", "theme": theme_id},
        choice("merge-from", "Take in another theme", listed, "", data_field="from", data_list="yes"),
        submit="Merge into this one",
    )


def _split(theme_id: str) -> Html:
    listen = f"?listen={theme_id}"
    return element(
        "p",
        "To split, ",
        element("a", "listen to its contacts", href=listen, data_open=listen),
        " and tick those that belong elsewhere.",
        class_="quiet",
    )
