"""Route for agents: tickets like the one at hand, with how they ended."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from assistant.api.auth import Asker
from assistant.api.services import Served
from assistant.cleaning import cleaned
from assistant.domain import Question
from assistant.errors import UsageError

router = APIRouter(prefix="/v1", tags=["drafts"])


class ArticleOut(BaseModel):
    """An article that the ticket's agents linked."""

    document_id: str
    title: str
    url: str


class SimilarOut(BaseModel):
    """A similar ticket; internal. `resolution` holds first sentences of the reply that resolved it, or nothing."""

    document_id: str
    audience: str = "internal"
    title: str
    status: str
    updated_at: datetime | None
    similarity: float
    resolution: str
    articles: list[ArticleOut]


@router.get("/tickets/similar")
def similar(
    caller: Asker,
    services: Served,
    q: Annotated[str, Query(max_length=100_000, description="What the customer wrote.")] = "",
    draft_id: Annotated[str, Query(max_length=32, description="Instead: the draft whose question counts.")] = "",
    limit: Annotated[int, Query(ge=1, le=20)] = 5,
) -> list[SimilarOut]:
    """Similar tickets that ended with a reply or a linked article, nearest first. For the agent, never a customer."""
    if bool(q.strip()) == bool(draft_id):
        raise UsageError("Expected either 'q' or 'draft_id', found " + ("both." if draft_id else "neither."))
    question = services.desk.drafts.load(draft_id).question if draft_id else Question(cleaned(q))
    found = services.desk.assistant.similar(question, audiences=caller.audiences("agent"), limit=limit)
    return [
        SimilarOut(
            document_id=ticket.document_key,
            title=ticket.title,
            status=ticket.status,
            updated_at=ticket.updated_at,
            similarity=round(ticket.similarity, 4),
            resolution=ticket.resolution,
            articles=[
                ArticleOut(document_id=article.document_key, title=article.title, url=article.url)
                for article in ticket.articles
            ],
        )
        for ticket in found
    ]
