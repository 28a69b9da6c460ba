"""What a theme is called and which of its contacts speak for it, in the customers' words.

Follows `grouping`. A name is a fragment that members wrote, word for word, chosen so that its words are
common inside the theme and rare outside; no single member can name a theme of more than eight.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from assistant.gaps.themes.communities import Labels
from assistant.gaps.themes.neighbours import Floats

UNNAMED = "(no common words)"
_WORD = re.compile(r"[^\W_]+(?:['’.\-][^\W_]+)*", re.UNICODE)
_LONGEST = 6
_HEAD_CHARS = 200  # a name comes from the first line: a title says what the text is about
_BODY_CHARS = 600  # read where first lines have nothing in common
_COMMON = 0.2
_LENGTH_PRIOR = 5.0  # in words: a longer name must earn its words, by less than its length
_EVERYWHERE = 0.1  # of the other contacts; what so many say ("Thunderbird") sets no theme apart
_WORDS_BESIDE = 2
_FEW = 3  # contacts up to which words in common are chance, and one of them says it better
_SMALL = 8  # contacts up to which one word alone ("save", "Old") says less than one of them
_LINE_WORDS = 12
_CHAT_WORDS = """
i'm i've i'd it's don't doesn't didn't can't cannot won't isn't aren't wasn't haven't hasn't please help need want
hi hello thanks thank dear would like know does did just get got
"""
_PLAIN = frozenset(ENGLISH_STOP_WORDS) | frozenset(_CHAT_WORDS.split())


@dataclass(frozen=True, slots=True)
class Naming:
    """A theme's name, and the words that set it apart, best first."""

    name: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Fragment:
    key: tuple[str, ...]
    shown: str


def name_themes(texts: Sequence[str], labels: Labels) -> tuple[Naming, ...]:
    """A name for each theme 0 .. t-1 of `labels`, all different where the words allow it.

    A word weighs (share of the theme's contacts that have it) x ln(1 + contacts / contacts with it).
    Worked example: "calendar" in 8 of 10 members and in 20 of 1,000 contacts weighs 0.8 x ln 51 = 3.15.
    A fragment weighs the sum of its distinct words' weights over their number + 5, half a word more for each plain
    word between them, times one plus the share of members that contain it whole. A name is a fragment that at least
    two members contain, or one of several words that at least a fifth of the members use, each of them, in whatever
    order: people seldom put the same words in a row, and "offline" tells a reader less than "display is offline".
    Where the first lines have no word in common, the words after them are read.
    Of two or three contacts the most central one's own first line is the name, unless a phrase is in common; of up
    to eight, unless more than one word is.
    A single word stands with the two words that most set the theme apart beside it: "search, results, global".
    """
    spread, in_bodies = _spread(_head(text) for text in texts), Counter[str]()
    names: list[Naming] = []
    used: set[str] = set()
    for theme in range(int(labels.max(initial=-1)) + 1):
        members = np.flatnonzero(labels == theme).tolist()
        naming = _name([_head(texts[m]) for m in members], spread, len(texts), used)
        if naming.name == UNNAMED:
            in_bodies = in_bodies or _spread(_body(text) for text in texts)
            naming = _name([_body(texts[m]) for m in members], in_bodies, len(texts), used)
        if _says_little(naming.name, len(members)):
            naming = _spoken([texts[m] for m in members], naming, used)
        used.add(naming.name.casefold())
        names.append(naming)
    return tuple(names)


def _says_little(name: str, members: int) -> bool:
    """Whether words chosen from these contacts name them worse than one of them does."""
    is_one_word = " " not in name or name == UNNAMED
    return (members <= _SMALL and is_one_word) or (members <= _FEW and "," in name)


def _spoken(texts: Sequence[str], naming: Naming, used: Set[str]) -> Naming:
    """The naming with the first line of the most central of a few contacts in place of single words.

    Central is who shares most of their words with the others; of equals the shorter line, then the earlier contact.
    """
    words = [set(_words(text[:_BODY_CHARS])) for text in texts]
    shared = [sum(len(own & other) for other in words) - len(own) for own in words]
    lines = [_line(text) for text in texts]
    for row in sorted(range(len(texts)), key=lambda r: (-shared[r], len(lines[r]), r)):
        if len(_words(lines[row])) > 1 and lines[row].casefold() not in used:
            return Naming(lines[row], naming.words)
    return naming


def _line(text: str) -> str:
    """The first line, its first sentence, at most twelve words of it."""
    first = re.split(r"(?<=[.!?])\s", _head(text), maxsplit=1)[0].strip().rstrip(".,;:")
    words = first.split()
    return " ".join(words[:_LINE_WORDS]) + (" …" if len(words) > _LINE_WORDS else "")


def representatives(vectors: Floats, members: Labels, *, count: int = 5, variety: float = 0.5) -> tuple[int, ...]:
    """Up to `count` of `members` (row numbers of `vectors`): typical first, then typical yet unlike those chosen.

    Maximal marginal relevance: `(1 - variety)` times the cosine to the members' mean, less `variety` times the
    largest cosine to one already chosen. Members at the theme's edge (the farthest tenth) never speak for it.
    """
    own = vectors[members]
    centre = own.mean(axis=0)
    relevance = own @ (centre / max(float(np.linalg.norm(centre)), 1e-9))
    open_ = relevance >= np.quantile(relevance, 0.1)
    closest = np.zeros(len(members), dtype=np.float32)
    chosen: list[int] = []
    for _ in range(min(count, int(open_.sum()))):
        score = np.where(open_, (1 - variety) * relevance - variety * closest, -np.inf)
        pick = int(np.argmax(score))
        open_[pick] = False
        chosen.append(int(members[pick]))
        closest = np.maximum(closest, own @ own[pick])
    return tuple(chosen)


def _name(heads: Sequence[str], spread: Counter[str], total: int, used: set[str]) -> Naming:
    here = Counter(word for head in heads for word in set(_words(head)))
    weight = {w: _weight(n, len(heads), spread[w], total) for w, n in here.items() if n > 1 or len(heads) < 3}
    forms: dict[tuple[str, ...], Counter[str]] = {}
    for head in heads:
        for key, shown in {f.key: f.shown for f in _fragments(head)}.items():
            forms.setdefault(key, Counter())[shown] += 1
    support = {key: shown.total() for key, shown in forms.items()}
    least = min(2, len(heads))
    common = {word for word, n in here.items() if n >= max(2, _COMMON * len(heads))}
    ranked = sorted(
        (key for key, n in support.items() if n >= least or common.issuperset(w for w in key if w not in _PLAIN)),
        key=lambda key: (-_fragment_score(key, weight, support[key] / len(heads)), key),
    )
    words = tuple(sorted(weight, key=lambda w: (-weight[w], w))[:8])
    beside = [word for word in words if spread[word] - here[word] <= _EVERYWHERE * (total - len(heads))]
    shown_names = (_told(max(sorted(forms[key]), key=forms[key].__getitem__), beside) for key in ranked)
    name = next((shown for shown in shown_names if shown.casefold() not in used), UNNAMED)
    return Naming(name, words)


def _told(shown: str, beside: Sequence[str]) -> str:
    """`shown`, with the first two other words of `beside` where it is a single word."""
    told = [shown]
    for word in beside if len(_words(shown)) == 1 else ():
        if len(told) < _WORDS_BESIDE + 1 and not any(_same_word(word, known.casefold()) for known in told):
            told.append(word)
    return ", ".join(told)


def _same_word(one: str, other: str) -> bool:
    """Whether two words differ by an ending only: "email" and "emails", "delete" and "deleting"."""
    short, long = sorted((one.replace("-", ""), other.replace("-", "")), key=len)
    return short == long or (
        len(short) > 2 and long.startswith(short.removesuffix("e")) and len(long) - len(short) <= 3
    )


def _weight(inside: int, members: int, everywhere: int, total: int) -> float:
    return inside / members * float(np.log(1 + total / everywhere))


def _fragment_score(key: tuple[str, ...], weight: dict[str, float], share: float) -> float:
    distinct: list[str] = []
    for word in key:
        if word not in _PLAIN and not any(_same_word(word, known) for known in distinct):
            distinct.append(word)
    length = len(distinct) + (len(key) - len(distinct)) / 2
    return sum(weight.get(word, 0.0) for word in distinct) / (length + _LENGTH_PRIOR) * (1 + share)


def _fragments(head: str) -> Iterator[_Fragment]:
    """Spans of one to six words that neither start nor end with a plain word and cross no punctuation."""
    spans = list(_WORD.finditer(head))
    folded = [m.group().casefold() for m in spans]
    for start in range(len(spans)):
        for end in range(start + 1, min(start + _LONGEST, len(spans)) + 1):
            if end > start + 1 and head[spans[end - 2].end() : spans[end - 1].start()].strip():
                break
            if folded[start] not in _PLAIN and folded[end - 1] not in _PLAIN:
                yield _Fragment(tuple(folded[start:end]), head[spans[start].start() : spans[end - 1].end()])


@lru_cache(maxsize=65536)
def _words(head: str) -> tuple[str, ...]:
    return tuple(w for w in (m.group().casefold() for m in _WORD.finditer(head)) if w not in _PLAIN)


def _spread(heads: Iterable[str]) -> Counter[str]:
    """In how many of the heads each word is."""
    return Counter(word for head in heads for word in set(_words(head)))


def _body(text: str) -> str:
    return " / ".join(text.strip()[:_BODY_CHARS].split("\n"))


def _head(text: str) -> str:
    return text.strip().partition("\n")[0][:_HEAD_CHARS]
