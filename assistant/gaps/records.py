"""What is computed from the gap log, one frozen type each: the page that whoever renders or exports reads.

    contacts of a period -> ThemeView (cause, impact, trend, quotes)
    Fix -> EffectVerdict
    week -> Digest -> `assistant.gaps.digest.render(digest, "md" | "html" | "json") -> str`

Stored records come from `assistant.records` and are named here too, so that one import is enough.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from assistant.gaps.channels import Contradiction
from assistant.gaps.distributions import AnswerEvidence
from assistant.gaps.effect import Effect
from assistant.gaps.impact import Spread
from assistant.records import (
    Contact,
    Fix,
    NewContact,
    NewSignal,
    Note,
    Override,
    Reason,
    Retested,
    RetestRun,
    Signal,
    StoredDigest,
    ThemeChange,
    ThemeState,
)

DigestFormat = Literal["md", "html", "json"]


@dataclass(frozen=True, slots=True)
class Period:
    """From the first day to the last, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many days, both ends included."""
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True)
class Judged:
    """A theme's cause or stage: the label, how sure, and who says so ("" the model, else a person's name).

    `shares` is the mean probability of each label over the theme's contacts, likeliest first; they sum to 1.
    """

    label: str
    probability: float
    by: str
    shares: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Quoted:
    """What a person wrote, verbatim and at most 20 words, and where it stands."""

    text: str
    contact_id: int
    channel: str
    at: datetime
    rating: float | None


@dataclass(frozen=True, slots=True)
class WeekOfTheme:
    """One week of a theme: contacts, and what its own history led one to expect (None: too little history)."""

    week: str
    contacts: int
    expected: float | None
    low: int | None
    high: int | None
    spike: bool


@dataclass(frozen=True, slots=True)
class ChannelShare:
    """A theme in one channel: contacts, share of that channel's contacts, mean rating, and the channel's main cause.

    `stands_out` where the theme has at least twice or at most half of its overall share there and that is
    unlikely by chance: channels that contradict each other.
    """

    channel: str
    contacts: int
    share: float
    rating: float | None
    cause: str
    stands_out: bool


@dataclass(frozen=True, slots=True)
class ThemeView:
    """A theme in a period, with everything that the list, the board and the digest show.

    `people` is None where nobody knows who wrote; `share` is of all contacts of the period; `cost` is in the
    desk's currency, None without contacts; `minutes` the handle time and `hourly_rate` the price of an hour
    that it was computed with; `rank` starts at 1, `moved` is positive for up, None for new on the list. Of its
    contacts `asked` were put to the knowledge, and `answered` is the share of those that it answers in full, None
    where none was asked. `signals` counts by type; `parties` names outside parties. `answers` is what the answers say
    about the cause; `contradictions` of its channels are looked for where a single theme is shown.
    """

    state: ThemeState
    period: Period
    contacts: int
    people: int | None
    share: float
    channels: tuple[ChannelShare, ...]
    cause: Judged
    stage: Judged
    weeks: tuple[WeekOfTheme, ...]
    cost: Spread | None
    minutes: Spread
    hourly_rate: Spread
    rating: float | None
    ratings: int
    answered: float | None
    asked: int
    rank: int
    moved: int | None
    quotes: tuple[Quoted, ...]
    signals: Mapping[str, int]
    parties: Mapping[str, int]
    first_seen_at: datetime
    last_seen_at: datetime
    answers: AnswerEvidence = field(default_factory=AnswerEvidence)
    contradictions: tuple[Contradiction, ...] = ()

    @property
    def is_spiking(self) -> bool:
        """Whether the last week of the period stands out against the theme's own history."""
        return bool(self.weeks) and self.weeks[-1].spike


@dataclass(frozen=True, slots=True)
class ThemeList:
    """Themes of a period by rank; `all_contacts` counts those without a theme too.

    `total`, `by_status` and `channels` are of all themes that fit the other filters, not of this page only.
    """

    period: Period
    currency: str
    all_contacts: int
    unthemed: int
    total: int
    by_status: Mapping[str, int]
    channels: Mapping[str, int]
    themes: tuple[ThemeView, ...]


@dataclass(frozen=True, slots=True)
class EffectVerdict:
    """A fix and what it did. `weeks` are the theme's weekly contacts and the exposure behind `effect`, for the plot.

    `untouched` is how many comparable themes it was held against; `exposure` names what contacts were counted
    against ("contacts", "active users", "orders"). `control` is, week by week, what the theme would have had if it had
    moved with them, empty without any; `note` says why a given exposure was not used.
    """

    fix: Fix
    effect: Effect
    exposure: str
    weeks: tuple[tuple[str, int, float], ...]
    shipped_week: str
    untouched: int
    control: tuple[float, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class ThemeCard:
    """What people did with a theme: `family` is the theme and those merged into it."""

    family: tuple[str, ...]
    notes: tuple[Note, ...]
    fixes: tuple[tuple[Fix, EffectVerdict], ...]
    history: tuple[ThemeChange, ...]


@dataclass(frozen=True, slots=True)
class Digest:
    """One ISO week as a designer gets it, complete before it is rendered; rendering reads nothing else.

    `themes` are the top of the list, at most 20, none ignored or dismissed; `spikes` those among all themes that
    stand out this week; `shipped` every fix of the week, `effects` the latest verdict on each fix of the last half
    year; `answered_now` the gaps that a retest of this week closed, `regressed` the answers that it lost.
    """

    week: str
    period: Period
    desk: str
    currency: str
    contacts: int
    contacts_before: int
    unthemed: int
    themes: tuple[ThemeView, ...]
    spikes: tuple[ThemeView, ...]
    shipped: tuple[tuple[ThemeState, Fix], ...]
    effects: tuple[tuple[ThemeState, EffectVerdict], ...]
    answered_now: tuple[Retested, ...]
    regressed: tuple[Retested, ...]


__all__ = [
    "ChannelShare",
    "Contact",
    "Digest",
    "DigestFormat",
    "EffectVerdict",
    "Fix",
    "Judged",
    "NewContact",
    "NewSignal",
    "Note",
    "Override",
    "Period",
    "Quoted",
    "Reason",
    "RetestRun",
    "Retested",
    "Signal",
    "StoredDigest",
    "ThemeCard",
    "ThemeChange",
    "ThemeList",
    "ThemeState",
    "ThemeView",
    "WeekOfTheme",
]
