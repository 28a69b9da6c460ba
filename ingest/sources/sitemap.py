"""Which pages a website has: by its sitemaps, by a list of addresses, or just the one; never by following links."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urldefrag, urlsplit
from xml.etree.ElementTree import Element, ParseError

from assistant.errors import SourceError, UnreadableItem
from ingest.decode import decoded
from ingest.net.addresses import shown
from ingest.net.body import gunzipped
from ingest.net.fetch import Fetcher, Reply

_MAX_SITEMAPS = 500
_MAX_BYTES = 60_000_000
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Listed:
    """A page's address without fragment; `changed` is the sitemap's `lastmod`, only compared, maybe empty."""

    url: str
    changed: str = ""


def origin(url: str) -> str:
    """Scheme and host, with the port.

    >>> origin("https://help.example/a/b?c#d")
    'https://help.example'
    """
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def listed_pages(fetcher: Fetcher, address: str, sitemaps: tuple[str, ...]) -> Iterator[Listed]:
    """The pages that `address` stands for, each once, on its own origin.

    A sitemap (.xml, .xml.gz) or a text file of addresses (.txt) is read; a folder (ending in "/") stands for
    what the site's sitemaps hold below it; anything else is one page.

    Raises:
        SourceError: a listing cannot be had whole. Half a list would look like removals.
    """
    path = urlsplit(address).path.lower()
    if path.endswith((".xml", ".xml.gz", ".txt")):
        yield from _of_one_origin(_read(fetcher, address), origin(address) + "/")
    elif path.endswith("/") or not path:
        found = list(_of_one_origin(_site(fetcher, address, sitemaps), address))
        yield from found or [Listed(address)]
    else:
        yield Listed(urldefrag(address)[0])


def _site(fetcher: Fetcher, address: str, sitemaps: tuple[str, ...]) -> Iterator[Listed]:
    for sitemap in sitemaps or (f"{origin(address)}/sitemap.xml",):
        yield from _read(fetcher, sitemap, missing_ok=not sitemaps)


def _of_one_origin(pages: Iterator[Listed], prefix: str) -> Iterator[Listed]:
    seen: set[str] = set()
    for page in pages:
        if page.url.startswith(prefix) and page.url not in seen:
            seen.add(page.url)
            yield page


def _read(fetcher: Fetcher, address: str, *, missing_ok: bool = False) -> Iterator[Listed]:
    waiting, done = [address], 0
    while waiting:
        url = waiting.pop(0)
        done += 1
        if done > _MAX_SITEMAPS:
            raise SourceError(f"{shown(address)}: expected at most {_MAX_SITEMAPS} sitemaps, found more.", retry=False)
        reply = fetcher.get(url, expected=(200, 404, 410) if missing_ok else (200,))
        if reply.status != 200:
            return
        content = _content(reply)
        if urlsplit(url).path.lower().endswith(".txt"):
            yield from (Listed(urldefrag(line.strip())[0]) for line in decoded(content).splitlines() if line.strip())
            continue
        root = _parsed(content, url)
        if _name(root) == "sitemapindex":
            waiting += [found.url for found in _entries(root) if origin(found.url) == origin(address)]
        else:
            yield from _entries(root)


def _content(reply: Reply) -> bytes:
    if not reply.body.startswith(_GZIP):
        return reply.body
    return gunzipped(reply.body, max_bytes=_MAX_BYTES, max_ratio=200, where=shown(reply.url))


def _parsed(content: bytes, url: str) -> Element:
    """Without external entities, expansions or a document type."""
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root: Element = fromstring(content, forbid_dtd=True)
    except (ParseError, DefusedXmlException, UnreadableItem, ValueError) as error:
        raise SourceError(f"{shown(url)}: expected a sitemap, found XML that is not whole: {error}.") from error
    if _name(root) not in ("urlset", "sitemapindex"):
        raise SourceError(f"{shown(url)}: expected a sitemap, found <{_name(root)[:40]}>.", retry=False)
    return root


def _entries(root: Element) -> Iterator[Listed]:
    for entry in root:
        fields = {_name(field): (field.text or "").strip() for field in entry}
        if fields.get("loc"):
            yield Listed(urldefrag(fields["loc"])[0], fields.get("lastmod", ""))


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]
