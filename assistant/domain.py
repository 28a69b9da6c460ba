"""The frozen types that travel between stages, one per stage.

A score never crosses a stage without its type: `Candidate.fused` orders and has no unit,
`Decision.confidence` is a calibrated probability. Offsets are half-open `[start, end)` character
positions in the stored text of one immutable document version.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Kind = Literal["doc", "faq", "ticket"]
Audience = Literal["public", "internal"]
Role = Literal["body", "problem", "resolution"]
BlockKind = Literal["heading", "paragraph", "step", "item", "row", "code", "note", "customer", "agent"]
VerdictLabel = Literal["answered", "partial", "gap"]
GapReason = Literal["nothing_found", "weak_evidence", "unsupported", "declined"]
Tone = Literal["friendly", "neutral", "formal"]
Length = Literal["short", "normal", "detailed"]
Rewriting = Literal["shorter", "friendlier", "more_formal", "bullet_steps", "translate"]

KINDS: tuple[Kind, ...] = ("doc", "faq", "ticket")


@dataclass(frozen=True, slots=True)
class Variant:
    """A span `[start, end)` of a block that holds only under `condition` ("macOS")."""

    start: int
    end: int
    condition: str


@dataclass(frozen=True, slots=True)
class Block:
    """One structural piece of a document's visible text; a quote never crosses a block's edge.

    `level` is the heading's rank (1 to 6) or the list's nesting depth; `number` is a step's place in
    its ordered list, from 1; `condition` names the platform or plan the whole block is limited to
    ("Windows"), `variants` the spans inside it that hold for one only.
    """

    kind: BlockKind
    start: int
    end: int
    level: int = 0
    number: int | None = None
    condition: str = ""
    anchor: str = ""
    variants: tuple[Variant, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """What a source yields: the visible text with its structure, before it is stored.

    `key` is the record's id as its source gave it; `revision` is opaque and only compared.
    `links` are absolute addresses that the text points to, `agent_links` those an agent sent; `rating` is a
    customer's satisfaction with a ticket, from 1 (worst) to 5. `person` is whatever tells who wrote a ticket apart from
    others, an address above all; the store keeps a keyed hash of it and nothing else.
    """

    key: str
    kind: Kind
    audience: Audience
    title: str
    text: str
    blocks: tuple[Block, ...]
    revision: str
    url: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None
    locale: str = ""
    product: str = ""
    channel: str = ""
    status: str = ""
    tags: tuple[str, ...] = ()
    agent_links: tuple[str, ...] = ()
    rating: float | None = None
    person: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A span of one version that is embedded and searched as a whole.

    `embedded_text` is what the model reads (title, heading path, then the span); it is never stored
    as the document's text and never quoted.
    """

    start: int
    end: int
    role: Role
    heading_path: tuple[str, ...]
    anchor: str
    embedded_text: str
    content_hash: str


@dataclass(frozen=True, slots=True)
class Turn:
    """One public message of a conversation, as it may be shown to a model."""

    by: Literal["customer", "agent"]
    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody asked, with what is known around it.

    `product` and `locale`, where they are known of the question and of a document, must agree; `sources` are names
    of the only sources to look in, empty for all. `before` is what the customer said earlier that the text leans on
    ("And on Android?"), `turns` the conversation up to the text, oldest first.
    """

    text: str
    title: str = ""
    id: str = ""
    created: datetime | None = None
    channel: str = ""
    locale: str = ""
    product: str = ""
    requester: str = ""
    sources: tuple[str, ...] = ()
    before: str = ""
    turns: tuple[Turn, ...] = ()

    @property
    def full_text(self) -> str:
        """Title, text, and what the text leans on, the title first, each once."""
        said = f"{self.text}\n{self.before}" if self.before else self.text
        return f"{self.title}\n{said}".strip() if self.title not in said else said.strip()

    @property
    def headline(self) -> str:
        """The title, or the first line of a question without one; at most 300 characters."""
        return (self.title.strip() or (self.before or self.text).strip().partition("\n")[0])[:300]


def language_of(locale: str) -> str:
    """The language of a locale, in lower case.

    >>> language_of("pt-BR"), language_of("en_US"), language_of("")
    ('pt', 'en', '')
    """
    return locale.replace("_", "-").partition("-")[0].lower()


@dataclass(frozen=True, slots=True)
class Passage:
    """A live chunk read back from the store, with all that a citation needs.

    `text` is the version's text in `[start, end)`; `blocks` are those inside the span, with offsets
    into the version.
    """

    chunk_id: int
    document_key: str
    version: int
    kind: Kind
    audience: Audience
    role: Role
    title: str
    url: str
    heading_path: tuple[str, ...]
    anchor: str
    text: str
    start: int
    end: int
    blocks: tuple[Block, ...]
    updated_at: datetime | None = None
    status: str = ""
    product: str = ""
    locale: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage with the scores that brought it up.

    `dense` is a cosine in [-1, 1]; `keyword` a BM25 score, larger is better, 0 when keyword search
    did not return it; `votes` the summed weight of similar resolved tickets that point to its
    document; `fused` orders candidates and has no unit.
    """

    passage: Passage
    dense: float
    keyword: float
    votes: float
    fused: float


@dataclass(frozen=True, slots=True)
class Hit:
    """One ranked document with its passages, best first; `links` are live articles that a ticket's agents linked."""

    document_key: str
    score: float
    candidates: tuple[Candidate, ...]
    links: tuple[str, ...] = ()

    @property
    def best(self) -> Passage:
        """The passage that represents the document."""
        return self.candidates[0].passage


@dataclass(frozen=True, slots=True)
class Retrieval:
    """All that one question brought up: articles and FAQs, and apart from them similar tickets."""

    question: Question
    vector: tuple[float, ...]
    articles: tuple[Hit, ...]
    tickets: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class Quote:
    """A contiguous span of one version's stored text: `text == version.text[start:end]`."""

    document_key: str
    version: int
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Part:
    """One sentence or step of a draft with the quotes that support it; none fails verification."""

    text: str
    quotes: tuple[Quote, ...]
    step: int | None = None


@dataclass(frozen=True, slots=True)
class Style:
    """How a chat model's reply should sound, and how long it may be; None is as the desk's settings say."""

    tone: Tone | None = None
    length: Length | None = None

    def over(self, other: Style) -> Style:
        """This style, with the other's choices where this one makes none.

        >>> Style(length="short").over(Style("formal", "normal"))
        Style(tone='formal', length='short')
        """
        return Style(self.tone or other.tone, self.length or other.length)


FROM_ANOTHER_ARTICLE = "from another article"
"""How a draft came about whose article an agent chose; the others say how it was said anew."""


@dataclass(frozen=True, slots=True)
class Wish:
    """How a draft is to be said anew; `language` is the one to translate into."""

    how: Rewriting
    language: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What only a resolved ticket knows: internal, for the agent to take or leave."""

    text: str
    document_key: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A proposed reply before anything was verified; `sent` counts what was left out, as sent before."""

    parts: tuple[Part, ...]
    uncovered: tuple[str, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()
    sent: int = 0


@dataclass(frozen=True, slots=True)
class Support:
    """The verdict on one part: `score` in [0, 1]; `unsupported` are the words without evidence.

    A condition of the evidence that the part leaves out stands among them in brackets: "(if you have Plus)".
    """

    part: Part
    score: float
    unsupported: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do with a verified draft; `confidence` is a calibrated probability in [0, 1]."""

    verdict: VerdictLabel
    confidence: float
    reason: GapReason | None = None
    features: tuple[tuple[str, float], ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Source:
    """One numbered passage that a reply cites: a contiguous span of a stored version."""

    n: int
    document_key: str
    version: int
    kind: Kind
    audience: Audience
    title: str
    url: str
    anchor: str
    quote: str
    start: int
    end: int
    updated_at: datetime | None


@dataclass(frozen=True, slots=True)
class CitedPart:
    """A verified sentence or step; `citations` are numbers of sources, `spans` the exact places inside them.

    `unsupported` are words that the sources lack, and in brackets a condition of theirs that the text leaves out.
    """

    text: str
    citations: tuple[int, ...]
    spans: tuple[tuple[int, int, int], ...]
    support: float
    step: int | None = None
    unsupported: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GapFound:
    """Why nothing was drafted, and the documents that came nearest, best first."""

    reason: GapReason
    nearest: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of all attempts that a vendor counted, calls made, and the price where the vendor gives one (USD)."""

    input_tokens: int = 0
    output_tokens: int = 0
    calls: int = 0
    cost: float | None = None

    def plus(self, other: Usage) -> Usage:
        """Both together.

        >>> Usage(10, 2, 1).plus(Usage(5, 1, 1, 0.01))
        Usage(input_tokens=15, output_tokens=3, calls=2, cost=0.01)
        """
        known = [cost for cost in (self.cost, other.cost) if cost is not None]
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.calls + other.calls,
            sum(known) if known else None,
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """The result for one question: a cited reply, a partial one, or a gap. All are results, none is an error.

    `parent_id` names the draft that this one says in other words, `rewritten` how ("shorter", "in German").
    `follow_ups` are questions to the customer that would decide between what the evidence says for each case.
    """

    id: str
    question: Question
    verdict: VerdictLabel
    confidence: float
    greeting: str
    parts: tuple[CitedPart, ...]
    uncovered: tuple[str, ...]
    closing: str
    sources: tuple[Source, ...]
    suggestions: tuple[Suggestion, ...]
    gap: GapFound | None
    warnings: tuple[str, ...]
    timings_ms: tuple[tuple[str, float], ...]
    model: str
    prompt_version: str
    generation: str
    features: tuple[tuple[str, float], ...]
    considered: tuple[Candidate, ...]
    vector: tuple[float, ...]
    usage: Usage | None = None
    parent_id: str = ""
    rewritten: str = ""
    follow_ups: tuple[str, ...] = ()
