"""What a chat model may cost a day: counted from stored drafts, over the limit the extractive draft stands in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from answering_desk import Desk, modest, with_settings
from sqlalchemy import update

from assistant.store import gap_tables as g
from assistant.store import tables as t
from assistant.store.database import Database
from assistant.store.spending import Budget, Spending
from ui.desk_draft import _making
from ui.doctor import _chat_model, _spending


@pytest.fixture
def desk(answering_desks: tuple[Desk, Desk]) -> Iterator[Desk]:
    found = answering_desks[1]
    assert found.vendor is not None
    found.vendor.script = modest
    with found.home.database.write() as connection:  # what other tests spent was yesterday
        yesterday = datetime.now(UTC) - timedelta(days=1)
        connection.execute(update(t.Draft).values(created_at=yesterday))
        connection.execute(update(g.ModelCall).values(at=yesterday))
    return found


def test_tokens_are_counted_from_the_drafts_of_today(desk: Desk) -> None:
    spending = Spending(desk.home.database, Budget(input_price=2.0, output_price=10.0))
    assert spending.today().tokens == 0
    answer = desk.draft()
    assert answer["usage"]["input_tokens"] == 120
    spent = spending.today()
    assert (spent.input_tokens, spent.output_tokens, spent.calls) == (120, 30, 1)
    assert spent.cost == pytest.approx((120 * 2.0 + 30 * 10.0) / 1e6)
    assert spending.today(datetime.now(UTC) + timedelta(days=1)).tokens == 0


def test_over_the_limit_the_extractive_draft_is_used_and_that_is_said(desk: Desk) -> None:
    with with_settings(desk, chat_daily_tokens=150) as limited:
        assert limited.draft()["model"] == "openai:fake"
        assert limited.vendor is not None
        calls = limited.vendor.requests
        answer = limited.draft()
        assert limited.vendor.requests == calls
        assert answer["model"] == "extractive"
        assert answer["parts"]
        assert any("150 tokens is used up" in warning for warning in answer["warnings"])
        before = limited.draft()
        anew = limited.post(f"/v1/drafts/{before['draft_id']}/rewrite", {"how": "friendlier"})
        assert any("used up" in warning for warning in anew["warnings"])
        told = limited.get("/v1/usage")
        assert told["tokens"] == 150
        assert told["limits"] == {"tokens": 150, "cost": None}
        assert "used up" in told["exceeded"]
        check = _spending(limited.home)
        assert not check.ok
        assert "150" in check.found


def test_a_cost_limit_uses_the_settings_prices(desk: Desk) -> None:
    with with_settings(desk, chat_daily_cost=0.0005, chat_input_price=2.0, chat_output_price=10.0) as limited:
        assert limited.draft()["model"] == "openai:fake"
        assert limited.draft()["model"] == "extractive"


def test_each_draft_keeps_what_it_cost_at_the_prices_of_its_time(desk: Desk) -> None:
    with with_settings(desk, chat_input_price=2.0, chat_output_price=10.0) as priced:
        answer = priced.draft()
        assert answer["usage"] == {"input_tokens": 120, "output_tokens": 30, "calls": 1, "cost": pytest.approx(0.00054)}
        anew = priced.post(f"/v1/drafts/{answer['draft_id']}/rewrite", {"how": "friendlier"})
        assert anew["usage"]["cost"] == pytest.approx(0.00054)
    assert desk.get(f"/v1/drafts/{answer['draft_id']}")["usage"] == answer["usage"]
    dearer = Spending(desk.home.database, Budget(input_price=200.0, output_price=1000.0))
    assert dearer.today().cost == pytest.approx(0.00108)
    assert desk.draft()["usage"]["cost"] is None


def test_the_desk_shows_what_a_chat_model_read_wrote_and_cost(desk: Desk) -> None:
    with with_settings(desk, chat_input_price=2.0, chat_output_price=10.0) as priced:
        assert "120 tokens read, 30 written, 0.0005 USD" in _making(priced.draft())
    assert "tokens" not in _making({**priced.draft(), "usage": None})


def test_a_vendors_own_cost_counts_before_the_settings_prices(database: Database) -> None:
    assert Spending(database, Budget(tokens=10)).status()["exceeded"] == ""
    assert Budget(cost=1.0).exceeded_by(replace(Spending(database, Budget()).today(), cost=1.5)).startswith("the day")
    assert Budget(tokens=0).exceeded_by(Spending(database, Budget()).today())


def test_doctor_says_what_is_missing_for_a_chat_model(desk: Desk) -> None:
    assert _chat_model(desk.home).ok
    with with_settings(desk, chat="nosuchvendor:model") as other:
        check = _chat_model(other.home)
    assert not check.ok
    assert "langchain-nosuchvendor" in check.found
