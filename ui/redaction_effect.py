"""What redaction costs retrieval: `python -m ui.redaction_effect DOCUMENTS TICKETS CASES --data DIR`.

Articles and tickets are brought in as always and the cases asked; then the same tickets are read again as they were
written, and the cases are asked again. `DIR` ends with unredacted tickets in it: it is for this measurement alone. A
run that is stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from assistant.domain import Document
from assistant.errors import UsageError
from assistant.models.embedder import load_embedder
from assistant.redaction import Known, Redacted, Rules
from assistant.store.corpus import Corpus
from assistant.store.database import open_database, sqlite_url
from eval.metrics.ranking import mean_defined, reciprocal_rank
from ingest.build import Summary, ingest
from ingest.sources.files import open_path
from ingest.sources.item import Defaults, Item, Source
from ingest.tickets import ticket_document

_DEPTH = 10


@dataclass(frozen=True, slots=True)
class AsWritten:
    """The place of the tickets, each read without redaction. No setting does this: it is for the measurement alone."""

    place: Source
    file: Path

    @property
    def name(self) -> str:
        """The place's own identity, so that its tickets are replaced."""
        return self.place.name

    @property
    def kind(self) -> str:
        """What the place is."""
        return self.place.kind

    @property
    def options(self) -> dict[str, Any]:
        """Those of the place, and this: every ticket is read again."""
        return {**self.place.options, "redacted": False}

    def items(self) -> Iterator[Item]:
        """Every ticket, under the key that it has already."""
        for item, record in zip(self.place.items(), _lines(self.file), strict=True):
            yield Item(item.key, f"{item.revision}|as written", item.where, partial(_unredacted, record))

    def size(self) -> int | None:
        """How many tickets there are."""
        return self.place.size()


def _unredacted(record: dict[str, Any]) -> Document:
    return ticket_document(record, redact=_as_written)


def _as_written(texts: Sequence[str], known: Known, rules: Rules) -> list[Redacted]:
    del known, rules
    return [Redacted(text, ()) for text in texts]


def bring_in(data: Path, places: Sequence[Source]) -> list[Summary]:
    """Ingest `places` into the store in `data`; the index is brought up by the next command."""
    database = open_database(sqlite_url(data), create=True)
    embedder = load_embedder()
    try:
        return [ingest(place, Corpus(database), embedder) for place in places]
    finally:
        database.close()


def asked(data: Path, cases: Path) -> float:
    """MRR at 10 of `cases` over the articles, by the product's own commands."""
    run = data / "run.jsonl"
    _waypost("index", "rebuild", "--data", str(data))
    _waypost("search", "--batch", str(cases), "--kind", "doc,faq", "--out", str(run), "--data", str(data))
    ranked = {row["id"]: [hit["document_id"] for hit in row["hits"]] for row in _lines(run)}
    found = mean_defined(reciprocal_rank(ranked[case["id"]], case["relevant"], _DEPTH) for case in _lines(cases))
    if found.value is None:
        raise UsageError(f"no case of {cases} has relevant documents: expected at least one.")
    return found.value


def effect(documents: Path, tickets: Path, cases: Path, data: Path) -> dict[str, object]:
    """MRR with redaction and without, the loss, and how many tickets it changed."""
    data.mkdir(parents=True, exist_ok=True)
    written = open_path(str(tickets), Defaults())
    bring_in(data, [open_path(str(documents), Defaults()), written])
    redacted = asked(data, cases)
    (summary,) = bring_in(data, [AsWritten(written, tickets)])
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
    found = effect(options.documents, options.tickets, options.cases, options.data)
    sys.stdout.write(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
