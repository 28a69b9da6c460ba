"""Markup to visible text with its structure: what a reader sees, in blocks that quotes are cut from."""
