"""A conversation is read for its question: follow-ups in context, and nothing told again that was sent already."""

from __future__ import annotations

from typing import Any

import pytest
from answering_desk import Desk, modest, told

from assistant.answering.conversation import Sent, in_conversation, leans
from assistant.answering.prompts import conversation
from assistant.domain import Part, Question, Turn

OFFLINE = "Our display says it is offline since this morning, what can we do?"
RESTART = (
    "Hi Anna, please restart the display: hold the button on the back for 5 seconds until the light goes out, then "
    "let go. Also restart the router, wait three minutes, and look again."
)
NOTIFY = "How do I get notifications on my iPhone?"


def ticket(*said: str, **more: str) -> dict[str, Any]:
    """A customer's message, an agent's, and so on in turn."""
    messages = [{"by": ("customer", "agent")[n % 2], "text": text} for n, text in enumerate(said)]
    return {"ticket": {"messages": messages, **more}}


def read(*said: str) -> Question:
    return in_conversation(Question(""), [Turn(("customer", "agent")[n % 2], text) for n, text in enumerate(said)])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text", ["That did not work.", "And on Android?", "Can I return it?", "It is version 4.2", "Yes"]
)
def test_half_a_question_leans_on_what_was_said_before(text: str) -> None:
    assert leans(text)
    assert read(OFFLINE, "Is it a Display 10?", text).before == OFFLINE


def test_a_new_question_stands_by_itself_and_is_not_clouded_by_the_old_one() -> None:
    found = read(OFFLINE, RESTART, "Thanks! How do I share a shopping list with my neighbour?")
    assert found.before == ""
    assert OFFLINE not in found.full_text
    assert [turn.by for turn in found.turns] == ["customer", "agent"]


def test_a_follow_up_reaches_back_to_the_message_that_names_the_matter() -> None:
    found = read(OFFLINE, "Which firmware is it?", "Firmware 4.2", RESTART, "That did not help.")
    assert found.text == "That did not help."
    assert found.before == f"{OFFLINE}\nFirmware 4.2"
    later = read(NOTIFY, "Turn them on.", OFFLINE, RESTART, "No luck.")
    assert later.before == OFFLINE


def test_a_name_takes_the_place_of_the_one_before() -> None:
    assert read(NOTIFY, "Turn them on.", "And on Android?").before == "How do I get notifications on my Android?"


def test_messages_in_a_row_are_one_question_and_private_notes_are_none(answering_desks: tuple[Desk, Desk]) -> None:
    two = in_conversation(Question(""), [Turn("customer", "Hello"), Turn("customer", OFFLINE)])
    assert two.text == f"Hello\n{OFFLINE}"
    body = ticket(OFFLINE, "A note: this customer is difficult.")
    body["ticket"]["messages"][1]["public"] = False
    assert answering_desks[0].post("/v1/drafts", body)["warnings"] == []


def test_steps_that_an_agent_sent_are_not_told_again(answering_desks: tuple[Desk, Desk]) -> None:
    first = answering_desks[0].post("/v1/drafts", ticket(OFFLINE, "We look into it.", "That did not work."))
    assert any("button on the back" in part["text"] for part in first["parts"])
    found = answering_desks[0].post("/v1/drafts", ticket(OFFLINE, RESTART, "That did not work."))
    texts = [part["text"] for part in found["parts"]]
    assert texts
    assert {part["document_id"] for part in found["sources"]} == {part["document_id"] for part in first["sources"]}
    assert not any("button on the back" in text or "Restart the router" in text for text in texts)
    steps = [part["step"] for part in found["parts"] if part["step"]]
    assert steps == list(range(1, len(steps) + 1))
    assert any(warning.startswith("sent_before: ") for warning in found["warnings"])


def test_when_all_was_sent_another_section_is_told_or_the_agent_is_warned(answering_desks: tuple[Desk, Desk]) -> None:
    first = answering_desks[0].post("/v1/drafts", ticket(OFFLINE, "We look into it.", "That did not work."))
    everything = " ".join(part["text"] for part in first["parts"])
    found = answering_desks[0].post("/v1/drafts", ticket(OFFLINE, everything, "That did not work."))
    before = {part["text"] for part in first["parts"] if not part["text"].endswith(":")}
    assert not before & {part["text"] for part in found["parts"]}
    assert any(warning.startswith("sent_before: ") for warning in found["warnings"])


def test_a_follow_up_on_another_platform_gets_its_own_steps(answering_desks: tuple[Desk, Desk]) -> None:
    sent = "Open Settings > Notifications > Fernway and turn on Allow Notifications."
    found = answering_desks[0].post("/v1/drafts", ticket(NOTIFY, sent, "And on Android?"))
    said = " ".join(part["text"] for part in found["parts"])
    assert "Android" in said
    assert "Allow Notifications" not in said


def test_thanks_at_the_end_of_a_conversation_are_no_question(answering_desks: tuple[Desk, Desk]) -> None:
    found = answering_desks[0].post("/v1/drafts", ticket(OFFLINE, RESTART, "Great, thanks!", subject="Display offline"))
    assert (found["verdict"], found["parts"]) == ("gap", [])
    assert found["warnings"][0].startswith("nothing_asked: ")


def test_the_stored_question_is_read_in_its_context_and_holds_no_agents_words(
    answering_desks: tuple[Desk, Desk],
) -> None:
    found = answering_desks[0].post("/v1/drafts", ticket(OFFLINE, RESTART, "That did not work."))
    stored = answering_desks[0].get(f"/v1/drafts/{found['draft_id']}")["question"]["text"]
    assert stored == f"That did not work.\n{OFFLINE}"


def test_a_model_reads_the_conversation_redacted_and_is_told_not_to_repeat(answering_desks: tuple[Desk, Desk]) -> None:
    desk = answering_desks[1]
    assert desk.vendor is not None
    desk.vendor.script = modest
    said = f"{OFFLINE} Call me on +44 20 7946 0018.\n\nBest regards,\nAnna Kowalski"
    found = desk.post("/v1/drafts", ticket(said, RESTART, "That did not work.", requester="Anna Kowalski"))
    asked = told(desk.vendor.bodies[-1])
    before, question = asked.split("=== conversation before the question ===")[1].split("=== question ===")
    assert before.count("customer: ") == before.count("agent: ") == 1
    assert "7946" not in before
    assert "Anna" not in before
    assert "hold the button on the back" in before
    assert question.strip().startswith("That did not work.")
    assert "Do not repeat" in desk.vendor.bodies[-1]["messages"][0]["content"]
    assert found["prompt_version"] == "draft-2"


def test_a_long_conversation_keeps_its_first_message_and_the_latest() -> None:
    turns = [Turn("customer", f"message {n} {'word ' * 60}") for n in range(100)]
    lines = conversation(turns).split("\n")
    assert lines[0].startswith("customer: message 0 ")
    assert lines[1] == "[...]"
    assert lines[-1].startswith("customer: message 99 ")
    assert sum(map(len, lines)) < 6_500


def test_what_was_sent_is_recognised_in_other_order_but_not_by_a_few_words() -> None:
    question = Question("x", turns=(Turn("agent", "Hold the button on the back for 5 seconds, then open Settings."),))
    parts = [
        Part("Open Settings.", (), 1),
        Part("Hold the button on the back of the display for 5 seconds.", (), 2),
        Part("Check that the cable sits firmly in the adapter.", (), 3),
    ]
    assert [(part.text[:5], part.step) for part in Sent.of(question).unsent(parts)] == [("Open ", 1), ("Check", 2)]
