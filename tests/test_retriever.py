"""The search as a LangChain retriever: the same order as the desk's, with what a citation needs."""

from __future__ import annotations

import json

from answering_desk import WIFI, Desk
from langchain_core.runnables import RunnableLambda

from assistant.models.retriever import WaypostRetriever

ESCALATION = "Which escalation path for account recovery when the customer lost email?"


def retriever(desk: Desk, **options: object) -> WaypostRetriever:
    assistant = desk.home.assistant(desk.index, lambda: "")
    return WaypostRetriever(search=assistant.search, **options)  # type: ignore[arg-type]


def test_it_returns_what_search_ranks_with_offsets_into_the_stored_text(
    answering_desks: tuple[Desk, Desk],
) -> None:
    desk = answering_desks[0]
    found = retriever(desk, k=4).invoke(WIFI)
    ranked = desk.get("/v1/search", q=WIFI, k=4, kind="doc,faq")["hits"]
    assert [one.metadata["document_id"] for one in found] == [hit["document_id"] for hit in ranked]
    for one in found:
        address = f"/v1/documents/{one.metadata['document_id']}"
        stored = desk.get(address, version=one.metadata["version"])["text"]
        assert stored[one.metadata["start"] : one.metadata["end"]] == one.page_content
        json.dumps(one.metadata)


def test_internal_articles_come_only_where_they_are_asked_for(answering_desks: tuple[Desk, Desk]) -> None:
    desk = answering_desks[0]
    public = retriever(desk).invoke(ESCALATION)
    inside = retriever(desk, audiences=("public", "internal")).invoke(ESCALATION)
    assert all(one.metadata["audience"] == "public" for one in public)
    assert any(one.metadata["audience"] == "internal" for one in inside)


def test_it_is_a_step_of_a_chain_and_tickets_come_when_named(answering_desks: tuple[Desk, Desk]) -> None:
    desk = answering_desks[0]
    chain = retriever(desk, k=2) | RunnableLambda(lambda found: [one.metadata["title"] for one in found])
    assert len(chain.invoke(WIFI)) == 2
    kinds = {
        one.metadata["kind"]
        for one in retriever(desk, k=30, audiences=("public", "internal"), kinds=("doc", "ticket")).invoke(WIFI)
    }
    assert kinds == {"doc", "ticket"}
