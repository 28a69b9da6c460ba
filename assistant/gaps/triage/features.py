"""Text to numbers: what a contact looks like to the fitted weights.

Each contact becomes one row of blocks: the vector of the whole, similarities to each prototype class, counts of cue
phrases. `BLOCKS` gives their order. Vectors of the title or of chosen sentences and common words were tried beside
them and add nothing (docs/decisions/0007-causes.md).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assistant.gaps.triage.contact import Contact
from assistant.gaps.triage.cues import CUES, PROTOTYPES
from assistant.gaps.triage.sentences import Span, sentence_spans
from assistant.seams import Embedder, Vectors

Matrix = npt.NDArray[np.float32]
BLOCKS = ("whole", "prototypes", "cues")

_READ_CHARS = 6000
_TITLE_QUESTION = re.compile(r"\s*(?:how|can|is|what|where|why|do|does|which|should)\b", re.IGNORECASE)
_SIMILARITIES = 5  # per prototype class, see `_prototype_row`


@dataclass(frozen=True, slots=True)
class Described:
    """Contacts as numbers. `rows` is `(n, width)`; `spans[i]` and `sentences[i]` belong to contact i's text.

    `sentences[i]` has one unit vector per span; `titles` one per contact, `prototypes` one per prototype sentence, in
    the order of the cue file.
    """

    rows: Matrix
    titles: Vectors
    spans: tuple[tuple[Span, ...], ...]
    sentences: tuple[Vectors, ...]
    prototypes: Vectors


def describe(contacts: Sequence[Contact], embedder: Embedder) -> Described:
    """Every contact's row; the columns of each block are in `block_widths`."""
    spans = tuple(sentence_spans(contact.text) for contact in contacts)
    vectors = _Vectors(embedder, contacts, spans)
    prototypes = embedder.embed([sentence for group in PROTOTYPES.values() for sentence in group])
    similarities = [
        _prototype_row(vectors.sentences[i], vectors.whole[i], vectors.title[i], prototypes)
        for i in range(len(contacts))
    ]
    blocks = [
        vectors.whole,
        np.array(similarities, np.float32).reshape(len(contacts), len(PROTOTYPES) * _SIMILARITIES),
        np.array([_cue_row(contact) for contact in contacts], np.float32).reshape(len(contacts), cue_width()),
    ]
    return Described(np.hstack(blocks), vectors.title, spans, tuple(vectors.sentences), prototypes)


def block_widths(dimensions: int) -> tuple[int, ...]:
    """Columns of each of `BLOCKS`, for vectors of `dimensions`."""
    return dimensions, len(PROTOTYPES) * _SIMILARITIES, cue_width()


def cue_width() -> int:
    """Columns of the cue block: each phrase in title and in text, then ten marks of the whole."""
    return 2 * len(CUES) + 10


def whole_text(contact: Contact) -> str:
    """Title and text as the embedder reads them."""
    return f"{contact.title}\n{contact.text[:_READ_CHARS]}".replace("\x00", " ")


class _Vectors:
    """All vectors of a batch, from one call of the embedder on the distinct texts."""

    def __init__(self, embedder: Embedder, contacts: Sequence[Contact], spans: Sequence[Sequence[Span]]) -> None:
        whole = [whole_text(contact) for contact in contacts]
        titles = [contact.title[:_READ_CHARS].replace("\x00", " ") for contact in contacts]
        pieces = [
            [contact.text[start:end] for start, end in places] for contact, places in zip(contacts, spans, strict=True)
        ]
        distinct = list(dict.fromkeys([*whole, *titles, *(piece for group in pieces for piece in group)]))
        place = {text: row for row, text in enumerate(distinct)}
        vectors = embedder.embed(distinct)
        self.whole = vectors[[place[text] for text in whole]]
        self.title = vectors[[place[text] for text in titles]]
        self.sentences = [
            vectors[[place[piece] for piece in group]] if group else self.whole[i : i + 1]
            for i, group in enumerate(pieces)
        ]


def _prototype_row(sentences: Vectors, whole: Matrix, title: Matrix, prototypes: Vectors) -> list[float]:
    """Per class: the best sentence, the three best, the whole's best and mean, the title's best; cosines."""
    best, of_whole, of_title = ((sentences @ prototypes.T).max(axis=0), prototypes @ whole, prototypes @ title)
    row: list[float] = []
    start = 0
    for group in PROTOTYPES.values():
        here = slice(start, start + len(group))
        start += len(group)
        row += [
            float(best[here].max()),
            float(np.sort(best[here])[-3:].mean()),
            float(of_whole[here].max()),
            float(of_whole[here].mean()),
            float(of_title[here].max()),
        ]
    return row


def sentence_rows(text: str, spans: Sequence[Span], vectors: Vectors, prototypes: Vectors) -> Matrix:
    """Each sentence as if it were a whole contact without a title, `(n, width)`."""
    pieces = [text[start:end] for start, end in spans]
    similar = [_prototype_row(vectors[i : i + 1], vectors[i], vectors[i], prototypes) for i in range(len(pieces))]
    cues = [_cue_row(Contact("", "", piece)) for piece in pieces]
    return np.hstack([vectors, np.array(similar), np.array(cues)]).astype(np.float32)


def class_likeness(vectors: Vectors, prototypes: Vectors, name: str) -> Matrix:
    """Each vector's best cosine with a prototype sentence of class `name`, 0 for a class without any; `(n,)`."""
    names = [group for group, sentences in PROTOTYPES.items() for _ in sentences]
    here = [row for row, group in enumerate(names) if group == name]
    return (vectors @ prototypes[here].T).max(axis=1) if here else np.zeros(len(vectors), np.float32)


def _cue_row(contact: Contact) -> list[float]:
    title, text = contact.title[:_READ_CHARS], contact.text[:_READ_CHARS]
    row: list[float] = []
    for cue in CUES.values():
        row += [float(cue.search(title) is not None), min(1.0, len(cue.findall(text)) / 2)]
    both = f"{title}\n{text}"
    return [
        *row,
        float(np.log1p(len(both))) / 8,
        min(len(both), 300) / 300,
        min(text.count("?"), 6) / 3,
        min(text.count("!"), 6) / 3,
        float("?" in title),
        sum(map(str.isupper, both)) / len(both),
        5 * sum(ord(character) > 127 for character in both) / len(both),
        float(_TITLE_QUESTION.match(title) is not None),
        float(len(text) < 80),
        float(len(text) < 200),
    ]
