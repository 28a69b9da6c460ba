"""What the gap log stores: one frozen type per record, as the store returns it and as logic receives it.

    Contact -> Signal -> ThemeState -> Fix, with what people said about them: Override, Note, ThemeChange

Ids of contacts, signals, notes, fixes are integers; a theme's id is the text that people see ("T12").
Times are aware UTC. What is computed from these (impact, effect, digest) is in `assistant.gaps.records`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

ContactKind = Literal["question", "ticket", "review", "survey"]
SignalType = Literal[
    "abstained",  # nothing was found, or what was found did not answer
    "rejected",  # an agent rated the draft down
    "discarded",  # an agent threw the draft away
    "edited",  # what was sent is far from the draft; `value` is the edit distance
    "differs",  # what the human answered is not what we would have; `value` is the likeness
    "found_by_agent",  # an agent answered from an article that Waypost had not drafted from
    "asked_often",  # a theme: answered well, and people keep asking
    "flagged",  # an agent said why the person wrote, or what would have prevented it
    "unanswerable",  # a ticket that public knowledge alone could not have answered
    "review",  # a review or survey comment; `value` is its rating
]
ThemeStatus = Literal["new", "accepted", "in_progress", "shipped", "measured", "dismissed"]
NoteKind = Literal["comment", "proposal"]
RetestResult = Literal["closed", "improved", "unchanged", "worse", "regressed"]
"""`regressed` is an answered question that is answered no longer; the others are those of open gaps."""

SIGNAL_TYPES: tuple[SignalType, ...] = (
    "abstained", "rejected", "discarded", "edited", "differs", "found_by_agent", "asked_often", "flagged",
    "unanswerable", "review",
)  # fmt: skip
WITHDRAWN = "-"
"""Stands in an override where a person takes an earlier word back."""
REVERSIBLE = ("set", "ignore", "unignore", "merge", "split", "withdraw", "fix", "unfix", "place")
"""Actions of a theme's history that can be taken back; the others only tell what happened."""
THEME_STATUSES: tuple[ThemeStatus, ...] = ("new", "accepted", "in_progress", "shipped", "measured", "dismissed")


@dataclass(frozen=True, slots=True)
class NewContact:
    """One time that somebody wrote in, before it is stored. The same `token` is the same contact, ever.

    Tokens begin with what they name: "ticket:4711", "review:app_store/rv-001", "ask:<draft id>". `person` is
    whatever tells people apart at the source; only its keyed hash is stored, empty when nobody knows; `person_hash` is
    that hash where the store made it already. `rating` is on a scale of 1 (worst) to 5; `minutes` is measured handle
    time. `verdict`, `confidence` and `nearest` say what the knowledge made of it, empty when it was not asked.
    """

    token: str
    kind: ContactKind
    channel: str
    at: datetime
    text: str
    title: str = ""
    person: str = ""
    rating: float | None = None
    document_key: str = ""
    draft_id: str | None = None
    gap_id: int | None = None
    verdict: str = ""
    confidence: float | None = None
    nearest: tuple[str, ...] = ()
    minutes: float | None = None
    person_hash: str = ""

    @property
    def full_text(self) -> str:
        """Title and text, the title first, each once: what is embedded and labelled."""
        return full_text(self.title, self.text)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why somebody wrote, with probabilities in (0, 1]; all empty and 0 before it was labelled.

    `quote` is at most 20 words of the contact, verbatim; `party` names who is responsible outside, where the cause is
    external and the text says so. `by` is the stamp of the triage model. What a person decided has
    probability 1. `shares` is the whole distribution behind both labels, as `assistant.gaps.distributions` writes it.
    """

    cause: str = ""
    cause_probability: float = 0.0
    stage: str = ""
    stage_probability: float = 0.0
    quote: str = ""
    party: str = ""
    by: str = ""
    shares: str = ""


@dataclass(frozen=True, slots=True)
class Contact:
    """A stored contact. `person` is a keyed hash; `pinned` says that a person put it into its theme."""

    id: int
    token: str
    kind: ContactKind
    channel: str
    at: datetime
    title: str
    text: str
    person: str
    rating: float | None
    document_key: str
    draft_id: str | None
    gap_id: int | None
    verdict: str
    confidence: float | None
    nearest: tuple[str, ...]
    minutes: float | None
    reason: Reason
    theme_id: str | None
    pinned: bool

    @property
    def full_text(self) -> str:
        """Title and text, the title first, each once."""
        return full_text(self.title, self.text)


@dataclass(frozen=True, slots=True)
class Counted:
    """A contact as counting needs it: everything but its text."""

    id: int
    at: datetime
    channel: str
    person: str
    rating: float | None
    minutes: float | None
    verdict: str
    confidence: float | None
    reason: Reason
    theme_id: str | None


@dataclass(frozen=True, slots=True)
class NewSignal:
    """A typed hint that something is wrong, before it is stored; the same `token` counts once.

    Exactly one of `contact_id` and `theme_id` is set. `source_key` is the article that it speaks about, where
    one does; `value` depends on the type; `evidence` is small, plain JSON.
    """

    token: str
    type: SignalType
    at: datetime
    contact_id: int | None = None
    theme_id: str | None = None
    source_key: str = ""
    value: float | None = None
    actor: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Signal:
    """A stored signal."""

    id: int
    token: str
    type: SignalType
    at: datetime
    contact_id: int | None
    theme_id: str | None
    source_key: str
    value: float | None
    actor: str
    evidence: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Evidence:
    """A signal with what it is about: the words of the contact, shortened, empty for a signal about a theme.

    `sources` are the documents that it speaks about: a draft that cites three leaves one evidence with three.
    """

    signal: Signal
    question: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ThemeState:
    """A theme as people work on it. `cause` and `stage` are only what a person decided, empty otherwise.

    `named_by` is empty while the name is the customers' own words. `merged_into` is set on a theme that lives
    on in another; `ended_at` when the nightly pass found no group for it any more. `reason` says why it was
    dismissed.
    """

    id: str
    name: str
    named_by: str
    words: tuple[str, ...]
    status: ThemeStatus
    reason: str
    owner: str
    due: date | None
    tracker: str
    ignored: bool
    cause: str
    stage: str
    merged_into: str | None
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class ThemeChange:
    """One line of a theme's history. `undoes` is the change that this one took back; `undone` that it was taken back.

    `before` and `after` hold the fields that changed; `contacts` how many contacts moved.
    """

    id: int
    theme_id: str
    actor: str
    action: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    contacts: int
    at: datetime
    undoes: int | None
    undone: bool


@dataclass(frozen=True, slots=True)
class Note:
    """A comment on a theme, or an agent's proposal of a fix; `actor` has the credit."""

    id: int
    theme_id: str
    kind: NoteKind
    actor: str
    text: str
    at: datetime
    contact_id: int | None = None


@dataclass(frozen=True, slots=True)
class Override:
    """What a person said about one contact; empty fields are no opinion. The latest word on each field counts."""

    id: int
    contact_id: int
    actor: str
    cause: str
    stage: str
    prevented_by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Fix:
    """Something that shipped for a theme. `picked_by` says how the theme was chosen, which the effect must know."""

    id: int
    theme_id: str
    actor: str
    shipped_on: date
    what: str
    link: str
    picked_by: Literal["volume", "rise"]
    picked_on: date | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Retested:
    """One gap (or one answered contact) asked again; verdict and confidence before and after.

    `changed` are the documents whose change made it worth asking, `sources` those that answer it now.
    """

    id: int
    run: int
    gap_id: int | None
    contact_id: int | None
    question: str
    result: RetestResult
    before: str
    after: str
    confidence_before: float | None
    confidence_after: float
    changed: tuple[str, ...]
    sources: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class RetestRun:
    """One retest: how many gaps were open, how many of them were asked, and what came out, by result."""

    id: int
    trigger: str
    open: int
    asked: int
    results: Mapping[str, int]
    changed_documents: int
    seconds: float
    at: datetime


@dataclass(frozen=True, slots=True)
class StoredDigest:
    """The list of one ISO week ("2024-W30"), made once; the three texts never change again."""

    week: str
    made_at: datetime
    markdown: str
    html: str
    json: str


def full_text(title: str, text: str) -> str:
    r"""Title and text, the title first, each once.

    >>> full_text("Display offline", "It says offline.")
    'Display offline\nIt says offline.'
    >>> full_text("Display", "Display is off")
    'Display is off'
    """
    return f"{title}\n{text}".strip() if title not in text else text.strip()
