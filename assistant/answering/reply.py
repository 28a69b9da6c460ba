"""From a verified draft to a reply: numbered sources, greeting and closing, warnings."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from assistant.answering.language import one_line
from assistant.domain import Block, CitedPart, Passage, Question, Quote, Source, Support

VersionKey = tuple[str, int]
_LISTED = {"step", "item", "row"}
_MOST_LINKS = 3
_TITLES = frozenset("mr mrs ms miss mx dr prof sir madam herr frau mme mlle".split())
_NAME = re.compile(r"[^\W\d_][^\W\d_'’.-]*(?:['’.-][^\W\d_]+)*")


def first_name(requester: str) -> str:
    """What to greet somebody by, empty where it is no first name: an address, a handle, a surname behind a title.

    >>> [first_name(name) for name in ("Ada Lovelace", "Vogel, Marta", "Dr. Jane Doe", "Jean-Luc")]
    ['Ada', 'Marta', 'Jane', 'Jean-Luc']
    >>> [first_name(name) for name in ("ada@example.org", "Mrs. Vogel", "google-play-user-481", "Müller,")]
    ['', '', '', '']
    """
    surname, comma, given = requester.partition(",")
    words = (given if comma else surname).split()
    named = [word for word in words if word.casefold().rstrip(".") not in _TITLES]
    if not named or (len(named) == 1 and len(named) < len(words)) or not _NAME.fullmatch(named[0]):
        return ""
    return named[0][:60]


@dataclass(frozen=True, slots=True)
class Wording:
    """The desk's own greeting and closing; `{name}`, `{desk}` and `{links}` are filled in.

    A paragraph that names `{links}` is left out where there are none.
    """

    greeting: str
    greeting_without_name: str
    closing: str
    desk: str

    def greet(self, question: Question) -> str:
        """The greeting, by name when the name is known."""
        name = first_name(question.requester)
        return self.greeting.replace("{name}", name) if name else self.greeting_without_name

    def close(self, links: Sequence[str] = ()) -> str:
        """The closing, with a line for each link."""
        paragraphs = self.closing.split("\n\n")
        kept = [paragraph for paragraph in paragraphs if links or "{links}" not in paragraph]
        # Links last: titles are written by others and may hold "{desk}".
        return "\n\n".join(kept).replace("{desk}", self.desk).replace("{links}", "\n".join(links))


def article_links(sources: Sequence[Source], may_tell: Callable[[str, Source], bool]) -> tuple[str, ...]:
    """A line "title: address" for each cited article that a customer can open, at most three.

    Titles are written by others: `may_tell` refuses what may not be said to a customer.
    """
    lines: dict[str, str] = {}
    for source in sources:
        if source.audience != "public" or not source.url.startswith(("http://", "https://")):
            continue
        line = f"{one_line(source.title)}: {source.url}"
        if source.document_key not in lines and may_tell(line, source):
            lines[source.document_key] = f"{line}#{source.anchor}" if source.anchor and "#" not in source.url else line
    return tuple(lines.values())[:_MOST_LINKS]


def cited(
    supports: Sequence[Support], whole: Mapping[VersionKey, Passage]
) -> tuple[tuple[CitedPart, ...], tuple[Source, ...]]:
    """Parts with source numbers, and the sources in order of first use.

    Quotes of neighbouring steps of one list share a source that spans them, so that a procedure has one
    number. Each part keeps the exact places it rests on.
    """
    quotes = [quote for support in supports for quote in support.part.quotes]
    regions = _regions(quotes, whole)
    numbers: dict[Quote, int] = {}
    for quote in quotes:
        numbers.setdefault(_region_of(quote, regions), len(numbers) + 1)
    parts = tuple(_cited_part(support, regions, numbers) for support in supports)
    return parts, tuple(_source(region, n, whole) for region, n in numbers.items())


def _cited_part(support: Support, regions: Sequence[Quote], numbers: Mapping[Quote, int]) -> CitedPart:
    spans = tuple((numbers[_region_of(q, regions)], q.start, q.end) for q in support.part.quotes)
    ordered = tuple(sorted({n for n, _, _ in spans}))
    return CitedPart(support.part.text, ordered, spans, support.score, support.part.step, support.unsupported)


def _regions(quotes: Sequence[Quote], whole: Mapping[VersionKey, Passage]) -> list[Quote]:
    """Quotes, with those joined that overlap or are neighbours in one list."""
    regions: list[Quote] = []
    for quote in sorted(quotes, key=lambda q: (q.document_key, q.version, q.start, q.end)):
        last = regions[-1] if regions else None
        if last is not None and _joins(last, quote, whole):
            end = max(last.end, quote.end)
            text = whole[last.document_key, last.version].text[last.start : end]
            regions[-1] = replace(last, end=end, text=text)
        elif last != quote:
            regions.append(quote)
    return regions


def _joins(last: Quote, quote: Quote, whole: Mapping[VersionKey, Passage]) -> bool:
    if (last.document_key, last.version) != (quote.document_key, quote.version):
        return False
    if quote.start <= last.end:
        return True
    passage = whole[last.document_key, last.version]
    between = passage.text[last.end : quote.start]
    before, after = _block_at(passage.blocks, last.end - 1), _block_at(passage.blocks, quote.start)
    if before is None or after is None or between.strip():
        return False
    # Neighbours in one paragraph or one list: nothing visible can have been left out between them.
    return before == after or (between == "\n" and before.kind in _LISTED and after.kind in _LISTED)


def _block_at(blocks: Sequence[Block], place: int) -> Block | None:
    return next((b for b in blocks if b.start <= place < b.end), None)


def _region_of(quote: Quote, regions: Sequence[Quote]) -> Quote:
    return next(
        r
        for r in regions
        if (r.document_key, r.version) == (quote.document_key, quote.version)
        and r.start <= quote.start
        and quote.end <= r.end
    )


def _source(region: Quote, n: int, whole: Mapping[VersionKey, Passage]) -> Source:
    passage = whole[region.document_key, region.version]
    return Source(
        n=n,
        document_key=region.document_key,
        version=region.version,
        kind=passage.kind,
        audience=passage.audience,
        title=passage.title,
        url=passage.url,
        anchor=_anchor(passage.blocks, region.start),
        quote=region.text,
        start=region.start,
        end=region.end,
        updated_at=passage.updated_at,
    )


def _anchor(blocks: Sequence[Block], place: int) -> str:
    """The anchor of the nearest heading above, so that a link opens at the passage."""
    anchors = [b.anchor for b in blocks if b.anchor and b.start <= place]
    return anchors[-1] if anchors else ""


def warnings(
    sources: Sequence[Source],
    conflicts: Sequence[tuple[str, str]],
    *,
    stale_after_days: int,
    now: datetime | None = None,
) -> tuple[str, ...]:
    """What the agent should know before sending: internal, stale and contradicting sources."""
    oldest = (now or datetime.now(UTC)) - timedelta(days=stale_after_days)
    found = [
        f"internal_source: [{s.n}] {s.title} is internal; do not send it to a customer as it is"
        for s in sources
        if s.audience == "internal"
    ]
    found += [
        f"stale: [{s.n}] {s.title} was last updated on {s.updated_at:%Y-%m-%d}"
        for s in sources
        if s.updated_at is not None and s.updated_at < oldest
    ]
    found += [
        f"conflict: {first} and {second} state different figures; check which holds" for first, second in conflicts
    ]
    return tuple(dict.fromkeys(found))
