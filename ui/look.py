"""What desk and board share: theme, style sheet, script, mounting, the frame of a page, who is at it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from fastapi import FastAPI, Request

from ui.client import ApiError, Client
from ui.rendering import element, notice, shown

STATIC = Path(__file__).parent / "static"
QUIET: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
"""For every event: straight to the server, no spinner of Gradio's, and no place in its API."""


@dataclass(frozen=True, slots=True)
class Doors:
    """The API's address and the name of the cookie that holds a visitor's key."""

    url: str
    cookie: str

    def open(self, request: gr.Request) -> Client:
        """A client that acts as whoever sent this event; no component and no state ever holds the key."""
        cookies: dict[str, str] = getattr(request.request, "cookies", {})
        return Client(self.url, cookies.get(self.cookie, ""))


def mounted(
    app: FastAPI, blocks: gr.Blocks, path: str, identity: Callable[[Request], str | None], own: str = ""
) -> FastAPI:
    """The application with a Gradio page at `path`; fonts are the system's own, so nothing is fetched.

    A page may have a script and a style sheet of its own beside those of all pages: `static/NAME.js`, `NAME.css`.
    """
    whole: FastAPI = gr.mount_gradio_app(
        app, blocks, path, auth_dependency=identity, theme=_theme(), head=_style(own), js=_script(own),
        footer_links=[], run_history=False, show_error=False,
        max_file_size="1b", enable_monitoring=False, ssr_mode=False, pwa=False, mcp_server=False,
    )  # fmt: skip
    return whole


def page_header(here: str) -> gr.HTML:
    """The bar at the top, before it is known who is signed in."""
    return panel(masthead(here), elem_id="masthead")


def masthead(here: str, name: str = "") -> str:
    """The way to the other page and out, and who is signed in."""
    pages = (("/desk", "Desk"), ("/board", "Board"), ("/gaps", "Gaps"))
    links = (element("a", name, href=path, aria_current="page" if path == here else None) for path, name in pages)
    bar = element(
        "header",
        element("a", "Waypost", class_="wordmark", href="/desk"),
        element("nav", *links, aria_label="Pages"),
        element("span", name, class_="visitor", title="Signed in with this key") if name else None,
        element("a", "Sign out", class_="sign-out", href="/logout"),
        class_="masthead",
    )
    return shown(bar)


def panel(value: str = "", **options: Any) -> gr.HTML:
    """A place for our own markup; its value is data to the template, never itself a template."""
    return gr.HTML(value, js_on_load=None, apply_default_css=False, **options)


def hidden_field(name: str) -> gr.Textbox:
    """A field that only the page's script and the events see."""
    return gr.Textbox(elem_id=name, visible="hidden", show_label=False, container=False)


def hidden_button(name: str) -> gr.Button:
    """A button that the page's script presses."""
    return gr.Button(name, elem_id=name, visible="hidden")


def told(error: ApiError) -> str:
    """An error in the page's live region, with what to do."""
    if error.status == 401:
        return notice("Your key is no longer valid.", element("a", "Sign in again", href="/login"), kind="bad")
    return notice(str(error), kind="bad")


def _script(own: str) -> str:
    """Our script, followed by the page's own one; each file is one function."""
    names = ("waypost", own) if own else ("waypost",)
    return "() => {" + "".join(f"({(STATIC / f'{name}.js').read_text('utf-8')})();\n" for name in names) + "}"


def _style(own: str) -> str:
    """Our style sheet as it stands: Gradio rewrites what is given as `css`, and loses the order of media queries."""
    names = ("waypost", own) if own else ("waypost",)
    return "".join(f"<style>{(STATIC / f'{name}.css').read_text('utf-8')}</style>" for name in names)


def _theme() -> gr.themes.Base:
    font = gr.themes.utils.fonts.Font
    return gr.themes.Base(
        font=[font("ui-sans-serif"), font("system-ui"), font("sans-serif")],
        font_mono=[font("ui-monospace"), font("monospace")],
    )
