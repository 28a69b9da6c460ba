"""What redaction costs retrieval is measured over the same tickets, redacted and as they were written."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from ui.redaction_effect import effect


@pytest.mark.slow
def test_tickets_are_read_again_as_written_for_this_measurement_alone(tmp_path: Path) -> None:
    documents = [
        {"id": "lamp", "title": "Lamp", "text": "Press the lamp."},
        {"id": "door", "title": "Door", "text": "Pull."},
    ]
    said = [
        {"by": "customer", "text": "Mail me at zan@example.org: the lamp is dark."},
        {"by": "agent", "text": "Press it."},
    ]
    ticket = {"id": "t1", "created": "2024-01-01", "subject": "Dark", "messages": said}
    cases = [{"id": "c1", "text": "How do I press the lamp?", "relevant": ["lamp"]}]
    paths = [tmp_path / name for name in ("documents.jsonl", "tickets.jsonl", "cases.jsonl")]
    for path, records in zip(paths, (documents, [ticket], cases), strict=True):
        path.write_text("".join(json.dumps(record) + "\n" for record in records))
    found = effect(*paths, tmp_path / "data")
    assert found == {
        "cases": 1, "tickets": 1, "texts_changed": found["texts_changed"],
        "mrr_redacted": 1.0, "mrr_as_written": 1.0, "loss": 0.0,
    }  # fmt: skip
    assert found["texts_changed"]
    with sqlite3.connect(tmp_path / "data" / "waypost.sqlite") as connection:
        texts = [
            text
            for (text,) in connection.execute(
                "SELECT v.text FROM versions v JOIN documents d ON d.id = v.document_id "
                "WHERE d.kind = 'ticket' ORDER BY v.id"
            )
        ]
    assert ["zan@example.org" in text for text in texts] == [False, True]
