"""An agent who sees that the wrong article was drafted from chooses another one: same chain, no new contact."""

from __future__ import annotations

from typing import Any

import pytest
from answering_desk import Desk
from sqlalchemy import text

ASKED = "How do I really keep my calendar to myself?"


def asked(desk: Desk, question: str = ASKED) -> dict[str, Any]:
    return desk.post("/v1/drafts", {"text": question, "requester": "Ann Noble"})


def considered(desk: Desk, draft_id: str) -> list[dict[str, Any]]:
    found = desk.get(f"/v1/drafts/{draft_id}/considered")
    assert isinstance(found, list)
    return found


def test_a_chosen_article_is_drafted_from_alone_and_cited(answering_desks: tuple[Desk, Desk]) -> None:
    desk = answering_desks[0]
    first = asked(desk)
    other = next(one for one in considered(desk, first["draft_id"]) if not one["cited"] and one["kind"] == "doc")
    anew = desk.post(
        f"/v1/drafts/{first['draft_id']}/redraft", {"document_id": other["document_id"], "requester": "Ann Noble"}
    )
    assert anew["verdict"] in ("answered", "partial")
    assert anew["gap"] is None
    assert {source["document_id"] for source in anew["sources"]} == {other["document_id"]}
    assert (anew["parent_id"], anew["rewritten"]) == (first["draft_id"], "from another article")
    assert "Ann" in anew["greeting"]
    document = desk.get(f"/v1/documents/{other['document_id']}")
    assert all(document["text"][s["start"] : s["end"]] == s["quote"] for s in anew["sources"])
    assert desk.get(f"/v1/drafts/{anew['draft_id']}")["parts"] == anew["parts"]


def test_an_article_that_no_search_brought_up_may_be_chosen(answering_desks: tuple[Desk, Desk]) -> None:
    desk = answering_desks[0]
    first = asked(desk)
    found = {one["document_id"] for one in considered(desk, first["draft_id"])}
    far = next(
        hit["document_id"]
        for hit in desk.get("/v1/search", q="print on paper", kind="doc", k=40)["hits"]
        if hit["document_id"] not in found
    )
    anew = desk.post(f"/v1/drafts/{first['draft_id']}/redraft", {"document_id": far})
    assert {source["document_id"] for source in anew["sources"]} == {far}
    # What else was found stays with the question, whichever article is drafted from.
    assert {one["document_id"] for one in considered(desk, anew["draft_id"])} == found


def test_what_was_a_gap_is_answered_from_the_article_that_the_agent_knows(answering_desks: tuple[Desk, Desk]) -> None:
    desk = answering_desks[0]
    gap = asked(desk, "Zebra crossing paint colours in Oslo, which norm holds?")
    assert gap["verdict"] == "gap"
    contacts = desk.get("/v1/gaps", limit=200)
    anew = desk.post(f"/v1/drafts/{gap['draft_id']}/redraft", {"document_id": "event-colours"})
    assert anew["verdict"] in ("answered", "partial")
    assert anew["confidence"] < 0.5  # shown as it is: who chose the article vouches for it, the calibration does not
    assert desk.get("/v1/gaps", limit=200) == contacts


@pytest.mark.parametrize("unknown", ["no-such-article", "../etc/passwd", "x" * 900])
def test_an_unknown_article_is_refused_with_what_to_do(answering_desks: tuple[Desk, Desk], unknown: str) -> None:
    desk = answering_desks[0]
    first = asked(desk)
    path, body = f"/v1/drafts/{first['draft_id']}/redraft", {"document_id": unknown}
    assert "/v1/search" in desk.post(path, body, status=404)["detail"]


def test_an_unknown_draft_and_an_empty_choice_are_refused(answering_desks: tuple[Desk, Desk]) -> None:
    desk = answering_desks[0]
    desk.post("/v1/drafts/none/redraft", {"document_id": "event-colours"}, status=404)
    desk.post(f"/v1/drafts/{asked(desk)['draft_id']}/redraft", {"document_id": ""}, status=422)


def test_the_same_choice_sent_again_under_one_key_makes_one_draft(answering_desks: tuple[Desk, Desk]) -> None:
    desk = answering_desks[0]
    path = f"/v1/drafts/{asked(desk)['draft_id']}/redraft"
    once, again = (
        desk.post(path, {"document_id": "event-colours"}, **{"Idempotency-Key": "chosen-once"}) for _ in range(2)
    )
    assert once == again


def test_an_article_that_an_agent_had_to_find_is_a_signal_once(answering_desks: tuple[Desk, Desk]) -> None:
    desk = answering_desks[0]
    first = asked(desk, "Where do I change which colour my events have?")
    other = next(one for one in considered(desk, first["draft_id"]) if not one["cited"])
    anew = desk.post(f"/v1/drafts/{first['draft_id']}/redraft", {"document_id": other["document_id"]})
    for kind in ("shown", "copied", "sent", "sent"):
        desk.post(f"/v1/drafts/{anew['draft_id']}/events", {"kind": kind})
    with desk.home.database.read() as connection:
        rows = connection.execute(
            text("select type, source_key from signals where token like :token"),
            {"token": f"found_by_agent:{anew['draft_id']}%"},
        ).all()
    assert [tuple(row) for row in rows] == [("found_by_agent", other["document_id"])]
