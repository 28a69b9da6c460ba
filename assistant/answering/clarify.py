"""What to ask the customer back: the detail that decides between what the evidence says for each case.

Beside the draft. Questions come from the conditions of the passages at hand ("Windows", "Pro plan"), never from a
guess: where the evidence says the same for everybody, nothing is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from assistant.answering.asks import asks, question_weights
from assistant.answering.conditions import Reader
from assistant.answering.language import words
from assistant.answering.matter import is_vague, says_little
from assistant.domain import Candidate, Passage, Question, Source

MOST = 3
_LEADING = 2
_FEW_WORDS = 4
_LONGEST_TITLE = 80
_PLATFORM_NAMES = {
    "windows": "Windows", "macos": "macOS", "linux": "Linux", "android": "Android", "ios": "iOS",
    "chromeos": "ChromeOS",
}  # fmt: skip
_ABOUT = "What is it about: which product, and which part of it?"
_OPEN = "What did you do just before, and what did you see instead?"
_VERSION = re.compile(r"^(?:before )?(?P<name>\D.*?) \d+(?:\.\d+)*(?: or later)?$")


def follow_ups(
    question: Question,
    candidates: Sequence[Candidate],
    sources: Sequence[Source],
    whole: Mapping[tuple[str, int], Passage],
) -> tuple[str, ...]:
    """At most three questions to the customer, the one that decides most first; public articles only.

    `sources` are what the reply cites; without a reply the two leading articles are looked at.
    """
    told = _conditions(candidates, sources, whole)
    asked = [*_platforms(question, told), *_versions(question, told), *_others(question, told)]
    if is_vague(question) or says_little(question) or not asks(question) or not (asked or sources):
        asked = [*_matter(question, candidates), *asked]
    return tuple(asked[:MOST])


def _conditions(
    candidates: Sequence[Candidate], sources: Sequence[Source], whole: Mapping[tuple[str, int], Passage]
) -> list[str]:
    """Each name of a condition on the passages that the reply rests on, or that came nearest, once."""
    public = [c.passage for c in candidates if c.passage.audience == "public" and c.passage.kind != "ticket"]
    keys = dict.fromkeys(
        [(s.document_key, s.version) for s in sources if s.audience == "public"]
        if sources
        else [(p.document_key, p.version) for p in public][:_LEADING]
    )
    near = [passage for passage in public if (passage.document_key, passage.version) in keys]
    cited = [(s, whole[s.document_key, s.version]) for s in sources if (s.document_key, s.version) in keys]
    found: dict[str, None] = {}
    for passage, start, end in (
        *((p, p.start, p.end) for p in near),
        *((p, s.start, s.end) for s, p in cited),
    ):
        for block in passage.blocks:
            if block.start < end and block.end > start:
                found.update(dict.fromkeys([block.condition, *(variant.condition for variant in block.variants)]))
    return list(dict.fromkeys(_names(found)))


def _names(conditions: Iterable[str]) -> Iterator[str]:
    for condition in conditions:
        for part in condition.split("; "):
            yield from (name.removeprefix("not ").strip() for name in part.split(", ") if name.strip())


def _platforms(question: Question, told: Sequence[str]) -> list[str]:
    """Asked when the evidence differs by platform and the question names none."""
    found = dict.fromkeys(p for name in told for p in sorted(Reader.of(Question(name)).platforms))
    if len(found) < 2 or Reader.of(question).platforms:
        return []
    return [f"Which operating system do you use: {_or([_PLATFORM_NAMES[p] for p in found if p in _PLATFORM_NAMES])}?"]


def _versions(question: Question, told: Sequence[str]) -> list[str]:
    """Asked for each product of which the evidence tells versions apart and the question states none."""
    named = dict.fromkeys(match["name"] for name in told if (match := _VERSION.match(name)))
    text = question.full_text.casefold()
    return [
        f"Which version of {name} do you use?"
        for name in named
        if not Reader.of(Question(name)).platforms and not re.search(rf"{re.escape(name.casefold())}\W+v?\d", text)
    ]


def _others(question: Question, told: Sequence[str]) -> list[str]:
    """Plans, models and the like: asked when the evidence tells two of a kind apart and the question names neither."""
    plain = [name for name in told if not _VERSION.match(name) and not Reader.of(Question(name)).platforms]
    said = set(words(question.full_text))
    kinds: dict[str, list[str]] = {}
    for name in plain:
        kinds.setdefault(words(name)[-1] if words(name) else "", []).append(name)
    return [
        f"Which of these applies to you: {_or(names)}?"
        for kind, names in kinds.items()
        if kind and len(names) > 1 and not any(set(words(name)) - {kind} <= said for name in names)
    ]


def _matter(question: Question, candidates: Sequence[Candidate]) -> list[str]:
    """What it is about, where nothing is named; of few words that found nothing, which of the nearest matters."""
    if is_vague(question):
        return [_ABOUT, _OPEN]
    titles = dict.fromkeys(
        c.passage.title
        for c in candidates
        if c.passage.audience == "public" and 0 < len(c.passage.title) <= _LONGEST_TITLE
    )
    if len(titles) < 2 or len(question_weights(question)) > _FEW_WORDS:
        return []
    first, second = list(titles)[:2]
    return [f'Is this about "{first}" or "{second}"?', _OPEN]


def _or(names: Sequence[str]) -> str:
    """The names as a choice: "a", "a or b", "a, b or c"."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
