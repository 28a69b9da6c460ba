"""Checks every citation of a file of answers against the store, and shows where the time went.

    waypost ask --batch questions.jsonl --out answers.jsonl --data DIR
    python -m eval.citation_report answers.jsonl --data DIR

A citation fails when its document or version does not exist, its quote is not the stored text at its offsets, or a part
cites a number that is no source. Prints one JSON line; exit code 1 when anything failed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from assistant.errors import NotFound
from assistant.store.database import open_database, sqlite_url
from assistant.store.knowledge import StoredKnowledge
from eval.metrics.latency import percentile

_FINDING = "retrieve"
"""The stage that embeds the question and searches; all others are drafting, verifying, deciding."""


def failures(answer: Mapping[str, Any], knowledge: StoredKnowledge) -> Iterator[str]:
    """What is wrong with one answer's citations, one sentence each."""
    numbers = [source["n"] for source in answer["sources"]]
    if numbers != list(range(1, len(numbers) + 1)):
        yield f"{answer['id']}: sources are numbered {numbers}"
    for place, part in enumerate(answer["parts"]):
        if not part["citations"] or not set(part["citations"]) <= set(numbers):
            yield f"{answer['id']}: part {place} cites {part['citations']} of {numbers}"
    for source in answer["sources"]:
        try:
            stored = knowledge.version(source["document_id"], source["version"])
        except NotFound as error:
            yield f"{answer['id']}: [{source['n']}] {error}"
            continue
        if stored.text[source["start"] : source["end"]] != source["quote"] or not source["quote"]:
            yield f"{answer['id']}: [{source['n']}] is not the text of {source['document_id']} at its offsets"
        if stored.kind == "ticket":
            yield f"{answer['id']}: [{source['n']}] cites a ticket"


def main() -> None:
    """Print the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("answers", type=Path, nargs="+")
    parser.add_argument("--data", type=Path, required=True)
    options = parser.parse_args()
    database = open_database(sqlite_url(options.data), create=False)
    knowledge = StoredKnowledge(database)
    answers = [json.loads(line) for path in options.answers for line in path.read_text("utf-8").splitlines()]
    found = [failure for answer in answers for failure in failures(answer, knowledge)]
    totals = [sum(answer["timings_ms"].values()) for answer in answers]
    finding = [answer["timings_ms"].get(_FINDING, 0.0) for answer in answers]
    report = {
        "questions": len(answers),
        "verdicts": dict(Counter(answer["verdict"] for answer in answers)),
        "parts": sum(len(answer["parts"]) for answer in answers),
        "sources": sum(len(answer["sources"]) for answer in answers),
        "failures": len(found),
        "ms": {f"p{q}": round(percentile(totals, q / 100) or 0.0, 1) for q in (50, 95, 99)},
        "share_outside_embedding_and_search": round(1 - sum(finding) / sum(totals), 3) if sum(totals) else None,
    }
    print(json.dumps(report))
    for failure in found[:20]:
        print(failure, file=sys.stderr)
    database.close()
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
