"""What a reader of a page sees is kept, in blocks with the right kind; what nobody reads leaves nothing."""

from __future__ import annotations

from typing import Any

import pytest
from scaling import BELOW_QUADRATIC, growth

from assistant.domain import Block
from assistant.errors import UnreadableItem
from ingest.structure.html import from_html
from ingest.structure.visible import Visible


def texts(visible: Visible, *kinds: str) -> list[str]:
    return [visible.text[b.start : b.end] for b in visible.blocks if not kinds or b.kind in kinds]


def shapes(visible: Visible) -> list[tuple[Any, ...]]:
    return [(b.kind, b.level, b.number, visible.text[b.start : b.end]) for b in visible.blocks]


def block(visible: Visible, text: str) -> Block:
    return next(b for b in visible.blocks if visible.text[b.start : b.end] == text)


@pytest.mark.parametrize(
    "unseen",
    [
        "<script>x</script>",
        "<style>x</style>",
        "<template>x</template>",
        "<!-- x -->",
        "<span hidden>x</span>",
        '<span aria-hidden="true">x</span>',
        '<span style="color:red; display : none">x</span>',
        '<span style="font-size:0">x</span>',
        '<span class="sr-only">x</span>',
        '<img alt="x" title="x" src="x.png">',
        "<svg><title>x</title><text>x</text></svg>",
        "<video>x</video>",
        '<a class="headerlink" href="#a">¶</a>',
    ],
)
def test_what_is_not_seen_leaves_nothing_and_breaks_nothing(unseen: str) -> None:
    assert texts(from_html(f"<p>be{unseen}fore</p>")) == ["before"]


@pytest.mark.parametrize(
    "dropped",
    [
        "<nav>x</nav>",
        "<form>x</form>",
        '<iframe src="y">x</iframe>',
        '<div id="toc">x</div>',
        '<ul class="toc"><li>x</li></ul>',
        '<div role="navigation">x</div>',
        "<footer>x</footer>",
        "<button>x</button>",
        "<select><option>x</option></select>",
    ],
)
def test_what_is_no_content_is_left_out_and_no_block_spans_the_place(dropped: str) -> None:
    assert texts(from_html(f"<div>before {dropped} after</div>")) == ["before", "after"]


def test_whitespace_is_normalised_and_inline_markup_does_not_split_words() -> None:
    visible = from_html("<p>\n Click  <b>O</b>K,\u00a0then\n<i> wait</i>.</p>")
    assert visible.text == "Click OK, then wait."


def test_a_line_break_stays_in_the_block_and_two_end_it() -> None:
    assert texts(from_html("<p>one<br>two <br> <br/>three</p>")) == ["one\ntwo", "three"]


def test_headings_have_level_and_anchor() -> None:
    visible = from_html(
        '<h1 id="a">One</h1><h2><a name="b"></a>Two</h2><section id="c"><h3>Three</h3></section><h2>Four</h2>'
    )
    assert [(b.level, b.anchor) for b in visible.blocks] == [(1, "a"), (2, "b"), (3, "c"), (2, "")]


def test_the_anchor_of_a_section_is_not_that_of_a_later_heading() -> None:
    visible = from_html('<div id="x"><p>Text</p></div><h2>Later</h2><h3><a class="anchor" href="#y">Linked</a></h3>')
    assert [(visible.text[b.start : b.end], b.anchor) for b in visible.blocks[1:]] == [("Later", ""), ("Linked", "")]


def test_ordered_items_are_numbered_steps_and_nesting_is_the_level() -> None:
    visible = from_html(
        '<ol start="3"><li>three<ul><li>inner</li></ul></li><li><p>four</p><p>more</p></li><li value="9">nine</li></ol>'
    )
    assert shapes(visible) == [
        ("step", 1, 3, "three"),
        ("item", 2, None, "inner"),
        ("step", 1, 4, "four"),
        ("paragraph", 1, None, "more"),
        ("step", 1, 9, "nine"),
    ]


def test_a_reversed_list_counts_down() -> None:
    assert [b.number for b in from_html("<ol reversed><li>a</li><li>b</li><li>c</li></ol>").blocks] == [3, 2, 1]


def test_a_step_of_a_list_inside_a_step_keeps_its_own_number() -> None:
    visible = from_html("<ol><li>a<ol><li>b</li><li>c</li></ol></li><li>d</li></ol>")
    assert [(b.number, b.level) for b in visible.blocks] == [(1, 1), (1, 2), (2, 2), (2, 1)]


def test_entries_of_a_list_stand_on_lines_and_lists_apart() -> None:
    assert from_html("<ul><li>a</li><li>b</li></ul><ul><li>c</li></ul><p>d</p>").text == "a\nb\n\nc\n\nd"


def test_rows_hold_their_cells_and_the_header_row_has_level_one() -> None:
    visible = from_html(
        "<table><caption>Keys</caption><tr><th>Key</th><th>Does</th></tr><tr><th>F1</th><td><p>Help</p></td></tr>"
        "<tr><td>F2<br>or F3</td><td></td><td>Search</td></tr></table>"
    )
    assert shapes(visible) == [
        ("paragraph", 0, None, "Keys"),
        ("row", 1, None, "Key\tDoes"),
        ("row", 0, None, "F1\tHelp"),
        ("row", 0, None, "F2\nor F3\t\tSearch"),
    ]


def test_a_table_for_layout_is_read_like_the_page() -> None:
    visible = from_html("<table><tr><td><h2>Head</h2><p>Text</p></td><td><ol><li>Step</li></ol></td></tr></table>")
    assert [b.kind for b in visible.blocks] == ["heading", "paragraph", "step"]


def test_code_keeps_its_lines() -> None:
    visible = from_html("<pre><code>def f():\n    return  1\n</code></pre><p>Use <code>f()</code>.</p>")
    assert shapes(visible) == [
        ("code", 0, None, "def f():\n    return  1"),
        ("paragraph", 0, None, "Use f()."),
    ]


def test_definitions_are_an_item_with_its_paragraph() -> None:
    visible = from_html("<dl><dt>IMAP</dt><dd>Keeps mail on the server.</dd></dl>")
    assert [b.kind for b in visible.blocks] == ["item", "paragraph"]


@pytest.mark.parametrize(
    "box",
    [
        '<div class="note"><p>Mind</p></div>',
        '<aside class="admonition warning">Mind</aside>',
        '<div role="note">Mind</div>',
        '<p class="tip">Mind</p>',
        '<div class="callout-info">Mind</div>',
    ],
)
def test_boxes_are_notes(box: str) -> None:
    assert shapes(from_html(box)) == [("note", 0, None, "Mind")]


def test_a_quotation_that_opens_with_note_is_a_note_and_others_are_not() -> None:
    assert [b.kind for b in from_html("<blockquote><p><b>Note</b> that</p></blockquote>").blocks] == ["note"]
    assert [b.kind for b in from_html("<blockquote><p>To be <b>note</b>d</p></blockquote>").blocks] == ["paragraph"]
    assert [b.kind for b in from_html("<blockquote><p>To be or not</p></blockquote>").blocks] == ["paragraph"]


def test_a_step_inside_a_note_stays_a_step() -> None:
    visible = from_html('<div class="note">Also:<ol><li>Go</li></ol>Done</div>')
    assert [b.kind for b in visible.blocks] == ["note", "step", "note"]


def test_a_platform_mark_on_a_block_is_its_condition() -> None:
    visible = from_html('<div class="for" data-for="win,linux"><p>Press Ctrl</p></div><p>Both</p>')
    assert block(visible, "Press Ctrl").condition == "Windows, Linux"
    assert block(visible, "Both").condition == ""


def test_a_platform_mark_inside_a_block_is_a_variant_set_apart_by_a_space() -> None:
    visible = from_html(
        '<p>Press <span class="for" data-for="win"><b>Ctrl</b></span><span class="for" data-for="mac">Cmd</span>+S</p>'
    )
    assert visible.text == "Press Ctrl Cmd+S"
    found = visible.blocks[0].variants
    assert [(visible.text[v.start : v.end], v.condition) for v in found] == [("Ctrl", "Windows"), ("Cmd", "macOS")]
    assert visible.blocks[0].condition == ""


def test_a_mark_around_all_of_a_block_is_the_condition_of_the_block() -> None:
    only = from_html('<li><span class="for" data-for="not mac">Alt</span></li>').blocks[0]
    assert (only.condition, only.variants) == ("not macOS", ())


def test_marks_inside_marks_add_up() -> None:
    visible = from_html(
        '<div class="for" data-for="win"><p><span class="for" data-for="tb115">New</span> and old</p></div>'
    )
    assert visible.blocks[0].condition == "Windows"
    assert visible.blocks[0].variants[0].condition == "Windows; Thunderbird 115 or later"


def test_a_heading_that_names_a_platform_limits_its_section_alone() -> None:
    visible = from_html("<h2>On iPhone</h2><p>a</p><h3>More</h3><p>b</p><h2>Both</h2><p>c</p>")
    assert [block(visible, t).condition for t in "abc"] == ["iPhone", "iPhone", ""]


def test_only_the_main_content_of_a_page_is_read() -> None:
    visible = from_html(
        "<html><head><title>Backups | Manual</title></head><body><header>Logo</header><nav>Home</nav>"
        "<main><header><h1>Backups</h1></header><p>Text</p></main><aside>Related</aside><footer>Legal</footer></body></html>"
    )
    assert texts(visible) == ["Backups", "Text"]
    assert visible.title == "Backups"


def test_the_title_of_a_page_is_kept_when_no_heading_repeats_it() -> None:
    assert from_html("<title>A page</title><h1>Other</h1>").title == "A page"
    assert from_html("<h1>Only heading</h1>").title == "Only heading"


def test_links_are_noted_once_without_places_on_the_page() -> None:
    visible = from_html('<a href="/kb/a">A</a> <a href="#x">x</a> <a href="/kb/a">A</a> <a href="javascript:x">y</a>')
    assert visible.links == ("/kb/a",)


def test_characters_hidden_in_entities_are_cleaned_too() -> None:
    assert from_html("<p>pass&#8203;word&#x202e; &#xE0041;&#1;&#xFDD0;end</p>").text == "password end"


@pytest.mark.parametrize(
    "tag",
    [
        "div",
        "b",
        "blockquote",
        "ul><li",
        "table><tr><td",
        "span",
        "section",
        "font color=red",
        "div><table><tr><td></div",
    ],
)
def test_deep_nesting_costs_no_more_than_its_length_and_keeps_the_text(tag: str) -> None:
    def nested(depth: int) -> str:
        return f"<{tag}>" * depth + "bottom"

    assert from_html(nested(20_000)).text.endswith("bottom")
    assert growth(from_html, nested, 1_250, 10_000) < BELOW_QUADRATIC


def test_a_page_of_millions_of_tags_is_refused() -> None:
    with pytest.raises(UnreadableItem, match="at most 1,000,000 tags"):
        from_html("<b>" * 1_000_001)


@pytest.mark.parametrize("html", ["", " ", "<", "<>", "</p>", "<!--", "&#0;", "<p", "<table><li>", "<li>x", "\x00"])
def test_odd_input_is_no_error(html: str) -> None:
    from_html(html)


def test_a_hidden_menu_joins_no_words_around_it() -> None:
    visible = from_html("<p>before</p>2<nav hidden>1</nav>2")
    assert "22" not in visible.text
