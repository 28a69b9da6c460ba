"""What the pages make of values from outside, without a browser."""

from datetime import UTC, datetime
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from browser_server import HOSTILE
from hypothesis import given
from hypothesis import strategies as st

from ui.desk_calls import Opened, Ticket
from ui.desk_draft import confidence_word, draft_panel, edit_words, reply_text, state_line
from ui.desk_evidence import evidence_panel, excerpts
from ui.rendering import ago, days, element, first_words, is_web_address, link, notice, share_bar, shown

ALLOWED = {
    "details",
    "summary",
    "p",
    "span",
    "a",
    "mark",
    "article",
    "section",
    "header",
    "h2",
    "h3",
    "ul",
    "ol",
    "li",
    "blockquote",
}
ALLOWED |= {"button", "time", "strong", "div", "details", "summary"}


class Seen(HTMLParser):
    """The tags, addresses and words that a browser would find."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.handlers: list[str] = []
        self.addresses: list[str] = []
        self.words = ""
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.words += data


def answer(**changes: object) -> dict[str, object]:
    plain: dict[str, object] = {
        "draft_id": "d1", "verdict": "answered", "confidence": 0.7, "greeting": "Hello,", "closing": "Bye",
        "parts": [{"text": "Press it.", "citations": [1], "step": None}], "uncovered": [], "warnings": [],
        "follow_ups": [], "parent_id": None, "rewritten": "",
        "suggestions": [], "gap": None, "timings_ms": {"retrieve": 40.0}, "model": "extractive", "generation": "g",
        "usage": None, "sources": [source()],
    }  # fmt: skip
    return plain | changes


def source(**changes: object) -> dict[str, object]:
    plain: dict[str, object] = {
        "n": 1, "document_id": "a", "version": 1, "kind": "doc", "audience": "public", "title": "A", "start": 0,
        "end": 9, "quote": "Press it.", "href": "https://help.example/a", "updated_at": "2026-06-05T00:00:00+00:00",
    }  # fmt: skip
    return plain | changes


def opened(of: dict[str, object], text: str = "Press it. Then wait.") -> Opened:
    document = {"text": text, "headings": []}
    return Opened(Ticket("?"), of, {("a", 1): document}, (), {"events": [], "feedback": []})


@given(st.text() | st.sampled_from(HOSTILE))
def test_any_text_comes_out_as_that_text_and_nothing_else(text: str) -> None:
    seen = Seen(shown(element("p", text, title=text, data_ask=text)))
    assert seen.tags == {"p"}
    assert not seen.handlers
    assert _plain(seen.words) == _plain(text)


def _plain(text: str) -> str:
    """As HTML has it: one kind of line end, no NUL."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")


def test_words_in_doubt_are_marked_in_the_text_and_told_beside_it() -> None:
    part = {"text": "Use 5 MHz, kindly.", "citations": [1], "step": None}
    doubted = {**part, "unsupported": ["5 MHz", "kindly", "(If you have Plus)"]}
    page = shown(draft_panel(opened(answer(parts=[doubted]))))
    for word in ("5 MHz", "kindly"):
        assert f'<mark class="in-doubt" title="Not in the source">{word}</mark>' in page
    assert "Not in the source: 5 MHz, kindly. Only in the source: If you have Plus." in page
    assert "in-doubt" not in shown(draft_panel(opened(answer(parts=[{**part, "unsupported": []}]))))


def test_half_a_character_does_not_break_the_page() -> None:
    assert shown(element("p", "a\ud800b")) == "<p>a?b</p>"


@pytest.mark.parametrize("payload", HOSTILE)
def test_a_payload_in_every_field_of_a_draft_stays_text(payload: str) -> None:
    of = answer(
        greeting=payload, closing=payload, uncovered=[payload], follow_ups=[payload], model=payload,
        warnings=[f"internal_source: [1] {payload}", payload],
        parts=[{"text": payload, "citations": [1], "step": None}, {"text": payload, "citations": [1], "step": 1},
               {"text": payload, "citations": [1], "step": None, "unsupported": [payload, f"({payload})"]}],
        sources=[source(title=payload, quote=payload, end=len(payload), href=payload, kind=payload)],
    )  # fmt: skip
    for text in (payload, "something else"):
        drawn = opened(of, text)
        seen = Seen(shown(element("div", draft_panel(drawn), evidence_panel(drawn))))
        assert seen.tags <= ALLOWED
        assert not seen.handlers
        assert all(is_web_address(address) for address in seen.addresses)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)", " javascript:alert(1)", "java\nscript:alert(1)", "data:text/html,x", "//evil.example/x",
        "https:///nohost", "https://a.example/<b>", "vbscript:x", "file:///etc/passwd", "", "https://[", "/login",
    ],
)  # fmt: skip
def test_only_plain_web_addresses_become_links(url: str) -> None:
    assert "href" not in link(url, "words")


def test_a_web_address_opens_apart_without_a_way_back() -> None:
    assert shown(link("https://help.example/a?b=1&c=2#d", "words")) == (
        '<a href="https://help.example/a?b=1&amp;c=2#d" target="_blank" rel="noopener noreferrer">words</a>'
    )


def test_the_second_net_removes_what_a_slip_would_let_through() -> None:
    from ui.rendering import Html

    slip = Html('<p onclick="x()">a<script>b</script><img src="//e.example"><a href="javascript:c">d</a></p>')
    assert shown(slip) == '<p>a<a rel="noopener noreferrer">d</a></p>'


def test_a_bar_is_filled_to_its_share_and_no_further() -> None:
    assert 'style="width:62%"' in shown(share_bar(0.621))
    assert 'style="width:100%"' in shown(share_bar(7))


@given(st.text(min_size=1, max_size=900), st.data())
def test_excerpts_hold_every_quote_in_order_without_overlap(text: str, data: st.DataObject) -> None:
    place = st.integers(0, len(text))
    spans = []
    for number in range(data.draw(st.integers(1, 4))):
        start, end = sorted((data.draw(place), data.draw(place)))
        spans.append((number, start, end))
    found = excerpts(text, spans, around=40)
    assert sorted(n for excerpt in found for n in excerpt.numbers) == [n for n, _, _ in spans]
    assert all(left.end < right.start for left, right in pairwise(found))
    for number, start, end in spans:
        holder = next(e for e in found if number in e.numbers)
        assert holder.start <= start <= end <= holder.end


def test_the_evidence_shows_the_quote_marked_in_its_context() -> None:
    drawn = shown(evidence_panel(opened(answer())))
    assert '<mark id="source-1"' in drawn
    assert "Then wait." in Seen(drawn).words


def test_a_quote_whose_text_is_gone_is_shown_as_cited() -> None:
    words = Seen(shown(evidence_panel(opened(answer(), "Other words.")))).words
    assert "Press it." in words
    assert "not available" in words


def test_steps_that_start_again_make_a_new_list() -> None:
    steps = [{"text": f"s{n}", "citations": [1], "step": n} for n in (1, 2, 1, 2)]
    assert shown(draft_panel(opened(answer(parts=steps)))).count("<ol") == 2


def test_the_same_warning_about_several_sources_is_said_once() -> None:
    warnings = [f"internal_source: [{n}] A is internal" for n in (1, 2)]
    words = Seen(shown(draft_panel(opened(answer(warnings=warnings))))).words
    assert "[1] [2] A is internal" in words


def test_the_reply_is_the_text_that_the_server_measures_edits_against() -> None:
    parts = [{"text": "Look.", "step": None, "citations": [1]}, {"text": "Press.", "step": 1, "citations": [1]}]
    assert reply_text(answer(parts=parts)) == "Hello,\n\nLook.\n1. Press.\n\nBye"
    assert reply_text(answer(parts=[], greeting="", closing="")) == ""


@pytest.mark.parametrize(
    ("distance", "words"),
    [
        (0.0, "as drafted"), (0.001, "lightly edited: 1 %"), (0.1, "lightly edited: 10 %"), (0.25, "edited: 25 %"),
        (0.6, "heavily edited: 60 %"), (1.0, "rewritten: 100 %"),
    ],
)  # fmt: skip
def test_an_edit_is_told_in_words(distance: float, words: str) -> None:
    assert edit_words(distance).startswith(words)


@pytest.mark.parametrize(
    ("probability", "word"),
    [(1.0, "high"), (0.85, "high"), (0.7, "good"), (0.5, "moderate"), (0.3, "low"), (0, "very low")],
)
def test_confidence_has_a_word(probability: float, word: str) -> None:
    assert confidence_word(probability) == word


def test_the_latest_event_says_what_became_of_a_draft() -> None:
    def line(*kinds: str) -> str:
        events = [{"kind": kind, "edit_distance": 0.0} for kind in kinds]
        return Seen(shown(state_line({"events": events}))).words

    assert line("shown") == ""
    assert line("shown", "copied") == "Copied"
    assert line("shown", "copied", "sent") == "Sent, as drafted"
    assert line("shown", "discarded") == "DiscardedUndo"
    assert line("shown", "discarded", "shown") == ""


def test_dates_are_short_and_a_single_day_is_told_once() -> None:
    assert Seen(days("2026-06-05T08:00:00Z", "2026-06-05T09:00:00Z")).words == "5 Jun 2026"
    assert Seen(days("2026-06-05T08:00:00Z", "2026-07-01T09:00:00Z")).words == "5 Jun to 1 Jul 2026"
    assert Seen(days("2025-06-05T08:00:00Z", "2026-07-01T09:00:00Z")).words == "5 Jun 2025 to 1 Jul 2026"
    now = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
    ages = ["2026-07-01T11:59:30Z", "2026-07-01T11:30:00Z", "2026-07-01T09:00:00Z", "2026-06-05T09:00:00Z"]
    assert [Seen(ago(at, now)).words for at in ages] == ["now", "30 min", "3 h", "5 Jun"]


def test_a_long_text_is_cut_at_a_word() -> None:
    assert first_words("one two three", 8) == "one two…"
    assert first_words(" one\n two ", 8) == "one two"


def test_nothing_to_say_leaves_the_live_region_empty() -> None:
    assert notice("") == ""
