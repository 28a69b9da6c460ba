"""What evaluation needs from the things that it measures; adapters live in `eval.baselines` and with the product."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from assistant.domain import Question
from assistant.seams import Embedder
from eval.make_cases import TicketRecord


@dataclass(frozen=True, slots=True)
class Source:
    """One public document as plain text, which every system gets alike."""

    id: str
    title: str
    text: str


class System(Protocol):
    """Anything that finds documents."""

    @property
    def name(self) -> str:
        """What the report calls it."""
        ...

    def search(self, question: Question, k: int) -> list[str]:
        """Return the ids of the best documents, best first, each once, `k` at most."""
        ...


class Assistant(Protocol):
    """The product: the JSON shapes of `waypost search` and `waypost ask`, one question at a time."""

    def search(self, question: Question, k: int) -> Mapping[str, object]:
        """Return `{"id", "hits": [{"document_id", ...}]}`, articles and FAQs only, `k` at most."""
        ...

    def ask(self, question: Question) -> Mapping[str, object]:
        """Return the answer, partial answer or gap, without logging it.

        Beside the contract's keys: `signals` behind the confidence by name, `drafted_from` the documents at hand,
        best first, and `top_score` the first one's cosine.
        """
        ...


class Workbench(Protocol):
    """What the product hands to evaluation: its knowledge, its tickets, and copies of itself to ask."""

    def sources(self) -> Iterable[Source]:
        """Yield every live document that is not a ticket."""
        ...

    def tickets(self) -> Iterable[TicketRecord]:
        """Yield every resolved ticket with the articles that its agents linked."""
        ...

    def assistant(
        self, *, without: frozenset[str] = frozenset(), prepared: bool = False
    ) -> AbstractContextManager[Assistant]:
        """Open the product over a knowledge that lacks the documents and tickets `without`, and write to no log.

        `prepared` does first what a server does by itself before anybody asks.
        """
        ...

    def stamp(self) -> Mapping[str, str]:
        """Return what fixes the product's numbers: settings, model hash, generation."""
        ...


class CountingEmbedder(Embedder, Protocol):
    """An embedder that also counts its own tokens, as ingest needs it."""

    def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text."""
        ...


class Product(Protocol):
    """The product from outside: data directories are made, filled and opened as its own commands do it."""

    def open(self, data: Path | None) -> AbstractContextManager[Workbench]:
        """Open a data directory to measure it, None for the default one."""
        ...

    def ingest(
        self, data: Path, sources: Sequence[Path], embedder: CountingEmbedder | None = None
    ) -> Sequence[Mapping[str, object]]:
        """Do what `waypost ingest` does, index included; returns its summaries. Another embedder may stand in."""
        ...

    def serve(self, data: Path) -> AbstractContextManager[Assistant]:
        """Open a data directory as the server does: as its owner, with the index brought up and verified."""
        ...

    def embedder(self) -> CountingEmbedder:
        """The embedder that a new data directory would use."""
        ...


def plain_query(question: Question, most_chars: int = 1200) -> str:
    """Return what a plain system is asked: title and text, cut where small models stop reading.

    >>> plain_query(Question("How do I?", title="Export")).splitlines()
    ['Export', 'How do I?']
    """
    return f"{question.title}\n{question.text}"[:most_chars]


class AsSystem:
    """The product as one more system, so that all are measured through the same door."""

    def __init__(self, assistant: Assistant, name: str = "waypost") -> None:
        self._assistant = assistant
        self._name = name

    @property
    def name(self) -> str:
        """What the report calls it."""
        return self._name

    def search(self, question: Question, k: int) -> list[str]:
        """Return the ids of the best documents."""
        hits = self._assistant.search(question, k).get("hits")
        return [str(hit["document_id"]) for hit in hits] if isinstance(hits, list) else []
