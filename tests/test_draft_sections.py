"""What stands around a section: the heading that gives steps their sense, what goes on below an introduction."""

from __future__ import annotations

from assistant.answering.asks import asks
from assistant.domain import Question
from tests.test_draft import assert_exact, drafted, passage, texts

REMOVE = passage(
    [
        ("heading", "Set a passcode"),
        ("step", "Open Security.", {"number": 1}),
        ("step", "Tick the box and type it twice.", {"number": 2}),
        ("heading", "Remove the passcode"),
        ("step", "Open Security.", {"number": 1}),
        ("step", "Clear the box and confirm.", {"number": 2}),
    ],
    title="Security",
)


def test_steps_stand_under_the_heading_that_tells_them_from_their_opposite() -> None:
    draft = drafted("How do I remove the passcode?", REMOVE)
    assert texts(draft) == ["Remove the passcode:", "Open Security.", "Clear the box and confirm."]
    assert [part.step for part in draft.parts] == [None, 1, 2]
    assert_exact(draft, REMOVE)


def test_a_heading_that_adds_nothing_is_not_told() -> None:
    said = passage([("heading", "Photos"), ("paragraph", "Photos print in colour.")], title="Printer")
    framed = passage([("heading", "Overview"), ("paragraph", "Photos print in colour.")], title="Printer")
    titled = passage([("heading", "Printer"), ("paragraph", "Photos come out in colour.")], title="Printer")
    for document in (said, framed, titled):
        assert texts(drafted("Do photos print in colour?", document)) == [document.text.split("\n")[1]]


def test_an_introduction_is_followed_by_the_section_below_it_that_fits() -> None:
    document = passage(
        [
            ("paragraph", "The clock shows a wrong time when its battery is low or it was moved."),
            ("heading", "The battery is low"),
            ("step", "Open the lid.", {"number": 1}),
            ("step", "Put in a new battery so that the clock shows time.", {"number": 2}),
            ("heading", "Order spare lids"),
            ("paragraph", "Lids come in four colours and ship from Oslo."),
        ],
        title="Clock shows a wrong time",
    )
    told = texts(drafted("The clock shows a wrong time, is its battery low?", document))
    assert told[0] == "The clock shows a wrong time when its battery is low or it was moved."
    assert told[-1] == "Put in a new battery so that the clock shows time."
    assert not any("Oslo" in text for text in told)


def test_a_wish_beside_a_question_is_asked_as_well() -> None:
    asked = asks(Question("I'd like to stop my plan. Seven months are left; may my sister use them?"))
    assert [ask.text for ask in asked] == [
        "I'd like to stop my plan.",
        "Seven months are left; may my sister use them?",
    ]


def test_a_question_may_come_late_in_its_sentence() -> None:
    asked = asks(Question("My phone is gone. How do I sign in? And for the future, can I use a stick?"))
    assert [ask.text for ask in asked] == ["How do I sign in?", "And for the future, can I use a stick?"]
