"""One theme on one page, for whoever is going to design the fix.

Reads a theme of a period with its contacts, notes and fixes; everything in it is counted or quoted. The only judgement
is `_reading`: what the cause and the knowledge's own success mean together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant.gaps import wording as w
from assistant.gaps.digest.as_markdown import words
from assistant.gaps.records import Contact, EffectVerdict, Note, Quoted, ThemeView
from assistant.gaps.traces import Trace, screens, steps

_EVIDENCE = 3
_ANSWERED_WELL = 0.6


@dataclass(frozen=True, slots=True)
class Brief:
    """What a designer needs before drawing. All texts are plain: whoever shows them escapes them.

    `problem` is one paragraph; `evidence` are quotes that speak for the cause, `quotes` were chosen for variety;
    `screens` and `steps` are what people name and what they tried, with how many of them; `proposals` carry the credit.
    """

    theme: ThemeView
    currency: str
    problem: str
    quotes: tuple[Quoted, ...]
    screens: tuple[Trace, ...]
    steps: tuple[Trace, ...]
    volume: tuple[str, ...]
    cause: str
    evidence: tuple[Quoted, ...]
    proposals: tuple[Note, ...]
    fixes: tuple[EffectVerdict, ...]


def brief(
    theme: ThemeView,
    contacts: Sequence[Contact],
    *,
    currency: str,
    notes: Sequence[Note] = (),
    fixes: Sequence[EffectVerdict] = (),
) -> Brief:
    """The brief of `theme` from its `contacts` of the same period."""
    texts = [contact.full_text for contact in contacts]
    return Brief(
        theme=theme,
        currency=currency,
        problem=" ".join(_problem(theme)),
        quotes=theme.quotes,
        screens=screens(texts),
        steps=steps(texts),
        volume=tuple(_volume(theme, currency)),
        cause=_cause(theme),
        evidence=_evidence(theme, contacts),
        proposals=tuple(note for note in notes if note.kind == "proposal"),
        fixes=tuple(fixes),
    )


def as_markdown(found: Brief) -> str:
    """The brief as a page to send round."""
    return "\n".join(_page(found)).rstrip() + "\n"


def _problem(theme: ThemeView) -> Iterator[str]:
    people = f" from {w.counted(theme.people, 'person', 'people')}" if theme.people is not None else ""
    came = f"{w.counted(theme.contacts, 'contact')}{people} came in about “{theme.state.name}”"
    often = "mostly" if w.is_sure(theme.stage) else "perhaps most often"
    journey = f", {often} while {_stage(theme)}" if theme.stage.label else ""
    yield f"From {w.days(theme.period)}, {came} ({w.share(theme.share)} of all){journey}."
    if theme.quotes:
        whose = "One of them" if theme.contacts else "Before that"
        yield f"{whose}: “{w.one_line(theme.quotes[0].text, w.QUOTE_WORDS)}”"
    yield _reading(theme)


def _stage(theme: ThemeView) -> str:
    name = w.stage_name(theme.stage.label)
    return name[:1].lower() + name[1:]


def _reading(theme: ThemeView) -> str:
    """What cause and answers mean together, said as surely as the cause is known."""
    cause, read = theme.cause, _meaning(theme)
    if cause.by or not cause.label:
        return read
    sure = f"{w.certainty(cause.probability)} {w.cause_name(cause.label).lower()} ({w.share(cause.probability)})"
    if w.is_sure(cause):
        return f"The cause is {sure}: {_lower(read)}"
    near = " or ".join(f"{w.cause_name(label).lower()} ({w.share(p)})" for label, p in w.rivals(cause))
    beside = f", almost as likely {near}" if near else ""
    return (
        f"The cause is not clear: it {sure}{beside}. Should it be {w.cause_name(cause.label).lower()}: {_lower(read)}"
    )


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _meaning(theme: ThemeView) -> str:
    """What the likeliest cause means. An answer that works and is still asked for is a question of design."""
    label = theme.cause.label
    if label == "design":
        if theme.answered is not None and theme.answered >= _ANSWERED_WELL:
            return (
                f"The knowledge answers {w.share(theme.answered)} of those asked and people still have to ask: the "
                "answer is written, the product asks the question."
            )
        return "The product works as made, and people stumble over how it is made."
    if label == "external":
        named = max(theme.parties, key=lambda party: theme.parties[party], default="")
        return f"The cause lies outside{f', most often with {named}' if named else ''}; what helps is to say so early."
    return {
        "knowledge": "People could do it if they were told; what they need is missing, wrong, unclear or not found.",
        "defect": "People describe something that does not do what it was made to do.",
        "request": "People ask for something that the product does not do.",
    }.get(label, "Why they write is not clear yet: listen to some of them before deciding.")


def _volume(theme: ThemeView, currency: str) -> Iterator[str]:
    yield f"Rank {theme.rank} ({w.movement(theme.moved)}), {w.counted(theme.contacts, 'contact')}."
    if theme.weeks:
        yield f"Last week {w.against_expected(theme.weeks[-1])}."
    if theme.cost:
        low, usual, high = (w.two_figures(v) for v in (theme.cost.low, theme.cost.typical, theme.cost.high))
        minutes = f"{theme.minutes.low:g} to {theme.minutes.high:g} minutes each"
        yield f"Cost: about {currency} {usual}, between {low} and {high} ({minutes})."
    if theme.rating is not None:
        yield f"Rated {theme.rating:.1f} of 5 by {w.counted(theme.ratings, 'person', 'people')}."
    for channel in theme.channels:
        unlike = ", which stands out" if channel.stands_out else ""
        name = w.channel_name(channel.channel)
        yield f"{name}: {channel.contacts:,}, {w.share(channel.share)} of its contacts{unlike}."

    yield from (each.text for each in theme.contradictions)


def _cause(theme: ThemeView) -> str:
    told = {theme.cause.label, *(label for label, _ in w.rivals(theme.cause))}
    others = [f"{w.cause_name(label)} {w.share(p)}" for label, p in theme.cause.shares if label not in told]
    rest = f" Otherwise {', '.join(others[:2])}." if others else ""
    said = w.judged(theme.cause)
    return " ".join(part for part in (f"{said[:1].upper()}{said[1:]}.{rest}", w.answers(theme.answers)) if part)


def _evidence(theme: ThemeView, contacts: Sequence[Contact]) -> tuple[Quoted, ...]:
    """The quotes of those contacts that show the cause most surely, none said twice, none already quoted."""
    said = {quote.text for quote in theme.quotes}
    sure = sorted(
        (c for c in contacts if c.reason.cause == theme.cause.label and c.reason.quote),
        key=lambda c: (-c.reason.cause_probability, c.id),
    )
    found: list[Quoted] = []
    for contact in sure:
        if contact.reason.quote not in said and len(found) < _EVIDENCE:
            said.add(contact.reason.quote)
            found.append(Quoted(contact.reason.quote, contact.id, contact.channel, contact.at, contact.rating))
    return tuple(found)


def _page(found: Brief) -> Iterator[str]:
    theme = found.theme
    yield f"# {words(theme.state.name)} ({words(theme.state.id)})"
    yield ""
    yield words(found.problem)
    yield from _section("In their words", (_quote(quote) for quote in found.quotes))
    yield from _section("What they name", (_trace(trace) for trace in found.screens))
    yield from _section("What they tried", (_trace(trace) for trace in found.steps))
    yield from _section("How much", (f"- {words(line)}" for line in found.volume))
    yield from _section("Why", (words(found.cause), *("\n" + _quote(quote) for quote in found.evidence)))
    yield from _section("What agents propose", (f"- {words(n.text)} ({words(n.actor)})" for n in found.proposals))
    yield from _section("What was done", (_done(verdict) for verdict in found.fixes))


def _section(title: str, lines: Sequence[str] | Iterator[str]) -> Iterator[str]:
    """A heading with its lines, nothing where there is nothing to say."""
    told = tuple(lines)
    if told:
        yield from ("", f"## {title}", "", *told)


def _quote(quote: Quoted) -> str:
    said = f"“{words(quote.text, w.QUOTE_WORDS)}”"
    return f"- {said} ({words(w.channel_name(quote.channel))}, {w.day(quote.at.date())})"


def _trace(trace: Trace) -> str:
    return f"- {words(trace.text)}: {w.counted(trace.contacts, 'contact')}"


def _done(verdict: EffectVerdict) -> str:
    told = w.effect_words(verdict.effect, verdict.untouched)
    return f"- {w.day(verdict.fix.shipped_on)}: {words(verdict.fix.what)}. {words(told)}"
