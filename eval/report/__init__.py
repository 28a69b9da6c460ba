"""Turns figures into something that a person would rather look at than read: HTML, Markdown, JSON."""
