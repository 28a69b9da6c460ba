"""Tickets: the public conversation in each side's own words, careful about what is not theirs."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scaling import BELOW_QUADRATIC, growth

from assistant.errors import UnreadableItem
from ingest.replies import is_automatic, own_text
from ingest.tickets import instant, ticket_document


def ticket(*said: tuple[str, str], **more: Any) -> dict[str, Any]:
    messages = [{"by": by, "text": text} for by, text in said]
    return {"id": "t1", "created": "2024-07-01 12:13:00 +0000", "subject": "Lost mail", "messages": messages, **more}


def test_a_ticket_keeps_what_its_record_says() -> None:
    found = ticket_document(ticket(("customer", "Help"), status="solved", channel="mail", tags=["imap"]))
    assert (found.key, found.kind, found.audience, found.title) == ("t1", "ticket", "internal", "Lost mail")
    assert (found.status, found.channel, found.tags) == ("solved", "mail", ("imap",))
    assert found.created_at == datetime(2024, 7, 1, 12, 13, tzinfo=UTC)


@pytest.mark.parametrize(
    ("more", "person"),
    [
        ({"requester": {"name": "Ann Lee", "email": "ann@x.example"}}, "ann@x.example"),
        ({"requester": "customer-4711"}, "customer-4711"),
        ({}, ""),
    ],
)
def test_who_wrote_is_told_apart_by_the_address_and_never_part_of_the_text(more: dict[str, Any], person: str) -> None:
    found = ticket_document(ticket(("customer", "Help me, Ann Lee, ann@x.example"), **more))
    assert found.person == person
    assert "ann@x.example" not in repr(found)


def test_without_a_requester_the_author_of_the_first_question_wrote() -> None:
    said = [{"by": "agent", "text": "Hi", "author": "Bo Ray"}, {"by": "customer", "text": "Help", "author": "Ann Lee"}]
    assert ticket_document(ticket() | {"messages": said}).person == "Ann Lee"


def test_blocks_are_paragraphs_by_side_without_labels() -> None:
    found = ticket_document(ticket(("customer", "One\n\nTwo"), ("customer", "Three"), ("agent", "Four")))
    assert [(b.kind, found.text[b.start : b.end]) for b in found.blocks] == [
        ("customer", "One"),
        ("customer", "Two"),
        ("customer", "Three"),
        ("agent", "Four"),
    ]
    assert found.text == "One\n\nTwo\n\nThree\n\nFour"


def test_private_notes_are_not_in_the_text_and_their_links_not_evidence() -> None:
    record = ticket(("customer", "Help"))
    record["messages"].append({"by": "agent", "text": "Rude one, see https://intra.example.org", "public": False})
    found = ticket_document(record)
    assert found.text == "Help"
    assert found.agent_links == ()


def test_links_of_agents_are_kept_once_in_order_without_the_sentence_around_them() -> None:
    found = ticket_document(
        ticket(
            ("customer", "I read https://example.org/customer"),
            ("agent", "See (https://example.org/a), https://example.org/b_(c). And <https://example.org/a>!"),
        )
    )
    assert found.agent_links == ("https://example.org/a", "https://example.org/b_(c)")


def test_the_revision_follows_the_record_and_not_the_order_of_its_keys() -> None:
    record = ticket(("customer", "Help"))
    same = ticket_document(dict(reversed(record.items())))
    assert ticket_document(record).revision == same.revision
    assert ticket_document({**record, "status": "open"}).revision != same.revision


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"messages": None}, "field messages: expected a valid tuple, found None"),
        ({"created": "yesterday"}, "field created: expected .*found 'yesterday'"),
        (
            {"messages": [{"by": "bot", "text": "x"}]},
            "field messages.0.by: expected 'customer' or 'agent', found 'bot'",
        ),
        (
            {"messages": [{"by": "agent", "text": ["x"]}]},
            r"field messages.0.text: expected a valid string, found \['x'\]",
        ),
        ({"id": " "}, "without an id"),
    ],
)
def test_a_bad_record_says_field_expected_and_found(change: dict[str, Any], message: str) -> None:
    with pytest.raises(UnreadableItem, match=message):
        ticket_document({**ticket(("customer", "x")), **change})


def test_a_missing_field_is_named() -> None:
    with pytest.raises(UnreadableItem, match=r"Ticket 't1', field created: expected the field, found nothing"):
        ticket_document({"id": "t1", "messages": []})


def test_times_are_read_in_both_forms_and_are_utc() -> None:
    noon = datetime(2024, 7, 1, 12, tzinfo=UTC)
    for text in ("2024-07-01 12:00:00 +0000", "2024-07-01T14:00:00+02:00", "2024-07-01T12:00:00Z", "2024-07-01 12:00"):
        assert instant(text) == noon


WROTE = "It works now.\n\nOn Mon, 1 May 2024 at 10:00, Ann <ann@example.org> wrote:\n"


@pytest.mark.parametrize(
    "message",
    [
        WROTE + "> Try safe mode.\n> Ann",
        WROTE + "Try safe mode.\nAnn",
        "It works now.\n\nOn Mon, 1 May 2024 at 10:00,\nAnn <ann@example.org> wrote:\n\n> Try safe mode.",
        "It works now.\n\n-----Original Message-----\nFrom: Ann\nSent: today\nTo: Bob\nSubject: x\n\nTry",
        "It works now.\n\nFrom: Ann\nSent: Monday\nTo: Bob\nSubject: Re: x\n\nTry safe mode.",
        "It works now.\n\nAm 1. Mai 2024 um 10:00 schrieb Ann <ann@example.org>:\n> Los",
        "> Try safe mode. Did it help?\n\nIt works now.",
        "Ann said\nTry safe mode. Did it help? It works now.",
        "It works now.\n-- \nBob Smith\nAcme Inc.",
        "It works now.\n\n------------------------------\n*From:* Ann\n*Sent:* Monday\n*To:* Bob\n*Subject:* x\n\nTry",
        "It works now.\n\nBest regards,\nBob Smith\nHead of Mail",
        "It works now.\nThanks!\nBob",
        "It works now.\n\nSent from my iPhone",
        "It works now.\n\nBob\nSent from my iPhone\n".replace("Bob\n", ""),
        "##- Please type your reply above this line -##\nIt works now.",
        "It works now.\n\nThis e-mail is confidential and intended only for the addressee.\nDelete it.",
    ],
)
def test_what_is_not_the_writers_own_is_taken_off(message: str) -> None:
    assert own_text(message, "Try safe mode. Did it help?") == "It works now."


@pytest.mark.parametrize(
    "message",
    [
        "On Monday I wrote: nothing works.\nIt still does not.",
        "Go to\n> Settings\n> General",
        "Thanks for the hint, but the folder is still empty.",
        "The best:\nregards from the error message are gone.",
        "The error is\n--\nCannot connect. What does it mean? I tried all I know, and then it all again "
        "with another account, twice.",
        "From: line is missing in my mail.\nWhy?",
        "Matt said\nsomething nobody wrote before",
        "The dialog said\nOut of memory",
        "Thanks,\nI will try that. What about the other account?",
        "I am sent from my iPhone to the desktop and lose my place.",
    ],
)
def test_what_only_looks_like_it_stays(message: str) -> None:
    assert own_text(message, "Some words of another message that are never quoted.") == message


def test_a_quotation_run_into_the_answer_is_cut_where_the_answer_begins() -> None:
    earlier = "My folders are gone since the update. What can I do?"
    assert own_text(f"joe said\n{earlier} Look in Archive.", earlier) == "Look in Archive."


def test_answers_between_quoted_lines_are_all_kept() -> None:
    message = "On 1 May 2024, Ann wrote:\n> Which version?\nIt is 115.\n> Which system?\nLinux."
    assert own_text(message, "Which version? Which system?") == "It is 115.\nLinux."


def test_a_message_that_would_be_empty_stays() -> None:
    assert own_text("> only a quotation", "only a quotation") == "> only a quotation"


@pytest.mark.parametrize(
    "message",
    ["I am out of the office until Monday.", "This is an automatic reply.", "Your request (#42) has been received."],
)
def test_machines_are_recognised_but_a_ticket_never_loses_its_first_message(message: str) -> None:
    assert is_automatic(message)
    found = ticket_document(ticket(("customer", message), ("agent", message), ("agent", "Look in Archive.")))
    assert found.text == f"{message}\n\nLook in Archive."


def test_people_are_not_taken_for_machines() -> None:
    assert not is_automatic("My out of office message is not sent. Why?")
    assert not is_automatic("Thank you for your message. I tried it and it works.")


@given(st.text(max_size=400), st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_own_text_is_made_of_the_message_and_never_empty_without_need(message: str, earlier: str) -> None:
    kept = own_text(message, " ".join(earlier.split()))
    assert bool(kept) == bool(message.strip())
    assert set(kept) <= set(message)


@given(st.lists(st.tuples(st.sampled_from(["customer", "agent"]), st.text(max_size=200)), max_size=6))
@settings(max_examples=150, deadline=None)
def test_blocks_of_any_ticket_are_in_order_and_stripped(said: list[tuple[str, str]]) -> None:
    found = ticket_document(ticket(*said))
    end = 0
    for block in found.blocks:
        text = found.text[block.start : block.end]
        assert text
        assert text == text.strip()
        assert block.start >= end
        end = block.end


LONG_LINES = [("", "On 1 ", ""), ("", "> ", ""), ("http://", "a)", ""), ("", "this email, ", ""), ("", "1-", "")]
MANY_LINES = [
    ("", "a said\n", ""),
    ("", "Thanks\n", ""),
    ("", "-- \n", ""),
    ("", "From: a\n", ""),
    ("Hi\n", "> From: a\n", "Bye"),
    ("", "\n> a", ""),
]


@pytest.mark.parametrize(
    ("hostile", "most"),
    [
        *((hostile, 20_000) for hostile in LONG_LINES),
        *((hostile, 4_800) for hostile in MANY_LINES),  # of more than 5,000 lines none is looked at
        (("", "Thanks\n", ""), 40_000),
    ],
)
def test_a_hostile_message_is_read_in_time_in_proportion_to_its_length(
    hostile: tuple[str, str, str], most: int
) -> None:
    begin, piece, end = hostile

    def read(text: str) -> None:
        ticket_document(ticket(("customer", "x"), ("agent", text)))

    assert growth(read, lambda size: begin + piece * size + end, most // 8, most) < BELOW_QUADRATIC


def test_all_tickets_of_the_bench_are_read_and_keep_their_links() -> None:
    folder = os.environ.get("WAYPOST_BENCH")
    if not folder:
        pytest.skip("WAYPOST_BENCH is not set: the shared data is not here")
    with (Path(folder) / "thunderbird" / "tickets.jsonl").open(encoding="utf-8") as lines:
        found = [ticket_document(json.loads(line)) for line in lines]
    assert len(found) == 2121
    assert sum(any("/kb/" in link for link in ticket.agent_links) for ticket in found) >= 1050
