"""Where helpdesks call when something changed. A signature over the body is the proof; there is no API key here."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request
from fastapi.concurrency import run_in_threadpool

from assistant.api.services import Served

MAX_BYTES = 1_000_000

router = APIRouter(prefix="/v1/hooks", tags=["operation"])


@router.post("/{kind}", status_code=202)
async def hook(kind: str, request: Request, services: Served) -> dict[str, str]:
    """Something changed at the helpdesk: the source that the signature belongs to is read now."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_BYTES:
            raise HTTPException(413, f"Expected at most {MAX_BYTES:,} bytes, found more.")
    headers = {name.lower(): value for name, value in request.headers.items()}
    source = await run_in_threadpool(services.intake.hooked, kind, headers, bytes(body))
    if source is None:
        raise HTTPException(
            401,
            "Expected a call signed within the last five minutes with the key that the source names by hook_env or "
            "hook_file, found none, or one that was received before.",
        )
    return {"source": source}
