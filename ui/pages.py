"""The browser pages: a sign-in form, and desk and board behind it."""

from __future__ import annotations

from html import escape
from pathlib import Path
from urllib.parse import parse_qs, quote

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.api.auth import Caller, Doorkeeper

COOKIE = "waypost_key"
_GUARDED = ("/desk", "/board", "/gaps")
_MAX_FORM_BYTES = 4_000
_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path fill="#1c6b58" d="M7 0h2v16H7z"/>'
    '<path fill="#2f9078" d="M2 2h9l3 2.5L11 7H2z"/></svg>'
)
_PAGE_CSP = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "script-src 'self' 'unsafe-inline' 'unsafe-eval'; font-src 'self' data:; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'self'; form-action 'self'"
)


def mount_pages(app: FastAPI, doorkeeper: Doorkeeper, url: str) -> FastAPI:
    """Add the pages to the API's application."""
    from ui.board import build_board
    from ui.demo import QUESTIONS
    from ui.desk import build_desk
    from ui.gaps import build_gaps
    from ui.look import Doors, mounted

    def identity(request: Request) -> str | None:
        """The visitor's name. Gradio writes it into the page and answers it to scripts, so never the key."""
        key = request.cookies.get(COOKIE)
        caller = doorkeeper.caller(key) if key else None
        return caller.name if caller else None

    _add_sign_in(app, doorkeeper)
    doors = Doors(url, COOKIE)
    app = mounted(app, build_desk(doors, QUESTIONS), "/desk", identity)
    app = mounted(app, build_board(doors), "/board", identity, own="board")
    app = mounted(app, build_gaps(doors), "/gaps", identity)
    app.add_middleware(_Gate, doorkeeper=doorkeeper)
    return app


class _Gate:
    """Guards everything below the pages' paths, Gradio's own routes included: no identity, no page."""

    def __init__(self, app: ASGIApp, doorkeeper: Doorkeeper) -> None:
        self._app = app
        self._doorkeeper = doorkeeper

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or not _is_guarded(scope["path"]):
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        if self._caller(request) is None:
            await self._refused(request)(scope, receive, send)
        elif not _is_same_origin(request):
            await Response("Expected a request from this site's own pages.", 403)(scope, receive, send)
        else:
            await self._app(scope, receive, _with_policy(send))

    def _caller(self, request: Request) -> Caller | None:
        key = request.cookies.get(COOKIE)
        return self._doorkeeper.caller(key) if key else None

    def _refused(self, request: Request) -> Response:
        wants_page = request.method == "GET" and "text/html" in request.headers.get("accept", "")
        if wants_page:
            asked = f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
            return RedirectResponse(f"/login?next={quote(asked, safe='')}", status_code=303)
        return Response("Sign in first.", status_code=401)


def _with_policy(send: Send) -> Send:
    """`send` that adds the pages' content policy, without holding back what is streamed."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message)["Content-Security-Policy"] = _PAGE_CSP
        await send(message)

    return sending


def _is_guarded(path: str) -> bool:
    return any(path == page or path.startswith(f"{page}/") for page in _GUARDED)


def _is_same_origin(request: Request) -> bool:
    """Writes only from our own pages: a cookie alone proves who, not what page sent it."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return True
    origin = request.headers.get("origin")
    return origin is None or origin.split("://", 1)[-1] == request.headers.get("host")


def _add_sign_in(app: FastAPI, doorkeeper: Doorkeeper) -> None:
    template = (Path(__file__).parent / "static" / "login.html").read_text("utf-8")

    def page(message: str, target: str, status: int = 200) -> HTMLResponse:
        html = template.replace("{{message}}", escape(message)).replace("{{next}}", escape(target, quote=True))
        return HTMLResponse(html, status, headers={"Content-Security-Policy": _PAGE_CSP})

    @app.get("/", include_in_schema=False)
    def start() -> Response:
        return RedirectResponse("/desk", status_code=303)

    @app.get("/favicon.ico", include_in_schema=False)
    def icon() -> Response:
        return Response(_ICON, media_type="image/svg+xml", headers={"Cache-Control": "max-age=86400"})

    @app.get("/login", include_in_schema=False)
    def sign_in_page(next: str = "/desk", key: str = "") -> Response:
        if key:
            return _signed_in(doorkeeper, key, next) or page("That key is unknown or revoked.", next, 401)
        return page("", next)

    @app.post("/login", include_in_schema=False)
    async def sign_in(request: Request) -> Response:
        form = parse_qs((await request.body())[:_MAX_FORM_BYTES].decode("utf-8", "replace"))
        target = form.get("next", ["/desk"])[0]
        signed_in = _signed_in(doorkeeper, form.get("key", [""])[0].strip(), target)
        return signed_in or page("That key is unknown or revoked.", target, 401)

    @app.get("/logout", include_in_schema=False)
    def sign_out() -> Response:
        response = RedirectResponse("/login", status_code=303)
        response.delete_cookie(COOKIE)
        return response


def _signed_in(doorkeeper: Doorkeeper, key: str, target: str) -> Response | None:
    if not key or doorkeeper.caller(key) is None:
        return None
    # Only our own pages: an address from the query must not send anybody elsewhere.
    ours = target in _GUARDED or target.startswith(tuple(f"{page}{mark}" for page in _GUARDED for mark in "/?"))
    safe = target if ours else "/desk"
    response = RedirectResponse(safe, status_code=303)
    response.set_cookie(COOKIE, key, httponly=True, samesite="lax", max_age=8 * 3600)
    return response
