"""The piece of a contact that shows its cause best, verbatim and at most 20 words long.

Each sentence is described by `QUOTE_MARKS` and its cue phrases and scored with fitted weights; the best one is cut to
its strongest clause where it is too long.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from assistant.gaps.triage.contact import Contact
from assistant.gaps.triage.cues import ASKING, CUES, TROUBLE
from assistant.gaps.triage.features import Matrix
from assistant.gaps.triage.sentences import Span, sentence_spans
from assistant.seams import Vectors

MAX_WORDS = 20
QUOTE_MARKS = (
    "evidence for the cause, squashed",
    "evidence below the best sentence's",
    "likeness to the cause's prototypes",
    "likeness to the title",
    "likeness to the whole",
    "first",
    "second",
    "last",
    "place",
    "asks",
    "tells of trouble",
    "polite or technical opening",
    "question mark",
    "contrast",
    "length",
    "shortness",
)
_MAX_CHARS = 240
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_UNSPACED}]{{1,2}}|[^\s{_UNSPACED}]+")
"""A word; in scripts without blanks between words (Chinese, Japanese, Thai, Lao, Burmese, Khmer) two signs are one."""
_CLAUSE = re.compile(r"[,;:–—(]\s+|\s+(?=(?:but|and|because|when|since|after|that|which|how|where|why|then)\s)")
_POLITE = re.compile(
    r"\s*(?:thank|thanks|hi\b|hello|dear|regards|best|cheers|any (?:help|ideas|suggestions|advice)|please help|help\b|"
    r"i am (?:using|running)|i'm (?:using|running)|windows|version)",
    re.IGNORECASE,
)
_CONTRAST = re.compile(r"\b(?:but|however|now|except|instead|although)\b", re.IGNORECASE)


def quote_width() -> int:
    """Columns of `quote_rows`."""
    return len(QUOTE_MARKS) + len(CUES)


def quote_rows(
    pieces: Sequence[str], vectors: Vectors, whole: Matrix, title: Matrix, evidence: Matrix, likeness: Matrix
) -> Matrix:
    """One row per sentence, `(n, quote_width())`.

    `evidence` and `likeness`, `(n,)`, say how much each sentence speaks for the cause and how close it comes to the
    cause's prototypes; `whole` and `title` are unit vectors.
    """
    n = len(pieces)
    marks = np.zeros((n, len(QUOTE_MARKS)), np.float32)
    marks[:, 0], marks[:, 1] = np.tanh(evidence / 2), (evidence - evidence.max()) / 2
    marks[:, 2], marks[:, 3], marks[:, 4] = 3 * likeness, 3 * (vectors @ title), 3 * (vectors @ whole)
    marks[0, 5], marks[min(1, n - 1), 6], marks[n - 1, 7] = 1, n > 1, 1
    marks[:, 8] = np.arange(n) / n
    marks[:, 9:] = [_form(piece) for piece in pieces]
    return np.hstack([marks, np.array([_cue_hits(piece) for piece in pieces], np.float32)])


def best_quote(contact: Contact, spans: Sequence[Span], rows: Matrix, weights: Matrix) -> str:
    """The sentence that scores best with a neighbour that fits, or its strongest 20 words; the title without a text."""
    if not spans:
        title = sentence_spans(contact.title)
        return _strongest(contact.title, title[0], weights) if title else _cut(contact.title.strip())
    return _strongest(contact.text, _with_neighbour(contact.text, spans, rows @ weights), weights)


def _touch(text: str, spans: Sequence[Span], first: int, second: int) -> bool:
    """Whether nothing but blanks lies between the two sentences."""
    before, after = sorted((spans[first], spans[second]))
    return not text[before[1] : after[0]].strip()


def _with_neighbour(text: str, spans: Sequence[Span], scores: Matrix) -> Span:
    """The best span, together with the better one beside it when both are 20 words at most: what, and when or where."""
    best = int(np.argmax(scores))
    beside = [i for i in (best - 1, best + 1) if 0 <= i < len(spans) and _touch(text, spans, best, i)]
    for i in sorted(beside, key=lambda place: -float(scores[place])):
        start, end = spans[min(best, i)][0], spans[max(best, i)][1]
        if len(_WORD.findall(text, start, end)) <= MAX_WORDS:
            return start, end
    return spans[best]


def _form(piece: str) -> list[float]:
    words = len(piece.split())
    return [
        float(ASKING.search(piece) is not None),
        float(TROUBLE.search(piece) is not None),
        float(_POLITE.match(piece) is not None),
        float("?" in piece),
        float(_CONTRAST.search(piece) is not None),
        min(words, 20) / 20,
        max(0, 6 - words) / 6,
    ]


def _cue_hits(piece: str) -> list[float]:
    return [float(cue.search(piece) is not None) for cue in CUES.values()]


def _strongest(text: str, span: Span, weights: Matrix) -> str:
    """The 20 words of `span` that weigh most, from the start of a clause where that is possible."""
    piece = text[span[0] : span[1]]
    places = [(span[0] + found.start(), span[0] + found.end()) for found in _WORD.finditer(piece)]
    if len(places) <= MAX_WORDS:
        return _cut(piece)
    breaks = {span[0] + found.end() for found in _CLAUSE.finditer(piece)}
    last = len(places) - MAX_WORDS
    starts = [0, *(i for i in range(1, last) if places[i][0] in breaks), last]
    windows = [(places[i][0], places[i + MAX_WORDS - 1][1]) for i in starts]
    form = weights[len(QUOTE_MARKS) - len(_form("")) :]
    scores = [float(np.dot(_form(text[a:b]) + _cue_hits(text[a:b]), form)) for a, b in windows]
    start, end = windows[int(np.argmax(scores))]
    return _cut(text[start:end])


def _cut(piece: str) -> str:
    """`piece` at most 240 characters long, at a blank where there is one."""
    if len(piece) <= _MAX_CHARS:
        return piece
    return piece[:_MAX_CHARS].rsplit(" ", 1)[0].rstrip() if " " in piece[:_MAX_CHARS] else piece[:_MAX_CHARS]
