"""The brief for a designer and the draft article: what people said and did, and nothing that nobody said."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from browser_server import HOSTILE
from making_gaps import contact, fix, quoted, verdict, view
from markdown_it import MarkdownIt

from assistant.gaps.article import MARK, Message, Target, Ticket, article_draft, complete_answer
from assistant.gaps.article import as_markdown as article_markdown
from assistant.gaps.brief import as_markdown, brief
from assistant.gaps.records import Judged, Note, Reason
from assistant.gaps.traces import screens, steps

AT = datetime(2024, 7, 23, 12, tzinfo=UTC)
PAIR = (
    "Open Settings and choose Displays. Hold the lamp button for five seconds until it blinks, then choose Pair again."
)
WIFI = "The display needs a 2.4 GHz network. Switch the router's 2.4 GHz band on before you pair it again."


def said(*messages: tuple[str, str]) -> tuple[Message, ...]:
    return tuple(Message(by == "agent", text) for by, text in messages)


def ticket(key: str, *messages: tuple[str, str], title: str = "Display will not pair") -> Ticket:
    return Ticket(key, title, said(*messages))


def note(text: str) -> Note:
    return Note(1, "T12", "proposal", "avi", text, AT)


def test_a_brief_names_problem_screens_steps_volume_cause_and_proposals():
    people = [
        contact(
            1,
            "I restarted the phone. The Account Settings window stays empty.",
            reason=Reason("design", 0.9, quote="stays empty"),
        ),
        contact(2, "In the Account Settings window nothing happens. I restarted the phone twice."),
    ]
    found = brief(view(), people, currency="EUR", notes=(note("Say which server"),), fixes=(verdict(),))
    text = as_markdown(found).replace("\xa0", " ")
    assert "41 contacts from 38 people came in about “sending mail” (9.8 % of all), mostly while setting up." in text
    assert "- Account Settings window: 2 contacts" in text
    assert "- restarted the phone: 2 contacts" in text
    assert "Cost: about EUR 220, between 120 and 410 (6 to 14 minutes each)." in text
    assert "Design, 62 %. Otherwise Documentation 20 %." in text
    assert "“stays empty”" in text
    assert "- Say which server (avi)" in text
    assert "40 % fewer contacts" in text


def test_answered_well_and_still_asked_is_told_as_a_question_of_design():
    well = view(cause=Judged("design", 0.7, "", ()), answered=0.9)
    assert "the product asks the question" in brief(well, (), currency="EUR").problem
    missing = view(cause=Judged("knowledge", 0.7, "ann", ()), answered=0.1)
    assert "missing, wrong, unclear or not found" in brief(missing, (), currency="EUR").problem
    assert "says ann" in brief(missing, (), currency="EUR").cause
    outside = view(cause=Judged("external", 0.7, "", ()), parties={"Yahoo": 5, "Google": 9})
    assert "most often with Google" in brief(outside, (), currency="EUR").problem


@pytest.mark.parametrize("payload", HOSTILE)
def test_no_markup_of_strangers_in_a_brief_or_a_draft(payload: str):
    evil = brief(
        view(payload, quotes=(quoted(payload),)),
        [contact(1, f"I removed {payload} from it")],
        currency="EUR",
        notes=(note(payload),),
        fixes=(replace(verdict(), fix=fix(what=payload)),),
    )
    draft = article_draft(payload, [ticket(payload, ("agent", f"{PAIR} {payload} {WIFI}"), title=payload)])
    for text in (as_markdown(evil), article_markdown(draft)):
        html = MarkdownIt("commonmark", {"html": True}).render(text)
        assert not [
            tag for tag in ("<script", "<img", "<a ", "<iframe", "<svg", "<form", "<style") if tag in html.lower()
        ]


def test_traces_count_contacts_and_not_mentions():
    assert [t.contacts for t in screens(["The Filters dialog and the Filters dialog"])] == [1]
    paths = screens(["Go to Tools > Account Settings", "in Tools→Account Settings"])
    assert paths[0].text == "Tools > Account Settings"
    assert steps(["I cleared the cache", "We've cleared cache"])[0].contacts == 2
    assert screens([]) == steps([]) == ()


def test_a_complete_answer_is_neither_a_question_nor_a_promise_nor_one_that_failed():
    assert complete_answer(ticket("1", ("customer", "help"), ("agent", f"Hi Sam,\n{PAIR}\nKind regards")))[
        0
    ].startswith("Open Settings")
    assert (
        complete_answer(
            ticket(
                "2", ("agent", "Could you please send us the log of the display so that we can look at it together?")
            )
        )
        == ()
    )
    assert (
        complete_answer(ticket("3", ("agent", f"{PAIR} Our team is looking into it, we will get back to you."))) == ()
    )
    assert complete_answer(ticket("4", ("agent", PAIR), ("customer", "That did not work."))) == ()
    assert complete_answer(ticket("5", ("agent", "https://help.example/pairing"))) == ()


def test_a_draft_is_verbatim_cited_and_marked():
    tickets = [ticket(k, ("agent", PAIR), ("customer", "thanks, works now")) for k in ("a", "b")]
    tickets += [ticket(k, ("agent", WIFI)) for k in ("c", "d")]
    draft = article_draft("pairing a display", tickets)
    everything = f"{PAIR} {WIFI}"
    assert draft.why_not == ""
    assert all(part.text in everything for part in draft.parts)
    assert {key for part in draft.parts for key in part.tickets} <= {"a", "b", "c", "d"}
    assert any("2.4 GHz" in part.text and set(part.tickets) >= {"c", "d"} for part in draft.parts) or any(
        "2.4" in p.text for p in draft.parts
    )
    assert article_markdown(draft).startswith(f"> {MARK}")


def test_an_edit_holds_only_what_the_article_does_not_say():
    target = Target("pairing", "Pair a display", PAIR)
    tickets = [ticket("a", ("agent", f"{PAIR} {WIFI}"))]
    draft = article_draft("pairing", tickets, target)
    assert draft.edits == target
    assert all("2.4 GHz" in part.text for part in draft.parts)
    already = article_draft("pairing", [ticket("a", ("agent", PAIR))], target)
    assert already.parts == ()
    assert "already says" in already.why_not


def test_without_a_complete_answer_it_says_why_there_is_no_draft():
    assert "No resolved ticket" in article_draft("x", []).why_not
    assert "Nobody has answered" in article_draft("x", [ticket("a", ("customer", "hello?"))]).why_not
    asked_back = article_draft("x", [ticket("a", ("agent", "Which version is it?"))])
    assert "none of these answers is complete" in asked_back.why_not
    assert "No draft for x" in article_markdown(asked_back)


@pytest.mark.parametrize(
    "bound",
    [
        "I have reset your password just now.",
        "We've refunded the second charge on your account.",
        "Your order was sent on Monday.",
        "Order #48213 is on its way.",
        "I checked your logs and found three failed attempts.",
        "As you mentioned, the lamp is in [ADDRESS 1].",
        "Your subscription has now been cancelled.",
    ],
)
def test_what_was_done_for_one_customer_is_left_out_and_said(bound: str) -> None:
    draft = article_draft(
        "pairing", [ticket("t1", ("customer", "It will not pair"), ("agent", f"{bound} {PAIR} {WIFI}"))]
    )
    told = " ".join(part.text for part in draft.parts)
    assert bound not in told
    assert "Hold the lamp button" in told
    assert draft.left_out == 1
    assert draft.one_ticket
    text = article_markdown(draft)
    assert "From one ticket" in text
    assert "Left out: 1 sentence about that customer's own case." in text


def test_an_answer_that_is_only_one_customers_case_is_refused_with_the_reason() -> None:
    case = (
        "I have reset your password just now and sent the new one to [EMAIL 1]. I also removed the second payment from "
        "your invoice. Your account has been unlocked and the refund was issued for order 48213."
    )
    draft = article_draft("passwords", [ticket("t1", ("customer", "I cannot log in"), ("agent", case))])
    assert draft.parts == ()
    assert "one customer" in draft.why_not


@pytest.mark.parametrize(
    "general",
    [PAIR, WIFI, "Your display has to be on the same network.", "If your password is lost, choose Reset password.",
     "Settings that have been changed are kept in your account."],
)  # fmt: skip
def test_what_holds_for_everybody_is_kept(general: str) -> None:
    draft = article_draft("pairing", [ticket("t1", ("agent", f"{PAIR} {WIFI} {general}"))])
    assert general.split(". ")[0].rstrip(".") in " ".join(part.text for part in draft.parts)
    two = article_draft("pairing", [ticket(key, ("agent", f"{PAIR} {WIFI}")) for key in ("t1", "t2")])
    assert not two.one_ticket
    assert "From one ticket" not in article_markdown(two)
