"""Reads the BEIR layout, in which most public retrieval test collections are published.

A folder holds `corpus.jsonl` (`_id`, `title`, `text`), `queries.jsonl` (`_id`, `text`) and `qrels/NAME.tsv` with a
header line and the columns query id, document id, score. A document is relevant when its score is positive.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import UsageError
from eval.cases import Case, CaseSet, Split, read_records, usable

_SPLITS: Mapping[str, Split] = {"train": "train", "test": "test", "dev": "train"}


@dataclass(frozen=True, slots=True)
class BeirCollection:
    """The documents as lines of `documents.jsonl`, and the cases with what was left out."""

    documents: tuple[dict[str, str], ...]
    cases: CaseSet


def read_beir(folder: Path) -> BeirCollection:
    """Read every judgement file of the folder; `dev` counts as `train`.

    A query of a judgement that is not in `queries.jsonl` is left out and counted, like a case with unknown documents.
    """
    documents = tuple(_document(record) for _, record in read_records(folder / "corpus.jsonl"))
    queries = {str(record["_id"]): str(record["text"]) for _, record in read_records(folder / "queries.jsonl")}
    files = sorted((folder / "qrels").glob("*.tsv"))
    if not files:
        raise UsageError(f"expected judgements in {folder / 'qrels'}, found no .tsv file")
    cases = (case for path in files for case in _cases(path, queries))
    return BeirCollection(documents, usable(cases, {document["id"] for document in documents}))


def _document(record: Mapping[str, object]) -> dict[str, str]:
    return {"id": str(record["_id"]), "title": str(record.get("title") or ""), "text": str(record.get("text") or "")}


def _cases(path: Path, queries: Mapping[str, str]) -> Iterator[Case]:
    relevant: dict[str, list[str]] = {}
    with path.open(encoding="utf-8", newline="") as lines:
        for row in list(csv.reader(lines, delimiter="\t"))[1:]:
            if len(row) != 3:
                raise UsageError(f"{path}: expected query, document and score on each line, found {row!r}")
            query, document, score = row
            relevant.setdefault(query, [])
            if float(score) > 0:
                relevant[query].append(document)
    for query, documents in relevant.items():
        yield Case(query, queries.get(query, ""), relevant=tuple(documents), split=_SPLITS.get(path.stem, ""))


def write_documents(path: Path, documents: tuple[dict[str, str], ...]) -> None:
    """Write `documents.jsonl` for `waypost ingest`."""
    path.write_text(
        "".join(json.dumps(document, ensure_ascii=False) + "\n" for document in documents), encoding="utf-8"
    )
