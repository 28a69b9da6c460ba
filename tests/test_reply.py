"""What stands around the parts of a reply: links to the articles, warnings of contradictions, age between equals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from answering_desk import Desk, desks
from making import document

from assistant.answering.conflict import conflicts
from assistant.answering.reply import Wording, article_links
from assistant.domain import Passage, Source
from ui.desk_draft import reply_text

WORDING = Wording("Hello {name},", "Hello,", "Read more:\n{links}\n\nKind regards,\n{desk}", "Acme")
REFUND = "You can return a display within 30 days after it was delivered."


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desks(tmp_path_factory.mktemp("reply")) as (plain, _):
        yield plain


def source(**fields: object) -> Source:
    values = {
        "n": 1, "document_key": "a", "version": 1, "kind": "doc", "audience": "public", "title": "Returns",
        "url": "https://help.example/a", "anchor": "", "quote": REFUND, "start": 0, "end": len(REFUND),
        "updated_at": None,
    }  # fmt: skip
    return Source(**{**values, **fields})  # type: ignore[arg-type]


def passage(key: str, text: str) -> Passage:
    made = document(key, text)
    return Passage(
        1, key, 1, made.kind, made.audience, "body", made.title, made.url, (), "", made.text, 0, len(made.text), ()
    )


def links(*sources: Source) -> tuple[str, ...]:
    return article_links(sources, lambda line, _: "evil" not in line)


def test_a_reply_ends_with_the_addresses_of_its_public_articles() -> None:
    told = links(source(), source(n=2), source(n=3, document_key="b", title="Two\nlines", anchor="part"))
    assert told == ("Returns: https://help.example/a", "Two lines: https://help.example/a#part")
    assert WORDING.close(told) == f"Read more:\n{told[0]}\n{told[1]}\n\nKind regards,\nAcme"


@pytest.mark.parametrize(
    "hidden", [{"audience": "internal"}, {"url": ""}, {"url": "javascript:alert(1)"}, {"title": "Go to evil.example"}]
)
def test_what_a_customer_cannot_or_must_not_open_is_no_link(hidden: dict[str, object]) -> None:
    assert links(source(**hidden)) == ()


def test_without_links_their_paragraph_goes_and_titles_fill_in_nothing() -> None:
    assert WORDING.close() == "Kind regards,\nAcme"
    assert "About {desk}: https" in WORDING.close(links(source(title="About {desk}")))
    assert replace(WORDING, closing="Bye, {desk}").close(links(source())) == "Bye, Acme"


def test_at_most_three_are_told() -> None:
    assert len(links(*(source(document_key=str(n), title=f"T{n}") for n in range(9)))) == 3


def test_an_article_that_was_found_and_not_cited_may_contradict() -> None:
    other = passage("terms", "Displays can be returned within 14 days after delivery of the display. Write to us.")
    dated = replace(other, updated_at=datetime(2026, 5, 12, tzinfo=UTC))
    quote = "A display can be returned within 30 days after delivery of the display."
    ((cited, unseen),) = conflicts([source(quote=quote)], [dated])
    assert cited == "[1] Returns"
    assert "Title of terms of 2026-05-12, found and not cited" in unseen
    assert "within 14 days" in unseen


def test_the_same_figure_another_matter_and_the_cited_article_itself_are_no_contradiction() -> None:
    quote = "A display can be returned within 30 days after delivery of the display."
    same = passage("same", "Displays can be returned within 30 days after delivery of the display.")
    apart = passage("apart", "The trial of Plus ends after 14 days and can be prolonged once.")
    itself = passage("a", "Displays can be returned within 14 days after delivery of the display.")
    assert conflicts([source(quote=quote)], [same, apart, itself]) == ()


def test_drafts_link_to_their_articles_and_what_is_sent_is_measured_against_that(desk: Desk) -> None:
    found = desk.draft("How do I change my email?", requester="Sam")
    assert found["sources"][0]["title"] == "Change your email address"
    link = next(s["url"] for s in found["sources"])
    assert f"Change your email address: {link}" in found["closing"]
    text = reply_text(found)
    assert text.endswith("Kind regards,\nFernway Support")
    event = desk.post(f"/v1/drafts/{found['draft_id']}/events", {"kind": "sent", "final_text": text})
    assert event["edit_distance"] == 0.0


def test_two_articles_of_the_desk_that_disagree_are_named_though_one_is_cited(desk: Desk) -> None:
    found = desk.draft("How long do I have to ask for a refund for Plus that I paid on the web?")
    (told,) = [warning for warning in found["warnings"] if warning.startswith("conflict:")]
    assert "14 days" in told + reply_text(found)
    assert "30 days" in told + reply_text(found)
