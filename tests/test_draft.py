"""The draft that needs no model: complete steps, kept conditions, exact quotes, and nothing told twice."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scaling import BELOW_QUADRATIC, growth

from assistant.answering import telling
from assistant.answering.asks import coverage
from assistant.answering.draft import Limits, extractive
from assistant.answering.language import content_stems
from assistant.answering.outline import outline
from assistant.answering.remembering import Remembering
from assistant.answering.resolutions import resolution_suggestion
from assistant.domain import Block, BlockKind, Candidate, Draft, Kind, Part, Passage, Question, Role, Variant
from assistant.seams import Vectors


class WordEmbedder:
    """Texts with common words are near: each word adds to a place that its letters choose."""

    model_id = "words"

    def embed(self, texts: Sequence[str]) -> Vectors:
        vectors = np.full((len(texts), 256), 1e-3, np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().split():
                vectors[row, sum(word.strip("?.,").encode()) % 256] += 1
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


LIMITS = Limits()
Spec = tuple[BlockKind, str] | tuple[BlockKind, str, dict[str, object]]


def passage(specs: Sequence[Spec], key: str = "article", title: str = "Article", kind: Kind = "doc") -> Passage:
    """A whole document as one passage; a step's number and level, a condition or variants come as a dict."""
    text, blocks = "", []
    for spec in specs:
        start = len(text) + (1 if text else 0)
        text += ("\n" if text else "") + spec[1]
        values = dict(spec[2]) if len(spec) > 2 else {}
        variants = tuple(
            Variant(start + spec[1].index(part), start + spec[1].index(part) + len(part), condition)
            for part, condition in values.pop("variants", ())  # type: ignore[attr-defined]
        )
        level = 1 if spec[0] in ("heading", "step", "item") else 0
        shape: dict[str, Any] = {"level": level, **values}
        blocks.append(Block(spec[0], start, len(text), variants=variants, **shape))
    return Passage(1, key, 1, kind, "public", "body", title, "", (), "", text, 0, len(text), tuple(blocks))


def cut(whole: Passage, first: int, last: int) -> Passage:
    """The passage that holds blocks `first` to `last` of `whole`."""
    blocks = whole.blocks[first : last + 1]
    start, end = blocks[0].start, blocks[-1].end
    return replace(whole, text=whole.text[start:end], start=start, end=end, blocks=blocks)


def candidate(found: Passage, dense: float = 0.5) -> Candidate:
    return Candidate(found, dense, 0.0, 0.0, dense)


def drafted(question: str, *found: Passage, whole: Sequence[Passage] = (), limits: Limits = LIMITS) -> Draft:
    candidates = [candidate(one, 0.6 - 0.01 * place) for place, one in enumerate(found)]
    complete = {(one.document_key, one.version): one for one in whole}
    return extractive(Question(question), candidates, WordEmbedder(), whole=complete, limits=limits)


def texts(draft: Draft) -> list[str]:
    return [part.text for part in draft.parts]


def assert_exact(draft: Draft, *documents: Passage) -> None:
    known = {(one.document_key, one.version): one for one in documents}
    for part in draft.parts:
        assert part.quotes
        for quote in part.quotes:
            document = known[quote.document_key, quote.version]
            assert document.text[quote.start - document.start : quote.end - document.start] == quote.text != ""
            assert any(block.start <= quote.start and quote.end <= block.end for block in document.blocks)


RESET = passage(
    [
        ("heading", "About passwords"),
        ("paragraph", "A password protects the account. It is stored encrypted."),
        ("heading", "Reset the password"),
        ("paragraph", "To reset your password:"),
        ("step", "Open Settings.", {"number": 1}),
        ("step", "Choose how:", {"number": 2}),
        ("item", "By email", {"level": 2}),
        ("item", "By text message", {"level": 2}),
        ("step", "Click Reset.", {"number": 3}),
        ("note", "Note: The link is valid for 20 minutes."),
    ],
    key="reset",
    title="Passwords",
)


def test_a_procedure_is_told_whole_in_order_with_its_lead_in() -> None:
    draft = drafted("How do I reset my password?", RESET)
    told = [(part.step, part.text) for part in draft.parts]
    assert (None, "To reset your password:") in told
    begin = told.index((None, "To reset your password:"))
    assert told[begin + 1 : begin + 4] == [
        (1, "Open Settings."),
        (2, "Choose how: By email; By text message"),
        (3, "Click Reset."),
    ]
    assert_exact(draft, RESET)


def test_a_step_is_never_told_without_those_before_it() -> None:
    tail = cut(RESET, 8, 9)
    assert all(part.step is None for part in drafted("How do I reset my password?", tail).parts)


def test_a_procedure_that_a_passage_cuts_is_completed_from_the_whole_version() -> None:
    draft = drafted("How do I reset my password?", cut(RESET, 8, 9), whole=[RESET])
    assert [part.step for part in draft.parts if part.step] == [1, 2, 3]
    assert_exact(draft, RESET)


def test_two_overlapping_passages_of_one_version_say_a_thing_once() -> None:
    draft = drafted("How do I reset my password?", cut(RESET, 2, 6), cut(RESET, 4, 9))
    assert texts(draft).count("Open Settings.") == 1


def test_a_step_that_follows_an_interruption_of_its_list_stays_in_it() -> None:
    document = passage(
        [
            ("step", "Close the printer.", {"number": 1}),
            ("note", "Note: It may be hot."),
            ("step", "Print the page again.", {"number": 2}),
        ]
    )
    draft = drafted("How do I print a page again?", document)
    assert [(part.step, part.text) for part in draft.parts] == [
        (1, "Close the printer. Note: It may be hot."),
        (2, "Print the page again."),
    ]


def test_the_steps_that_a_sentence_sends_back_to_come_before_it() -> None:
    document = passage(
        [
            ("heading", "Turn threading on"),
            ("step", "Open the View menu.", {"number": 1}),
            ("step", "Choose Threaded.", {"number": 2}),
            ("heading", "Turn conversations off"),
            ("paragraph", "To turn conversations off, follow the above steps and choose Unthreaded."),
        ]
    )
    draft = drafted("How do I turn conversations off?", document)
    assert texts(draft)[:2] == ["Open the View menu.", "Choose Threaded."]
    assert texts(draft)[-1].endswith("choose Unthreaded.")


MENU = passage(
    [
        ("paragraph", "To change the font size:"),
        (
            "step",
            "In the menu bar, open Preferences. Click the menu and open Options.",
            {
                "number": 1,
                "variants": [
                    ("In the menu bar, open Preferences.", "macOS"),
                    ("Click the menu and open Options.", "Windows, Linux"),
                ],
            },
        ),
        (
            "step",
            "Close Quit the window.",
            {"number": 2, "variants": [("Close", "Windows, Linux"), ("Quit", "macOS")]},
        ),
        ("step", "Press F5.", {"number": 3, "condition": "Windows"}),
    ],
    key="menu",
)


def test_variants_say_which_is_for_whom() -> None:
    draft = drafted("How do I change the font size?", MENU)
    assert texts(draft)[1:] == [
        "On macOS: In the menu bar, open Preferences. On Windows or Linux: Click the menu and open Options.",
        "(on Windows or Linux: Close; on macOS: Quit) the window.",
        "On Windows: Press F5.",
    ]
    assert_exact(draft, MENU)


def test_a_reader_who_names_a_platform_gets_only_what_is_for_it() -> None:
    draft = drafted("How do I change the font size on my Mac?", MENU)
    assert texts(draft)[1:] == ["In the menu bar, open Preferences.", "Quit the window."]
    assert [quote.text for quote in draft.parts[2].quotes] == ["Quit the window."]
    assert_exact(draft, MENU)


def test_no_quote_spans_a_variant_that_was_left_out() -> None:
    document = passage(
        [("paragraph", "Sync needs Tools Extras open.", {"variants": [("Tools", "Windows"), ("Extras", "macOS")]})]
    )
    draft = drafted("What does sync need on macOS?", document)
    assert texts(draft) == ["Sync needs Extras open."]
    assert [quote.text for quote in draft.parts[0].quotes] == ["Sync needs", "Extras open."]


def test_what_holds_before_an_old_version_is_left_out_unless_the_reader_has_it() -> None:
    document = passage(
        [
            ("paragraph", "Sync is in the Tools menu.", {"condition": "before Mailer 60"}),
            ("paragraph", "Sync is in Settings now.", {"condition": "Mailer 60 or later"}),
        ]
    )
    assert texts(drafted("Where is sync?", document)) == ["In Mailer 60 or later: Sync is in Settings now."]
    assert texts(drafted("Where is sync in Mailer 52?", document)) == ["Before Mailer 60: Sync is in the Tools menu."]


def test_a_condition_that_a_whole_unit_shares_is_told_once() -> None:
    document = passage(
        [("step", f"Press key {n}.", {"number": n, "condition": "Pro plan"}) for n in (1, 2, 3)], key="keys"
    )
    told = texts(drafted("Which key do I press?", document))
    assert told == ["For Pro plan: Press key 1.", "Press key 2.", "Press key 3."]


def test_a_second_document_that_says_the_same_adds_nothing() -> None:
    said = "Refunds arrive within five working days after approval."
    one, other = (passage([("paragraph", said)], key=key, title=key) for key in ("a", "b"))
    draft = drafted("When do refunds arrive?", one, other)
    assert {quote.document_key for part in draft.parts for quote in part.quotes} == {"a"}


def test_a_second_document_that_answers_the_other_half_is_added() -> None:
    one = passage([("paragraph", "Orders can be cancelled until they ship from us.")], key="a", title="Orders")
    other = passage([("paragraph", "Refunds arrive within five days of approval.")], key="b", title="Refunds")
    draft = drafted("Can orders be cancelled, and when do refunds arrive?", one, other)
    assert {quote.document_key for part in draft.parts for quote in part.quotes} == {"a", "b"}


def test_the_limits_hold() -> None:
    many = [
        passage([("paragraph", f"Sync setting {word} keeps mail {word} safe and {word} sound.")], key=word, title=word)
        for word in ("alpha", "beta", "gamma", "delta", "omega")
    ]
    draft = drafted("Which sync setting keeps mail safe?", *many, limits=Limits(documents=2, parts=2, chars=200))
    assert len({part.quotes[0].document_key for part in draft.parts}) <= 2
    assert len(draft.parts) <= 2


def test_a_faq_tells_its_answer_and_not_its_question() -> None:
    faq = passage(
        [("paragraph", "How long does delivery take?"), ("paragraph", "Delivery takes three days.")],
        key="faq",
        title="How long does delivery take?",
        kind="faq",
    )
    assert texts(drafted("how long does delivery take", faq)) == ["Delivery takes three days."]


def test_links_lists_and_pointers_to_pictures_are_left_out() -> None:
    document = passage(
        [
            ("paragraph", "Sync copies your mail to the server. The image below shows the window."),
            ("paragraph", "For more about sync, see these articles:"),
            ("item", "Sync for teams"),
            ("item", "https://example.org/sync"),
            ("heading", "See also"),
            ("paragraph", "Sync and backup are explained elsewhere."),
        ]
    )
    assert texts(drafted("What does sync do?", document)) == ["Sync copies your mail to the server."]


def test_an_ask_that_nothing_supports_is_uncovered_word_for_word() -> None:
    draft = drafted("How do I reset my password? And do you ship pianos to Norway?", RESET)
    assert draft.uncovered == ("And do you ship pianos to Norway?",)


def test_without_candidates_there_are_no_parts_and_every_ask_is_uncovered() -> None:
    assert drafted("How do I reset my password?") == Draft((), ("How do I reset my password?",))


def ticket(text: str, *, role: Role = "resolution", kind: BlockKind = "agent") -> Candidate:
    made = passage([(kind, text)], key="t1", kind="ticket")
    return candidate(replace(made, role=role, audience="internal"))


def test_a_ticket_is_never_cited_in_a_part() -> None:
    found = [ticket("Reset the password in Settings.")]
    assert extractive(Question("How do I reset my password?"), found, WordEmbedder()).parts == ()


def test_a_suggestion_is_what_the_agent_wrote_in_whole_sentences_without_greetings() -> None:
    found = ticket("Hi Anna,\nClear the cache in Settings. Then restart the app.\nBest regards, Sam")
    suggestion = resolution_suggestion(found.passage)
    assert suggestion is not None
    assert suggestion.text == "Clear the cache in Settings. Then restart the app."
    assert suggestion.document_key == "t1"
    short = resolution_suggestion(found.passage, most_chars=30)
    assert short is not None
    assert short.text == "Clear the cache in Settings."


def test_a_ticket_without_an_answer_suggests_nothing() -> None:
    assert resolution_suggestion(ticket("It is broken!", role="problem", kind="customer").passage) is None
    assert resolution_suggestion(RESET) is None


def test_coverage_grows_with_what_the_parts_speak_of() -> None:
    question = Question("How do I reset my password on the train?")
    none, half = coverage(question, []), coverage(question, [Part("Reset the password.", ())])
    assert 0.0 == none < half < coverage(question, [Part("Reset the password on the train.", ())]) == 1.0


HOSTILE = {
    "no sentences": "password " * 12_000,
    "one word": "p" * 100_000,
    "control characters": "password\x00\x07\u202e\ufeff " * 5_000,
    "full stops": "password. " * 10_000,
    "other language": "パスワードを再設定する方法を教えてください。" * 4_000,
    "brackets": "(on Windows: " * 8_000,
    "questions": "password? " * 10_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_drafted_from_exactly_and_in_time_in_proportion_to_its_length(name: str) -> None:
    def of(chars: int) -> tuple[str, Passage]:
        text = HOSTILE[name][:chars]
        return text, passage([("heading", text[:200]), ("paragraph", text), ("step", text, {"number": 1})])

    def asked_shortly(given: tuple[str, Passage]) -> None:
        forget()
        assert_exact(drafted("How do I reset my password?", given[1]), given[1])

    def asked_at_length(given: tuple[str, Passage]) -> None:
        forget()
        assert_exact(drafted(*given), given[1])

    longest = len(HOSTILE[name])
    assert growth(asked_shortly, of, longest // 8, longest) < BELOW_QUADRATIC
    assert growth(asked_at_length, of, longest // 8, longest) < BELOW_QUADRATIC


MANY: dict[str, Sequence[Spec]] = {
    "paragraphs": [("paragraph", "Reset the password now.")],
    "steps": [("step", "Reset the password now.")],
    "sections": [("heading", "Reset the password"), ("paragraph", "Reset the password now.")],
}


@pytest.mark.parametrize("name", MANY)
def test_an_article_of_many_blocks_is_drafted_from_in_time_in_proportion_to_their_number(name: str) -> None:
    def draft_anew(document: Passage) -> None:
        forget()
        assert texts(drafted("How do I reset my password?", document)) or name == "steps"  # too many to tell

    assert growth(draft_anew, lambda size: passage([*MANY[name]] * size), 250, 2_000) < BELOW_QUADRATIC


def forget() -> None:
    """Empties what drafting remembers between questions: every draft is to do all of its work."""
    outline.cache_clear()
    content_stems.cache_clear()
    for remembered in vars(telling).values():
        if hasattr(remembered, "cache_clear"):
            remembered.cache_clear()


def test_any_structure_gives_exact_quotes_and_unbroken_steps() -> None:
    source = random.Random(7)
    kinds: tuple[BlockKind, ...] = ("heading", "paragraph", "step", "item", "note", "row", "code")
    vocabulary = "sync mail Click. password Settings (see below) If so: 3.5 \u00e9t\u00e9".split()
    for _ in range(300):
        specs: list[Spec] = []
        for _ in range(source.randint(1, 14)):
            kind = source.choice(kinds)
            text = " ".join(source.choices(vocabulary, k=source.randint(1, 12)))
            values: dict[str, object] = {"level": source.randint(1, 3), "number": source.randint(1, 4)}
            if source.random() < 0.3:
                values["condition"] = source.choice(("Windows", "before Mailer 9", "not macOS", "Pro plan; Linux"))
            if source.random() < 0.3:
                values["variants"] = [(text[: len(text) // 2].strip(), "macOS")]
            specs.append((kind, text, values))
        whole = passage(specs)
        first = source.randrange(len(specs))
        part = cut(whole, first, source.randrange(first, len(specs)))
        complete = [whole] if source.random() < 0.5 else []
        draft = drafted("How do I sync mail on Windows with a password?", part, whole=complete)
        assert_exact(draft, whole)


@pytest.mark.skipif("WAYPOST_BENCH" not in os.environ, reason="set WAYPOST_BENCH to the folder of the shared data sets")
def test_every_draft_from_a_real_help_centre_quotes_exactly_and_keeps_its_limits() -> None:
    from ingest.structure.html import from_html

    folder = Path(os.environ["WAYPOST_BENCH"]) / "thunderbird"
    documents = []
    for line in (folder / "documents.jsonl").read_text("utf-8").splitlines():
        record = json.loads(line)
        visible = from_html(record["html"])
        documents.append(
            Passage(
                1, record["id"], 1, "doc", "public", "body", record["title"], "", (), "",
                visible.text, 0, len(visible.text), visible.blocks,
            )
        )  # fmt: skip
    known = {one.document_key: one for one in documents}
    limits = Limits()
    for line in (folder / "cases_2024h2.jsonl").read_text("utf-8").splitlines()[:120]:
        case = json.loads(line)
        found = [candidate(known[key]) for key in case["relevant"] if key in known]
        draft = extractive(Question(case["text"], case["title"]), found, WordEmbedder(), limits=limits)
        assert_exact(draft, *documents)
        assert len({part.quotes[0].document_key for part in draft.parts}) <= limits.documents
        if not any(part.step for part in draft.parts):
            assert len(draft.parts) <= limits.parts


class CountingEmbedder(WordEmbedder):
    """Remembers which texts it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return super().embed(texts)


def test_the_section_whose_heading_asks_the_same_is_told_whole_and_alone() -> None:
    draft = drafted("How do I reset the password?", RESET)
    assert texts(draft) == [
        "To reset your password:",
        "Open Settings.",
        "Choose how: By email; By text message",
        "Click Reset.",
        "Note: The link is valid for 20 minutes.",
    ]


def test_a_sentence_that_leans_on_one_that_is_not_told_is_left_out() -> None:
    document = passage(
        [
            ("heading", "Print photos"),
            ("paragraph", "See the section below."),
            ("paragraph", "Then the printer is online. Photos print in colour."),
            ("paragraph", "This takes a minute."),
        ]
    )
    assert texts(drafted("Do photos print in colour?", document)) == ["Photos print in colour.", "This takes a minute."]


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("Is there a discount for a second home?", ["Yes, the second home is half the price.", "Ask for it by mail."]),
        ("Is there a discount for students?", ["Ask for it by mail."]),
    ],
)
def test_a_yes_to_another_question_is_not_told(question: str, told: list[str]) -> None:
    answer = "Yes, the second home is half the price. Ask for it by mail."
    title = "Is there a discount for a second home?"
    assert texts(drafted(question, passage([("paragraph", answer)], key="faq", title=title, kind="faq"))) == told


def test_an_answer_in_a_faq_may_lean_on_its_question() -> None:
    faq = passage([("paragraph", "It shows the last 14 days.")], key="faq", title="Does it go blank?", kind="faq")
    assert texts(drafted("Does the screen go blank?", faq)) == ["It shows the last 14 days."]


def test_an_item_that_only_links_to_a_section_of_its_article_is_left_out() -> None:
    document = passage(
        [
            ("heading", "Mail does not arrive"),
            ("paragraph", "Check mail like this:"),
            ("item", "Look at the cable and at the network"),
            ("item", "Verify that mail is not blocked"),
            ("heading", "Verify that mail is not blocked"),
            ("paragraph", "Turn the firewall off for a minute."),
        ]
    )
    assert "Verify that mail is not blocked" not in texts(drafted("Why does mail not arrive?", document))


def test_a_row_of_a_table_is_told_with_its_cells_apart_and_no_head_where_it_is_introduced() -> None:
    document = passage(
        [
            ("paragraph", "These plans can print photos:"),
            ("row", "Plan\tPhotos", {"level": 1}),
            ("row", "Basic\tTen photos\ta month"),
            ("row", "Plus\tAny number"),
        ]
    )
    draft = drafted("Which plans print photos?", document)
    assert texts(draft) == ["These plans can print photos:", "Basic: Ten photos, a month", "Plus: Any number"]
    assert_exact(draft, document)


def test_a_question_without_a_matter_of_its_own_is_not_uncovered() -> None:
    asked = "How do I reset my password? Any ideas? What can I do? Can somebody please help me?"
    assert drafted(asked, RESET).uncovered == ()


def test_a_question_that_joins_two_is_uncovered_in_its_half() -> None:
    draft = drafted("How do I reset my password and do you ship pianos to Norway?", RESET)
    assert draft.uncovered == ("do you ship pianos to Norway?",)


def test_a_text_is_embedded_once_and_the_oldest_is_forgotten() -> None:
    counting = CountingEmbedder()
    remembering = Remembering(counting, most=2)
    first = remembering.embed(["a", "b", "a"])
    assert np.array_equal(first[0], first[2])
    assert np.array_equal(remembering.embed(["b", "c"])[0], first[1])
    assert counting.asked == ["a", "b", "c"]
    remembering.embed(["a"])
    assert counting.asked == ["a", "b", "c", "a"]
