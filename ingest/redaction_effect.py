# ruff: noqa: T201 (a report prints)
"""What redaction costs retrieval: `python -m ingest.redaction_effect DOCUMENTS TICKETS CASES --data DIR`.

Articles and tickets are brought in as always and the cases asked; then the same tickets are read again as they were
written, and the cases are asked again. `DIR` ends with unredacted tickets in it: it is for this measurement alone. A
run that is stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

from assistant.models.embedder import load_embedder
from assistant.redaction import Known, Redacted, Rules
from assistant.store.corpus import Corpus
from assistant.store.database import open_database, sqlite_url
from ingest.build import Summary, ingest
from ingest.sources.files import open_path
from ingest.sources.item import Defaults

_DEPTH = 10
_AS_WRITTEN = Rules(finder_id="as written")  # another reading: every ticket is read again


def as_written(texts: Sequence[str], known: Known = Known(), rules: Rules = Rules()) -> list[Redacted]:
    """The texts themselves."""
    del known, rules
    return [Redacted(text, ()) for text in texts]


def bring_in(data: Path, files: Sequence[Path], rules: Rules) -> list[Summary]:
    """Ingest `files` into the store in `data`; the index is brought up by the next command."""
    database = open_database(sqlite_url(data), create=True)
    embedder = load_embedder()
    try:
        return [ingest(open_path(str(file), Defaults(rules=rules)), Corpus(database), embedder) for file in files]
    finally:
        database.close()


def asked(data: Path, cases: Path) -> float:
    """MRR at 10 of `cases` over the articles, by the product's own commands."""
    run = data / "run.jsonl"
    _waypost("index", "rebuild", "--data", str(data))
    _waypost("search", "--batch", str(cases), "--kind", "doc,faq", "--out", str(run), "--data", str(data))
    ranked = {row["id"]: [hit["document_id"] for hit in row["hits"]] for row in _lines(run)}
    return mrr(ranked, {case["id"]: case["relevant"] for case in _lines(cases)})


def mrr(ranked: Mapping[str, Sequence[str]], relevant: Mapping[str, Sequence[str]]) -> float:
    """Mean of one over the rank of the first relevant article, 0 beyond the tenth.

    Relevant at rank 2 for one case and nowhere for another: `(1/2 + 0) / 2 = 0.25`.
    """
    first = (
        next((1 / rank for rank, found in enumerate(ranked[case][:_DEPTH], 1) if found in wanted), 0.0)
        for case, wanted in relevant.items()
    )
    return sum(first) / len(relevant)


def effect(documents: Path, tickets: Path, cases: Path, data: Path) -> dict[str, object]:
    """MRR with redaction and without, the loss, and how many tickets it changed."""
    data.mkdir(parents=True, exist_ok=True)
    bring_in(data, [documents, tickets], Rules())
    redacted = asked(data, cases)
    # No setting turns redaction off; the measurement alone puts another function in its place.
    with patch("ingest.tickets.redacted_together", as_written):
        (summary,) = bring_in(data, [tickets], _AS_WRITTEN)
    plain = asked(data, cases)
    return {
        "cases": len(_lines(cases)),
        "tickets": summary.added + summary.updated + summary.unchanged,
        "texts_changed": summary.embedded,
        "mrr_redacted": round(redacted, 4),
        "mrr_as_written": round(plain, 4),
        "loss": round(plain - redacted, 4),
    }


def _waypost(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "ui.cli", *arguments], check=True, stdout=subprocess.DEVNULL)


def _lines(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("documents", "tickets", "cases"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--data", type=Path, required=True)
    options = parser.parse_args()
    print(json.dumps(effect(options.documents, options.tickets, options.cases, options.data), indent=1))


if __name__ == "__main__":
    main()
