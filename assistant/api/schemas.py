"""What goes over the wire, validated once at the edge and converted at once."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_TEXT = 100_000
Text = Annotated[str, Field(max_length=MAX_TEXT)]
Short = Annotated[str, Field(max_length=2_000)]
Language = Annotated[str, Field(max_length=40, pattern=r"^[^\W\d_]*(?:[ ()-]+[^\W\d_]+\)?)*$")]
"""A language's name, "German" or "Português (Brasil)": letters only, since a chat model reads it."""


class Strict(BaseModel):
    """Unknown fields are refused, so that a misspelt one is noticed."""

    model_config = ConfigDict(extra="forbid")


class Message(BaseModel):
    """One message of a ticket."""

    model_config = ConfigDict(extra="ignore")
    by: Literal["customer", "agent"]
    text: Text
    at: datetime | None = None
    public: bool = True


class Ticket(BaseModel):
    """A ticket as a helpdesk sends it; fields that we do not know are ignored."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)
    id: Annotated[str, Field(max_length=1000)] = ""
    subject: Short = ""
    messages: Annotated[list[Message], Field(min_length=1, max_length=500)]
    channel: Annotated[str, Field(max_length=80)] = ""
    locale: Annotated[str, Field(max_length=40)] = ""
    product: Annotated[str, Field(max_length=200)] = ""
    requester: Annotated[str, Field(max_length=200)] = ""


class DraftOptions(Strict):
    """How the reply should be; what is empty is as the settings say. A language needs a chat model."""

    audience: Literal["agent", "customer"] = "agent"
    tone: Literal["friendly", "neutral", "formal", ""] = ""
    length: Literal["short", "normal", "detailed", ""] = ""
    language: Language = ""


class DraftRequest(Strict):
    """Either a ticket, or a bare question in `text` with an optional `title`."""

    ticket: Ticket | None = None
    text: Text = ""
    title: Short = ""
    channel: Annotated[str, Field(max_length=80)] = ""
    requester: Annotated[str, Field(max_length=200)] = ""
    options: DraftOptions = DraftOptions()


class RewriteRequest(Strict):
    """How to say a draft anew. The requester's name, which is not stored, is for the greeting."""

    how: Literal["shorter", "friendlier", "more_formal", "bullet_steps", "translate"]
    language: Language = ""
    requester: Annotated[str, Field(max_length=200)] = ""


class RedraftRequest(Strict):
    """The article to draft from instead. The requester's name, which is not stored, is for the greeting."""

    document_id: Annotated[str, Field(min_length=1, max_length=1_000)]
    requester: Annotated[str, Field(max_length=200)] = ""


class EventRequest(Strict):
    """What the agent did; with `final_text` the edit distance is computed."""

    kind: Literal["shown", "inserted", "copied", "edited", "sent", "discarded"]
    final_text: Text | None = None


class FeedbackRequest(Strict):
    """A rating with reasons, and what would have prevented the contact."""

    rating: Literal["up", "down"]
    reasons: Annotated[list[Annotated[str, Field(max_length=80)]], Field(max_length=20)] = []
    note: Annotated[str, Field(max_length=10_000)] = ""
    proposed_fix: Annotated[str, Field(max_length=10_000)] = ""


class GapPatch(Strict):
    """Changes of a gap; each is kept in its history."""

    status: Literal["new", "accepted", "in_progress", "shipped", "measured", "dismissed"] | None = None
    note: Annotated[str, Field(max_length=10_000)] | None = None


class IngestRequest(Strict):
    """Places on the server's own disk to ingest."""

    sources: Annotated[list[Annotated[str, Field(min_length=1, max_length=4000)]], Field(min_length=1, max_length=1000)]
    kind: Literal["faq", "doc", "ticket"] | None = None
    audience: Literal["public", "internal"] = "public"
    allow_empty: bool = False


class SyncRequest(Strict):
    """Sources to run now, by name; none stands for all."""

    names: Annotated[list[Annotated[str, Field(min_length=1, max_length=1000)]], Field(max_length=1000)] = []
    allow_empty: bool = False


class Problem(BaseModel):
    """RFC 9457 problem details."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    request_id: str = ""
    errors: list[dict[str, Any]] = []


class AnswerPart(BaseModel):
    """A sentence or step with the numbers of its sources.

    `support` is the probability that they say all of it, `unsupported` the words that they lack; in brackets stands a
    condition of theirs that it leaves out.
    """

    text: str
    citations: list[int]
    spans: list[dict[str, int]]
    support: float
    unsupported: list[str] = []
    step: int | None


class AnswerSource(BaseModel):
    """A numbered, quoted passage of a stored version."""

    n: int
    document_id: str
    version: int
    kind: str
    audience: str
    title: str
    url: str
    href: str
    quote: str
    start: int
    end: int
    updated_at: str | None


class AnswerOut(BaseModel):
    """The contract's answer: all keys always there."""

    id: str
    draft_id: str
    question: dict[str, str]
    verdict: Literal["answered", "partial", "gap"]
    confidence: float
    greeting: str
    parts: list[AnswerPart]
    uncovered: list[str]
    closing: str
    sources: list[AnswerSource]
    suggestions: list[dict[str, str]]
    gap: dict[str, Any] | None
    warnings: list[str]
    timings_ms: dict[str, float]
    model: str
    prompt_version: str
    generation: str
    usage: dict[str, Any] | None
    parent_id: str | None = None
    rewritten: str = ""
    follow_ups: list[str] = []


class Hits(BaseModel):
    """Ranked documents."""

    id: str
    hits: list[dict[str, Any]]


class EventOut(BaseModel):
    """The event was recorded; `edit_distance` in [0, 1] when a final text was sent."""

    edit_distance: float | None


class Health(BaseModel):
    """Whether the process runs, or whether it can answer and from what."""

    status: str
    generation: str = ""
    index: str = ""
    notice: str = ""
    documents: dict[str, int] = {}
