"""The FastAPI application: routes, request ids, headers, limits."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from importlib import metadata

from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.api import (
    contacts,
    drafts,
    gaps,
    hooks,
    operations,
    problems,
    rewriting,
    streaming,
    themes,
    tickets,
    weekly,
    writing,
)
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
    for router in (
        drafts.router, streaming.router, rewriting.router, tickets.router, gaps.router, themes.router, contacts.router,
        writing.router, operations.router, hooks.router, operations.open_router, weekly.router,
    ):  # fmt: skip
        app.include_router(router)
    if allowed_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(allowed_origins),
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["Authorization", "X-API-Key", "Content-Type", "Idempotency-Key", "X-Request-Id"],
            expose_headers=["X-Request-Id"],
        )
    app.add_middleware(_Identified)
    return app


class _Identified:
    """Gives each request an id, its own when it brought a sensible one, and each reply its safety headers.

    Plain ASGI: a wrapper that reads whole responses would fail on streams that the browser gives up.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("X-Request-Id", "")
        request_id = given if _REQUEST_ID.match(given) else uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                for name, value in _safety_headers(scope["path"]).items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, sending)


def _safety_headers(path: str) -> dict[str, str]:
    headers = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
    if path.startswith(("/v1/", "/healthz", "/readyz")):
        headers |= {"Content-Security-Policy": _API_CSP, "Cache-Control": "no-store"}
    elif path in ("/docs", "/redoc"):
        headers["Content-Security-Policy"] = _DOCS_CSP
    return headers
