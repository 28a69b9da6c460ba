"""Routes for agents: drafts, what became of them, search, evidence."""

from __future__ import annotations

from typing import Annotated, Any, cast, get_args

from fastapi import APIRouter, Query, Request, Response

from assistant.answering.shapes import answer_json, hits_json
from assistant.api.asking import asking
from assistant.api.auth import Asker
from assistant.api.idempotency import IdempotencyKey, once
from assistant.api.schemas import AnswerOut, DraftRequest, EventOut, EventRequest, FeedbackRequest, Hits
from assistant.api.services import Served
from assistant.cleaning import cleaned
from assistant.domain import Kind, Question
from assistant.errors import NotFound, UsageError

router = APIRouter(prefix="/v1", tags=["drafts"])


@router.post("/drafts", response_model=AnswerOut)
def create_draft(
    body: DraftRequest, request: Request, caller: Asker, services: Served, idempotency_key: IdempotencyKey = None
) -> Response:
    """A cited draft, a partial one, or a gap. A gap is a result, not an error."""
    wanted = asking(body, caller, services)
    return once(services.database, request, caller.name, idempotency_key, body, wanted.answer)


@router.get("/drafts")
def recent_drafts(
    caller: Asker,  # noqa: ARG001
    services: Served,
    limit: Annotated[int, Query(ge=1, le=200)] = 20,
) -> list[dict[str, Any]]:
    """The latest drafts, newest first."""
    return services.desk.drafts.recent(limit)


@router.get("/drafts/{draft_id}")
def get_draft(draft_id: str, caller: Asker, services: Served) -> AnswerOut:  # noqa: ARG001
    """A stored draft, unchanged."""
    return AnswerOut.model_validate(answer_json(services.desk.drafts.load(draft_id)))


@router.post("/drafts/{draft_id}/events", response_model=EventOut)
def add_event(
    draft_id: str,
    body: EventRequest,
    request: Request,
    caller: Asker,
    services: Served,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """What the agent did with the draft."""

    def reply() -> EventOut:
        sent = None if body.final_text is None else services.desk.redactor.text(cleaned(body.final_text))
        distance = services.desk.drafts.add_event(draft_id, body.kind, caller.name, sent)
        return EventOut(edit_distance=distance)

    return once(services.database, request, caller.name, idempotency_key, body, reply)


@router.post("/drafts/{draft_id}/feedback", response_model=EventOut)
def add_feedback(
    draft_id: str,
    body: FeedbackRequest,
    request: Request,
    caller: Asker,
    services: Served,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """A rating of the draft."""

    def reply() -> EventOut:
        services.desk.drafts.add_feedback(
            draft_id,
            rating=body.rating,
            reasons=[cleaned(reason) for reason in body.reasons],
            note=services.desk.redactor.text(cleaned(body.note)),
            proposed_fix=services.desk.redactor.text(cleaned(body.proposed_fix)),
            actor=caller.name,
        )
        return EventOut(edit_distance=None)

    return once(services.database, request, caller.name, idempotency_key, body, reply)


@router.get("/drafts/{draft_id}/history")
def draft_history(draft_id: str, caller: Asker, services: Served) -> dict[str, list[dict[str, Any]]]:  # noqa: ARG001
    """Events and feedback of a draft, oldest first."""
    services.desk.drafts.load(draft_id)
    return services.desk.drafts.history(draft_id)


@router.get("/search")
def search(
    caller: Asker,
    services: Served,
    q: Annotated[str, Query(min_length=1, max_length=100_000)],
    k: Annotated[int, Query(ge=1, le=100)] = 10,
    kind: Annotated[str, Query(max_length=40, description="faq, doc, ticket, comma-separated; default all.")] = "",
    product: Annotated[str, Query(max_length=200, description="Only documents of it, or of no product.")] = "",
    locale: Annotated[str, Query(max_length=40, description="Only documents in its language, or in none named.")] = "",
    source: Annotated[list[str], Query(description="Only these sources, by name.")] = [],  # noqa: B006
) -> Hits:
    """Ranked documents with their best passage."""
    kinds = _kinds(kind)
    sources = services.knowledge.named_sources([cleaned(name) for name in source])
    question = Question(text=cleaned(q), product=cleaned(product), locale=cleaned(locale), sources=sources)
    retrieval = services.desk.assistant.search(question, audiences=caller.audiences("agent"))
    return Hits(id="", hits=hits_json(retrieval, kinds=kinds, k=k))


@router.get("/documents/{document_id:path}")
def document(
    document_id: str,
    caller: Asker,
    services: Served,
    version: Annotated[int | None, Query(ge=1)] = None,
) -> dict[str, Any]:
    """A document's stored text, to show a citation in its context."""
    stored = services.knowledge.version(document_id, version)
    if stored.audience not in caller.audiences("agent"):
        raise NotFound(f"No document {document_id!r}.")
    return {
        "document_id": stored.document_key,
        "version": stored.version,
        "kind": stored.kind,
        "audience": stored.audience,
        "title": stored.title,
        "url": stored.url,
        "text": stored.text,
        "headings": [[b.start, b.end, b.level] for b in stored.blocks if b.kind == "heading"],
        "updated_at": stored.updated_at,
        "live": stored.live,
    }


def _kinds(given: str) -> tuple[Kind, ...]:
    wanted = tuple(part.strip() for part in given.split(",") if part.strip()) or get_args(Kind)
    if unknown := [part for part in wanted if part not in get_args(Kind)]:
        raise UsageError(f"Expected kinds from faq, doc, ticket; found {', '.join(unknown)!r}.")
    return cast("tuple[Kind, ...]", wanted)
