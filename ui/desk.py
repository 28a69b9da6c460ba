"""The agent's desk (placeholder until the page is built)."""

from __future__ import annotations

import gradio as gr


def build_desk(url: str) -> gr.Blocks:
    """The page."""
    with gr.Blocks(title="Waypost desk") as page:
        gr.Markdown("Desk")
    return page
