"""Knowledge of any size from real articles: their paragraphs drawn again into new ones, vectors included.

A helpdesk with 300,000 passages is not at hand, and embedding them takes hours. The texts are natural, since every
paragraph is a real one; a passage's vector is the mean of its paragraphs' real vectors, slightly perturbed, so that a
question still finds what it is about.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from assistant.errors import UsageError
from assistant.seams import Vectors
from eval.systems import CountingEmbedder, Source

_SHORTEST, _LONGEST = 60, 600
_PASSAGE_CHARS = 800
_PASSAGES_EACH = 10
_NOISE = 0.15
"""Length of the perturbation beside a vector of length 1: the copy's cosine to the original is 0.99."""


def paragraphs(sources: Iterable[Source]) -> tuple[str, ...]:
    """Return the different paragraphs of the articles that are neither headings nor walls of text, in order."""
    lines = (line.strip() for source in sources for line in source.text.split("\n"))
    found = tuple(dict.fromkeys(line for line in lines if _SHORTEST <= len(line) <= _LONGEST))
    if len(found) < 20:
        raise UsageError(f"expected at least 20 paragraphs to recombine, found {len(found)}: ingest articles first")
    return found


def recombined(sources: Sequence[Source], passages: int, seed: int = 0) -> Iterator[Source]:
    """Yield articles that hold about this many passages together, each with a real title and a number.

    An article's paragraphs are drawn from one real article and its neighbours, so that it stays near one subject.
    """
    dice = random.Random(seed)
    known = paragraphs(sources)
    for number in range(max(passages // _PASSAGES_EACH, 1)):
        at = dice.randrange(len(known))
        window = [known[(at + step) % len(known)] for step in range(60)]
        text, drawn = 0, list[str]()
        while text < _PASSAGE_CHARS * _PASSAGES_EACH:
            drawn.append(dice.choice(window if dice.random() < 0.8 else known))
            text += len(drawn[-1])
        title = sources[dice.randrange(len(sources))].title
        yield Source(f"made-{number}", f"{title} ({number})", "\n\n".join(drawn))


def write_sources(path: Path, sources: Iterable[Source]) -> None:
    """Write `documents.jsonl`, one article at a time."""
    with path.open("w", encoding="utf-8") as file:
        for source in sources:
            record = {"id": source.id, "title": source.title, "text": source.text}
            file.write(json.dumps(record, ensure_ascii=False) + "\n")


class RecombinedEmbedder:
    """Stands where the embedder stands and embeds nothing: vectors of recombined passages from those of their parts.

    `model_id` is the real one's, since questions are embedded by it.
    """

    def __init__(self, real: CountingEmbedder, known: Sequence[str]) -> None:
        self._real = real
        self._vectors = dict(zip(known, real.embed(known), strict=True))
        self._any = next(iter(self._vectors.values()))

    @property
    def model_id(self) -> str:
        """The real embedder's."""
        return self._real.model_id

    def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, counted for real."""
        return self._real.count(texts)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One unit vector for each text, shape `(n, d)`; the same text has the same vector."""
        made = np.stack([self._vector(text) for text in texts]) if texts else np.zeros((0, len(self._any)), np.float32)
        return np.asarray(made, np.float32)

    def _vector(self, text: str) -> Vectors:
        parts = [self._vectors[line] for line in text.split("\n") if line in self._vectors] or [self._any]
        dice = np.random.default_rng(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little"))
        middle = np.mean(parts, axis=0)
        noise = dice.normal(size=len(middle))
        moved = middle / np.linalg.norm(middle) + _NOISE * noise / np.linalg.norm(noise)
        return np.asarray(moved / np.linalg.norm(moved), np.float32)
