"""Markdown and MDX to visible text: rendered to HTML, then read like any HTML, so that both can be mixed.

What Markdown dialects of documentation tools add is turned into plain Markdown or HTML first: front matter,
MDX imports and components, heading ids, and the boxes of Docusaurus, MkDocs and GitHub.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import yaml
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.token import Token

from assistant.cleaning import cleaned
from assistant.domain import Block
from ingest.structure.html import from_html
from ingest.structure.visible import Visible

_MAX_FRONT_MATTER = 16_384
_FRONT_MATTER = re.compile(r"\A\s*(---|\+\+\+)[ \t]*\n(.*?\n)??(?:\1|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_FENCE = re.compile(r"\s*(?:[-*+>]\s+|\d+[.)]\s+)*(`{3,}|~{3,})")
_HEADING_ID = re.compile(r"\{\s*#([\w:.-]+)[^{}]*\}$")
_IMPORT = re.compile(
    r"(?:import\s+(?:[\w*{][^\n]*\sfrom\s+)?[\"'][^\n]*[\"'];?|export\s+(?:const|default|function|let|var)\b.*)\s*"
)
_BRACES = r"\{[^{}]*+(?:\{[^{}]*+(?:\{[^{}]*+\}[^{}]*+)*+\}[^{}]*+)*+\}"
_COMPONENT = re.compile(
    r"(?P<code>(?<!`)(`+)(?!`)[^`](?:[^\n]{0,1000}?[^`])?\2(?!`))"
    rf"|</?[A-Z][\w.]*(?:\s(?:[^<>{{}}\"']|\"[^\"]*\"|'[^']*'|{_BRACES})*+)?/?>|</?>",
    re.DOTALL,
)
_FENCED_BOX = re.compile(r"\s*:{3,4}\s*(\w+)?\s*(?:\[([^\]]*)\]|\{[^}]*\}|([^\[{\n]+))?\s*")
_MKDOCS_BOX = re.compile(r"(?:!!!|\?\?\?\+?)\s+(\w+)[^\"\n]*(?:\"([^\"]*)\")?\s*")
_GITHUB_BOX = re.compile(r"\[!(?:NOTE|TIP|IMPORTANT|WARNING|CAUTION|DANGER|INFO)\]", re.IGNORECASE)
_ADMONISH = re.compile(r"\s*admonish\b[^\"\n]*(?:title\s*=\s*\"([^\"]*)\")?")
_CONTENTS_MARK = re.compile(r"\s*(?:\[TOC\]|\[\[_?toc_?\]\]|\{:toc\}|<!--\s*toc\s*-->)\s*", re.IGNORECASE)
_SLUG_DROPPED = re.compile(r"[^\w\- ]")

_RENDERER = MarkdownIt("commonmark", {"html": True, "maxNesting": 100}).enable(["table", "strikethrough"])


def from_markdown(text: str) -> tuple[Visible, dict[str, object]]:
    """The visible text of Markdown with its blocks, and its front matter.

    Front matter that is no mapping is text like any other. Headings without an id get the anchor that
    GitHub gives them. The title is the front matter's, else the first top heading.
    """
    front, body = _front_matter(cleaned(text))
    environment: dict[str, object] = {}
    tokens = _RENDERER.parse(_plain_markdown(_without_components(body)), environment)
    _take_heading_ids(tokens)
    _mark_github_boxes(tokens)
    _open_fenced_boxes(tokens)
    visible = from_html(_RENDERER.renderer.render(tokens, _RENDERER.options, environment))
    named = front.get("title")
    title = " ".join(cleaned(named).split()) if isinstance(named, str) else visible.title
    return replace(visible, blocks=tuple(_anchored(visible)), title=title), front


def _front_matter(text: str) -> tuple[dict[str, object], str]:
    match = _FRONT_MATTER.match(text[:_MAX_FRONT_MATTER])
    if not match:
        return {}, text
    source = match[2] or ""
    try:
        found = tomllib.loads(source) if match[1] == "+++" else _WithoutAliases(source).get_single_data()
    except (yaml.YAMLError, tomllib.TOMLDecodeError, ValueError, RecursionError):
        return {}, text
    if not isinstance(found, dict):
        return {}, text
    return {str(key): value for key, value in found.items()}, text[match.end() :]


class _WithoutAliases(yaml.SafeLoader):
    """Safe YAML without references: a few lines of them can stand for gigabytes."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not read in front matter")
        return super().compose_node(parent, index)


def _without_components(text: str) -> str:
    """MDX components taken out, what they enclose kept; nothing inside code changes."""
    out: list[str] = []
    prose: list[str] = []
    fence = ""
    for line in text.split("\n"):
        mark = _FENCE.match(line)
        if fence or mark:
            out.extend(_bare(prose))
            prose = []
            out.append(line)
            fence = _fence_after(fence, line, mark)
        else:
            prose.append(line)
    out.extend(_bare(prose))
    return "\n".join(out)


def _bare(prose: Sequence[str]) -> list[str]:
    if not prose:
        return []
    text = _without_comments("\n".join(prose))
    return _COMPONENT.sub(_code_only, text).split("\n") if "<" in text else text.split("\n")


def _without_comments(text: str) -> str:
    kept: list[str] = []
    at = 0
    while (start := text.find("{/*", at)) >= 0 and (end := text.find("*/}", start)) >= 0:
        kept.append(text[at:start])
        at = end + 3
    return "".join(kept) + text[at:]


def _code_only(match: re.Match[str]) -> str:
    return match["code"] or ""


def _fence_after(fence: str, line: str, mark: re.Match[str] | None) -> str:
    """The fence that is open after `line`, empty when none is."""
    if not fence:
        return mark[1] if mark else ""
    closes = mark is not None and line.strip(" >\t") == mark[1] and mark[1].startswith(fence)
    return "" if closes else fence


def _plain_markdown(text: str) -> str:
    """The text with boxes as HTML, and without imports and marks for a table of contents."""
    out: list[str] = []
    fence = ""
    in_box = False
    for line in text.split("\n"):
        if in_box and line.strip() and not line.startswith(("    ", "\t")):
            out.extend(["", "</div>", ""])
            in_box = False
        if in_box:
            out.append(line.removeprefix("\t") if line.startswith("\t") else line[4:])
            continue
        mark = _FENCE.match(line)
        if fence or mark:
            fence = _fence_after(fence, line, mark)
            out.append(line)
            continue
        in_box = bool(_MKDOCS_BOX.fullmatch(line))
        out.extend(_rewritten(line))
    return "\n".join([*out, "", "</div>"] if in_box else out)


def _rewritten(line: str) -> list[str]:
    if _CONTENTS_MARK.fullmatch(line) or _IMPORT.fullmatch(line):
        return [""]
    mkdocs = _MKDOCS_BOX.fullmatch(line)
    if mkdocs:
        return _box_opening("note", mkdocs[2])
    fenced = _FENCED_BOX.fullmatch(line) if line.lstrip().startswith(":::") else None
    if not fenced:
        return [line]
    return _box_opening(fenced[1].lower(), fenced[2] or fenced[3]) if fenced[1] else ["", "</div>", ""]


def _box_opening(name: str, title: str | None) -> list[str]:
    return ["", f'<div class="admonition {name}">', "", *([title.strip(), ""] if title else [])]


def _mark_github_boxes(tokens: Sequence[Token]) -> None:
    """A quotation that starts with `[!NOTE]` becomes a box; the mark goes."""
    for opening, _, content in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if opening.type != "blockquote_open" or not content.children:
            continue
        first = content.children[0]
        match = _GITHUB_BOX.match(first.content)
        if match:
            opening.attrSet("class", "note")
            first.content = first.content[match.end() :]


def _take_heading_ids(tokens: Sequence[Token]) -> None:
    """Moves a heading's `{#id}` from its text into the element."""
    for opening, content in pairwise(tokens):
        if opening.type != "heading_open" or not content.children:
            continue
        last = content.children[-1]
        match = _HEADING_ID.search(last.content.rstrip()) if last.type == "text" else None
        if match:
            opening.attrSet("id", match[1])
            last.content = last.content[: match.start()].rstrip()


def _open_fenced_boxes(tokens: Sequence[Token]) -> None:
    """Boxes of mdBook are code fences named `admonish`: their content is Markdown, not code."""
    for token in tokens:
        box = _ADMONISH.match(token.info) if token.type == "fence" else None
        if box:
            title = f"<p>{escapeHtml(box[1])}</p>" if box[1] else ""
            token.type = "html_block"
            token.content = f'<div class="admonition">{title}{_RENDERER.render(token.content)}</div>'


def _anchored(visible: Visible) -> list[Block]:
    seen: dict[str, int] = {}
    blocks: list[Block] = []
    for block in visible.blocks:
        if block.kind == "heading" and not block.anchor:
            slug = _SLUG_DROPPED.sub("", visible.text[block.start : block.end].lower()).replace(" ", "-")
            count = seen.get(slug, 0)
            seen[slug] = count + 1
            block = replace(block, anchor=f"{slug}-{count}" if count else slug)
        blocks.append(block)
    return blocks
