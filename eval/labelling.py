"""A page on which a person judges 200 questions in an hour: the question, the best passages, three keys.

Nothing leaves the browser; the labels are kept there while working and saved as a case file at the end.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from importlib import resources

from eval.cases import Case, as_record


def labelling_page(shown: Iterable[tuple[Case, Mapping[str, object]]]) -> str:
    """Return the page for these cases, each with what `waypost search` found for it."""
    items = [{"case": as_record(case), "hits": _hits(found)} for case, found in shown]
    # "</" must not close the script element, whatever a customer wrote.
    content = json.dumps(items, ensure_ascii=False).replace("<", "\\u003c")
    page = resources.files("eval").joinpath("labelling.html").read_text(encoding="utf-8")
    return page.replace("/*ITEMS*/[]", content)


def _hits(found: Mapping[str, object]) -> list[dict[str, str]]:
    hits = found.get("hits")
    return [
        {"id": str(hit.get("document_id", "")), "title": str(hit.get("title", "")), "quote": str(hit.get("quote", ""))}
        for hit in (hits if isinstance(hits, list) else [])
    ]
