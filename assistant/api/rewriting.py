"""Route for saying a draft anew."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from assistant.answering.shapes import answer_json
from assistant.api.auth import Asker
from assistant.api.idempotency import IdempotencyKey, once
from assistant.api.schemas import AnswerOut, RewriteRequest
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
