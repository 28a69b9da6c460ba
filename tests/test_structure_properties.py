"""Whatever comes in, blocks keep what quotes rely on: order, edges, and only words that the source shows."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.cleaning import cleaned
from ingest.structure.conditions import combined, heading_condition, platform_condition
from ingest.structure.html import from_html
from ingest.structure.markdown import from_markdown
from ingest.structure.plain import from_text
from ingest.structure.visible import Visible

WORDS = st.text("ab é\u200b\n\t12.:->", max_size=12)
TAGS = st.sampled_from(
    [
        "p",
        "div",
        "li",
        "ol",
        "ul",
        "span",
        "b",
        "h1",
        "h3",
        "table",
        "tr",
        "td",
        "th",
        "pre",
        "code",
        "br",
        "blockquote",
        "dl",
        "dt",
        "dd",
        "nav",
        "script",
        "section",
        "a",
        "details",
        "summary",
    ]
)
ATTRIBUTES = st.sampled_from(
    [
        "",
        ' class="for" data-for="win"',
        ' class="for" data-for="not mac,tb115"',
        " hidden",
        ' class="note"',
        ' id="toc"',
        ' start="4"',
    ]
)
HTML_PIECES = st.one_of(
    WORDS,
    st.builds(lambda tag, attributes: f"<{tag}{attributes}>", TAGS, ATTRIBUTES),
    st.builds(lambda tag: f"</{tag}>", TAGS),
)
HTML = st.lists(HTML_PIECES, max_size=30).map("".join)
# Nothing unseen inside a line, and no tables: the parser moves stray text in front of them.
PLAIN_HTML = HTML.map(
    lambda html: re.sub(r"</?(?:script|table|t[rdh])[^>]*>|<(?:a|b|span|code)[^>]* hidden>", "", html)
)
MARKDOWN = st.lists(
    st.one_of(
        WORDS,
        st.sampled_from(
            ["\n\n", "\n", "# ", "1. ", "- ", "> ", "    ", "```\n", "|a|b|\n|-|-|\n|c|d|\n", "<Tab>", "`", "**",
             "[x](y)", "---\n", ":::note\n", ":::\n", "!!! tip\n", "> [!NOTE]\n", "{#id}", "<div>", "</div>"]
        ),
    ),
    max_size=25,
).map("".join)  # fmt: skip


def check(visible: Visible) -> None:
    end = -1
    for block in visible.blocks:
        text = visible.text[block.start : block.end]
        assert text
        assert text == text.strip()
        assert block.start > end
        assert block.level >= 0
        end = block.end
        place = block.start
        for variant in block.variants:
            assert place <= variant.start < variant.end <= block.end
            assert variant.condition
            assert visible.text[variant.start : variant.end].strip() == visible.text[variant.start : variant.end]
            place = variant.end
    assert end <= len(visible.text)
    assert cleaned(visible.text) == visible.text
    between = [visible.text[a.end : b.start] for a, b in zip(visible.blocks, visible.blocks[1:], strict=False)]
    assert set(between) <= {"\n", "\n\n"}


@given(HTML)
@settings(max_examples=400, deadline=None)
def test_blocks_of_any_html_are_in_order_stripped_and_apart(html: str) -> None:
    check(from_html(html))


@given(MARKDOWN)
@settings(max_examples=250, deadline=None)
def test_blocks_of_any_markdown_are_in_order_stripped_and_apart(text: str) -> None:
    check(from_markdown(text)[0])


@given(st.one_of(st.text(max_size=200), MARKDOWN))
@settings(max_examples=250, deadline=None)
def test_blocks_of_any_text_are_in_order_stripped_and_apart(text: str) -> None:
    check(from_text(text))


@given(PLAIN_HTML)
@settings(max_examples=400, deadline=None)
def test_no_block_of_html_says_more_than_the_source_shows(html: str) -> None:
    """Every block occurs in the source once tags and spaces are taken out of both: nothing invented or skipped."""
    shown = re.sub(r"\s", "", re.sub(r"<[^>]*>", "", cleaned(html)))
    visible = from_html(html)
    for block in visible.blocks:
        assert re.sub(r"\s", "", visible.text[block.start : block.end]) in shown


@pytest.mark.parametrize("condition", [heading_condition, platform_condition])
@given(text=st.text(max_size=120))
@settings(max_examples=200, deadline=None)
def test_any_text_has_a_condition_or_none(condition: Callable[[str], str], text: str) -> None:
    condition(text)


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        ("Windows", "Windows"),
        ("On Mac OS X:", "macOS"),
        ("For Windows 10 and macOS users", "Windows 10, macOS"),
        ("Windows, macOS, and Linux", "Windows, macOS, Linux"),
        ("GNU/Linux", "Linux"),
        ("Install Thunderbird on your iPad", "iPad"),
        ("Update (Windows)", "Windows"),
        ("Windows are too small", ""),
        ("Macros", ""),
        ("Window", ""),
        ("What is Linux?", ""),
        ("Import from Windows Mail", ""),
    ],
)
def test_headings_that_name_a_platform(heading: str, expected: str) -> None:
    assert heading_condition(heading) == expected


def test_the_narrower_of_two_conditions_is_enough() -> None:
    assert combined("Windows, macOS", "macOS") == "macOS"
    assert combined("", "macOS") == combined("macOS", "") == "macOS"
    assert combined("Windows; iPad", "iPad") == "Windows; iPad"
