"""What an encoder is trained on: texts and which of them belong together. Needs no torch, so tuning can build it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Pair:
    """A question and passages of one article that resolved it, as places in the lists they came from."""

    question: int
    article: int
    passages: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Curriculum:
    """Questions, passages, the document of each passage, and pairs.

    `links`, shape `(questions, documents)`, says which question links which document.
    """

    questions: Sequence[str]
    passages: Sequence[str]
    document_of: Sequence[int]
    pairs: Sequence[Pair]
    links: npt.NDArray[np.bool_]
