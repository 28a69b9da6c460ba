"""reStructuredText to visible text: rendered to HTML by docutils with files and raw markup shut out, then read as HTML.

What Sphinx adds is no error: an unknown role is its own text, an unknown directive the text inside it.
"""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from docutils.core import publish_parts
from docutils.parsers.rst import Directive, directives, roles

from assistant.cleaning import cleaned
from ingest.structure.html import from_html
from ingest.structure.visible import Visible

_SETTINGS: dict[str, Any] = {
    "file_insertion_enabled": False, "raw_enabled": False, "_disable_config": True, "report_level": 5, "halt_level": 5,
    "embed_stylesheet": False, "stylesheet_path": "", "doctitle_xform": True, "initial_header_level": 2,
    "section_self_link": False, "line_length_limit": 100_000, "math_output": "LaTeX", "smart_quotes": False,
    "id_prefix": "",
}  # fmt: skip
_TARGET = re.compile(r"(.*?)\s*<[^<>]*>\s*", re.DOTALL)
_UNSEEN = {"toctree", "index", "only", "highlight", "currentmodule", "module", "meta", "contents", "include", "raw"}


def from_rst(text: str) -> Visible:
    """The visible text of reStructuredText with its blocks; the title is the document's own."""
    unknown = _Lenient()
    with unknown:
        parts = publish_parts(cleaned(text), writer="html5", settings_overrides=_SETTINGS)
    title = f"<h1>{parts['title']}</h1>" if parts["title"] else ""
    return from_html(f"<main>{title}{parts['fragment']}</main>")


class _Lenient:
    """While entered, docutils takes every role and directive for one."""

    def __enter__(self) -> None:
        self._role, self._directive = roles.role, directives.directive
        roles.role = self._find_role  # type: ignore[assignment]
        directives.directive = self._find_directive  # type: ignore[assignment]

    def __exit__(self, *_: object) -> None:
        roles.role, directives.directive = self._role, self._directive

    def _find_role(self, name: str, *rest: Any) -> Any:
        found, messages = self._role(name, *rest)
        return (found or _as_text), ([] if found is None else messages)

    def _find_directive(self, name: str, *rest: Any) -> Any:
        if name in _UNSEEN:
            return _Nothing, []
        found, messages = self._directive(name, *rest)
        return (found or _Inside), ([] if found is None else messages)


def _as_text(
    _name: str, _raw: str, text: str, _line: int, _inliner: Any, _options: Any = None, _content: Any = None
) -> tuple[list[nodes.Node], list[nodes.system_message]]:
    """`:ref:`the page <target>`` shows "the page"."""
    match = _TARGET.fullmatch(text)
    return [nodes.Text((match[1] if match and match[1] else text).lstrip("~!"))], []


class _Inside(Directive):
    """The text inside a directive nobody here knows."""

    has_content = True
    optional_arguments = 100
    final_argument_whitespace = True
    option_spec = None

    def run(self) -> list[nodes.Node]:
        """Its content, parsed."""
        holder = nodes.container()
        self.state.nested_parse(self.content, self.content_offset, holder)
        return list(holder.children)


class _Nothing(_Inside):
    """What shows nothing of its own, or what must not be followed."""

    def run(self) -> list[nodes.Node]:
        """Nothing."""
        return []
