"""What to ask the customer back: only what decides between cases that the evidence tells apart."""

from __future__ import annotations

from answering_desk import Desk

from assistant.answering.clarify import follow_ups
from assistant.domain import Block, Candidate, Passage, Question, Source, Variant

LINES = (
    ("On Windows press the left key.", "Windows"),
    ("On macOS press the right key.", "macOS"),
    ("Wait a minute.", ""),
)


def passage(*lines: tuple[str, str], key: str = "a", audience: str = "public", title: str = "Press a key") -> Passage:
    blocks, at = [], 0
    for text, condition in lines:
        blocks.append(Block("step", at, at + len(text), condition=condition))
        at += len(text) + 1
    text = "\n".join(text for text, _ in lines)
    return Passage(
        1, key, 1, "doc", audience, "body", title, "", (), "", text, 0, len(text), tuple(blocks)  # type: ignore[arg-type]
    )  # fmt: skip


def asked(question: str, *passages: Passage, cites: bool = True) -> tuple[str, ...]:
    sources = [
        Source(n, p.document_key, 1, "doc", p.audience, p.title, "", "", p.text, 0, len(p.text), None)
        for n, p in enumerate(passages, 1)
    ]
    candidates = [Candidate(p, 0.5, 1.0, 0.0, 1.0) for p in passages]
    return follow_ups(
        Question(question), candidates, sources if cites else (), {(p.document_key, 1): p for p in passages}
    )


def test_the_platform_is_asked_for_when_the_steps_differ_by_it() -> None:
    assert asked("Which key do I press?", passage(*LINES)) == ("Which operating system do you use: Windows or macOS?",)


def test_nothing_is_asked_that_the_customer_said_or_that_makes_no_difference() -> None:
    assert asked("Which key do I press on my MacBook?", passage(*LINES)) == ()
    assert asked("Which key do I press?", passage(("Press the key.", ""), ("On Windows too.", "Windows"))) == ()


def test_versions_and_plans_are_asked_for_by_name() -> None:
    lines = (("Old way.", "before Fernway 4"), ("New way.", "Fernway 4 or later"))
    assert asked("How do I sort?", passage(*lines)) == ("Which version of Fernway do you use?",)
    assert asked("How do I sort in Fernway 3?", passage(*lines)) == ()
    plans = (("Here.", "Basic plan"), ("There.", "Pro plan"))
    assert asked("Where do I sort?", passage(*plans)) == ("Which of these applies to you: Basic plan or Pro plan?",)
    assert asked("Where do I sort in Pro?", passage(*plans)) == ()


def test_variants_inside_a_block_count_too() -> None:
    text = "Press Ctrl (Command on a Mac)."
    block = Block("paragraph", 0, len(text), variants=(Variant(6, 10, "Windows, Linux"), Variant(12, 19, "macOS")))
    one = Passage(1, "a", 1, "doc", "public", "body", "Keys", "", (), "", text, 0, len(text), (block,))
    assert asked("Which key?", one) == ("Which operating system do you use: Windows, Linux or macOS?",)


def test_a_question_of_few_words_is_asked_which_matter_it_is_about() -> None:
    near = passage(("Wait.", ""), title="Sound is gone"), passage(("Wait.", ""), key="b", title="Screen is dark")
    found = asked("The gadget is broken", *near, cites=False)
    assert found[0] == 'Is this about "Sound is gone" or "Screen is dark"?'
    assert len(found) <= 3
    vague = asked("Help, it does not work!", *near)
    assert vague[0] == "What is it about: which product, and which part of it?", "what was found is chance then"
    assert asked("How do I print?", *near) == ()


def test_internal_articles_are_never_named_to_a_customer() -> None:
    secret = passage(*LINES, audience="internal", title="Secret escalation")
    assert asked("Which key?", secret) == ()
    assert "Secret" not in "".join(asked("It is broken", secret, passage(("Wait.", ""), key="b"), cites=False))


def test_the_answer_carries_the_questions_and_keeps_them(answering_desks: tuple[Desk, Desk]) -> None:
    vague = answering_desks[0].draft("It does not work")
    assert 0 < len(vague["follow_ups"]) <= 3
    assert all(text.endswith("?") for text in vague["follow_ups"])
    assert answering_desks[0].get(f"/v1/drafts/{vague['draft_id']}")["follow_ups"] == vague["follow_ups"]
