"""What every source yields: items that are cheap to compare and read only when they changed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from assistant.domain import Audience, Document, Kind
from assistant.records import NewContact
from assistant.redaction import Rules
from ingest.sources.version import READER_VERSION


@dataclass(frozen=True, slots=True)
class Item:
    """One record of a source.

    `key` tells it apart within the source and `where` tells a person where it is; `load` reads it and
    may raise `UnreadableItem`. `revision` is compared, never parsed. `covers` is set where a whole file or
    folder cannot be read: records whose keys start with it may still be there, behind it. `contact` is set
    where the record is no knowledge but somebody who wrote: it is read instead of `load`.
    """

    key: str
    revision: str
    where: str
    load: Callable[[], Document]
    covers: str | None = None
    contact: Callable[[], NewContact] | None = None


@dataclass(frozen=True, slots=True)
class Defaults:
    """What applies to records that do not say it themselves; `kind` None lets the shape decide.

    `rules` are those by which tickets and mail are redacted; `own_addresses` the desk's own mail
    addresses or hosts; `macros` is the audience of macros that all agents share.
    """

    kind: Kind | None = None
    audience: Audience = "public"
    rules: Rules = field(default_factory=Rules)
    own_addresses: tuple[str, ...] = ()
    macros: Audience = "internal"

    def fingerprint(self) -> str:
        """Part of every revision: another default is another reading."""
        shown = "|macros" if self.macros == "public" else ""
        return f"{READER_VERSION}|{self.kind}|{self.audience}|{self.rules.fingerprint()}|{self.own_addresses}{shown}"


class Source(Protocol):
    """A place that documents come from. `name` is its identity across runs."""

    @property
    def name(self) -> str:
        """The place's identity."""
        ...

    @property
    def kind(self) -> str:
        """What the place is."""
        ...

    @property
    def options(self) -> Mapping[str, Any]:
        """What the reading depends on."""
        ...

    def items(self) -> Iterator[Item]:
        """Every record, in a stable order."""
        ...

    def size(self) -> int | None:
        """How many items there are, when that is known without reading them."""
        ...


@runtime_checkable
class Listing(Protocol):
    """A source that can name its files without reading them, so that a moved one is known for what it was."""

    def present(self) -> Set[str] | None:
        """The keys of all files, None where there is only one."""
        ...


def revision_of(raw: bytes, defaults: Defaults) -> str:
    """sha256 of the record's bytes and of what else its reading depends on."""
    digest = hashlib.sha256(defaults.fingerprint().encode())
    digest.update(raw)
    return digest.hexdigest()


def no_document() -> Document:
    """The `load` of an item that is a contact."""
    raise AssertionError("a contact is no document")
