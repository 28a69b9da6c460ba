"""Questions of several parts: each is told, looked for by itself, or listed as not covered."""

from __future__ import annotations

import pytest
from answering_desk import Desk, modest

from assistant.answering.asks import asks
from assistant.domain import Question


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        (
            "My display is offline. Also the brightness is too high at night.",
            ["My display is offline.", "Also the brightness is too high at night."],
        ),
        (
            "Hi, two things: 1) how do I turn off the display 2) how do I delete an album",
            ["how do I turn off the display", "how do I delete an album"],
        ),
        (
            "How do I set up two-factor login? I lost my phone, how can I get in now?",
            ["How do I set up two-factor login?", "I lost my phone, how can I get in now?"],
        ),
        (
            "Please tell me how to export my data, and whether it works with Takeout.",
            ["Please tell me how to export my data", "whether it works with Takeout."],
        ),
        (
            "I want a refund. Also, how do I delete my account?",
            ["I want a refund.", "Also, how do I delete my account?"],
        ),
        (
            "Notifications do not arrive on Android. And how do I change my email?",
            ["Notifications do not arrive on Android.", "And how do I change my email?"],
        ),
        (
            "How do I change my email? And notifications no longer arrive.",
            ["How do I change my email?", "And notifications no longer arrive."],
        ),
        ("It does not sync. How do I add a calendar?", ["How do I add a calendar?"]),
    ],
)
def test_each_thing_that_is_asked_is_an_ask(text: str, asked: list[str]) -> None:
    assert [ask.text for ask in asks(Question(text))] == asked


@pytest.mark.parametrize(
    ("text", "documents"),
    [
        (
            "Notifications do not arrive on Android. And how do I change my email?",
            {"notifications-not-arriving", "change-email"},
        ),
        ("How do I cancel, and when do I get my money back?", {"cancel-fernway-plus", "refunds-fernway-plus"}),
        ("I can't sign in. I also need to change my time zone.", {"sign-in-problems", "time-zones"}),
        (
            "Can I import an ics file? Can I print the calendar as well?",
            {"import-calendar-file", "print-your-calendar"},
        ),
    ],
)
def test_a_part_that_the_first_search_missed_is_found_by_itself(
    answering_desks: tuple[Desk, Desk], text: str, documents: set[str]
) -> None:
    found = answering_desks[0].draft(text)
    assert documents <= {source["document_id"] for source in found["sources"]}
    assert found["uncovered"] == []
    assert {n for part in found["parts"] for n in part["citations"]} == {source["n"] for source in found["sources"]}


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("How do I invite my husband? And can we share one email address?", "And can we share one email address?"),
        ("How do I connect my iCloud calendar? And do the to-dos from Apple Reminders come along too?", "And do the"),
        ("Can I import recipes from another app? And how does the meal plan make the shopping list?", "Can I import"),
    ],
)
def test_a_part_without_an_answer_is_listed_and_makes_the_answer_partial(
    answering_desks: tuple[Desk, Desk], text: str, left: str
) -> None:
    found = answering_desks[0].draft(text)
    assert found["verdict"] == "partial"
    assert [ask[: len(left)] for ask in found["uncovered"]] == [left]


def test_steps_cover_what_their_article_is_about(answering_desks: tuple[Desk, Desk]) -> None:
    found = answering_desks[0].draft("How do I update the firmware, and how do I know which version I have?")
    assert found["uncovered"] == []


def test_of_parts_without_any_answer_nothing_is_told(answering_desks: tuple[Desk, Desk]) -> None:
    found = answering_desks[0].draft("Do you support Alexa, and can I use a barbecue thermometer with the display?")
    assert (found["verdict"], found["parts"], found["uncovered"]) == ("gap", [], [])


def test_what_a_model_leaves_out_is_listed_by_what_it_said(answering_desks: tuple[Desk, Desk]) -> None:
    desk = answering_desks[1]
    assert desk.vendor is not None
    desk.vendor.script = modest
    found = desk.draft("How do I mount the display on the wall? And can we share one email address?")
    assert found["model"] == "openai:fake"
    assert found["uncovered"] == ["And can we share one email address?"]
