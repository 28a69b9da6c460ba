"""The piece of a contact that shows its cause best, verbatim and at most 20 words long."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from assistant.gaps.triage.contact import Contact
from assistant.gaps.triage.cues import ASKING, TROUBLE
from assistant.gaps.triage.features import Matrix, Vocabulary, sentence_rows, terms_of
from assistant.gaps.triage.sentences import Span, sentence_spans
from assistant.seams import Vectors

MAX_WORDS = 20
_MAX_CHARS = 240
_CLAUSE = re.compile(
    r"[,;:–—(]\s+|\s+(?=(?:but|and|because|when|since|after|that|which|how|where|why|then)\s)"
)
_POLITE = re.compile(
    r"\s*(?:thank|thanks|hi\b|hello|dear|regards|best|cheers|any (?:help|ideas|suggestions|advice)|please help|help\b|"
    r"i am (?:using|running)|i'm (?:using|running)|windows|version)",
    re.IGNORECASE,
)
_MARKED = 0.5
_GREETING = 1.0
_SHORT = 0.15  # per word below five


def best_quote(
    contact: Contact,
    spans: Sequence[Span],
    vectors: Vectors,
    prototypes: Vectors,
    evidence: Matrix,
    centre: Matrix,
    vocabulary: Vocabulary,
) -> str:
    """The sentence with the most evidence, cut to its strongest 20 words; the title's where there is no text.

    `evidence` holds, for each column of a contact's row, how much it speaks for the cause against the others; `centre`
    the column's mean.
    """
    if not spans:
        title = sentence_spans(contact.title)
        return (
            _strongest(contact.title, title[0], {})
            if title
            else _cut(contact.title.strip())
        )
    words = dict(
        zip(
            vocabulary.terms,
            map(float, evidence[-len(vocabulary.terms) :] * vocabulary.idf),
            strict=True,
        )
    )
    rows = sentence_rows(contact.text, spans, vectors, prototypes)
    of_rows = (rows - centre[: rows.shape[1]]) @ evidence[: rows.shape[1]]
    scores = [
        float(of_rows[i])
        + _of_words(contact.text[start:end], words)
        + _of_form(contact.text[start:end])
        for i, (start, end) in enumerate(spans)
    ]
    return _strongest(contact.text, spans[int(np.argmax(scores))], words)


def _of_words(text: str, words: dict[str, float]) -> float:
    found = [
        words[term] for term in set(terms_of(Contact("", "", text))) if term in words
    ]
    return float(np.sum(found) / np.sqrt(max(4, len(found)))) if found else 0.0


def _of_form(text: str) -> float:
    marks = _MARKED * (TROUBLE.search(text) is not None) + _MARKED * (
        ASKING.search(text) is not None
    )
    return (
        marks
        - _GREETING * (_POLITE.match(text) is not None)
        - _SHORT * max(0, 5 - len(text.split()))
    )


def _strongest(text: str, span: Span, words: dict[str, float]) -> str:
    """The 20 words of `span` that weigh most, from the start of a clause where that is possible."""
    places = [
        (span[0] + found.start(), span[0] + found.end())
        for found in re.finditer(r"\S+", text[span[0] : span[1]])
    ]
    if len(places) <= MAX_WORDS:
        return _cut(text[span[0] : span[1]])
    breaks = {
        span[0] + found.end() for found in _CLAUSE.finditer(text[span[0] : span[1]])
    }
    last = len(places) - MAX_WORDS
    starts = [0, *(i for i in range(1, last + 1) if places[i][0] in breaks), last]
    windows = [
        (places[i][0], places[min(i + MAX_WORDS, len(places)) - 1][1]) for i in starts
    ]
    scores = [_of_words(text[a:b], words) + _of_form(text[a:b]) for a, b in windows]
    start, end = windows[int(np.argmax(scores))]
    return _cut(text[start:end])


def _cut(piece: str) -> str:
    """`piece` at most 240 characters long, at a blank where there is one."""
    if len(piece) <= _MAX_CHARS:
        return piece
    return (
        piece[:_MAX_CHARS].rsplit(" ", 1)[0].rstrip()
        if " " in piece[:_MAX_CHARS]
        else piece[:_MAX_CHARS]
    )
