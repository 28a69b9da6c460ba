"""What the gap log takes over the wire, validated once at the edge."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from fastapi import Query
from pydantic import AwareDatetime, Field, model_validator

from assistant.api.schemas import Short, Strict, Text

ThemeId = Annotated[str, Field(min_length=1, max_length=20)]
Note = Annotated[str, Field(min_length=1, max_length=10_000)]
Label = Annotated[str, Field(max_length=40, pattern=r"^[a-z][a-z_]*$|^$")]
Cause = Literal["defect", "design", "knowledge", "external", "request", "unclear", ""]
Name = Annotated[str, Field(max_length=200)]


Day = Annotated[date | None, Query(description="YYYY-MM-DD")]


class ThemePatch(Strict):
    """Changes of a theme; what is left out stays."""

    name: Name | None = None
    status: Literal["new", "accepted", "in_progress", "shipped", "measured", "dismissed"] | None = None
    reason: Annotated[str, Field(max_length=10_000)] | None = None
    owner: Name | None = None
    due: date | Literal[""] | None = None
    tracker: Annotated[str, Field(max_length=2000, pattern=r"^https?://|^$")] | None = None
    cause: Cause | None = None
    stage: Label | None = None


class Merge(Strict):
    """Themes to take in."""

    sources: Annotated[list[ThemeId], Field(alias="from", min_length=1, max_length=100)]


class Split(Strict):
    """Contacts that make a theme of their own."""

    contacts: Annotated[list[int], Field(min_length=1, max_length=10_000)]
    name: Name = ""


class Contacts(Strict):
    """Contacts that belong into a theme."""

    contacts: Annotated[list[int], Field(min_length=1, max_length=10_000)]


class Ignore(Strict):
    """Whether lists leave the theme out."""

    ignored: bool = True


class Undo(Strict):
    """The change to take back; none is the latest."""

    change: int | None = None


class NoteText(Strict):
    """A comment or a proposal."""

    text: Note


class FixRequest(Strict):
    """What shipped."""

    what: Note
    shipped_on: date | None = None
    link: Annotated[str, Field(max_length=2000, pattern=r"^https?://|^$")] = ""
    picked_by: Literal["volume", "rise"] = "volume"
    picked_on: date | None = None


class ReasonRequest(Strict):
    """Why somebody wrote, and what would have prevented it; an empty cause or stage takes the word back."""

    cause: Cause | None = None
    stage: Label | None = None
    prevented_by: Annotated[str, Field(max_length=10_000)] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.cause is None and self.stage is None and self.prevented_by is None:
            raise ValueError("expected a cause, a stage or what would have prevented it, found none of them")
        return self


class ContactRequest(Strict):
    """A contact from elsewhere; the same token is the same contact."""

    token: Annotated[str, Field(min_length=1, max_length=1000)]
    kind: Literal["question", "review", "survey"]
    channel: Annotated[str, Field(min_length=1, max_length=80)]
    text: Annotated[Text, Field(min_length=1)]
    title: Short = ""
    at: AwareDatetime | None = None
    person: Annotated[str, Field(max_length=200)] = ""
    rating: Annotated[float, Field(ge=1, le=5)] | None = None


class RetestRequest(Strict):
    """Ask the open gaps again: those that a change could have touched, or all of them."""

    all: bool = False
