"""Routes for making a draft anew: in other words, or from an article that the agent chose."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from assistant.answering.shapes import answer_json
from assistant.api.auth import Asker
from assistant.api.idempotency import IdempotencyKey, once
from assistant.api.schemas import AnswerOut, RedraftRequest, RewriteRequest
from assistant.api.services import Served
from assistant.cleaning import cleaned
from assistant.domain import Wish

router = APIRouter(prefix="/v1", tags=["drafts"])


@router.post("/drafts/{draft_id}/rewrite", response_model=AnswerOut)
def rewrite_draft(
    draft_id: str,
    body: RewriteRequest,
    request: Request,
    caller: Asker,
    services: Served,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """The draft in other words, as a draft of its own under `parent_id`; citations stay, each part is checked again.

    `shorter` and `bullet_steps` work without a chat model, from the draft's own sentences.
    """

    def reply() -> AnswerOut:
        wish = Wish(body.how, cleaned(body.language).strip())
        answer = services.desk.rewrite(draft_id, wish, asked_by=caller.name, requester=cleaned(body.requester).strip())
        return AnswerOut.model_validate(answer_json(answer))

    return once(services.database, request, caller.name, idempotency_key, body, reply)


@router.post("/drafts/{draft_id}/redraft", response_model=AnswerOut)
def redraft(
    draft_id: str,
    body: RedraftRequest,
    request: Request,
    caller: Asker,
    services: Served,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """The draft's question answered from one article instead, as a draft of its own under `parent_id`.

    Who chose the article vouches that it is the right one: a low confidence is shown and makes no gap of it.
    """

    def reply() -> AnswerOut:
        answer = services.desk.redraft(
            draft_id,
            cleaned(body.document_id),
            audiences=caller.audiences("agent"),
            asked_by=caller.name,
            requester=cleaned(body.requester).strip(),
        )
        return AnswerOut.model_validate(answer_json(answer))

    return once(services.database, request, caller.name, idempotency_key, body, reply)


@router.get("/drafts/{draft_id}/considered")
def considered(draft_id: str, caller: Asker, services: Served) -> list[dict[str, Any]]:
    """The articles that were found for the draft's question, best first, with whether the draft cites them."""
    return services.desk.drafts.considered(draft_id, audiences=caller.audiences("agent"))
