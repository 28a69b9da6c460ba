"""The weekly list: what it says, and that nobody's words become markup."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from browser_server import HOSTILE
from making_gaps import digest, fix, quoted, state, verdict, view, weeks
from markdown_it import MarkdownIt

from assistant.gaps.digest import render
from assistant.gaps.digest.as_markdown import words
from assistant.gaps.wording import change, effect_words, money, one_line, two_figures
from assistant.plots import Mark, Week, sparkline, timeline

SPIKE = view("new toolbar", "T3", rank=2, moved=None, weeks=weeks(2, 1, 3, 22))


class Tags(HTMLParser):
    """Which tags and attributes a page has, as a browser would find them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


def whole():
    return digest(
        view(), SPIKE, spikes=(SPIKE,), shipped=((state(), fix()),), effects=((state(), verdict()),)
    )  # fmt: skip


def test_the_markdown_says_rank_movement_people_cost_cause_and_trend():
    text = render(whole(), "md").replace("\xa0", " ")
    assert "# What people wrote about, 22 to 28 July 2024" in text
    assert "412 contacts, 9 % more than the week before (378)" in text
    assert "| 1 | up 2 | sending mail | 41 | 38 | 120 to 410 | probably Design, 62 % | Setting up |" in text
    assert "**new toolbar** stands out with 22 contacts, 2 to 12 expected." in text
    assert "shipped on 22 Jul 2024: Ask for the server's name once" in text
    assert "40 % fewer contacts than without it (95 % sure: 55 % fewer to 20 % fewer), against 18 untouched" in text
    assert "> “It says the login to the server failed.”" in text


def test_the_same_record_gives_the_same_bytes_in_every_format():
    for format_ in ("md", "html", "json"):
        assert render(whole(), format_) == render(whole(), format_)


def test_the_json_has_the_keys_of_the_api():
    found = json.loads(render(whole(), "json"))
    theme = found["themes"][0]
    assert found["period"] == {"first": "2024-07-22", "last": "2024-07-28"}
    assert theme["id"] == "T12"
    assert theme["cause"] == {
        "label": "design",
        "probability": 0.62,
        "by": "",
        "shares": {"design": 0.62, "knowledge": 0.2},
    }
    assert theme["cost"] == {"low": 120.0, "typical": 215.2, "high": 410.9}
    assert found["spikes"][0]["spiking"] is True
    assert found["effects"][0]["fix"]["effect"]["comparable"] == 18


def test_the_html_fetches_nothing_and_runs_nothing():
    page = Tags(render(whole(), "html"))
    assert not {"script", "link", "img", "iframe", "form", "base", "object"} & set(page.tags)
    assert [v for n, v in page.attributes if n in ("href", "src") and not v.startswith("#")] == []
    assert ("http-equiv", "Content-Security-Policy") in page.attributes
    assert "prefers-color-scheme:dark" in render(whole(), "html")


@pytest.mark.parametrize("payload", HOSTILE)
def test_hostile_words_stay_words(payload: str):
    evil = view(payload, quotes=(quoted(payload),), parties={payload: 3})
    plain = view("name", quotes=(quoted("words"),), parties={"party": 3})
    for one, other in (
        (digest(evil, spikes=(evil,), desk=payload), digest(plain, spikes=(plain,), desk="desk")),
        (
            digest(evil, shipped=((replace(state(), name=payload), fix(what=payload)),)),
            digest(plain, shipped=((state("name"), fix(what="what")),)),
        ),
    ):
        assert Tags(render(one, "html")).tags == Tags(render(other, "html")).tags
        rendered = MarkdownIt("commonmark", {"html": True}).enable("table").render(render(one, "md"))
        expected = MarkdownIt("commonmark", {"html": True}).enable("table").render(render(other, "md"))
        assert Tags(rendered).tags == Tags(expected).tags


def test_words_of_people_call_nobody_and_no_issue_of_a_tracker():
    shown = MarkdownIt().render(words("ask @octocat/team about #12, GH#3 or a@b, but @ and # alone stay"))
    assert not re.search(r"@\w|#\d", shown)
    assert shown.replace("\u2060", "") == "<p>ask @octocat/team about #12, GH#3 or a@b, but @ and # alone stay</p>\n"


def test_an_address_in_a_quote_is_no_link():
    assert "://" not in words("see https://evil.example/x")
    assert "www." not in words("see WWW.evil.example")


def test_a_quote_has_at_most_twenty_words_and_one_line():
    long = quoted("word " * 50)
    assert render(digest(view(quotes=(long,))), "md").count("word") == 20
    assert one_line("a\n b\u202e\x00\x1b[2J c") == "a b[2J c"


def test_a_quiet_week_says_so_and_an_empty_one_too():
    assert "**Nothing** stands out beyond" in render(digest(view()), "md")
    for format_ in ("md", "html"):
        assert "No theme had a contact this week." in render(digest(contacts=0, contacts_before=0, unthemed=0), format_)


def test_an_effect_without_data_says_so_and_a_peak_is_warned_about():
    assert effect_words(verdict(ratio=None, low=None, high=None, weeks_after=2).effect, 18).startswith(
        "Not enough data yet"
    )
    assert "stood high" in effect_words(verdict(warnings=("picked at its peak",)).effect, 18)
    unclear = verdict(verdict="no clear change", low=0.7, high=1.1).effect
    assert "No clear change" in effect_words(unclear, 18)
    assert "30 % fewer to 10 % more" in effect_words(unclear, 18)


def test_ranges_are_told_with_two_figures():
    assert [two_figures(v) for v in (0.4, 7.04, 96, 215.2, 1216, 98_700)] == ["0", "7", "96", "220", "1,200", "99,000"]
    assert money(None, "EUR") == "no cost"
    assert change(378, 0) == "none the week before"
    assert change(90, 100) == "10 % fewer than the week before (100)"


def test_a_plot_tells_in_words_what_it_shows_and_survives_short_histories():
    named = [Week(f"2024-W{n:02d}", n, 1, 4, n > 4) for n in range(1, 9)]
    assert "8 in the last, 1 to 4 expected" in sparkline(named)
    drawn = timeline(named, [Mark("2024-W05", "A"), Mark("2023-W01", "B")])
    assert drawn.count('class="plot-fix"') == 1
    assert drawn.count("plot-spike") == 4
    assert sparkline([]) == timeline([]) == ""
    for count in range(1, 4):
        assert "nan" not in timeline([Week("2024-W01", 0)] * count)
