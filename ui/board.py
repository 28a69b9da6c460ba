"""The agent's board (placeholder until the page is built)."""

from __future__ import annotations

import gradio as gr


def build_board(url: str) -> gr.Blocks:
    """The page."""
    with gr.Blocks(title="Waypost board") as page:
        gr.Markdown("Board")
    return page
