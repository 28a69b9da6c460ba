"""A stored draft said anew: shorter, friendlier, more formal, as steps, or in another language; citations stay.

After the answer, on request. New words come from a chat model or, where that is honest, from the draft's own
sentences. Code decides where each stands, what it cites, and whether it may: a part that does not hold keeps its
old wording.
"""

from __future__ import annotations

import re
import time
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from assistant.answering.addresses import addresses
from assistant.answering.conflict import conflicts
from assistant.answering.facts import names_in
from assistant.answering.phrase import EXTRACTIVE, Rails, Wholes, policy_of
from assistant.answering.plainly import listed, shortened
from assistant.answering.prompts import Offer, linked_texts
from assistant.answering.reply import cited, warnings
from assistant.answering.verify import in_doubt, verify
from assistant.answering.violations import NAME, violations_of
from assistant.answering.written import linked
from assistant.domain import Answer, Draft, Part, Passage, Quote, Rewriting, Source, Support, Usage, Wish
from assistant.errors import SettingsError, UsageError
from assistant.seams import Drafter, Embedder, Knowledge, Saying

WITHOUT_MODEL: frozenset[Rewriting] = frozenset({"shorter", "bullet_steps"})
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")


@dataclass(frozen=True, slots=True)
class Rewriter:
    """Says stored answers anew; `least` is the support that a part in new words needs, in [0, 1]."""

    embedder: Embedder
    knowledge: Knowledge
    drafter: Drafter | None
    rails: Rails
    stale_after_days: int
    least: float

    def __call__(self, answer: Answer, wish: Wish) -> Answer:
        """The answer said anew, as one of its own that names `answer` as its parent.

        Raises:
            UsageError: nothing to say anew, no language to translate into, or nothing that could be left out.
            SettingsError: this needs a chat model and none is set.
        """
        begun = time.perf_counter()
        whole, parts = self._still_cited(answer)
        _refuse_hopeless(wish, parts, self.drafter)
        made = self._by_model(answer, parts, whole, wish) if self.drafter else None
        if made is None or (made.parts == parts and wish.how in WITHOUT_MODEL):
            made = self._plainly(answer, parts, whole, wish, made)
        supports = [self._support(part, parts, whole, wish) for part in made.parts]
        new_parts, sources = cited(supports, whole)
        alerts = warnings(sources, conflicts(sources, whole.values()), stale_after_days=self.stale_after_days)
        greeting, closing = made.frame or (answer.greeting, answer.closing)
        return replace(
            answer,
            id=uuid.uuid4().hex,
            parts=new_parts,
            sources=sources,
            greeting=greeting,
            closing=closing,
            warnings=(*alerts, *made.notices),
            timings_ms=(("rewrite", round(1000 * (time.perf_counter() - begun), 3)),),
            model=made.model,
            prompt_version=made.prompt_version,
            usage=made.usage,
            parent_id=answer.id,
            rewritten=f"in {wish.language}" if wish.how == "translate" else wish.how,
        )

    def _still_cited(self, answer: Answer) -> tuple[Wholes, tuple[Part, ...]]:
        """The answer's parts with their quotes, but for those of which a source exists no more."""
        keys = sorted({source.document_key for source in answer.sources})
        live = self.knowledge.live_keys(keys) if keys else set()
        sources = {source.n: source for source in answer.sources if source.document_key in live}
        parts = tuple(
            Part(part.text, tuple(_quote(sources[n], start, end) for n, start, end in part.spans), part.step)
            for part in answer.parts
            if part.spans and all(n in sources for n, _, _ in part.spans)
        )
        return self.knowledge.whole([_passage(source) for source in sources.values()]), parts

    def _by_model(self, answer: Answer, parts: tuple[Part, ...], whole: Wholes, wish: Wish) -> _Made:
        assert self.drafter is not None
        texts = [part.text for part in parts]
        frame = [answer.greeting, answer.closing] if wish.how == "translate" and answer.greeting else []
        said = self.drafter.reword([*texts, *frame], wish)
        notes: list[str] = [f"chat_model: {said.notice}"] if said.notice else []
        if said.sayings is None:
            kept = "chat_model: every part keeps its old wording"
            return _Made(parts, (*notes, kept), said.model, said.prompt_version, said.usage)
        _, links = linked_texts([*texts, *frame])
        anew = [new for one in said.sayings if (new := _new(one, links, len(texts) + len(frame))) is not None]
        body = [new for new in anew if max(new.of) <= len(texts)]
        fallen: list[Support] = []
        woven, kept_old = woven_in(
            parts, body, wish.how, lambda new, old: self._holds(new, old, answer, whole, wish, fallen)
        )
        if kept_old:
            kept = f"rewrite: {kept_old} of {len(parts)} parts keep their old wording, the new one did not hold"
            notes.append(f"{kept}{in_doubt(fallen)}")
        if wish.how == "translate":
            notes.append("translation: checked for numbers, names and addresses only; read it before you send it")
        new_frame = self._frame(answer, frame, anew, len(texts), whole) if frame else None
        return _Made(woven, tuple(notes), said.model, said.prompt_version, said.usage, new_frame)

    def _frame(
        self, answer: Answer, frame: Sequence[str], anew: Sequence[_New], first: int, whole: Wholes
    ) -> tuple[str, str]:
        """Greeting and closing in the new language, each only when it carries what the old one does."""
        policy = policy_of(self.rails.strict())
        told = list(frame)
        for place, old in enumerate(frame):
            new = next((one.text for one in anew if one.of == (first + place + 1,)), "")
            kinds = violations_of(new, tuple(whole.values()), answer.question, policy) if new else ()
            if new and carries(old, new) and not set(kinds) - {NAME}:
                told[place] = new
        return told[0], told[1]

    def _plainly(
        self, answer: Answer, parts: tuple[Part, ...], whole: Wholes, wish: Wish, tried: _Made | None
    ) -> _Made:
        """The draft's own sentences: the wish where no model is set, or where its words did not hold."""
        made = shortened(parts, answer.question) if wish.how == "shorter" else listed(parts)
        made = tuple(part for part in made if self._holds(part, parts, answer, whole, Wish("shorter"), []))
        notices = tried.notices if tried else ()
        if not made or made == parts:
            if tried is None:
                raise UsageError(_NOTHING[wish.how])
            return tried
        said = "rewrite: from the draft's own sentences"
        return _Made(made, (*notices, said), EXTRACTIVE, "", tried.usage if tried else None)

    def _holds(
        self, new: Part, old: Sequence[Part], answer: Answer, whole: Wholes, wish: Wish, fallen: list[Support]
    ) -> bool:
        """Whether a part in new words may stand: guarded, and verified as far as its language allows.

        `fallen` learns what its sources do not support.
        """
        sources = _sources_of(new, whole)
        kinds = set(violations_of(new.text, sources, answer.question, policy_of(self.rails.strict())))
        if kinds:
            kinds = set(violations_of(new.text, sources, answer.question, policy_of(self.rails.informed())))
        if wish.how == "translate":
            return not kinds - {NAME} and carries(" ".join(part.text for part in old), new.text)
        if kinds:
            return False
        verdict = self._verified(new, whole)
        fallen += [verdict] if verdict.score < self.least else []
        return verdict.score >= self.least

    def _verified(self, part: Part, whole: Wholes) -> Support:
        texts = {key: passage.text for key, passage in whole.items()}
        return verify(Draft((part,)), texts, self.embedder, whole=whole)[0]

    def _support(self, part: Part, old: Sequence[Part], whole: Wholes, wish: Wish) -> Support:
        """The verdict to show: of a translation that of the wording it translates."""
        if wish.how != "translate" or part in old:
            return self._verified(part, whole)
        before = [self._verified(one, whole).score for one in old if set(one.quotes) <= set(part.quotes)]
        return Support(part, min(before, default=self.least))


# --- weaving ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Made:
    """The parts in new words, and how they came about; `frame` is a new greeting and closing."""

    parts: tuple[Part, ...]
    notices: tuple[str, ...]
    model: str
    prompt_version: str
    usage: Usage | None = None
    frame: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class _New:
    """A saying whose numbers are valid: sorted, each once, neighbours of one another."""

    text: str
    of: tuple[int, ...]
    step: int | None


Holds = Callable[[Part, Sequence[Part]], bool]
"""Whether a new part may stand for these old ones."""


def woven_in(old: Sequence[Part], anew: Sequence[_New], how: Rewriting, holds: Holds) -> tuple[tuple[Part, ...], int]:
    """The parts in new words where those hold, and how many keep their old ones, in the old order.

    What is said of one old part in several new ones stands or falls together. Nothing is lost: an old part that
    nobody says anew stays as it is, unless it is no step and the draft is to be shorter.
    """
    made = [(one, _part(one, old)) for one in anew]
    fallen = {n for one, part in made if not _stands(one, part, old, how, holds) for n in one.of}
    while more := {n for one, _ in made if fallen & set(one.of) for n in one.of} - fallen:
        fallen |= more
    kept = [(one.of[0], part) for one, part in made if not fallen & set(one.of)]
    said = {n for one, _ in made if not fallen & set(one.of) for n in one.of}
    dropped = how == "shorter" and bool(kept)
    left = [n for n in range(1, len(old) + 1) if n not in said]
    back = [n for n in left if n in fallen or old[n - 1].step is not None or not dropped]
    placed = sorted([*kept, *((n, old[n - 1]) for n in back)], key=lambda pair: pair[0])
    return _numbered([part for _, part in placed], old), len(back)


def _new(said: Saying, links: Mapping[int, tuple[int, str]], last: int) -> _New | None:
    of = tuple(sorted({n for n in said.of if 1 <= n <= last}))
    if not of or of != tuple(range(of[0], of[-1] + 1)):
        return None
    text = linked(said.text, of, Offer((), (), links))
    return _New(text, of, said.step) if text and any(char.isalnum() for char in text) else None


def _part(new: _New, old: Sequence[Part]) -> Part:
    before = [old[n - 1] for n in new.of]
    quotes = tuple(dict.fromkeys(quote for part in before for quote in part.quotes))
    was_step = next((part.step for part in before if part.step is not None), None)
    return Part(new.text, quotes, was_step if was_step is not None else new.step)


def _stands(new: _New, part: Part, old: Sequence[Part], how: Rewriting, holds: Holds) -> bool:
    before = [old[n - 1] for n in new.of]
    steps = " ".join(one.text for one in before if one.step is not None)
    # A step that lost its names or numbers is another step; told in several parts, it is checked as a whole elsewhere.
    whole_step = how == "bullet_steps" or carries(steps, part.text, adds=True)
    return whole_step and holds(part, before)


def carries(old: str, new: str, *, adds: bool = False) -> bool:
    """Whether `new` has the numbers, names and addresses of `old`, and unless it `adds` no other numbers.

    >>> carries('Open "Settings" and wait 5 minutes.', 'Öffnen Sie "Settings" und warten Sie 5 Minuten.')
    True
    >>> carries("Wait 5 minutes.", "Warten Sie 50 Minuten.")
    False
    """
    before, after = (Counter(_NUMBER.findall(text)) for text in (old, new))
    if not set(before) <= set(after) or (not adds and set(after) - set(before)):
        return False
    links, new_links = ({one.text for one in addresses(text) if one.sort == "url"} for text in (old, new))
    if not links <= new_links or (not adds and new_links - links):
        return False
    return all(name.casefold() in new.casefold() for name in names_in(old))


def _numbered(parts: Sequence[Part], old: Collection[Part]) -> tuple[Part, ...]:
    """Steps counted anew: on from the last one, from 1 where a procedure of the old draft began."""
    numbered: list[Part] = []
    count = 0
    for part in parts:
        if part.step is not None:
            begins = part.step == 1 and (count == 0 or any(p.step == 1 and p.quotes == part.quotes for p in old))
            count = 1 if begins else count + 1
            part = replace(part, step=count)
        numbered.append(part)
    return tuple(numbered)


# --- small things ----------------------------------------------------------------------------------------------

_NOTHING: Mapping[Rewriting, str] = {
    "shorter": "This draft holds only steps, or one sentence: nothing can be left out. Edit it by hand, or set a chat "
    "model (models.chat) to have it said in fewer words.",
    "bullet_steps": "Nothing in this draft is an instruction that is not a step already. Set a chat model "
    "(models.chat) to have it listed all the same.",
}


def _refuse_hopeless(wish: Wish, parts: Sequence[Part], drafter: Drafter | None) -> None:
    if not parts:
        raise UsageError(
            "This draft has no parts that could be said anew: it is a gap, or its sources exist no more. Ask again."
        )
    if wish.how == "translate" and not wish.language:
        raise UsageError("Expected a language to translate into, found none. Send 'language', for example 'German'.")
    if drafter is None and wish.how not in WITHOUT_MODEL:
        raise SettingsError(
            f"Expected a chat model for {wish.how!r}, found none: the setting models.chat is empty. Set it to "
            "'provider:model' (docs/settings.md), or ask for 'shorter' or 'bullet_steps', which need none."
        )


def _quote(source: Source, start: int, end: int) -> Quote:
    text = source.quote[start - source.start : end - source.start]
    return Quote(source.document_key, source.version, start, end, text)


def _passage(source: Source) -> Passage:
    """The source as a passage, to have its whole version read."""
    return Passage(
        0, source.document_key, source.version, source.kind, source.audience, "body", source.title, source.url, (),
        source.anchor, source.quote, source.start, source.end, (), source.updated_at,
    )  # fmt: skip


def _sources_of(part: Part, whole: Wholes) -> list[Passage]:
    keys = dict.fromkeys((quote.document_key, quote.version) for quote in part.quotes)
    return [whole[key] for key in keys]
