"""What is said of a week and of each theme, as plain sentences; the renderings only set them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from assistant.gaps import wording as w
from assistant.gaps.records import Digest, ThemeView

HighlightKind = Literal["spike", "shipped", "effect", "answered", "regressed", "quiet"]


@dataclass(frozen=True, slots=True)
class Highlight:
    """One thing to know about the week. `name` and `text` may hold people's words: they are yet to be escaped."""

    kind: HighlightKind
    name: str
    text: str


def headline(digest: Digest) -> str:
    """How much the week brought, against the week before."""
    none = f"; {w.counted(digest.unthemed, 'contact')} belong to no theme" if digest.unthemed else ""
    return f"{w.counted(digest.contacts, 'contact')}, {w.change(digest.contacts, digest.contacts_before)}{none}."


def highlights(digest: Digest) -> tuple[Highlight, ...]:
    """Spikes first, then what shipped and what it did, then what retests found."""
    return tuple(_highlights(digest)) or (
        Highlight("quiet", "Nothing", "stands out beyond what chance makes of so many themes, and nothing shipped."),
    )


def theme_facts(theme: ThemeView, currency: str) -> tuple[str, ...]:
    """A theme's week in sentences: how many, at what cost, why, where in the journey, which way it goes."""
    people = f" from {w.counted(theme.people, 'person', 'people')}" if theme.people is not None else ""
    facts = [
        f"{w.counted(theme.contacts, 'contact')}{people}, {w.share(theme.share)} of all; "
        f"{w.money(theme.cost, currency)}.",
        f"Cause: {w.judged(theme.cause)}. Stage: {w.judged(theme.stage, w.stage_name)}.",
    ]
    if theme.weeks:
        facts.append(f"This week {w.against_expected(theme.weeks[-1])}.")
    if theme.answered is not None:
        facts.append(f"The knowledge answers {w.share(theme.answered)} of the {theme.asked:,} that were asked of it.")
    if theme.parties:
        named = sorted(theme.parties, key=lambda party: (-theme.parties[party], party))
        facts.append(f"People name {', '.join(named[:3])}.")
    facts.extend(
        f"In {w.channel_name(c.channel)} it is {w.share(c.share)} of contacts." for c in theme.channels if c.stands_out
    )
    facts.append(_work(theme))
    return tuple(fact for fact in facts if fact)


def _work(theme: ThemeView) -> str:
    owner = f", with {theme.state.owner}" if theme.state.owner else ""
    due = f", due {w.day(theme.state.due)}" if theme.state.due else ""
    return f"Status: {w.STATUSES.get(theme.state.status, theme.state.status).lower()}{owner}{due}."


def _highlights(digest: Digest) -> Iterator[Highlight]:
    for theme in digest.spikes:
        if theme.weeks:
            yield Highlight("spike", theme.state.name, f"stands out with {w.against_expected(theme.weeks[-1])}.")
    for state, fix in digest.shipped:
        yield Highlight("shipped", state.name, f"shipped on {w.day(fix.shipped_on)}: {fix.what}")
    for state, verdict in digest.effects:
        told = w.effect_words(verdict.effect, verdict.untouched)
        yield Highlight("effect", state.name, f"fix of {w.day(verdict.fix.shipped_on)}. {told}")
    if digest.answered_now:
        yield Highlight("answered", w.counted(len(digest.answered_now), "gap"), "closed: the knowledge answers now.")
    if digest.regressed:
        lost = w.counted(len(digest.regressed), "question")
        yield Highlight("regressed", lost, "answered before and not now. Something was removed or changed.")
