"""Contacts that no theme holds: listed, put into one by a person, and put back; retests by theme; words by week."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from test_gap_api import client, home, keys  # noqa: F401 - fixtures
from typer.testing import CliRunner

from assistant.errors import NotFound, UsageError
from assistant.gaplog.weekly import week_period
from assistant.gaps.silence import Against, Article, Mapped, SilenceMap
from assistant.gaps.silence_table import as_csv
from assistant.records import NewContact
from assistant.store.contacts import Contacts
from assistant.store.retests import Asked, Change, Retests
from assistant.store.themes import Themes
from ui.cli import app
from ui.home import Home, open_home

LONE = "My parrot learned to ring the door chime and now it orders groceries"


@pytest.fixture(scope="module")
def lone(home: Home) -> int:  # noqa: F811
    latest = Contacts(home.database).span()
    assert latest is not None
    contact = NewContact("ask:parrot", "question", "email", latest[1], LONE)
    return Contacts(home.database).add(contact)


@pytest.fixture
def theme(home: Home) -> str:  # noqa: F811
    return Themes(home.database).all()[0].id


def theme_of(home: Home, contact: int) -> str | None:  # noqa: F811
    return Contacts(home.database).get(contact).theme_id


def test_an_outlier_is_listed_put_into_a_theme_and_put_back(
    client: Any,  # noqa: F811
    keys: dict[str, Any],  # noqa: F811
    home: Home,  # noqa: F811
    lone: int,
    theme: str,
) -> None:
    listed = client.get("/v1/contacts", headers=keys["agent"], params={"theme": "none", "text": "parrot"}).json()
    assert [(listed["total"], each["id"]) for each in listed["contacts"]] == [(1, lone)]
    path = f"/v1/themes/{theme}/contacts"
    assert client.post(path, json={"contacts": [lone]}, headers=keys["agent"]).status_code == 403
    found = client.post(path, json={"contacts": [lone]}, headers=keys["designer"]).json()
    assert theme_of(home, lone) == theme
    placed = next(change for change in found["history"] if change["action"] == "place")
    assert (placed["actor"], placed["contacts"], placed["reversible"]) == ("designer", 1, True)
    home.gap_log.night()
    assert theme_of(home, lone) == theme, "what a person put together stays so"
    members = [of for of, _ in Themes(home.database).members().values()]
    assert members.count(theme) > 5, "one odd contact does not carry the theme away from those it is about"
    undone = client.post(f"/v1/themes/{theme}/undo", json={"change": placed["id"]}, headers=keys["designer"])
    assert undone.status_code == 200
    assert theme_of(home, lone) is None
    assert not Contacts(home.database).get(lone).pinned


def test_a_contact_of_another_theme_goes_back_to_that(home: Home, theme: str) -> None:  # noqa: F811
    other = Themes(home.database).all()[1].id
    contact = next(i for i, (of, _) in Themes(home.database).members().items() if of == other)
    home.gap_log.put(theme, [contact], "dee")
    assert theme_of(home, contact) == theme
    with pytest.raises(UsageError, match="not in"):
        home.gap_log.put(theme, [contact], "dee")
    from assistant.store.theme_changes import ThemeChanges

    ThemeChanges(home.database).undo(theme, None, "dee")
    assert theme_of(home, contact) == other


def test_an_unknown_contact_changes_nothing(home: Home, lone: int, theme: str) -> None:  # noqa: F811
    with pytest.raises(NotFound, match="No contact 987654"):
        home.gap_log.put(theme, [lone, 987654], "dee")
    assert theme_of(home, lone) is None


def test_what_a_retest_changed_stands_with_its_theme(
    client: Any,  # noqa: F811
    keys: dict[str, Any],  # noqa: F811
    home: Home,  # noqa: F811
    theme: str,
) -> None:
    contact = next(i for i, (of, _) in Themes(home.database).members().items() if of == theme)
    store, known = Retests(home.database), Contacts(home.database).get(contact)
    asked = Asked(None, contact, "", known.text, "answered", 0.9, ("a.md",), None, "")
    run = store.begin("ingest", 4, 1)
    store.write(run, asked, "regressed", "gap", 0.2, (), ("a.md",))
    assert store.of_theme(theme) == [], "a run counts when it is finished"
    store.finish(run, 0.5, 1, {"regressed": 1}, Change(("a.md",), (), frozenset(), 1, "2026-01-01T00:00:00+00:00"))
    line = store.of_theme(theme)[0]
    assert (line.result, line.contact_id) == ("regressed", contact)
    shown = client.get("/v1/retests", headers=keys["agent"]).json()["runs"][0]["gaps"][0]
    assert shown["theme_id"] == theme
    evidence = client.get(f"/v1/themes/{theme}/evidence", headers=keys["agent"]).json()
    assert [each["result"] for each in evidence["retests"]] == ["regressed"]


def test_a_digest_quotes_its_own_week_only(home: Home) -> None:  # noqa: F811
    weekly, first = home.gap_log.weekly, Contacts(home.database).span()
    assert first is not None
    for weeks in range(6):
        year, week, _ = (first[0] + timedelta(weeks=weeks)).isocalendar()
        name = f"{year}-W{week:02d}"
        period = week_period(name)
        for view in weekly.collected(name, period).themes:
            assert all(period.first <= quote.at.date() <= period.last for quote in view.quotes)


def test_the_command_line_lists_outliers_and_the_map_of_the_knowledge(tmp_path: Path) -> None:
    made = open_home(tmp_path / "data", create=True)
    Contacts(made.database).add(NewContact("ask:1", "question", "email", datetime(2026, 5, 4, tzinfo=UTC), LONE))
    made.close()
    run = CliRunner().invoke
    data = ["--data", str(tmp_path / "data")]
    assert "parrot" in run(app, ["gaps", "outliers", *data]).output
    found = json.loads(run(app, ["gaps", "outliers", "--json", *data]).output)
    assert (found["total"], found["contacts"][0]["text"]) == (1, LONE)
    assert json.loads(run(app, ["gaps", "silence", "--json", *data]).output) == {"counts": {}, "articles": []}
    out = tmp_path / "knowledge.csv"
    assert run(app, ["gaps", "silence", "--out", str(out), *data]).exit_code == 0
    assert out.read_text("utf-8-sig").startswith('"document_id"')
    assert isinstance(run(app, ["gaps", "silence", "--finding", "odd", *data]).exception, UsageError)


def test_the_map_s_table_runs_no_formula() -> None:
    evil = Article("=1+1", "@SUM(A1)", "", "public", None, rewritten=2, edit_distance=0.71)
    text = as_csv(SilenceMap((Mapped(evil, ("edited away",), (Against("b", "-2", said="14 against 30"),)),), {}))
    row = next(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert (row["document_id"], row["title"], row["against"]) == ("'=1+1", "'@SUM(A1)", "'-2: 14 against 30")
    assert (row["rewritten"], row["edit_distance"]) == ("2", "0.71")
