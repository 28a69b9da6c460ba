"""Route for a draft that appears while it is made: server-sent events, each part only when nothing can take it back.

`sources` (what the draft may draw on), `delta` (one part), `citations` (the numbers of all parts, and the sources),
`done` (the whole answer as `POST /v1/drafts` gives it), or `error` (a problem as elsewhere) when it fails midway.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import StreamingResponse

from assistant.api.asking import asking
from assistant.api.auth import Asker
from assistant.api.idempotency import IdempotencyKey, keep, kept_reply
from assistant.api.problems import problem, status_of, unexpected
from assistant.api.schemas import AnswerOut, DraftRequest
from assistant.api.services import Served
from assistant.domain import Part, Passage
from assistant.errors import WaypostError

router = APIRouter(prefix="/v1", tags=["drafts"])

_BEAT_S = 1.0  # a line that says nothing keeps proxies patient, and tells when the reader has left
_MOST_STREAMS = 64
_streams = threading.BoundedSemaphore(_MOST_STREAMS)


@router.post("/drafts:stream", response_class=StreamingResponse, response_model=None)
async def stream_draft(
    body: DraftRequest, request: Request, caller: Asker, services: Served, idempotency_key: IdempotencyKey = None
) -> StreamingResponse:
    """A draft as server-sent events; the same content as `POST /v1/drafts`.

    A reader who leaves early ends the model's work. The question still counts as a contact, with an extractive draft.
    """
    wanted = asking(body, caller, services)
    if not _streams.acquire(blocking=False):
        raise HTTPException(503, f"{_MOST_STREAMS} drafts are being streamed already. Try again in a moment.")
    live = _Live(asyncio.get_running_loop())

    def work() -> None:
        try:
            key = (services.database, request, caller.name, idempotency_key, body)
            before = kept_reply(*key)
            if before is not None:
                live.end(AnswerOut.model_validate_json(before))
                return
            answer = wanted.answer(live)
            if not live.is_gone:
                keep(*key, answer.model_dump_json())
            live.end(answer)
        except Exception as error:  # noqa: BLE001  the head of the response is gone: the problem is the last event
            live.fail(request, error)
        finally:
            live.close()
            _streams.release()

    threading.Thread(target=work, name="draft-stream", daemon=True).start()
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(live.events(), media_type="text/event-stream", headers=headers)


class _Live:
    """Carries events from the thread that answers to the reader; a `Follower` of the answer."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._events: asyncio.Queue[str | None] = asyncio.Queue()
        self._gone = threading.Event()
        self._sent = 0

    @property
    def is_gone(self) -> bool:
        """Whether the reader has left."""
        return self._gone.is_set()

    def found(self, passages: Sequence[Passage]) -> None:
        """What the draft may draw on, each document once."""
        each = {(p.document_key, p.version): p for p in passages}
        self._put("sources", {"sources": [_document(passage) for passage in each.values()]})

    def part(self, part: Part) -> None:
        """The next part."""
        self._put("delta", {"part": self._sent, "text": part.text, "step": part.step})
        self._sent += 1

    def end(self, answer: AnswerOut) -> None:
        """What was not sent yet, and the whole."""
        whole = answer.model_dump(mode="json")
        for place, part in enumerate(whole["parts"]):
            if place >= self._sent:
                self._put("delta", {"part": place, "text": part["text"], "step": part["step"]})
        cited = {"parts": [part["citations"] for part in whole["parts"]], "sources": whole["sources"]}
        self._put("citations", cited)
        self._put("done", whole)

    def fail(self, request: Request, error: Exception) -> None:
        """The problem, as other routes give it."""
        if isinstance(error, WaypostError):
            told = problem(request, *status_of(error), str(error))
        elif isinstance(error, HTTPException):
            told = problem(request, error.status_code, "Refused", str(error.detail))
        else:
            told = unexpected(request, error)
        self._put("error", json.loads(bytes(told.body)))

    def close(self) -> None:
        """No event follows."""
        self._send(None)

    async def events(self) -> AsyncIterator[str]:
        """The events as they come, until the end or until the reader leaves."""
        try:
            while True:
                try:
                    event = await asyncio.wait_for(self._events.get(), _BEAT_S)
                except TimeoutError:
                    yield ": wait\n\n"
                    continue
                if event is None:
                    return
                yield event
        finally:
            self._gone.set()

    def _put(self, name: str, data: dict[str, Any]) -> None:
        self._send(f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n")

    def _send(self, event: str | None) -> None:
        if not self.is_gone:
            with suppress(RuntimeError):  # the server is stopping and its loop is closed
                self._loop.call_soon_threadsafe(self._events.put_nowait, event)


def _document(passage: Passage) -> dict[str, Any]:
    return {
        "document_id": passage.document_key,
        "version": passage.version,
        "kind": passage.kind,
        "audience": passage.audience,
        "title": passage.title,
        "url": passage.url,
    }
