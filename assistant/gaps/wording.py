"""Records of the gap log in words, beside the labels of `assistant.wording`; shared by digest, brief and exports."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from assistant.gaps.distributions import AnswerEvidence
from assistant.gaps.effect import Effect
from assistant.gaps.impact import Spread
from assistant.gaps.records import Judged, Period, WeekOfTheme
from assistant.wording import (
    CAUSES,
    STATUSES,
    cause_name,
    channel_name,
    counted,
    movement,
    one_line,
    share,
    stage_name,
    two_figures,
)

__all__ = [
    "CAUSES",
    "QUOTE_WORDS",
    "STATUSES",
    "against_expected",
    "answers",
    "cause_name",
    "certainty",
    "change",
    "channel_name",
    "counted",
    "day",
    "days",
    "effect_words",
    "is_sure",
    "judged",
    "kind_name",
    "money",
    "movement",
    "one_line",
    "rivals",
    "share",
    "stage_name",
    "two_figures",
]

QUOTE_WORDS = 20
_VERY, _PROBABLE, _ALMOST = 0.8, 0.5, 0.75
_OUTCOMES = {
    "answered": "were answered from articles",
    "answered_often": "were answered from articles, as so often",
    "from_tickets": "were answered from old tickets only",
    "nothing_found": "found nothing",
    "differs": "got an answer that people had to put right",
    "found_by_agent": "were answered from an article that an agent had to look for",
    "unclear": "got an answer that agents call unclear",
}
_WARNINGS = {
    "picked at its peak": (
        "It was chosen when it stood high, so part of a fall comes by itself; that part is taken out here."
    ),
    "no comparable themes": "There was no untouched theme of like size to hold it against.",
    "few comparable themes": "Few untouched themes of like size were there to hold it against.",
}


def judged(value: Judged, named: Callable[[str], str] = cause_name) -> str:
    r"""A label said as surely as it is known, or who decided; `named` puts a label into words.

    From 80 % on it is very probable, from 50 % probable; below, it may be, beside what is almost as likely.

    >>> judged(Judged("design", 0.62, "", (("design", 0.62), ("defect", 0.38))))
    'probably Design, 62\xa0%'
    >>> judged(Judged("design", 0.26, "", (("design", 0.26), ("defect", 0.24), ("external", 0.1))))
    'may be Design, 26\xa0%; almost as likely: Defect, 24\xa0%'
    >>> judged(Judged("design", 1.0, "ann", ()))
    'Design, says ann'
    """
    if not value.label:
        return "not judged yet"
    name = named(value.label)
    if value.by:
        return f"{name}, says {value.by}"
    said = f"{certainty(value.probability)} {name}, {share(value.probability)}"
    near = [f"{named(label)}, {share(p)}" for label, p in rivals(value)]
    return f"{said}; almost as likely: {', '.join(near)}" if near else said


def certainty(probability: float) -> str:
    """How sure in words: "very probably", "probably" or "may be"."""
    if probability >= _VERY:
        return "very probably"
    return "probably" if probability >= _PROBABLE else "may be"


def is_sure(value: Judged) -> bool:
    """Whether a label may be told as more likely than not."""
    return bool(value.by) or value.probability >= _PROBABLE


def rivals(value: Judged) -> tuple[tuple[str, float], ...]:
    """Up to two other labels with at least three quarters of the first one's probability, where that is under 50 %."""
    if is_sure(value):
        return ()
    return tuple((k, p) for k, p in value.shares if k != value.label and p >= _ALMOST * value.probability)[:2]


def answers(known: AnswerEvidence) -> str:
    r"""What the answers say about the documentation, in one sentence; empty where nothing is known.

    >>> answers(AnswerEvidence({"nothing_found": 3}, (("missing", 0.5), ("unclear", 0.25))))
    'Of its contacts, 3 found nothing; as far as documentation is the cause, it may be missing (50\xa0%).'
    """
    if not known.outcomes or not known.kinds:
        return ""
    counts = ", ".join(f"{number:,} {_OUTCOMES[name]}" for name, number in known.outcomes.items() if name in _OUTCOMES)
    kind, p = known.kinds[0]
    how = "probably is" if p > _PROBABLE else "may be"
    return f"Of its contacts, {counts}; as far as documentation is the cause, it {how} {kind_name(kind)} ({share(p)})."


def kind_name(kind: str) -> str:
    """A kind of documentation trouble in words: "hard to find"."""
    return kind.replace("_", " ")


def money(cost: Spread | None, currency: str) -> str:
    """A cost as a range: "EUR 120 to 410"; words where there is none."""
    return f"{currency} {two_figures(cost.low)} to {two_figures(cost.high)}" if cost else "no cost"


def against_expected(week: WeekOfTheme) -> str:
    """A week beside its history: "22 contacts, 4 to 12 expected"."""
    if week.low is None or week.high is None:
        return f"{counted(week.contacts, 'contact')}, too little history to expect a number"
    return f"{counted(week.contacts, 'contact')}, {week.low} to {week.high} expected"


def change(now: int, before: int) -> str:
    """This period against the one before: "9 % more than the week before (378)"."""
    if before == 0:
        return "none the week before"
    difference = (now - before) / before
    if abs(difference) < 0.005:
        return f"as many as the week before ({before:,})"
    return f"{abs(difference):.0%} {'more' if difference > 0 else 'fewer'} than the week before ({before:,})".replace(
        "%", " %"
    )


def effect_words(effect: Effect, untouched: int) -> str:
    """What a fix did, in one or two sentences.

    Worked example: ratio 0.6, interval 0.45 to 0.8, 18 untouched themes: "40 % fewer contacts than without it
    (95 % sure: 55 % fewer to 20 % fewer), against 18 untouched themes."
    """
    if effect.ratio is None or effect.low is None or effect.high is None:
        return f"Not enough data yet: {counted(effect.weeks_after, 'week')} since it shipped."
    held = f", against {counted(untouched, 'untouched theme')}" if untouched else ""
    sure = f"95 % sure: {_factor(effect.low)} to {_factor(effect.high)}"
    said = f"{_factor(effect.ratio)} contacts than without it ({sure}){held}."
    if effect.verdict == "no clear change":
        said = f"No clear change: {said}"
    return said + "".join(f" {_WARNINGS[w]}" for w in effect.warnings if w in _WARNINGS)


def _factor(ratio: float) -> str:
    percent = round(100 * abs(1 - ratio))
    return "as many" if percent == 0 else f"{percent} % {'fewer' if ratio < 1 else 'more'}"


def day(value: date) -> str:
    """A date: "23 Jul 2024"."""
    return f"{value.day} {value:%b %Y}"


def days(period: Period) -> str:
    """From one day to another: "22 to 28 July 2024"."""
    first, last = period.first, period.last
    if first == last:
        return f"{first.day} {first:%B %Y}"
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} to {last.day} {last:%B %Y}"
    start = f"{first.day} {first:%B}" if first.year == last.year else f"{first.day} {first:%B %Y}"
    return f"{start} to {last.day} {last:%B %Y}"
