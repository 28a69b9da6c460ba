"""What the interfaces of helpdesks share: JSON by pages, records that may be broken, texts in HTML."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

from assistant.domain import Document
from assistant.errors import SourceError, UnreadableItem
from ingest.net.addresses import shown
from ingest.net.fetch import Fetcher
from ingest.records import article_document
from ingest.sources.feed import Reading
from ingest.sources.item import Item
from ingest.sources.sitemap import origin
from ingest.structure.html import from_html

Record = Mapping[str, Any]
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Api:
    """A helpdesk's interface below `base`, which has no slash at its end."""

    fetcher: Fetcher
    base: str

    @property
    def origin(self) -> str:
        """Scheme and host."""
        return origin(self.base)

    def get(self, path: str, parameters: Record | None = None) -> Record:
        """The object at `path`, which may also be a whole address on the same origin.

        Raises:
            SourceError: another origin, an error, or no object.
        """
        url = path if "://" in path else self.base + path
        if origin(url) != origin(self.base):
            raise SourceError(f"Expected the next page on {origin(self.base)}, found {shown(url)}.", retry=False)
        return _object(self.fetcher.get(url, parameters).json(), url)

    def find(self, path: str, parameters: Record | None = None) -> Record | None:
        """The object at `path`, None where it is gone."""
        reply = self.fetcher.get(self.base + path, parameters, expected=(200, 404, 410))
        return _object(reply.json(), self.base + path) if reply.status == 200 else None

    def listed(self, path: str, parameters: Record | None = None) -> list[Any]:
        """The list at `path`, for interfaces that answer with a bare one."""
        found = self.fetcher.get(self.base + path, parameters).json()
        if not isinstance(found, list):
            raise SourceError(f"{shown(self.base + path)}: expected a list, found {type(found).__name__}.")
        return found

    def listed_if_any(self, path: str) -> list[Any]:
        """The list at `path`, empty where the account has no such feature or the key may not see it."""
        reply = self.fetcher.get(self.base + path, None, expected=(200, 403, 404, 410))
        found = reply.json() if reply.status == 200 else []
        return found if isinstance(found, list) else []

    def search(self, path: str, body: Record) -> Record:
        """The object that a search by POST answers with."""
        return _object(self.fetcher.post(self.base + path, body).json(), self.base + path)


def _object(found: Any, url: str) -> Record:
    if not isinstance(found, dict):
        raise SourceError(f"{shown(url)}: expected an object, found {type(found).__name__}.")
    return found


def records_in(reply: Record, name: str, where: str) -> list[Any]:
    """The list called `name`; a reply without it is no empty list, or all would seem to be gone.

    Raises:
        SourceError: there is none.
    """
    found = reply.get(name)
    if not isinstance(found, list):
        raise SourceError(f"{where}: expected a list called {name!r}, found {type(found).__name__}.")
    return found


def told(records: Iterable[Any], prefix: str, read: Callable[[Record, str], Item | None]) -> Iterator[Item]:
    """Items of the records that have an id; `read` gets the record and its key, None leaves it out.

    A record without an id is left out with the reason; it hides no other.
    """
    for record in records:
        number = record_id(record)
        if number is None:
            yield broken(prefix, record)
            continue
        key = f"{prefix}{number}"
        try:
            item = shaped(partial(read, record), key)
        except UnreadableItem as error:
            item = refused(key, record, str(error))
        if item is not None:
            yield item


def record_id(record: object) -> str | None:
    """The id of a record as text, None where there is none."""
    number = record.get("id") if isinstance(record, dict) else None
    if isinstance(number, bool) or not isinstance(number, int | str):
        return None
    return str(number).strip()[:200] or None


def broken(prefix: str, record: Any) -> Item:
    """A record that cannot even be named."""
    digest = hashlib.sha256(json.dumps(record, sort_keys=True, default=str).encode()).hexdigest()
    return refused(f"{prefix}?{digest[:16]}", record, f"expected an object with an id, found {str(record)[:80]!r}.")


def refused(key: str, record: Any, reason: str) -> Item:
    """The item of a record that cannot be read; its last good version stays."""
    digest = hashlib.sha256(json.dumps([reason, record], sort_keys=True, default=str).encode()).hexdigest()

    def load() -> Document:
        raise UnreadableItem(f"{key}: {reason}")

    return Item(key, digest, key, load)


def shaped(make: Callable[[Any], Made], record: Any) -> Made:
    """What `make` makes of a record that came from outside.

    Raises:
        UnreadableItem: its fields are not of the kinds that the interface describes.
    """
    try:
        return make(record)
    except (AttributeError, KeyError, TypeError, ValueError, IndexError) as error:
        found = f"{type(error).__name__}: {str(error)[:120]}"
        raise UnreadableItem(f"expected the fields that the interface describes, found others ({found}).") from error


def article_item(how: Reading, key: str, record: Record, *parts: object) -> Item:
    """The item of an article; its fields are those of `documents.jsonl`."""
    revision = how.revision(record, *parts)
    return Item(key, revision, key, lambda: article_document(record, None, revision, how.defaults, where=key))


def text_of(html: object) -> str:
    """The visible text of a message in HTML, paragraphs apart."""
    return from_html(html).text if isinstance(html, str) else ""


def moment_of(seconds: object) -> str | None:
    """An epoch time as ISO 8601, None where there is none; ISO 8601 is left as it is."""
    if isinstance(seconds, str):
        return seconds or None
    if isinstance(seconds, int | float) and not isinstance(seconds, bool) and 0 < seconds < 1e11:
        return datetime.fromtimestamp(seconds, UTC).isoformat()
    return None


def basic(user: str, password: str) -> str:
    """The header of HTTP Basic authentication."""
    import base64

    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode("ascii")
