"""The FastAPI application: routes, request ids, headers, limits."""

from __future__ import annotations

import re
import uuid
from collections.abc import Awaitable, Callable, Sequence
from importlib import metadata

from fastapi import FastAPI, Request, Response
from starlette.middleware.cors import CORSMiddleware

from assistant.api import drafts, gaps, operations, problems
from assistant.api.auth import Doorkeeper
from assistant.api.services import Services

_REQUEST_ID = re.compile(r"^[\w.-]{1,100}$")
_API_CSP = "default-src 'none'; frame-ancestors 'none'"
_DOCS_CSP = "default-src 'self' 'unsafe-inline' data: https://cdn.jsdelivr.net https://fastapi.tiangolo.com"


def create_app(
    services: Services, doorkeeper: Doorkeeper, *, allowed_origins: Sequence[str] = (), max_body_bytes: int = 2_000_000
) -> FastAPI:
    """The application over these services."""
    app = FastAPI(
        title="Waypost",
        version=metadata.version("waypost"),
        summary="Cited draft replies for support agents, and a log of what makes people write in.",
        max_body_size=max_body_bytes,
        strict_content_type=True,
    )
    app.state.services = services
    app.state.doorkeeper = doorkeeper
    problems.install(app)
    for router in (drafts.router, gaps.router, operations.router, operations.open_router):
        app.include_router(router)
    if allowed_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(allowed_origins),
            allow_methods=["GET", "POST", "PATCH"],
            allow_headers=["Authorization", "X-API-Key", "Content-Type", "Idempotency-Key", "X-Request-Id"],
            expose_headers=["X-Request-Id"],
        )
    app.middleware("http")(_identified)
    return app


async def _identified(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Give each request an id, its own when it brought a sensible one, and each reply its safety headers."""
    given = request.headers.get("X-Request-Id", "")
    request.state.request_id = given if _REQUEST_ID.match(given) else uuid.uuid4().hex
    response = await call_next(request)
    response.headers["X-Request-Id"] = request.state.request_id
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    if request.url.path.startswith(("/v1/", "/healthz", "/readyz")):
        response.headers.setdefault("Content-Security-Policy", _API_CSP)
        response.headers.setdefault("Cache-Control", "no-store")
    elif request.url.path in ("/docs", "/redoc"):
        response.headers.setdefault("Content-Security-Policy", _DOCS_CSP)
    return response
