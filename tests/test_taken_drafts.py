"""What agents did with drafts teaches `tune`: taken drafts are lessons, others are not, and no ticket counts twice."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pytest
from answering_desk import WIFI, Desk
from filling import owned
from making import chunks, document, vector
from sqlalchemy import update
from test_store import answer
from test_tuning import Words, helpdesk

from assistant.domain import Answer, CitedPart, Question, Source
from assistant.store import tables as t
from assistant.store.corpus import Corpus
from assistant.store.database import Database
from assistant.store.drafts import Drafts, reply_text
from assistant.store.taken import TakenDrafts
from assistant.tuning.desk import StoredDesk
from assistant.tuning.lessons import Lesson
from assistant.tuning.tune import tune

TEXTS = {
    "a": "Press the red button twice and wait for the long tone.",
    "b": "Bring your receipt to the counter on the second floor.",
}
PARTS = (CitedPart(TEXTS["a"], (1,), ((1, 0, 54),), 1.0, None), CitedPart(TEXTS["b"], (2,), ((2, 0, 54),), 1.0, None))
numbers = itertools.count()


@pytest.fixture
def drafts(database: Database) -> Drafts:
    """A log of drafts over two articles and two tickets, of which one links an article."""
    corpus = Corpus(database)
    source = corpus.source("/a", "file", {})
    tickets = [
        document("t1", "It beeps.", kind="ticket", agent_links=("https://help.example/b",)),
        document("t2", "It hums.", kind="ticket"),
    ]
    for made in (*(document(key, text) for key, text in TEXTS.items()), *tickets):
        parts = chunks(made, "problem" if made.kind == "ticket" else "body")
        vectors = {part.content_hash: vector(part.embedded_text) for part in parts}
        corpus.put(source, made.key, made, parts, vectors, "seeded-384")
    return Drafts(database)


def drafted(drafts: Drafts, question: str = "It beeps", ticket: str | None = None) -> Answer:
    """A stored draft that cites both articles."""
    cited = tuple(
        Source(n, key, 1, "doc", "public", key, f"https://help.example/{key}", "", text, 0, len(text), None)
        for n, (key, text) in enumerate(TEXTS.items(), 1)
    )
    made = answer(id=f"{next(numbers):032d}", question=Question(question, title="T"), parts=PARTS, sources=cited)
    drafts.save(made, ticket_id=ticket, asked_by="ann", settings={})
    return made


def taught(database: Database) -> list[tuple[str, ...]]:
    return [draft.articles for draft in TakenDrafts(database).all()]


def lessons(database: Database, folder: Path) -> list[Lesson]:
    return list(StoredDesk(database, owned(database, folder / "index")).lessons())


@pytest.mark.parametrize("kind", ["inserted", "copied", "sent"])
def test_a_draft_that_was_used_as_it_was_teaches_all_that_it_cites(
    database: Database, drafts: Drafts, kind: str
) -> None:
    drafts.add_event(drafted(drafts).id, kind, "ann", None)
    assert taught(database) == [("a", "b")]


def test_what_an_agent_left_out_is_not_taught(database: Database, drafts: Drafts) -> None:
    made = drafted(drafts)
    kept = replace(made, parts=(replace(PARTS[0], text=TEXTS["a"].replace("long", "short")),))
    drafts.add_event(made.id, "sent", "ann", reply_text(kept))
    assert taught(database) == [("a",)]


def test_drafts_that_were_not_used_or_hardly_teach_nothing(database: Database, drafts: Drafts) -> None:
    unused, discarded, rewritten, rejected = (drafted(drafts, f"Question {n}") for n in range(4))
    drafts.add_event(unused.id, "shown", "ann", None)
    drafts.add_event(discarded.id, "copied", "ann", None)
    drafts.add_event(discarded.id, "discarded", "ann", None)
    drafts.add_event(
        rewritten.id,
        "sent",
        "ann",
        f"{TEXTS['a']} But for your model, none of this is true at all, sorry: "
        "send it to us at our cost, with the form that I attach, and we look at it within the week, I promise you.",
    )
    drafts.add_event(rejected.id, "sent", "ann", None)
    drafts.add_feedback(rejected.id, rating="down", reasons=["wrong_fact"], note="", proposed_fix="", actor="ann")
    assert taught(database) == []
    drafts.add_event(discarded.id, "shown", "ann", None)  # the agent took the discard back
    drafts.add_feedback(rejected.id, rating="up", reasons=[], note="", proposed_fix="", actor="ann")
    assert taught(database) == [("a", "b")] * 2


def test_an_article_that_is_gone_is_not_taught(database: Database, drafts: Drafts) -> None:
    drafts.add_event(drafted(drafts).id, "sent", "ann", None)
    with database.write() as connection:
        now = connection.scalar(t.Draft.__table__.select().with_only_columns(t.Draft.created_at))
        connection.execute(update(t.Document).where(t.Document.key == "a").values(deleted_at=now))
    assert taught(database) == [("b",)]


def test_a_draft_in_other_words_is_read_like_any_other(database: Database, drafts: Drafts) -> None:
    made = drafted(drafts)
    shorter = replace(made, id="f" * 32, parts=PARTS[1:], parent_id=made.id, rewritten="shorter")
    drafts.save(shorter, ticket_id=None, asked_by="ann", settings={})
    drafts.add_event(shorter.id, "sent", "ann", reply_text(shorter))
    assert taught(database) == [("b",)]


def test_a_ticket_is_one_lesson_and_its_own_links_come_first(
    database: Database, drafts: Drafts, tmp_path: Path
) -> None:
    for ticket, sent in (("t1", None), ("t2", None), ("t2", TEXTS["a"]), (None, None), (None, TEXTS["b"])):
        final = sent and reply_text(answer(parts=(CitedPart(sent, (1,), ((1, 0, 4),), 1.0, None),)))
        drafts.add_event(drafted(drafts, "It hums loudly", ticket).id, "sent", "ann", final)
    found = {one.ticket_key.partition(":")[0]: one for one in lessons(database, tmp_path)}
    own, second, alone = found["t1"], found["t2"], found["draft"]
    assert len(lessons(database, tmp_path)) == 3
    assert (own.ticket_key, own.articles, own.votes) == ("t1", ("b",), True)
    assert (second.ticket_key, second.question.text, second.articles) == ("t2", "It hums loudly", ("a",))
    assert (alone.question.text, alone.articles) == ("It hums loudly", ("b",))
    assert second.question.created is not None
    assert own.question.id == "t1"


def test_a_draft_that_is_sent_over_the_api_teaches_what_was_kept_of_the_question(
    answering_desks: tuple[Desk, Desk],
) -> None:
    desk, _ = answering_desks
    asked = {"id": "T-900", "subject": "Wi-Fi", "messages": [{"by": "customer", "text": f"{WIFI} ann@private.example"}]}
    made = desk.post("/v1/drafts", {"ticket": asked})
    stored = desk.home.drafts.load(made["draft_id"])
    desk.post(f"/v1/drafts/{made['draft_id']}/events", {"kind": "sent", "final_text": reply_text(stored)})
    lessons = {one.ticket_key: one for one in StoredDesk(desk.home.database, desk.index).lessons()}
    lesson = lessons["T-900"]
    assert not lesson.votes
    assert set(lesson.articles) == {source["document_id"] for source in made["sources"]}
    assert "Wi-Fi" in lesson.question.full_text
    assert "private.example" not in lesson.question.full_text


def test_lessons_from_drafts_teach_and_are_judged_but_do_not_vote(tmp_path: Path) -> None:
    desk = helpdesk(200)
    by_votes = tune(desk, Words(), folder=tmp_path)
    desk.rows = [replace(one, votes=False) for one in desk.rows]
    silent = tune(desk, Words(), folder=tmp_path)
    assert (silent.drafts, by_votes.drafts) == (200, 0)
    assert (silent.lessons, silent.later) == (by_votes.lessons, by_votes.later)
    assert silent.compared[0].gain.before < by_votes.compared[0].gain.before
    assert silent.compared[0].gain.after == silent.compared[0].gain.before
