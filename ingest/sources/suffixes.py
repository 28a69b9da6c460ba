"""Which files are read, and by whom."""

from __future__ import annotations

from ingest.parsing import FORMATS

LINES = frozenset({".jsonl", ".ndjson"})
TABLES = {".csv": "csv", ".xlsx": "xlsx"}
MAIL = frozenset({".eml", ".mbox"})
ARCHIVES = frozenset({".zip"})
SUFFIXES = frozenset(FORMATS) | LINES | frozenset(TABLES) | MAIL | ARCHIVES
