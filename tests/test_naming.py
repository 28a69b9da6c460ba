"""Whom a reply greets, and an old reply that is used again: no name of anybody else, no marks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from answering_desk import WIFI, Desk

from assistant.answering.naming import named, sendable
from assistant.domain import Question, Turn
from ui import desk_calls
from ui.client import Client
from ui.desk_draft import suggestions_panel

ASK = "How do I print my calendar?"


class Direct(Client):
    """The desk's client over the API in this process."""

    def __init__(self, desk: Desk) -> None:
        super().__init__("http://testserver", "local-token")
        self.desk = desk

    def get(self, path: str, parameters: Mapping[str, Any] | None = None) -> Any:
        return self.desk.get(path, **{name: value for name, value in (parameters or {}).items() if value is not None})


@pytest.mark.parametrize(
    ("signed", "name"),
    [
        ("Best, Maria", "Maria"),
        ("Best regards,\nMaria Lopez", "Maria Lopez"),
        ("Thanks!\n\nTom", "Tom"),
        ("Thanks, Will", "Will"),
        ("Viele Grüße\nHans Müller\nAcme GmbH\nMain Street 1", "Hans Müller"),
        ("- Anna", "Anna"),
        ("Cheers,\nJean-Luc\n\nSent from my iPhone", "Jean-Luc"),
        ("Thanks,\nMaria\n\nOn Monday Tom wrote:\n> Hello Maria\n> Best, Tom", "Maria"),
        ("My name is Nora.", "Nora"),
    ],
)
def test_a_signature_names_who_is_greeted(signed: str, name: str) -> None:
    assert named(Question(f"{ASK}\n\n{signed}")).requester == name


@pytest.mark.parametrize(
    "signed",
    [
        "Sent from my iPhone", "Thanks\nSent from my iPhone", "Best regards,\nAcme GmbH", "Thanks,\nThe Support Team",
        "Kind regards,\nACME", "We use Acme 4 here.\n\nBest,\nAcme", "I work at Globex.\n\nRegards,\nGlobex", "Thanks!",
        "Thanks in advance", "> Best, Tom", "Von: Tom\nBest, Tom", "Best, [person 1]", "Is it free? Thanks, all",
    ],
)  # fmt: skip
def test_what_is_no_persons_name_greets_nobody(signed: str) -> None:
    assert named(Question(f"{ASK}\n\n{signed}")).requester == ""


def test_agents_are_not_greeted_and_a_known_name_stays() -> None:
    turns = (Turn("customer", ASK), Turn("agent", "Click Print.\n\nBest,\nTom"))
    assert named(Question("That failed.\n\nThanks, Tom", turns=turns)).requester == ""
    assert named(Question("Hi Tom, that failed.\n\nThanks,\nTom")).requester == ""
    assert named(Question("No.\n\nBest, Maria", requester="Sam")).requester == "Sam"


def test_the_greeting_takes_the_name_and_the_store_does_not(answering_desks: tuple[Desk, Desk]) -> None:
    found = answering_desks[0].draft(f"{WIFI}\n\nBest regards,\nMaria Lopez")
    assert found["greeting"] == "Hello Maria,"
    assert found["question"]["requester"] == "Maria Lopez"
    stored = answering_desks[0].get(f"/v1/drafts/{found['draft_id']}")
    assert "Maria" not in str(stored)
    again = answering_desks[0].post(f"/v1/drafts/{found['draft_id']}/rewrite", {"how": "shorter"})
    assert again["greeting"] == "Hello,"


def test_a_stored_draft_opens_without_a_placeholder(answering_desks: tuple[Desk, Desk]) -> None:
    found = answering_desks[0].draft(ASK, requester="Maria Lopez")
    assert found["greeting"] == "Hello Maria,"
    assert desk_calls.stored(Direct(answering_desks[0]), found["draft_id"]).answer["greeting"] == "Hello,"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Hi [person 1], open **Settings** and tap `Save`.", "Open Settings and tap Save."),
        (
            "Hello [person 1] - please try [this page](https://a.example/x).",
            "Please try this page (https://a.example/x).",
        ),
        ("Open it, [person 2], and wait.", "Open it, and wait."),
        ("Thank you for waiting, [person 1]!", "Thank you for waiting!"),
        ("I sent it to [email 1] as _agreed_.", "I sent it to \u2026 as agreed."),
        ("[person 1]", ""),
        ("Set __init__ to 2 * 3 * 4 in snake_case_name.", "Set init to 2 * 3 * 4 in snake_case_name."),
        ("iPhone users tap Save.", "iPhone users tap Save."),
    ],
)
def test_an_old_sentence_is_clean_before_it_is_used_again(text: str, told: str) -> None:
    assert sendable(text) == told


def test_suggestions_from_tickets_hold_no_placeholders_and_no_greeting(answering_desks: tuple[Desk, Desk]) -> None:
    asked = ("How do I connect my iCloud calendar? And do the to-dos come along?", "My display is offline", ASK)
    told = [one for text in asked for one in answering_desks[0].draft(text)["suggestions"]]
    assert told
    assert not any("[person" in one["text"] or one["text"].startswith(("Hi", "Hello")) for one in told)
    assert "[person" not in suggestions_panel({"suggestions": told, "closing": ""})
