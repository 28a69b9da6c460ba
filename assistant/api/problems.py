"""Every error leaves as problem+json (RFC 9457) with the request's id; nothing internal leaks."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from assistant import errors

log = logging.getLogger(__name__)

_STATUS: tuple[tuple[type[errors.WaypostError], int, str], ...] = (
    (errors.NotFound, 404, "Not found"),
    (errors.UsageError, 422, "Not understood"),
    (errors.DirectoryInUse, 409, "In use"),
    (errors.NotYet, 503, "Not yet"),
    (errors.WaypostError, 503, "Not available"),
)


def problem(request: Request, status: int, title: str, detail: str, found: Any = ()) -> JSONResponse:
    """A problem response."""
    body = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "request_id": getattr(request.state, "request_id", ""),
        "errors": jsonable_encoder(list(found)),
    }
    return JSONResponse(body, status_code=status, media_type="application/problem+json")


def unexpected(request: Request, error: Exception) -> JSONResponse:
    """What nobody foresaw: the log has it all, the visitor what to do."""
    request_id = getattr(request.state, "request_id", "")
    log.exception("request %s failed", request_id, exc_info=error)
    detail = "This is a fault of Waypost, not of what was asked. Try once more; if it stays, tell whoever runs Waypost"
    return problem(request, 500, "Unexpected failure", f"{detail} that request {request_id} failed: its log says why.")


def status_of(error: errors.WaypostError) -> tuple[int, str]:
    """The HTTP status of one of our errors, and its title."""
    return next((status, title) for kind, status, title in _STATUS if isinstance(error, kind))


def install(app: FastAPI) -> None:
    """Register the handlers."""

    @app.exception_handler(errors.WaypostError)
    async def _ours(request: Request, error: errors.WaypostError) -> JSONResponse:
        return problem(request, *status_of(error), str(error))

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        found = [{"where": ".".join(map(str, e["loc"])), "expected": e["msg"]} for e in error.errors()]
        detail = "; ".join(f"{e['where']}: {e['expected']}" for e in found)
        return problem(request, 422, "Not understood", f"The request does not fit: {detail}", found)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> JSONResponse:
        response = problem(request, error.status_code, "Refused", str(error.detail))
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(Exception)
    async def _unexpected(request: Request, error: Exception) -> JSONResponse:
        return unexpected(request, error)
