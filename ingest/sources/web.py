"""Websites: pages of a sitemap or a list, read again only when they say that they changed.

robots.txt is respected with its crawl delay, a page's canonical address is its identity, and of a page only
its main content is kept. A page that fails keeps its last good version; a site that fails loses nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any
from urllib.parse import urldefrag, urljoin

from pydantic import Field
from selectolax.lexbor import LexborHTMLParser

from assistant.domain import Document
from assistant.errors import SourceError, UnreadableItem
from ingest.decode import decoded
from ingest.net.fetch import AGENT, Fetcher, Reply
from ingest.records import article_document
from ingest.sources.feed import Event, Mark, Memory, Options, Reading, Words
from ingest.sources.item import Item
from ingest.sources.sitemap import Listed, listed_pages, origin
from ingest.structure.main_content import main_html, parsed_page

_FAILURES_IN_A_ROW = 3
_GONE = (404, 410)
_MAX_DELAY_S = 60.0
_MAX_PAGE_BYTES = 10_000_000


class WebOptions(Options):
    """`pages` are further addresses; pages that the sitemap calls unchanged are asked for again after `recheck_h`."""

    pages: Words = ()
    delay_s: float = Field(0.0, ge=0, le=_MAX_DELAY_S)
    recheck_h: int = Field(168, ge=0)
    max_pages: int = Field(20_000, ge=1, le=1_000_000)


@dataclass
class WebFeed:
    """The pages as records; the cursor remembers what each page said about its state."""

    options: WebOptions
    reading: Reading
    fetcher: Fetcher
    _delay_s: float = 0.0
    _asked_at: float = 0.0
    _keys: set[str] = field(default_factory=set)

    def events(self, memory: Memory) -> Iterator[Event]:
        """Every page once, in the order of the listing."""
        robots = _robots(self.fetcher, self.options.address)
        self._delay_s = max(self.options.delay_s, min(float(robots.crawl_delay(AGENT) or 0), _MAX_DELAY_S))
        before: Mapping[str, Any] = memory.cursor.get("pages", {})
        states: dict[str, Any] = dict(before)
        failures, met = 0, set()
        for page in self._listed(tuple(robots.sitemaps)):
            if not robots.can_fetch(page.url, AGENT):
                continue
            met.add(page.url)
            try:
                found = self._look(page, before.get(page.url, {}), memory)
            except SourceError as error:
                failures += 1
                if error.wait_s or failures >= _FAILURES_IN_A_ROW:
                    raise
                yield self._failed(page, before.get(page.url, {}), error)
                continue
            failures = 0
            if found is None:
                states.pop(page.url, None)
                continue
            item, state = found
            if item.key not in self._keys:
                self._keys.add(item.key)
                yield item
            states[page.url] = state  # after the item: a mark covers what was told before it
            yield Mark({"pages": states})
        yield Mark({"pages": {url: state for url, state in states.items() if url in met}})

    def _listed(self, sitemaps: tuple[str, ...]) -> Iterator[Listed]:
        listed = dict.fromkeys(listed_pages(self.fetcher, self.options.address, sitemaps))
        listed |= dict.fromkeys(Listed(urldefrag(url)[0]) for url in self.options.pages)
        if len(listed) > self.options.max_pages:
            raise SourceError(
                f"Expected at most {self.options.max_pages:,} pages, found {len(listed):,}. Name a folder of the site, "
                "or allow more with --set max_pages=N.",
                retry=False,
            )
        yield from listed

    def _look(self, page: Listed, state: Mapping[str, Any], memory: Memory) -> tuple[Item, dict[str, Any]] | None:
        """The page's record and state, None when it is no document (any more)."""
        known = memory.revisions.get(state.get("key", ""), "")
        same = Item(state.get("key", ""), known, page.url, _unchanged)
        if known and page.changed and page.changed == state.get("changed") and self._is_fresh(state):
            return same, dict(state)
        reply = self._get(page.url, state if known else {})
        if reply.status in _GONE:
            return None
        if reply.status == 304:
            return same, {**state, "changed": page.changed, "at": int(time.time())}
        return self._read(page, reply)

    def _is_fresh(self, state: Mapping[str, Any]) -> bool:
        return time.time() - float(state.get("at", 0)) < self.options.recheck_h * 3600

    def _get(self, url: str, state: Mapping[str, Any]) -> Reply:
        pause = self._asked_at + self._delay_s - time.monotonic()
        if self._delay_s and pause > 0:
            self.fetcher.wait(pause)
        names = {"etag": "If-None-Match", "modified": "If-Modified-Since"}
        headers = {sent: str(state[name]) for name, sent in names.items() if state.get(name)}
        try:
            return self.fetcher.get(url, headers=headers, expected=(200, 304, *_GONE) if headers else (200, *_GONE))
        finally:
            self._asked_at = time.monotonic()

    def _read(self, page: Listed, reply: Reply) -> tuple[Item, dict[str, Any]] | None:
        read = _Page(page, reply, self.reading)
        try:
            if read.is_hidden():
                return None
            item = Item(read.canonical(), read.revision(), page.url, read.document)
        except UnreadableItem as error:
            item = Item(page.url, self.reading.revision(str(error)), page.url, _refusal(str(error)))
        state = {
            "key": item.key,
            "etag": reply.headers.get("etag", ""),
            "modified": reply.headers.get("last-modified", ""),
            "changed": page.changed,
            "at": int(time.time()),
        }
        return item, state

    def _failed(self, page: Listed, state: Mapping[str, Any], error: SourceError) -> Item:
        key = state.get("key") or page.url
        self._keys.add(key)
        return Item(key, self.reading.revision("failed", str(error)), page.url, _refusal(str(error)))


class _Page:
    """One page as it came.

    Raises, from every method:
        UnreadableItem: it is no page, or larger than any page of documentation.
    """

    def __init__(self, page: Listed, reply: Reply, how: Reading) -> None:
        self._page = page
        self._reply = reply
        self._how = how

    def is_hidden(self) -> bool:
        """Whether the page asks not to be found."""
        headers = self._reply.headers.get("x-robots-tag", "")
        metas = [node.attributes.get("content") or "" for node in self._tree.css("meta[name=robots i]")]
        return any(word in text.lower() for text in (headers, *metas) for word in ("noindex", "none"))

    def canonical(self) -> str:
        """The address that the page calls its own, where that is on its own site; else where it was found."""
        node = self._tree.css_first("link[rel=canonical i]")
        target = urldefrag(urljoin(self._reply.url, (node.attributes.get("href") or "") if node else ""))[0]
        return target if origin(target) == origin(self._reply.url) else urldefrag(self._reply.url)[0]

    def revision(self) -> str:
        """Stands for the main content: a new banner around it is no change."""
        return self._how.revision(self._content)

    def document(self) -> Document:
        """The page as a document."""
        address = self.canonical()
        root = self._tree.css_first("html")
        record = {
            "id": address,
            "url": address,
            "html": self._content,
            "locale": (root.attributes.get("lang") or "") if root else "",
            "updated_at": self._changed(),
        }
        return article_document(record, None, self.revision(), self._how.defaults, where=self._page.url)

    @cached_property
    def _html(self) -> str:
        kind = self._reply.headers.get("content-type", "text/html").split(";")[0].strip().lower()
        if kind not in ("text/html", "application/xhtml+xml"):
            raise UnreadableItem(f"{self._page.url}: expected a page, found {kind!r}.")
        if len(self._reply.body) > _MAX_PAGE_BYTES:
            raise UnreadableItem(f"{self._page.url}: expected at most {_MAX_PAGE_BYTES:,} bytes, found more.")
        return decoded(self._reply.body)

    @cached_property
    def _content(self) -> str:
        return main_html(self._html)

    @cached_property
    def _tree(self) -> LexborHTMLParser:
        return parsed_page(self._html)

    def _changed(self) -> datetime | None:
        node = self._tree.css_first('meta[property="article:modified_time"]')
        for given in ((node.attributes.get("content") or "") if node else "", self._page.changed):
            try:
                found = datetime.fromisoformat(given.strip())
            except ValueError:
                continue
            return found if found.tzinfo else found.replace(tzinfo=UTC)
        try:
            return parsedate_to_datetime(self._reply.headers.get("last-modified", ""))
        except (ValueError, TypeError):
            return None


def _robots(fetcher: Fetcher, address: str) -> Any:
    """The site's rules. None is a permission; a site that cannot tell its rules now is not asked for pages now."""
    from protego import Protego

    reply = fetcher.get(f"{origin(address)}/robots.txt", expected=(200, *range(400, 408), *range(409, 425), 426, 451))
    return Protego.parse(reply.body.decode("utf-8", "replace") if reply.status == 200 else "")


def _refusal(reason: str) -> Any:
    def load() -> Document:
        raise UnreadableItem(reason)

    return load


def _unchanged() -> Document:
    raise AssertionError("a page that did not change is not read")
