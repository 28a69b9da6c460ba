"""What a source over the network tells in one run: records, removals, and how far it has come.

A feed never says "that was all" about what it did not get to see: a listing that broke off ends with
an error, and then nothing is removed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Protocol

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from assistant.domain import Audience
from ingest.sources.item import Defaults, Item


@dataclass(frozen=True, slots=True)
class Gone:
    """The record is no longer at the source."""

    key: str


@dataclass(frozen=True, slots=True)
class Rest:
    """Records whose keys start with `prefix` and that were not told of are as they were."""

    prefix: str


@dataclass(frozen=True, slots=True)
class Moved:
    """The record is the one that was known by another key. Told before anything else."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Mark:
    """Everything told so far is told: a run that starts with `cursor` goes on from here."""

    cursor: Mapping[str, Any]


Event = Item | Gone | Rest | Moved | Mark


@dataclass(frozen=True, slots=True)
class Memory:
    """What is known before a run: the last mark, and the revision of each live record by its key."""

    cursor: Mapping[str, Any] = field(default_factory=dict)
    revisions: Mapping[str, str] = field(default_factory=dict)


class Feed(Protocol):
    """One source over the network."""

    def events(self, memory: Memory) -> Iterator[Event]:
        """What there is, in an order in which every `Mark` covers all before it.

        Raises:
            SourceError: the source failed; nothing that was not told of is removed.
        """
        ...


def _listed(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


Listed = BeforeValidator(_listed)
"""Several words; on the command line with commas between them."""
Words = Annotated[tuple[str, ...], Listed]


class Options(BaseModel):
    """What every kind of source takes; `address` is where it is, the key is only named, never held.

    `macros` is the audience of macros that all agents share, None for the one in the settings. `hook_env` and
    `hook_file` name the key by which the source signs its calls to us.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    address: str = Field(min_length=1, max_length=900)
    audience: Audience = "public"
    macros: Audience | None = None
    token_env: str = Field("", pattern=r"^[A-Za-z_][A-Za-z0-9_]*$|^$", max_length=200)
    token_file: str = Field("", max_length=1000)
    hook_env: str = Field("", pattern=r"^[A-Za-z_][A-Za-z0-9_]*$|^$", max_length=200)
    hook_file: str = Field("", max_length=1000)


@dataclass(frozen=True, slots=True)
class Reading:
    """How records are read: with these defaults; `stamp` stands for all that the reading depends on."""

    defaults: Defaults
    stamp: str

    def revision(self, *parts: object) -> str:
        """The revision of a record that is known by `parts`, usually its time of change or its content."""
        return hashlib.sha256(repr((self.stamp, parts)).encode()).hexdigest()


def reading(options: Options, defaults: Defaults) -> Reading:
    """The reading under `options`; other options, rules or readers make another stamp, and all is read anew."""
    kept = options.model_dump(mode="json", exclude={"macros", "token_env", "token_file", "hook_env", "hook_file"})
    stamp = hashlib.sha256(json.dumps([defaults.fingerprint(), kept], sort_keys=True).encode()).hexdigest()
    return Reading(defaults, stamp)
