"""Which files are read, and by whom."""

from __future__ import annotations

from ingest.parsing import FORMATS

LINES = frozenset({".jsonl", ".ndjson"})
EXPORTS = frozenset({".json"})
TABLES = {".csv": "csv", ".xlsx": "xlsx"}
MAIL = frozenset({".eml", ".mbox"})
ARCHIVES = frozenset({".zip"})
SUFFIXES = frozenset(FORMATS) | LINES | EXPORTS | frozenset(TABLES) | MAIL | ARCHIVES
