"""Thanks, greetings and "It does not work": what names no matter is neither drafted nor a gap."""

from __future__ import annotations

import pytest
from answering_desk import Desk

from assistant.answering.matter import asks_nothing, is_matter, is_vague
from assistant.domain import Question, Turn
from ui.desk_calls import Opened, Ticket
from ui.desk_draft import draft_panel, reply_text

OFFLINE = "My display says it is offline since this morning."


@pytest.mark.parametrize(
    "text",
    [
        "Great, thanks, that worked!", "Hello", "ok", "It works now", "Good morning", "Problem solved.",
        "Thank you so much for your help!\n\nBest regards,\nMaria Lopez", "Hi Tom, thanks, it works now",
        "You can close the ticket, thanks", "Perfect. Have a nice weekend!", "Vielen Dank, hat funktioniert!",
        "Merci beaucoup", "Yes", "Cheers [person 1]",
    ],
)  # fmt: skip
def test_thanks_greetings_and_closings_ask_nothing(text: str) -> None:
    assert asks_nothing(Question(text))
    assert not is_vague(Question(text))


@pytest.mark.parametrize(
    "text",
    [
        "It does not work", "help", "error", "Hello, please help", "Hi, I have a problem", "it's broken", "URGENT!!!",
        "The app does not work on my phone", "Nothing happens when I click", "What should I do?", "not solved",
        "Is it working now?", "Es funktioniert nicht",
    ],
)  # fmt: skip
def test_a_complaint_without_a_matter_is_vague(text: str) -> None:
    assert is_vague(Question(text))
    assert not asks_nothing(Question(text))


@pytest.mark.parametrize(
    "text",
    [
        "My display does not work", "Thanks, how do I print?", "Error 502", "I can't log in",
        "Thanks! One more thing: the calendar is empty.", "question about my account", "Thanks Bluetooth is broken",
    ],
)  # fmt: skip
def test_what_names_a_matter_is_neither(text: str) -> None:
    assert is_matter(Question(text))


def test_a_subject_is_what_a_bare_hello_asks_about_but_not_what_an_end_does() -> None:
    assert is_matter(Question("Hello", title="Display offline"))
    assert is_matter(Question("Please help", title="Display offline"))
    assert asks_nothing(Question("Thanks, that worked", title="Display offline"))
    later = (Turn("customer", OFFLINE), Turn("agent", "Please restart it."))
    assert asks_nothing(Question("Thanks!", title="Display offline", turns=later))


def test_a_yes_to_what_the_agent_asked_is_no_end() -> None:
    turns = (Turn("customer", OFFLINE), Turn("agent", "Is it a Display 10?"))
    assert not asks_nothing(Question("Yes", before=OFFLINE, turns=turns))
    assert asks_nothing(Question("Yes, thanks", turns=(*turns[:1], Turn("agent", "Restart it."))))


@pytest.mark.parametrize(("text", "kind"), [("Great, thanks, that worked!", "nothing_asked"), ("help", "vague")])
def test_nothing_is_drafted_or_logged_and_the_desk_says_why(
    answering_desks: tuple[Desk, Desk], text: str, kind: str
) -> None:
    for desk in answering_desks:
        gaps, contacts = desk.get("/v1/gaps")["total"], desk.get("/v1/themes")["all_contacts"]
        found = desk.draft(text, requester="Sam")
        assert found["verdict"] == "gap"
        assert found["gap"]["reason"] == "declined"
        assert [warning.partition(":")[0] for warning in found["warnings"]] == [kind]
        assert (found["parts"], found["sources"], found["suggestions"]) == ([], [], [])
        assert found["model"] == "extractive", "no model is asked"
        assert desk.get("/v1/gaps")["total"] == gaps
        assert desk.get("/v1/themes")["all_contacts"] == contacts
        assert desk.get("/v1/tickets/similar", draft_id=found["draft_id"]) == []
        shown = draft_panel(Opened(Ticket(text), desk.get(f"/v1/drafts/{found['draft_id']}"), {}, (), {"events": []}))
        assert "Logged as a" not in shown
        assert "confidence" not in shown


def test_one_thing_and_no_question_is_asked_back_and_never_called_answered(
    answering_desks: tuple[Desk, Desk],
) -> None:
    for text in ("My display does not work", "The calendar."):
        found = answering_desks[0].draft(text)
        assert found["verdict"] in ("partial", "gap")
        assert found["follow_ups"]
        assert any(warning.startswith("few_words: ") for warning in found["warnings"])
    assert not any(warning.startswith("few_words: ") for warning in answering_desks[0].draft()["warnings"])


def test_a_vague_question_is_asked_back_in_a_reply_that_is_begun(answering_desks: tuple[Desk, Desk]) -> None:
    found = answering_desks[0].draft("It does not work", requester="Sam")
    assert found["follow_ups"]
    assert reply_text(found) == "Hello Sam,\n\nKind regards,\nFernway Support"
    assert answering_desks[0].draft("Hello")["follow_ups"] == []
