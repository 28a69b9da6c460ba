"""The evidence on the desk: each cited quote marked in its place in the stored text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ui.desk_calls import Json, Opened
from ui.rendering import Html, day, element, is_web_address, joined, link

_AROUND_CHARS = 200
_SNAP_CHARS = 60


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A stretch `[start, end)` of a document with the numbers of the sources quoted in it."""

    start: int
    end: int
    numbers: tuple[int, ...]


def evidence_panel(opened: Opened) -> Html:
    """A card for each document, in the order in which the draft first cites them."""
    sources = opened.answer["sources"]
    if not sources:
        return element("p", "There is no evidence to cite.", class_="quiet")
    by_document: dict[tuple[str, int], list[Json]] = {}
    for source in sources:
        by_document.setdefault((source["document_id"], source["version"]), []).append(source)
    cards = (_card(quoted, opened.documents.get(key)) for key, quoted in by_document.items())
    return element("section", element("h2", "Evidence"), *cards, class_="evidence")


def others_panel(opened: Opened) -> Html:
    """What else was found: a click drafts from it, when the search led with the wrong article."""
    if not opened.others or opened.answer["gap"]:  # a gap names the nearest itself
        return joined([])
    rows = (element("li", *_other(document)) for document in opened.others)
    return element(
        "section",
        element("h2", "Other articles found"),
        element("ul", *rows, class_="nearest"),
        class_="others",
    )


def _other(document: Json) -> Iterable[Html]:
    title = document["title"] or document["document_id"]
    yield element("span", document["audience"].capitalize(), class_=f"badge is-{document['audience']}")
    yield link(document["url"], title) if is_web_address(document["url"]) else element("strong", title)
    yield draft_from(document)


def draft_from(document: Json) -> Html:
    """The button that drafts from this article instead."""
    title = document["title"] or document["document_id"]
    return element(
        "button",
        "Draft from this",
        type="button",
        class_="small-button",
        data_rewrite=f"from:{document['document_id']}",
        aria_label=f"Draft from this: {title}",
    )


def evidence_hint() -> Html:
    """What will stand here, before anything was asked."""
    return element(
        "section",
        element("h2", "Evidence"),
        element(
            "p",
            "Each passage that a draft rests on appears here, marked in its place in the article. Choose a number in "
            "the draft to see its passage.",
            class_="quiet",
        ),
        element(
            "p",
            element("span", "Public", class_="badge"),
            " may be quoted to customers. ",
            element("span", "Internal", class_="badge is-internal"),
            " is for you only.",
            class_="quiet",
        ),
        class_="evidence",
    )


def excerpts(text: str, spans: Sequence[tuple[int, int, int]], around: int = _AROUND_CHARS) -> tuple[Excerpt, ...]:
    """The stretches to show for `spans` of (number, start, end): `around` characters each side, neighbours joined.

    Edges move to the beginning of a line or a word, so that no excerpt starts inside a word.

    >>> excerpts("one two three four", [(1, 8, 13)], around=5)
    (Excerpt(start=4, end=18, numbers=(1,)),)
    """
    found: list[Excerpt] = []
    for number, start, end in sorted(spans, key=lambda span: span[1]):
        left, right = _line_before(text, start, around), _word_after(text, end, around)
        if found and left <= found[-1].end:
            last = found.pop()
            found.append(Excerpt(last.start, max(right, last.end), (*last.numbers, number)))
        else:
            found.append(Excerpt(left, right, (number,)))
    return tuple(found)


def _card(sources: Sequence[Json], document: Json | None) -> Html:
    first = sources[0]
    internal = first["audience"] == "internal"
    return element(
        "article",
        element(
            "header",
            element("h3", first["title"] or first["document_id"]),
            element(
                "p",
                element("span", first["audience"].capitalize(), class_=f"badge is-{first['audience']}"),
                element("span", {"faq": "FAQ", "doc": "Article"}.get(first["kind"], first["kind"])),
                day(first["updated_at"]),
                link(first["href"], "Open") if is_web_address(first["href"]) else None,
                class_="about",
            ),
        ),
        *_quoted(sources, document),
        class_="source is-internal" if internal else "source",
    )


def _quoted(sources: Sequence[Json], document: Json | None) -> Iterable[Html]:
    held = document is not None and all(document["text"][s["start"] : s["end"]] == s["quote"] for s in sources)
    if document is None or not held:
        yield element("p", "The stored text is not available any more; these are the quotes as cited.", class_="quiet")
        for source in sources:
            yield element("blockquote", _mark(source["n"], source["quote"]))
        return
    places = {s["n"]: (s["start"], s["end"]) for s in sources}
    headings = [(start, end) for start, end, _ in document["headings"]]
    for excerpt in excerpts(document["text"], [(n, *span) for n, span in places.items()]):
        yield _excerpt(document["text"], excerpt, places, headings)


def _excerpt(
    text: str, excerpt: Excerpt, places: dict[int, tuple[int, int]], headings: Sequence[tuple[int, int]]
) -> Html:
    """The stretch with its quotes marked and its headings set off."""
    pieces: list[Html | str] = []
    place = excerpt.start
    end_of_all = _before_bare_heading(excerpt, places, headings)
    for number in excerpt.numbers:
        start, end = max(places[number][0], place), places[number][1]
        pieces += _plain(text, place, start, headings)
        pieces.append(_mark(number, text[start:end]))
        place = max(end, place)
    pieces += _plain(text, place, end_of_all, headings)
    if excerpt.start > 0:
        pieces.insert(0, "… ")
    if end_of_all < len(text):
        pieces.append(" …")
    return element("blockquote", *pieces)


def _before_bare_heading(
    excerpt: Excerpt, places: dict[int, tuple[int, int]], headings: Sequence[tuple[int, int]]
) -> int:
    """The excerpt's end, or the start of a heading that would stand there with hardly a word below it."""
    quoted = max(places[number][1] for number in excerpt.numbers)
    bare = [start for start, end in headings if quoted <= start < excerpt.end and end + _SNAP_CHARS > excerpt.end]
    return min(bare, default=excerpt.end)


def _plain(text: str, start: int, end: int, headings: Sequence[tuple[int, int]]) -> list[Html | str]:
    edges = {start, end}
    inside = [(max(a, start), min(b, end)) for a, b in headings if a < end and b > start]
    for span in inside:
        edges.update(span)
    pieces: list[Html | str] = []
    for a, b in pairwise(sorted(edges)):
        if any(h <= a and b <= g for h, g in inside):
            pieces.append(element("strong", _tight(text[a:b])))
            continue
        piece = _tight(text[a:b])
        piece = piece.lstrip("\n") if any(g == a for _, g in inside) else piece
        pieces.append(piece.rstrip("\n") if any(h == b for h, _ in inside) else piece)
    return pieces


def _tight(text: str) -> str:
    """Without empty lines: the excerpt is narrow, and headings bring their own space."""
    return re.sub(r"\s*\n\s*", "\n", text)


def _mark(number: int, quote: str) -> Html:
    label = element("span", str(number), class_="mark-number")
    return element("mark", label, _tight(quote), id=f"source-{number}", tabindex=-1, data_source=number)


def _line_before(text: str, start: int, around: int) -> int:
    """Where to begin: `around` characters before `start`, at a line's or else a word's beginning."""
    left = max(start - around, 0)
    if left == 0:
        return 0
    line = text.find("\n", left, min(left + _SNAP_CHARS, start))
    if line >= 0:
        return line + 1
    word = text.find(" ", left, start)
    return word + 1 if word >= 0 else left


def _word_after(text: str, end: int, around: int) -> int:
    right = min(end + around, len(text))
    if right == len(text):
        return right
    word = max(text.rfind(" ", end, right), text.rfind("\n", end, right))
    return word if word > end else right
