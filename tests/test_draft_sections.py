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


CHECKS = passage(
    [
        ("heading", "1. Look at the cable"),
        ("paragraph", "A loose cable prints nothing. Push it in until it clicks."),
        ("heading", "2. Feed the paper anew"),
        ("paragraph", "Take the paper out of the printer and put it back."),
        ("heading", "3. The printing service in Oslo is down"),
        ("paragraph", "The printer prints nothing while the printing service is away. Wait for it."),
        ("heading", "Still nothing"),
        ("paragraph", "When the printer still prints nothing at all, send us the printer."),
    ],
    title="The printer prints nothing",
)


def test_a_numbered_list_of_sections_is_told_from_its_first() -> None:
    told = texts(drafted("My printer prints nothing since Monday, what now?", CHECKS))
    assert told[:2] == ["A loose cable prints nothing.", "Push it in until it clicks."]
    assert not any("send us" in text for text in told)
    assert_exact(drafted("My printer prints nothing since Monday, what now?", CHECKS), CHECKS)


def test_a_numbered_section_that_is_asked_for_is_told_alone_and_without_its_number() -> None:
    draft = drafted("Is the printing service down?", CHECKS)
    assert texts(draft)[0] == "The printing service in Oslo is down:"
    assert not any("cable" in text for text in texts(draft))
    assert_exact(draft, CHECKS)


def test_what_is_left_when_nothing_helped_is_not_told_first() -> None:
    document = passage(
        [
            ("heading", "Turn it off and on"),
            ("step", "Hold the button of the lamp for five seconds.", {"number": 1}),
            ("step", "Let go when the lamp blinks.", {"number": 2}),
            ("heading", "Still dark"),
            ("paragraph", "Send us the lamp that stays dark, with the bill."),
        ],
        title="The lamp stays dark",
    )
    assert "Hold the button of the lamp for five seconds." in texts(drafted("My lamp stays dark, help!", document))


def test_a_sentence_that_only_names_another_article_is_left_out() -> None:
    document = passage(
        [
            ("heading", "Colour"),
            (
                "paragraph",
                "Turn the ring of the lamp until the colour is right. What each colour costs is described in "
                "Colours and power. If the colour stays white, go on with The lamp is white.",
            ),
        ],
        title="Lamp",
    )
    assert texts(drafted("How do I change the colour of my lamp?", document)) == [
        "Turn the ring of the lamp until the colour is right.",
    ]
