"""What desk and board share: theme, style sheet, mounting."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import gradio as gr
from fastapi import FastAPI, Request

STATIC = Path(__file__).parent / "static"


def mounted(app: FastAPI, blocks: gr.Blocks, path: str, identity: Callable[[Request], str | None]) -> FastAPI:
    """The application with a Gradio page at `path`."""
    theme = gr.themes.Base(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"])
    return gr.mount_gradio_app(
        app, blocks, path, auth_dependency=identity, theme=theme, css_paths=[STATIC / "waypost.css"],
        footer_links=[], show_error=True, max_file_size="1mb", enable_monitoring=False, ssr_mode=False,
    )  # fmt: skip
