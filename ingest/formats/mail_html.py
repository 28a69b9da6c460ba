"""The text of an HTML mail without the mail that it answers, as a dozen mail programs mark it."""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from ingest.structure.html import from_html
from ingest.structure.nesting import shallow

_QUOTES = (
    ".gmail_quote", ".gmail_extra", "blockquote.gmail_quote", "#OLK_SRC_BODY_SECTION", "#divRplyFwdMsg", "#reply-intro",
    "blockquote[type=cite]", ".moz-cite-prefix", "#mail-editor-reference-message-container", ".yahoo_quoted",
    "#appendonsend", ".zmail_extra", ".protonmail_quote", ".tutanota_quote", "#isForwardContent", "#isReplyContent",
    "blockquote[style*='border-left']", "hr#stopSpelling",
)  # fmt: skip
_BORDERED = re.compile(
    r"border(?:-top)?\s*:\s*(?:none;\s*border-top\s*:\s*)?solid\s+#\w{6}\s+1\.0pt|border-top:\s*solid #\w+ 1", re.I
)
_HEAD_LINES = re.compile(
    r"\s*(?:\S+\s*:\s*){0,1}(?:From|Von|De|Da|Van|От|Od)\s*:.{1,400}?(?:Sent|Gesendet|Envoy|Enviad|Date|Datum|To|An|Отправлено|Дата)",
    re.DOTALL | re.IGNORECASE,
)
_INTRODUCES = re.compile(
    r"\S.{0,250}(?:wrote|schrieb|écrit|escribió|scritto|пишет|написал\S{0,4})\b.{0,60}:?\s*$|.{0,300}<[^<>\s]+@[^<>\s]+>\s*:?\s*$",
    re.S,
)


def reply_text(html: str) -> str:
    """What the writer wrote, one paragraph a line group; quoted mail and what announces it left out.

    >>> reply_text('<p>It works.</p><div class="gmail_quote">On Monday, Ann wrote:<blockquote>Try</blockquote></div>')
    'It works.'
    """
    tree = LexborHTMLParser(shallow(html))
    body = tree.body
    if body is None:
        return ""
    _cut_after_rule(body)
    for selector in _QUOTES:
        for node in body.css(selector):
            _drop(node, with_rest=selector in ("#divRplyFwdMsg", "hr#stopSpelling", "#appendonsend"))
    for node in body.css("blockquote"):
        before = _text_before(node)
        if _INTRODUCES.match(before) or not before:
            _drop(node)
    text = from_html(body.html or "").text
    return text.strip() or from_html(html).text.strip()


def _cut_after_rule(body: LexborNode) -> None:
    """Outlook draws a line and repeats the header: everything from there on is the mail before."""
    for node in body.css("div, hr, p"):
        style = node.attributes.get("style") or ""
        lined = node.tag == "hr" or _BORDERED.search(style)
        after = node.text() if node.tag != "hr" else _text_after(node)
        if lined and _HEAD_LINES.match(after[:800].lstrip()):
            outer = node.parent if node.tag != "hr" and node.parent is not None and node.parent.tag == "div" else node
            start = outer if outer is not None and outer.text().strip() == node.text().strip() else node
            _drop(start, with_rest=True)
            return


def _drop(node: LexborNode, *, with_rest: bool = False) -> None:
    """Takes the node out, with the line that announces it; `with_rest` all that follows it, too."""
    if with_rest:
        at: LexborNode | None = node
        while at is not None and at.tag != "body":
            while at.next is not None:
                at.next.decompose()
            at = at.parent
    before = node.prev
    while before is not None and (before.tag == "br" or not before.text().strip()):
        before = before.prev
    if (
        before is not None
        and before.tag in ("div", "p", "-text", "span", "br")
        and _INTRODUCES.match(before.text().strip())
    ):
        before.decompose()
    node.decompose()


def _text_before(node: LexborNode) -> str:
    before = node.prev
    while before is not None and not before.text().strip():
        before = before.prev
    return before.text().strip()[-400:] if before is not None else ""


def _text_after(node: LexborNode) -> str:
    found, after = "", node.next
    while after is not None and len(found) < 800:
        found += after.text()
        after = after.next
    return found
