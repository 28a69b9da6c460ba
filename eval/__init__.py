"""Measures what was built and never builds it."""
