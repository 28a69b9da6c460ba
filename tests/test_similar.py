"""Similar tickets with how they ended, for the agent beside a draft."""

from __future__ import annotations

from answering_desk import WIFI, Desk


def test_similar_tickets_tell_how_they_ended(answering_desks: tuple[Desk, Desk]) -> None:
    desk = answering_desks[0]
    found = desk.get("/v1/tickets/similar", q=WIFI, limit=4)
    assert 0 < len(found) <= 4
    assert [one["similarity"] for one in found] == sorted((one["similarity"] for one in found), reverse=True)
    for one in found:
        assert one["audience"] == "internal"
        assert one["resolution"] or one["articles"]
        assert one["document_id"]
    answer = desk.draft()
    by_draft = desk.get("/v1/tickets/similar", draft_id=answer["draft_id"], limit=4)
    assert [one["document_id"] for one in by_draft] == [one["document_id"] for one in found]


def test_exactly_one_of_question_and_draft_is_expected(answering_desks: tuple[Desk, Desk]) -> None:
    desk = answering_desks[0]
    headers = {"Authorization": "Bearer local-token"}
    for query in ("", "?q=a&draft_id=b"):
        response = desk.client.get(f"/v1/tickets/similar{query}", headers=headers)
        assert response.status_code == 422
        assert "either" in response.json()["detail"]
    assert desk.client.get("/v1/tickets/similar?draft_id=none", headers=headers).status_code == 404
