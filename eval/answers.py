"""What came back for a question, read from the JSON shapes of `waypost search` and `waypost ask`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assistant.domain import VerdictLabel
from assistant.errors import UsageError
from eval.metrics.citations import CitedPart

Record = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, partial answer or gap, as far as it is measured; `confidence` is a probability in [0, 1]."""

    id: str
    verdict: VerdictLabel
    confidence: float
    parts: tuple[CitedPart, ...] = ()
    nearest: tuple[str, ...] = ()
    timings_ms: tuple[tuple[str, float], ...] = ()

    @property
    def is_gap(self) -> bool:
        """Whether it would enter the gap log."""
        return self.verdict == "gap"

    @property
    def documents(self) -> tuple[str, ...]:
        """The cited documents, each once, in order of first use."""
        return tuple(dict.fromkeys(document for part in self.parts for document in part.documents))


def answer_from_record(record: Record) -> Answer:
    """Return the answer in one line of `waypost ask --batch`.

    Raises `UsageError` when the line has no verdict or a part cites a number that no source has.
    """
    verdict, confidence = record.get("verdict"), record.get("confidence")
    if verdict not in ("answered", "partial", "gap") or not isinstance(confidence, int | float):
        raise UsageError(f"expected an answer with verdict and confidence, found {verdict!r} and {confidence!r}")
    sources = {source.get("n"): source for source in _records(record.get("sources"))}
    gap = record.get("gap")
    return Answer(
        id=str(record.get("id", "")),
        verdict=verdict,
        confidence=float(confidence),
        parts=tuple(_part(part, sources) for part in _records(record.get("parts"))),
        nearest=tuple(str(item) for item in _items(gap.get("nearest"))) if isinstance(gap, Mapping) else (),
        timings_ms=timings_from_record(record),
    )


def _part(part: Record, sources: Mapping[object, Record]) -> CitedPart:
    numbers = _items(part.get("citations"))
    missing = [number for number in numbers if number not in sources]
    if missing:
        raise UsageError(f"expected every citation among the sources {sorted(map(str, sources))}, found {missing}")
    return CitedPart(
        text=str(part.get("text", "")),
        quotes=tuple(str(sources[number].get("quote", "")) for number in numbers),
        documents=tuple(str(sources[number].get("document_id", "")) for number in numbers),
    )


def ranked_from_record(record: Record) -> tuple[str, ...]:
    """Return the document ids in one line of `waypost search --batch`, best first."""
    return tuple(str(hit["document_id"]) for hit in _records(record.get("hits")))


def drafted_from(record: Record) -> tuple[str, ...]:
    """Return the documents that an answer was drafted from, best first, where evaluation was told them."""
    return tuple(map(str, _items(record.get("drafted_from"))))


def top_score_from_record(record: Record) -> float | None:
    """Return the best document's score in one line of `waypost search --batch`, None when nothing was found."""
    scores = [score for hit in _records(record.get("hits"))[:1] if isinstance(score := hit.get("score"), int | float)]
    return float(scores[0]) if scores else None


def timings_from_record(record: Record) -> tuple[tuple[str, float], ...]:
    """Return the stages and their milliseconds, in the record's order."""
    timings = record.get("timings_ms")
    pairs = timings.items() if isinstance(timings, Mapping) else ()
    return tuple((str(stage), float(value)) for stage, value in pairs if isinstance(value, int | float))


def _records(value: object) -> Sequence[Record]:
    return [item for item in _items(value) if isinstance(item, Mapping)]


def _items(value: object) -> Sequence[object]:
    return value if isinstance(value, list | tuple) else ()
