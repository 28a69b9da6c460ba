"""The Protocols between the logic and its adapters: one page, each as small as it can be."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from assistant.domain import Audience, Candidate, Draft, Kind, Part, Passage, Question, Role, Style, Usage, Wish

Vectors = npt.NDArray[np.float32]
"""Shape `(n, d)`, rows of unit length."""
Ids = npt.NDArray[np.int64]
"""Chunk ids in ascending order, each once, shape `(n,)`: eight bytes a chunk, where a set takes many times that."""


class Embedder(Protocol):
    """Turns texts into unit vectors. `model_id` names weights and backend: vectors of different ids never mix."""

    @property
    def model_id(self) -> str:
        """Names weights and backend."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row per text, in order."""
        ...


class PassageIndex(Protocol):
    """Searches chunks; returns `(chunk_id, score)` pairs, best first, and knows nothing of audiences."""

    def dense(
        self, vector: Vectors, *, kinds: Sequence[Kind], roles: Sequence[Role], k: int
    ) -> list[tuple[int, float]]:
        """Nearest chunks by cosine similarity of `vector`, shape `(d,)`."""
        ...

    def similarities(self, vector: Vectors, chunk_ids: Sequence[int]) -> dict[int, float]:
        """Cosine of `vector`, shape `(d,)`, to each of the chunks; unknown ids are absent."""
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

    def link_counts(self) -> Mapping[str, int]:
        """For each live article that agents linked, in how many live tickets."""
        ...

    def chunks_of(self, document_keys: Sequence[str]) -> dict[str, tuple[int, ...]]:
        """The live chunk ids of each live document, in the document's order."""
        ...

    def chunks_in_scope(self, question: Question, kinds: Sequence[Kind], *, most: int) -> Sequence[int]:
        """Live chunks of the documents that the question's product, locale and sources allow, at most so many."""
        ...

    def whole(self, passages: Sequence[Passage]) -> dict[tuple[str, int], Passage]:
        """The complete versions that the passages are spans of, each as one passage, by document and version."""
        ...

    def live_keys(self, document_keys: Sequence[str]) -> set[str]:
        """Those of the documents that are not deleted at this moment."""
        ...


@dataclass(frozen=True, slots=True)
class Written:
    """What a drafting model returned: a draft whose parts cite passages, or None with the reason in `notice`.

    `declined`: the model found no answer in the passages; the draft then has no parts. `cut`: the reply broke off
    after parts of it were shown, and these are the draft.
    """

    draft: Draft | None
    model: str
    prompt_version: str
    notice: str = ""
    declined: bool = False
    usage: Usage | None = None
    cut: bool = False


class Listener(Protocol):
    """Follows a draft while it is written."""

    @property
    def is_gone(self) -> bool:
        """Nobody waits for the draft any more."""
        ...

    def part(self, part: Part) -> bool:
        """Take the next part, once it is complete; returns whether it was shown, so that it cannot be taken back."""
        ...


@dataclass(frozen=True, slots=True)
class Saying:
    """One sentence or step in new words; `of` are the numbers, from 1, of what it says anew."""

    text: str
    of: tuple[int, ...]
    step: int | None = None


@dataclass(frozen=True, slots=True)
class Reworded:
    """What a model said anew, unchecked but for the numbers, or None with the reason in `notice`."""

    sayings: tuple[Saying, ...] | None
    model: str
    prompt_version: str
    notice: str = ""
    usage: Usage | None = None


class Drafter(Protocol):
    """Phrases a reply from passages; its every citation and every word is checked afterwards, in code."""

    def draft(
        self,
        question: Question,
        candidates: Sequence[Candidate],
        style: Style | None = None,
        listener: Listener | None = None,
    ) -> Written:
        """Never raises for what the model does: a failure is a `Written` without a draft."""
        ...

    def reword(self, texts: Sequence[str], wish: Wish) -> Reworded:
        """The texts in other words, in their order; never raises for what the model does."""
        ...


@dataclass(frozen=True, slots=True)
class Opinion:
    """What somebody takes a contact's cause and journey stage to be, by their labels; empty is no opinion."""

    cause: str = ""
    stage: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """One opinion for each text that was shown, in order, or None with the reason in `notice`."""

    opinions: tuple[Opinion, ...] | None
    notice: str = ""
    usage: Usage | None = None


class Judge(Protocol):
    """Reads contacts and says why they were made."""

    @property
    def name(self) -> str:
        """Names the model and what it is asked: opinions of different names are not compared."""
        ...

    def judge(self, texts: Sequence[str], causes: Mapping[str, str], stages: Mapping[str, str]) -> Judgement:
        """An opinion on each text in these labels, each with its meaning; never raises for what the model does."""
        ...


Progress = Callable[[int, int | None, str], None]
"""Called with items done, items in all (None when unknown), and what is being worked on."""
