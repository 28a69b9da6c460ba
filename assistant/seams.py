"""The Protocols between the logic and its adapters: one page, each as small as it can be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from assistant.domain import Audience, Kind, Passage, Question, Role

Vectors = npt.NDArray[np.float32]
"""Shape `(n, d)`, rows of unit length."""


class Embedder(Protocol):
    """Turns texts into unit vectors. `model_id` names weights and backend: vectors of different ids never mix."""

    @property
    def model_id(self) -> str: ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row per text, in order."""
        ...


class PassageIndex(Protocol):
    """Searches chunks; returns `(chunk_id, score)` pairs, best first, and knows nothing of audiences."""

    def dense(self, vector: Vectors, *, kinds: Sequence[Kind], roles: Sequence[Role], k: int) -> list[tuple[int, float]]:
        """Nearest chunks by cosine similarity of `vector`, shape `(d,)`."""
        ...

    def keyword(self, text: str, *, kinds: Sequence[Kind], roles: Sequence[Role], k: int) -> list[tuple[int, float]]:
        """Best chunks by BM25."""
        ...


class Knowledge(Protocol):
    """The store as answering sees it: the last word on what is live and who may see it."""

    def passages(self, chunk_ids: Sequence[int], *, audiences: Sequence[Audience]) -> dict[int, Passage]:
        """The live, allowed ones of `chunk_ids`; deleted, replaced or forbidden chunks are absent."""
        ...

    def resolving_articles(self, ticket_keys: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """For each ticket, the live articles that its agents linked."""
        ...


Progress = Callable[[int, int | None, str], None]
"""Called with items done, items in all (None when unknown), and what is being worked on."""

Ask = Callable[[Question], object]
