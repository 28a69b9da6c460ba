"""txtai, a living peer that runs offline: its own index over the same pieces with the same embedding model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

from txtai import Embeddings

from assistant.domain import Question
from assistant.models.weights import minilm_folder
from eval.baselines.pieces import DEPTH, Piece, best_documents, cut
from eval.systems import Source, plain_query


class Txtai:
    """Nearest pieces as txtai ranks them, best piece for each document."""

    def __init__(self, index: Embeddings, pieces: Sequence[Piece], name: str) -> None:
        self._index = index
        self._pieces = pieces
        self.name = name

    def search(self, question: Question, k: int) -> list[str]:
        """Return the documents of the nearest pieces."""
        found = self._index.search(plain_query(question), DEPTH)
        return best_documents([self._pieces[place].document for place, _ in found], k)


@contextmanager
def opened(sources: Sequence[Source]) -> Iterator[Txtai]:
    """Index with dense vectors only, txtai's default."""
    with _indexed(sources, "txtai", hybrid=False) as system:
        yield system


@contextmanager
def opened_hybrid(sources: Sequence[Source]) -> Iterator[Txtai]:
    """Index with dense vectors and keywords, which txtai weighs equally."""
    with _indexed(sources, "txtai hybrid", hybrid=True) as system:
        yield system


@contextmanager
def _indexed(sources: Sequence[Source], name: str, *, hybrid: bool) -> Iterator[Txtai]:
    pieces = cut(sources)
    with closing(Embeddings(path=str(minilm_folder()), hybrid=hybrid)) as index:
        index.index((place, piece.text) for place, piece in enumerate(pieces))
        yield Txtai(index, pieces, name)
