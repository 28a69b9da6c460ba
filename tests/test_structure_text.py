"""Markdown in its dialects and plain text, read into the same blocks as HTML."""

from __future__ import annotations

from typing import Any

import pytest

from ingest.structure.markdown import from_markdown
from ingest.structure.plain import from_text
from ingest.structure.visible import Visible


def shapes(visible: Visible) -> list[tuple[Any, ...]]:
    return [(b.kind, b.level, b.number, visible.text[b.start : b.end]) for b in visible.blocks]


def read(text: str) -> Visible:
    return from_markdown(text)[0]


def test_marks_of_markdown_are_not_text() -> None:
    visible = read(
        "# Back *up*\n\n1. Open **File**, see [help](https://example.org/h)\n2. ![shot](x.png) Save\n\n- `x`"
    )
    assert shapes(visible) == [
        ("heading", 1, None, "Back up"),
        ("step", 1, 1, "Open File, see help"),
        ("step", 1, 2, "Save"),
        ("item", 1, None, "x"),
    ]
    assert visible.links == ("https://example.org/h",)
    assert visible.title == "Back up"


def test_tables_become_rows() -> None:
    assert shapes(read("| a | b |\n|---|---|\n| 1 | 2 |")) == [("row", 1, None, "a\tb"), ("row", 0, None, "1\t2")]


@pytest.mark.parametrize(
    "front", ["---\ntitle: Hello\ntags: [a]\n---\nText", '+++\ntitle = "Hello"\ntags = ["a"]\n+++\nText']
)
def test_front_matter_is_read_and_is_not_text(front: str) -> None:
    visible, found = from_markdown(front)
    assert found == {"title": "Hello", "tags": ["a"]}
    assert (visible.title, visible.text) == ("Hello", "Text")


@pytest.mark.parametrize(
    "bad",
    [
        "title: [",
        "- a\n- b",
        "a: &x [1]\nb: *x",
        "!!python/object/apply:os.system [ls]",
        "[" * 5000,
        "k: " + "v" * 20_000,
    ],
)
def test_bad_front_matter_is_text_and_no_error(bad: str) -> None:
    visible, found = from_markdown(f"---\n{bad}\n---\n\nAfter")
    assert found == {}
    assert visible.text.endswith("After")
    assert len(visible.blocks) > 1


def test_mdx_components_go_and_what_they_enclose_stays() -> None:
    source = (
        "import Tabs from '@theme/Tabs'\n\nexport const x = 1\n\n"
        "<Tabs values={[{label: 'W', value: {a: 1}}]}\n  id=\"t\">\n\nInner {/* gone */}text\n\n</Tabs>\n\n"
        "Use `<Tabs>`.\n\n```jsx\nimport A from 'a'\n<Tabs/>\n```"
    )
    assert [s[3] for s in shapes(read(source))] == ["Inner text", "Use <Tabs>.", "import A from 'a'\n<Tabs/>"]


@pytest.mark.parametrize(
    "box",
    [
        "> **Note**\n> Mind",
        "> [!WARNING]\n> Mind",
        ":::tip\nMind\n:::",
        "!!! note\n    Mind\n",
        "```admonish note\nMind\n```",
        '<div class="warning">\n\nMind\n\n</div>',
    ],
)
def test_the_boxes_of_every_dialect_are_notes(box: str) -> None:
    visible = read(f"{box}\n\nAfter")
    assert [b.kind for b in visible.blocks] == ["note", "paragraph"]
    assert "[!" not in visible.text
    assert ":::" not in visible.text


def test_titles_of_boxes_are_text() -> None:
    assert [s[3] for s in shapes(read(':::tip[My title]\nMind\n:::\n\n!!! note "Other"\n    Mind'))] == [
        "My title",
        "Mind",
        "Other",
        "Mind",
    ]


def test_headings_get_the_anchor_they_name_or_the_usual_one() -> None:
    anchors = [b.anchor for b in read("# One {#first}\n\n## Über C++ & more!\n\n## Same\n\n## Same").blocks]
    assert anchors == ["first", "über-c--more", "same", "same-1"]


def test_includes_are_left_alone() -> None:
    assert read("{{#include ../x.md}}").text == "{{#include ../x.md}}"


def test_html_inside_markdown_is_read_as_html() -> None:
    visible = read("<details><summary>Why?</summary>\n\nBecause **so**.\n\n</details>\n\n<p hidden>x</p>\n\nA<br>B")
    assert [s[3] for s in shapes(visible)] == ["Why?", "Because so.", "A\nB"]


def test_wrapped_lines_of_text_are_joined_and_others_stay() -> None:
    wrapped = (
        "This paragraph was wrapped by an editor at a width of about seventy\n"
        "columns, so its lines belong together and the breaks mean nothing at\nall."
    )
    assert "\n" not in from_text(wrapped).text
    assert from_text("Jane Doe\n1 Main Street\nSpringfield").text == "Jane Doe\n1 Main Street\nSpringfield"


def test_lists_in_text_lose_their_marks() -> None:
    assert shapes(from_text("To do:\n1. open\n   it\n2) close\n\n- one\n* two\n")) == [
        ("paragraph", 0, None, "To do:"),
        ("step", 1, 1, "open it"),
        ("step", 1, 2, "close"),
        ("item", 1, None, "one"),
        ("item", 1, None, "two"),
    ]


def test_underlined_lines_are_headings_by_order_of_their_marks() -> None:
    found = shapes(from_text("Manual\n======\n\nPart\n----\ntext\n\nNext\n====\n\n----\n\nend"))
    assert found == [
        ("heading", 1, None, "Manual"),
        ("heading", 2, None, "Part"),
        ("paragraph", 0, None, "text"),
        ("heading", 1, None, "Next"),
        ("paragraph", 0, None, "end"),
    ]


def test_a_number_that_starts_a_sentence_is_no_step() -> None:
    assert [b.kind for b in from_text("1984. A year.").blocks] == ["paragraph"]
