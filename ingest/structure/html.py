"""HTML to visible text with its structure, from whole pages and from the fragments that help centres export.

One pass over the parsed tree, without recursion. What a reader does not see leaves nothing; what a reader
sees but is no content (navigation, tables of contents, forms) is left out, and no block spans the place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from selectolax.lexbor import LexborHTMLParser, LexborNode

from assistant.cleaning import cleaned
from ingest.structure.conditions import combined, platform_condition
from ingest.structure.nesting import shallow
from ingest.structure.visible import Visible, VisibleBuilder

_UNSEEN = frozenset([
    "script", "style", "template", "noscript", "head", "svg", "img", "picture", "audio", "video", "canvas", "map",
    "object", "embed", "source", "track", "area", "link", "meta", "title", "param", "base", "datalist",
])  # fmt: skip
_NOT_CONTENT = frozenset([
    "nav", "form", "iframe", "input", "select", "textarea", "button", "dialog", "footer", "aside", "header",
])  # fmt: skip
_BLOCK = frozenset([
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog", "div", "dl",
    "dt", "fieldset", "figcaption", "figure", "footer", "form", "header", "hgroup", "hr", "li", "main", "menu", "ol",
    "p", "pre", "search", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul", "h1",
    "h2", "h3", "h4", "h5", "h6",
])  # fmt: skip
_HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
_HEADING_TAGS = ", ".join(_HEADINGS)
_NOTE_WORDS = frozenset([
    "note", "notice", "warning", "tip", "caution", "important", "danger", "info", "hint", "attention", "error",
    "admonition", "callout", "alert", "aside-note", "markdown-alert", "theme-admonition", "starlight-aside",
])  # fmt: skip
_MAX_OPENING = 20
_NOTE_OPENING = re.compile(r"(?:note|warning|tip|important|caution|info|attention|hint)\s*[:!.]?", re.IGNORECASE)
_NO_CONTENT_ROLES = frozenset([
    "navigation", "banner", "contentinfo", "search", "complementary", "menu", "menubar", "toolbar",
])  # fmt: skip
_NO_CONTENT_CLASSES = frozenset([
    "toc", "table-of-contents", "tableofcontents", "breadcrumb", "breadcrumbs", "pagination", "pager", "skip-link",
    "skip-to-content", "edit-this-page", "table-contents",
])  # fmt: skip
_UNSEEN_CLASSES = frozenset([
    "sr-only", "visually-hidden", "visuallyhidden", "screen-reader-text",
])  # fmt: skip
_PERMALINK_CLASSES = frozenset([
    "headerlink", "header-anchor", "hash-link", "heading-anchor", "anchor", "anchor-link", "permalink",
])  # fmt: skip
_MAX_PERMALINK = 2  # such links are a sign like "#"; a longer one is the heading's own text
_UNSEEN_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|(?:font-size|opacity)\s*:\s*0(?![\d.])", re.IGNORECASE
)

_Attributes = Mapping[str, str | None]


def from_html(html: str) -> Visible:
    """The visible text of a page or fragment with its blocks.

    A page's `<main>` or only `<article>` is its content where it has one. Time grows with the length
    alone, whatever the nesting.

    Raises:
        UnreadableItem: more tags than any page of documentation has (`nesting.MAX_TAGS`).
    """
    tree = LexborHTMLParser(shallow(cleaned(html)))
    body = tree.body
    if body is None:
        return Visible("", (), (), "")
    root = _main_content(body, html)
    walk = _Walk(within_content=root is not body)
    walk.down(root)
    visible = walk.builder.built()
    return Visible(visible.text, visible.blocks, visible.links, _title(tree, visible))


def _main_content(body: LexborNode, html: str) -> LexborNode:
    if "<main" in html or 'role="main"' in html:
        for node in body.css("main, [role=main]"):
            if node.text(strip=True):
                return node
    if "<article" in html:
        articles = body.css("article")
        if len(articles) == 1 and articles[0].text(strip=True):
            return articles[0]
    return body


def _title(tree: LexborHTMLParser, visible: Visible) -> str:
    """The first top heading where the page's title starts with it ("Backups | Anki Manual"), else the title."""
    node = tree.css_first("head > title")
    title = " ".join(cleaned(node.text()).split()) if node else ""
    tops = [block for block in visible.blocks if block.kind == "heading" and block.level == 1]
    heading = " ".join(visible.text[tops[0].start : tops[0].end].split()) if tops else ""
    return heading if not title or (heading and title.startswith(heading)) else title


@dataclass(slots=True)
class _Container:
    """A list item, a definition or a note box around the text; `marked` once its first block has its mark."""

    kind: Literal["step", "item", "note", "plain"]
    number: int | None = None
    marked: bool = False


@dataclass(slots=True)
class _Numbering:
    """The list that the next item belongs to."""

    ordered: bool
    next: int = 1
    step: int = 1


@dataclass(slots=True)
class _Frame:
    """What leaving an element undoes; inline elements without a condition need none."""

    depth: int
    tag: str
    condition: bool = False
    block: bool = False
    container: bool = False
    numbering: bool = False
    table: bool = False


class _Walk:
    """One pass over the tree. State is what surrounds the text: conditions, containers, table and heading."""

    def __init__(self, *, within_content: bool) -> None:
        self.builder = VisibleBuilder()
        self._within_content = within_content
        self._frames: list[_Frame] = []
        self._conditions: list[str] = [""]
        self._block_conditions: list[str] = [""]
        self._containers: list[_Container] = []
        self._lists: list[_Numbering] = []
        self._defined: list[bool] = []
        self._depth_of_items = 0
        self._heading: tuple[int, str] | None = None
        self._data_tables: list[bool] = []
        self._row_depth = 0
        self._cells: list[str] = []
        self._section_anchor = ""

    def down(self, root: LexborNode) -> None:
        """Visits everything below `root` in document order."""
        node, depth = root.first_child, 1
        while node is not None:
            below = node.first_child if self._enter(node, depth) else None
            if below is not None:
                node, depth = below, depth + 1
                continue
            self._leave(depth)
            while node is not None and node.next is None:
                node, depth = node.parent, depth - 1
                if depth == 0:
                    self._end()
                    return
                self._leave(depth)
            node = node.next if node is not None else None
        self._end()

    # entering

    def _enter(self, node: LexborNode, depth: int) -> bool:
        tag = node.tag or ""
        if tag == "-text":
            self.builder.write(node.text_content or "", self._conditions[-1])
            return False
        if tag == "br":
            self._line_break()
        if tag == "br" or tag in _UNSEEN or not node.is_element_node:
            return False
        attributes = node.attributes
        classes = _classes(attributes)
        if self._is_left_out(node, tag, attributes, classes):
            self._end()
            return False
        if _is_unseen(attributes, classes):
            if tag in _BLOCK:
                self._block_border()
            return False
        if tag == "a" and not self._enter_link(node, attributes, classes):
            return False
        return self._open(node, tag, attributes, classes, depth)

    def _open(self, node: LexborNode, tag: str, attributes: _Attributes, classes: frozenset[str], depth: int) -> bool:
        block = tag in _BLOCK
        condition = "data-for" in attributes and "for" in classes
        if not block and not condition:
            return True
        frame = _Frame(depth, tag, condition=condition, block=block)
        if block:
            self._block_border()
        if condition:
            inner = combined(self._conditions[-1], platform_condition(attributes["data-for"] or ""))
            self._conditions.append(inner)
            if block:
                self._block_conditions.append(inner)
        self._frames.append(frame)
        if block and self._row_depth == 0:
            return self._open_block(node, tag, attributes, classes, frame)
        return True

    def _open_block(
        self, node: LexborNode, tag: str, attributes: _Attributes, classes: frozenset[str], frame: _Frame
    ) -> bool:
        if tag in _HEADINGS:
            self._heading = (_HEADINGS[tag], attributes.get("id") or self._section_anchor)
        elif tag == "pre":
            self._section_anchor = ""
            self._code(node)
            return False
        elif tag in ("ol", "ul", "menu", "dir"):
            self._open_list(node, tag, attributes, frame)
        elif tag == "dl":
            self._defined.append(node.css_first("dd") is not None)
        elif tag in ("li", "dt", "dd"):
            self._open_item(tag, attributes, frame)
        elif tag == "table":
            self._open_table(node, attributes, frame)
        elif tag == "tr" and self._data_tables and self._data_tables[-1]:
            self._row_depth, self._cells = len(self._frames), []
        elif _is_note(node, tag, attributes, classes):
            self._containers.append(_Container("note"))
            frame.container = True
        if tag in ("section", "div", "article"):
            self._section_anchor = attributes.get("id") or self._section_anchor
        return True

    def _open_list(self, node: LexborNode, tag: str, attributes: _Attributes, frame: _Frame) -> None:
        if not self._lists:
            self.builder.new_group()
        numbering = _Numbering(tag == "ol", _integer(attributes.get("start"), 1))
        if tag == "ol" and "reversed" in attributes:
            items = sum(1 for child in node.iter() if child.tag == "li")
            numbering = _Numbering(True, _integer(attributes.get("start"), items), -1)
        self._lists.append(numbering)
        frame.numbering = True

    def _open_item(self, tag: str, attributes: _Attributes, frame: _Frame) -> None:
        for container in self._containers:
            container.marked = True
        if tag == "li":
            item = self._numbered(attributes)
        elif tag == "dt" and self._defined and self._defined[-1]:
            item = _Container("item")
        else:
            item = _Container("plain", marked=True)
        self._containers.append(item)
        frame.container = True
        self._depth_of_items += item.kind != "plain"

    def _numbered(self, attributes: _Attributes) -> _Container:
        numbering = self._lists[-1] if self._lists else _Numbering(False)
        if not numbering.ordered:
            return _Container("item")
        number = _integer(attributes.get("value"), numbering.next)
        numbering.next = number + numbering.step
        return _Container("step", number)

    def _open_table(self, node: LexborNode, attributes: _Attributes, frame: _Frame) -> None:
        self.builder.new_group()
        layout = attributes.get("role") in ("presentation", "none")
        nested = len(node.css("table")) > 1 or node.css_first(f"pre, ol, {_HEADING_TAGS}") is not None
        self._data_tables.append(not (layout or nested))
        frame.table = True

    def _enter_link(self, node: LexborNode, attributes: _Attributes, classes: frozenset[str]) -> bool:
        """Notes a link; False for the sign beside a heading that links to the heading itself."""
        name = attributes.get("id") or attributes.get("name")
        if name and self._heading and not self._heading[1]:
            self._heading = (self._heading[0], name)
        target = (attributes.get("href") or "").strip()
        if target and not target.startswith(("#", "javascript:", "data:", "mailto:", "tel:")):
            self.builder.link(target)
        return not (classes & _PERMALINK_CLASSES and len(node.text(strip=True)) <= _MAX_PERMALINK)

    def _is_left_out(self, node: LexborNode, tag: str, attributes: _Attributes, classes: frozenset[str]) -> bool:
        if attributes.get("role") in _NO_CONTENT_ROLES or attributes.get("id") in _NO_CONTENT_CLASSES:
            return True
        if classes & _NO_CONTENT_CLASSES:
            return True
        if tag not in _NOT_CONTENT:
            return False
        if tag == "button":
            return self._heading is None and not any(frame.tag == "summary" for frame in self._frames[-3:])
        if tag == "aside":
            return not (self._within_content or classes & _NOTE_WORDS)
        if tag in ("header", "form"):
            return not (tag == "header" and self._within_content) and node.css_first("h1") is None
        return True

    # leaving

    def _leave(self, depth: int) -> None:
        if not self._frames or self._frames[-1].depth != depth:
            return
        frame = self._frames[-1]
        if frame.block:
            self._close_block(frame)
        self._frames.pop()
        if frame.condition:
            self._conditions.pop()
            if frame.block:
                self._block_conditions.pop()

    def _close_block(self, frame: _Frame) -> None:
        if self._row_depth:
            self._close_in_row(frame)
            return
        self._end()
        if frame.tag in _HEADINGS:
            self._heading = None
        if frame.container:
            self._depth_of_items -= self._containers.pop().kind in ("step", "item")
        if frame.tag == "dl":
            self._defined.pop()
        if frame.numbering:
            self._lists.pop()
            if not self._lists:
                self.builder.new_group()
        if frame.table:
            self._data_tables.pop()
            self.builder.new_group()

    def _close_in_row(self, frame: _Frame) -> None:
        if len(self._frames) == self._row_depth:
            header = bool(self._cells) and all(cell == "th" for cell in self._cells)
            self._row_depth = 0
            self.builder.end("row", level=int(header), condition=self._block_conditions[-1])
        elif frame.tag in ("td", "th") and len(self._frames) == self._row_depth + 1:
            self._cells.append(frame.tag)
            self.builder.cell()
        else:
            self.builder.line_break()

    # ending blocks

    def _block_border(self) -> None:
        if self._row_depth:
            if self._frames[-1].tag not in ("tr", "td", "th") or len(self._frames) > self._row_depth + 1:
                self.builder.line_break()
        else:
            self._end()

    def _line_break(self) -> None:
        if self.builder.broken and not self._row_depth:
            self._end()
        else:
            self.builder.line_break()

    def _end(self) -> None:
        if not self.builder.pending:
            return
        self._section_anchor = ""  # it is the anchor of a heading that opens the section, not of a later one
        condition = self._block_conditions[-1]
        container = self._containers[-1] if self._containers else None
        if self._row_depth:
            self.builder.line_break()
        elif self._heading:
            level, anchor = self._heading
            self.builder.end("heading", level=level, condition=condition, anchor=anchor)
        elif container is None or container.kind in ("note", "plain") or container.marked:
            kind: Literal["note", "paragraph"] = "note" if container and container.kind == "note" else "paragraph"
            self.builder.end(kind, level=self._depth_of_items, condition=condition)
        else:
            assert container.kind != "note"
            container.marked = True
            mark: Literal["step", "item"] = "step" if container.kind == "step" else "item"
            self.builder.end(mark, level=self._depth_of_items, number=container.number, condition=condition)

    def _code(self, node: LexborNode) -> None:
        self.builder.end_code(_preformatted(node), level=self._depth_of_items, condition=self._conditions[-1])


def _classes(attributes: _Attributes) -> frozenset[str]:
    value = attributes.get("class")
    return frozenset(value.lower().split()) if value else frozenset()


def _is_unseen(attributes: _Attributes, classes: frozenset[str]) -> bool:
    if not attributes:
        return False
    return (
        "hidden" in attributes
        or attributes.get("aria-hidden") == "true"
        or bool(classes & _UNSEEN_CLASSES)
        or bool(_UNSEEN_STYLE.search(attributes.get("style") or ""))
    )


def _is_note(node: LexborNode, tag: str, attributes: _Attributes, classes: frozenset[str]) -> bool:
    if attributes.get("role") == "note" or any(_is_note_class(name) for name in classes):
        return True
    if tag == "aside":
        return True
    if tag != "blockquote":
        return False
    return bool(_NOTE_OPENING.fullmatch(_bold_opening(node)))


def _bold_opening(node: LexborNode) -> str:
    """The text that a quotation opens with in bold, empty when it opens otherwise."""
    child = node.first_child
    while child is not None:
        if child.tag in ("strong", "b"):
            return child.text(strip=True)[:_MAX_OPENING]
        if child.tag == "-text" and not (child.text_content or "").strip():
            child = child.next
        else:
            child = child.first_child if child.tag == "p" else None
    return ""


def _is_note_class(name: str) -> bool:
    return name in _NOTE_WORDS or name.startswith(("admonition-", "callout-", "alert-", "markdown-alert-"))


def _preformatted(root: LexborNode) -> str:
    """The text of a `<pre>`, with a line break for `<br>` and after each block inside."""
    pieces: list[str] = []
    node, depth = root.first_child, 1
    while node is not None:
        if node.tag == "-text":
            pieces.append(node.text_content or "")
        elif node.tag == "br":
            pieces.append("\n")
        below = None if node.tag in _UNSEEN else node.first_child
        if below is not None:
            node, depth = below, depth + 1
            continue
        while node is not None and node.next is None:
            node, depth = node.parent, depth - 1
            if depth == 0 or node is None:
                return "".join(pieces)
            if node.tag in ("div", "li", "tr") and not "".join(pieces[-1:]).endswith("\n"):
                pieces.append("\n")
        node = node.next if node is not None else None
    return "".join(pieces)


def _integer(value: str | None, default: int) -> int:
    match = re.fullmatch(r"\s*(-?\d{1,6})\s*", value or "")
    return int(match[1]) if match else default
