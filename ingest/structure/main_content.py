"""Finds the part of a web page that is its content, where the page does not mark it: the densest in running text.

After the idea behind readers' views: each paragraph gives its own words, links not counted, to the element
around it, and half of them to the one around that.
"""

from __future__ import annotations

from selectolax.lexbor import LexborHTMLParser, LexborNode

from assistant.cleaning import cleaned
from ingest.structure.nesting import shallow

_MARKED = "main, [role=main]"
_TEXTS = "p, li, pre, td, dd, dt, blockquote, h1, h2, h3, h4, summary"
_FRAME = "nav, footer, aside, form, script, style, noscript, template, [role=navigation], [role=banner], [role=search]"
_LEAST_CHARS = 20
_GENERATIONS = 3
_RUNNING = 0.7
"""Share of an element's characters outside links from which on it is text, not a list of links."""


def parsed_page(html: str) -> LexborHTMLParser:
    """The page's tree, in time that grows with its length alone.

    Raises:
        UnreadableItem: more tags than any page of documentation has.
    """
    return LexborHTMLParser(shallow(cleaned(html)))


def main_html(html: str) -> str:
    """The page with nothing in its body but its content; the page as it is where that cannot be told.

    Raises:
        UnreadableItem: more tags than any page of documentation has.
    """
    tree = parsed_page(html)
    body = tree.body
    if body is None or any(node.text(strip=True) for node in body.css(_MARKED)):
        return html
    articles = body.css("article")
    best = articles[0] if len(articles) == 1 and articles[0].text(strip=True) else _densest(body)
    if best is None or best.html is None:
        return html
    head = tree.head.html if tree.head is not None and tree.head.html else ""
    return f"<html>{head}<body>{_title_above(body, best)}{best.html}</body></html>"


def _densest(body: LexborNode) -> LexborNode | None:
    for frame in body.css(_FRAME):
        frame.decompose()
    scores: dict[int, float] = {}
    nodes: dict[int, LexborNode] = {}
    for text in body.css(_TEXTS):
        words = _own_chars(text)
        if words < _LEAST_CHARS:
            continue
        share, around = float(words), text.parent
        for _ in range(_GENERATIONS):
            if around is None or around.tag in ("html", None):
                break
            nodes[around.mem_id] = around
            scores[around.mem_id] = scores.get(around.mem_id, 0.0) + share
            share, around = share / 2, around.parent
    if not scores:
        return None
    return _whole(nodes[max(scores, key=lambda key: scores[key])])


def _whole(found: LexborNode) -> LexborNode:
    """The largest element around the densest that still is running text: sections of one article belong together."""
    while (around := found.parent) is not None and around.tag not in ("body", "html", None):
        chars = len(around.text(strip=True))
        if _own_chars(around) < _RUNNING * chars:
            break
        found = around
    return found


def _own_chars(node: LexborNode) -> int:
    linked = sum(len(link.text(strip=True)) for link in node.css("a"))
    return len(node.text(strip=True)) - linked


def _title_above(body: LexborNode, best: LexborNode) -> str:
    """The page's first top heading where it stands outside of the content found."""
    heading = body.css_first("h1")
    return heading.html or "" if heading is not None and best.css_first("h1") is None else ""
