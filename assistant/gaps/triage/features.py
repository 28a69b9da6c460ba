"""Text to numbers: what a contact looks like to the fitted weights.

Each contact becomes one row of blocks: vectors of the whole, the title, the asking and the troubled sentences;
similarity to each prototype class; counts of cue phrases; weighted common words. `BLOCKS` gives their order.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from assistant.gaps.triage.contact import Contact
from assistant.gaps.triage.cues import ASKING, CUES, PROTOTYPES, TROUBLE
from assistant.gaps.triage.sentences import Span, sentence_spans
from assistant.seams import Embedder, Vectors

Matrix = npt.NDArray[np.float32]
BLOCKS = ("whole", "title", "asking", "trouble", "prototypes", "cues", "words")

_READ_CHARS = 6000
_WORD = re.compile(r"[^\W\d_]{2,}")
_TITLE_QUESTION = re.compile(r"\s*(?:how|can|is|what|where|why|do|does|which|should)\b", re.IGNORECASE)
_SIMILARITIES = 5  # per prototype class, see `_prototype_row`


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Common words and pairs of words, with inverse document frequency, shape `(n,)`."""

    terms: tuple[str, ...]
    idf: Matrix

    def rows(self, contacts: Sequence[Contact]) -> Matrix:
        """Unit rows of `(1 + ln count) * idf`, shape `(contacts, terms)`; the title counts twice."""
        place = {term: column for column, term in enumerate(self.terms)}
        out = np.zeros((len(contacts), len(self.terms)), np.float32)
        for row, contact in enumerate(contacts):
            counts = Counter(place[term] for term in terms_of(contact) if term in place)
            columns = list(counts)
            out[row, columns] = (1 + np.log([counts[column] for column in columns])) * self.idf[columns]
        return unit(out)


@dataclass(frozen=True, slots=True)
class Described:
    """Contacts as numbers. `rows` is `(n, width)`; `spans[i]` and `sentences[i]` belong to contact i's text.

    `sentences[i]` has one unit vector per span; `prototypes` one per prototype sentence, in the order of the cue file.
    """

    rows: Matrix
    spans: tuple[tuple[Span, ...], ...]
    sentences: tuple[Vectors, ...]
    prototypes: Vectors


def describe(contacts: Sequence[Contact], embedder: Embedder, vocabulary: Vocabulary) -> Described:
    """Every contact's row; the columns of each block are in `block_widths`."""
    spans = tuple(sentence_spans(contact.text) for contact in contacts)
    vectors = _Vectors(embedder, contacts, spans)
    prototypes = embedder.embed([sentence for group in PROTOTYPES.values() for sentence in group])
    chosen = [_chosen(contact, places) for contact, places in zip(contacts, spans, strict=True)]
    similarities = [
        _prototype_row(vectors.sentences[i], vectors.whole[i], vectors.title[i], prototypes)
        for i in range(len(contacts))
    ]
    blocks = [
        vectors.whole,
        vectors.title,
        _means(vectors, [asking for asking, _ in chosen]),
        _means(vectors, [trouble for _, trouble in chosen]),
        np.array(similarities, np.float32).reshape(len(contacts), len(PROTOTYPES) * _SIMILARITIES),
        np.array([_cue_row(contact) for contact in contacts], np.float32).reshape(len(contacts), cue_width()),
        vocabulary.rows(contacts),
    ]
    return Described(np.hstack(blocks), spans, tuple(vectors.sentences), prototypes)


def block_widths(dimensions: int, terms: int) -> tuple[int, ...]:
    """Columns of each of `BLOCKS`, for vectors of `dimensions` and a vocabulary of `terms`."""
    return (dimensions,) * 4 + (len(PROTOTYPES) * _SIMILARITIES, cue_width(), terms)


def cue_width() -> int:
    """Columns of the cue block: each phrase in title and in text, then ten marks of the whole."""
    return 2 * len(CUES) + 10


def terms_of(contact: Contact) -> list[str]:
    """Words and neighbouring pairs in lower case, the title's twice.

    >>> terms_of(Contact("1", "Old look", "back"))
    ['old', 'look', 'old look', 'old', 'look', 'old look', 'back']
    """
    found: list[str] = []
    for piece in (contact.title, contact.title, contact.text):
        words = _WORD.findall(piece[:_READ_CHARS].lower())
        found += words + [f"{left} {right}" for left, right in pairwise(words)]
    return found


def whole_text(contact: Contact) -> str:
    """Title and text as the embedder reads them."""
    return f"{contact.title}\n{contact.text[:_READ_CHARS]}".replace("\x00", " ")


def unit(rows: Matrix) -> Matrix:
    """`rows` scaled to length 1; rows of zeros stay zeros."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-9), np.float32)


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


def _chosen(contact: Contact, spans: Sequence[Span]) -> tuple[list[int], list[int]]:
    texts = [contact.text[start:end] for start, end in spans]
    return (
        [i for i, text in enumerate(texts) if ASKING.search(text)],
        [i for i, text in enumerate(texts) if TROUBLE.search(text)],
    )


def _means(vectors: _Vectors, chosen: Sequence[Sequence[int]]) -> Matrix:
    """Mean vector of the chosen sentences, of the whole contact where none was chosen; unit rows."""
    means = [
        vectors.sentences[i][list(places)].mean(axis=0) if places else vectors.whole[i]
        for i, places in enumerate(chosen)
    ]
    return unit(np.array(means, np.float32).reshape(vectors.whole.shape))


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
    """Each sentence as if it were a whole contact without a title; the word block is left out, `(n, width - terms)`."""
    pieces = [text[start:end] for start, end in spans]
    asks = np.array([[ASKING.search(piece) is not None] for piece in pieces], np.float32)
    troubles = np.array([[TROUBLE.search(piece) is not None] for piece in pieces], np.float32)
    similar = [_prototype_row(vectors[i : i + 1], vectors[i], vectors[i], prototypes) for i in range(len(pieces))]
    cues = [_cue_row(Contact("", "", piece)) for piece in pieces]
    blocks = [vectors, np.zeros_like(vectors), vectors * asks, vectors * troubles, np.array(similar), np.array(cues)]
    return np.hstack(blocks).astype(np.float32)


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
