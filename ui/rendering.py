"""From values to what the pages show. Everything from outside becomes HTML here, and only here.

Two nets: `element` escapes each child that is not already `Html`, and `shown` passes the finished piece
through an allow-list of tags, attributes and address schemes, so that one slip is not enough.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from html import escape
from typing import Any
from urllib.parse import urlsplit

import nh3

_VOID = frozenset({"br", "hr", "wbr"})
_TAGS = {
    "a", "article", "aside", "b", "blockquote", "br", "button", "dd", "details", "div", "dl", "dt", "em", "h1", "h2",
    "h3", "header", "hr", "input", "kbd", "label", "li", "mark", "nav", "ol", "option", "p", "section", "select",
    "small", "span", "strong", "summary", "table", "tbody", "td", "textarea", "th", "thead", "time", "tr", "ul",
    # The shapes that `assistant.plots` draws; none of them can hold an address, a script or foreign markup.
    "svg", "title", "line", "polyline", "polygon", "circle", "text",
}  # fmt: skip
_ATTRIBUTES = {
    "*": {"class", "id", "title", "role", "lang", "dir", "tabindex", "hidden"},
    "a": {"href", "target"},
    "button": {"type", "disabled"},
    "circle": {"cx", "cy", "r"},
    "details": {"open"},
    "input": {"type", "value", "placeholder", "checked", "autocomplete"},
    "line": {"x1", "x2", "y1", "y2"},
    "ol": {"start"},
    "option": {"value", "selected"},
    "polygon": {"points"},
    "polyline": {"points"},
    "span": {"style"},
    "svg": {"viewBox", "width", "height"},
    "text": {"x", "y"},
    "textarea": {"rows", "placeholder"},
    "th": {"scope"},
    "time": {"datetime"},
}

GAP_REASONS = {
    "nothing_found": ("Nothing found", "No article or FAQ comes near this question."),
    "weak_evidence": ("Evidence too weak", "Articles come near, but they do not answer this question."),
    "unsupported": ("Not supported", "What could be written is not supported by what the articles say."),
    "declined": ("Declined", "The question is not one that a reply should be drafted for."),
}
"""In words: a short form and a sentence."""


class Html(str):
    """Markup that is safe as it stands, because `element` made it."""

    __slots__ = ()


def element(tag: str, *children: str | None, **attributes: str | int | bool | None) -> Html:
    """The element; children that are not `Html` are escaped. `class_` is class, `data_open` is data-open.

    >>> element("p", "1 < 2", class_="note")
    '<p class="note">1 &lt; 2</p>'
    """
    written = "".join(_attribute(name, value) for name, value in attributes.items())
    if tag in _VOID:
        return Html(f"<{tag}{written}>")
    return Html(f"<{tag}{written}>{joined(children)}</{tag}>")


def joined(children: Iterable[str | None], between: str = "") -> Html:
    """The children one after the other, escaped where they are not `Html`."""
    return Html(escape(between).join(_safe(child) for child in children if child is not None))


def link(url: str, *children: str, class_: str = "") -> Html:
    """A link that opens in a new tab, or its bare words when the address is not a plain http(s) one."""
    if not is_web_address(url):
        return element("span", *children, class_=class_)
    return element("a", *children, class_=class_, href=url, target="_blank")


def is_web_address(url: str) -> bool:
    """Whether the address is http(s) with a host and nothing that a browser would read differently."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    readable = url.isprintable() and not any(char in url for char in ' "<>\\^`{|}')
    return readable and parts.scheme in ("http", "https") and bool(parts.hostname)


def shown(html: Html) -> str:
    """The markup as the browser gets it: what the allow-list does not name is gone."""
    return nh3.clean(
        html.encode("utf-8", "replace").decode("utf-8"),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        generic_attribute_prefixes={"data-", "aria-"},
        url_schemes={"http", "https"},
        link_rel="noopener noreferrer",
        filter_style_properties={"width"},
    )


def notice(text: str, *more: Html, kind: str = "info") -> str:
    """A line for the page's live region; `kind` is info, good or bad. The same words said again are told again."""
    said = element("p", element("span", text), *more, class_=f"notice is-{kind}", data_said=time.monotonic_ns())
    return shown(said) if text else ""


def share_bar(share: float) -> Html:
    """A bar filled to `share` in [0, 1]."""
    filled = f"width:{100 * min(max(share, 0.0), 1.0):.0f}%"
    return element("span", element("span", class_="bar-fill", style=filled), class_="bar", aria_hidden="true")


def parsed_time(value: str | None) -> datetime | None:
    """The moment of an ISO 8601 text, None when there is none."""
    if not value:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def day(value: str | None) -> Html:
    """A date: "5 Jun 2026", or "no date"."""
    moment = parsed_time(value)
    if moment is None:
        return element("span", "no date")
    return element("time", f"{moment.day} {moment:%b %Y}", datetime=f"{moment:%Y-%m-%d}")


def days(first: str | None, last: str | None) -> Html:
    """From one date to another: "3 Jun to 5 Jul 2026", one date when they are the same day."""
    start, end = parsed_time(first), parsed_time(last)
    if start is None or end is None or start.date() == end.date():
        return day(last or first)
    shorter = f"{start.day} {start:%b}" if start.year == end.year else f"{start.day} {start:%b %Y}"
    return element("span", element("time", shorter, datetime=f"{start:%Y-%m-%d}"), " to ", day(last))


def ago(value: str | None, now: datetime | None = None) -> Html:
    """How long ago, the short way: "now", "12 min", "3 h", then the date."""
    moment = parsed_time(value)
    if moment is None:
        return element("span", "")
    minutes = int(((now or datetime.now(UTC)) - moment).total_seconds() // 60)
    if minutes < 1:
        text = "now"
    elif minutes < 60:
        text = f"{minutes} min"
    elif minutes < 24 * 60:
        text = f"{minutes // 60} h"
    else:
        text = f"{moment.day} {moment:%b}"
    return element("time", text, datetime=moment.isoformat(), title=f"{moment:%Y-%m-%d %H:%M} UTC")


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun: "1 contact", "3 contacts"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def usage_words(usage: Mapping[str, Any]) -> str:
    """What a chat model read, wrote and cost, as it is recorded with a draft.

    >>> usage_words({"input_tokens": 1200, "output_tokens": 30, "calls": 1, "cost": 0.00054})
    '1,200 tokens read, 30 written, 0.0005 USD'
    >>> usage_words({"input_tokens": 1200, "output_tokens": 30, "calls": 2, "cost": None})
    '1,200 tokens read, 30 written in 2 calls'
    """
    calls = f" in {usage['calls']} calls" if usage["calls"] > 1 else ""
    cost = usage["cost"]
    price = "" if cost is None else ", under 0.0001 USD" if 0 < cost < 0.0001 else f", {cost:.4f} USD"
    return f"{usage['input_tokens']:,} tokens read, {usage['output_tokens']:,} written{calls}{price}"


def first_words(text: str, most: int = 90) -> str:
    """The beginning of a text on one line, cut at a word."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[:most].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"


def _attribute(name: str, value: str | int | bool | None) -> str:
    if value is None or value is False or value == "":
        return ""
    written = name.rstrip("_").replace("_", "-")
    return f" {written}" if value is True else f' {written}="{escape(str(value), quote=True)}"'


def _safe(child: str) -> str:
    return child if isinstance(child, Html) else escape(child, quote=True)
