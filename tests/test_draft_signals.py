"""What agents do with drafts becomes signals in the same transaction, by cited article, each once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from making import chunks, document, vector
from sqlalchemy import update
from test_store import answer

from assistant.domain import Answer, GapFound, Question
from assistant.gaplog.differing import Differing
from assistant.models.embedder import OnnxMiniLM
from assistant.store import tables as t
from assistant.store.asked import Asked, DraftRecord
from assistant.store.contact_rows import ContactFilter
from assistant.store.contacts import Contacts
from assistant.store.corpus import Corpus
from assistant.store.database import Database
from assistant.store.drafts import Drafts, reply_text
from assistant.store.signals import Signals

RECORD = DraftRecord(None, "ann", {})


@pytest.fixture
def asked(database: Database) -> Answer:
    """A stored answer that cites one article."""
    corpus = Corpus(database)
    article = document("a", "One two three.")
    parts = chunks(article)
    vectors = {c.content_hash: vector(c.embedded_text) for c in parts}
    corpus.put(corpus.source("/a", "file", {}), "a", article, parts, vectors, "seeded-384")
    made = answer()
    Asked(database).record(made, vector("q"), "seeded-384", token=made.id, draft=RECORD)
    return made


def signals(database: Database) -> list[tuple[str, str, float | None]]:
    ids = [c.id for c in Contacts(database).page(ContactFilter(), limit=9)]
    found = Signals(database).of_contacts(ids)
    return [(s.type, s.source_key, s.value) for i in ids for s in found.get(i, [])]


def test_a_question_is_one_contact_with_its_draft(database: Database, asked: Answer) -> None:
    (contact,) = Contacts(database).page(ContactFilter(), limit=9)
    assert (contact.draft_id, contact.verdict) == (asked.id, asked.verdict)
    again = replace(asked, id="f" * 32)
    Asked(database).record(again, vector("q"), "seeded-384", token=asked.id, draft=RECORD)
    (same,) = Contacts(database).page(ContactFilter(), limit=9)
    assert (same.id, same.draft_id) == (contact.id, again.id)


def test_a_heavy_edit_counts_against_the_cited_article_and_a_light_one_does_not(
    database: Database, asked: Answer
) -> None:
    drafts = Drafts(database)
    drafts.add_event(asked.id, "shown", "ann", None)
    drafts.add_event(asked.id, "sent", "ann", reply_text(asked))
    assert signals(database) == []
    drafts.add_event(asked.id, "sent", "ann", "entirely other words that nobody drafted before")
    drafts.add_event(asked.id, "sent", "ann", "entirely other words that nobody drafted before")
    ((kind, source, distance),) = signals(database)
    assert (kind, source) == ("edited", asked.sources[0].document_key)
    assert distance is not None
    assert distance > 0.5
    (contact,) = Contacts(database).page(ContactFilter(), limit=9)
    assert contact.minutes is not None
    assert 0 <= contact.minutes < 5


def test_discarded_rejected_and_flagged_are_told_apart(database: Database, asked: Answer) -> None:
    drafts = Drafts(database)
    drafts.add_event(asked.id, "discarded", "ann", None)
    drafts.add_feedback(asked.id, rating="down", reasons=["wrong"], note="", proposed_fix="A label", actor="ann")
    assert sorted(kind for kind, _, _ in signals(database)) == ["discarded", "flagged", "rejected"]


def test_an_abstention_is_one_signal_of_one_contact_and_one_gap(database: Database) -> None:
    gap = replace(
        answer(), verdict="gap", parts=(), sources=(), gap=GapFound("nothing_found", ()), question=Question("No idea?")
    )
    for _ in range(2):
        Asked(database).record(gap, vector("q"), "seeded-384", token="once", draft=None)
    assert [kind for kind, _, _ in signals(database)] == ["abstained"]
    (contact,) = Contacts(database).page(ContactFilter(), limit=9)
    assert contact.gap_id is not None


def test_a_draft_of_before_contacts_were_kept_signals_nothing_and_does_not_fail(
    database: Database, asked: Answer
) -> None:
    with database.write() as connection:
        connection.execute(update(t.Draft).values(ticket_id=None))
    old = replace(asked, id="e" * 32)
    Drafts(database).save(old, ticket_id=None, asked_by="t", settings={})
    Drafts(database).add_event(old.id, "discarded", "ann", None)
    assert signals(database) == []


def test_what_was_sent_instead_of_a_draft_differs_once_and_other_words_for_it_do_not(
    database: Database, asked: Answer, embedder: OnnxMiniLM
) -> None:
    drafts, differing = Drafts(database), Differing(database, embedder)
    drafts.add_event(
        asked.id, "sent", "ann", f"{reply_text(asked)} Please write again whenever anything is unclear here."
    )
    assert differing.look() == 0
    other = (
        "Our parcel service had a strike in the harbour last week, so the replacement lamp for the kitchen arrives on "
        "Thursday at the earliest, with a voucher."
    )
    drafts.add_event(asked.id, "sent", "ann", other)
    assert differing.look() == 1
    assert differing.look() == 0
    (found,) = [
        s for signals in Signals(database).of_contacts([1, 2, 3]).values() for s in signals if s.type == "differs"
    ]
    assert (found.source_key, found.actor, found.evidence["from"]) == (asked.sources[0].document_key, "ann", "sent")
    assert found.value is not None
    assert found.value < 0.4
