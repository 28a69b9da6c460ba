"""What a fix did as people see it: rates with exposure, the whole span, the control's line, and said fallbacks."""

from datetime import timedelta

import numpy as np
import pytest
from fastapi.testclient import TestClient
from test_gap_api import client, home, keys  # noqa: F401 - fixtures
from test_gap_log import START, TOPICS, TopicVectors, contact

from assistant.gaplog.board import prices
from assistant.gaplog.log import GapLog
from assistant.gaps.effect import carried_along
from assistant.gaps.shapes import effect_json
from assistant.plots import Mark, compared
from assistant.store.contacts import Contacts
from assistant.store.database import open_database, sqlite_url
from assistant.store.fixes import Fixes
from assistant.store.themes import Themes
from ui.board_effect import effect_words

WEEKS, SHIPPED = 20, 12


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """Three topics a week for twenty weeks; from the twelfth on the first is asked a third as often."""
    database = open_database(sqlite_url(tmp_path_factory.mktemp("effect")), create=True)
    log = GapLog(database, TopicVectors(), prices((6, 14), (28, 45)), "EUR", "Desk")
    number = iter(range(10_000))
    Contacts(database).add_all(
        [
            contact(next(number), texts[n % 3], at=START + timedelta(weeks=week, hours=n))
            for week in range(WEEKS)
            for topic, texts in TOPICS.items()
            for n in range(2 if topic == "wifi" and week >= SHIPPED else 6)
        ]
    )
    log.night()
    theme = next(t.id for t in Themes(database).all() if "Wi-Fi" in t.name)
    day = (START + timedelta(weeks=SHIPPED)).date()
    fix = Fixes(database).add(theme, "dee", what="Ask once", shipped_on=day, picked_by="volume")
    yield log, fix
    database.close()


def weeks_from(first: int, last: int) -> dict[str, float]:
    days = [(START + timedelta(weeks=n)).date().isocalendar() for n in range(first, last)]
    return {f"{day.year}-W{day.week:02d}": 1000.0 for day in days}


def test_the_effect_tells_rates_with_their_exposure_and_the_whole_span(measured):
    log, fix = measured
    told = effect_json(log.effects.of([fix])[0])
    assert 8 <= told["weeks_before"] <= SHIPPED, "the weeks of the choice are left out"
    assert told["rate_before"] == pytest.approx(told["contacts_before"] / told["exposure_before"], abs=1e-4)
    assert told["rate_after"] == pytest.approx(told["contacts_after"] / told["exposure_after"], abs=1e-4)
    assert len(told["weeks"]) == len(told["control"]) == WEEKS - 1, "all whole weeks, those left out too"
    own = [contacts for _, contacts, _ in told["weeks"][:SHIPPED]]
    assert sum(told["control"][:SHIPPED]) == pytest.approx(sum(own), abs=0.1)
    page = effect_words(told, "2026-05-25", "A")
    named = told["weeks"][0][0]
    for words in ("Before", "After", "in 1,000", "Shipped", "25 May 2026", "plot-other", "plot-fix", named):
        assert words in page, words


def test_an_exposure_that_lacks_a_week_is_not_used_and_that_is_said(measured):
    log, fix = measured
    store = Fixes(log.database)
    store.set_exposure("orders", {w: n for w, n in weeks_from(0, WEEKS).items() if w != "2026-W14"})
    told = effect_json(log.effects.of([fix])[0])
    assert told["exposure"] == "contacts"
    assert "orders has no number for 2026-W14" in told["exposure_note"]
    assert "2026-W14" in effect_words(told, "2026-05-25", "A")
    store.set_exposure("orders", {"2026-W14": 1000.0})
    told = effect_json(log.effects.of([fix])[0])
    assert (told["exposure"], told["exposure_note"]) == ("orders", "")
    assert told["exposure_before"] == 1000 * told["weeks_before"]


def test_a_file_of_exposures_with_a_hole_is_refused_with_the_week(
    client: TestClient,  # noqa: F811
    keys: dict[str, dict[str, str]],  # noqa: F811
):
    given = {"2026-W11": 40.0, "2026-W12": 41.0, "2026-W14": 39.0}
    refused = client.put("/v1/exposures/orders", json=given, headers=keys["designer"])
    assert refused.status_code == 422 or refused.status_code == 400
    assert "2026-W13" in refused.text
    refused = client.put("/v1/exposures/orders", json={"2026-W11": 0.0}, headers=keys["designer"])
    assert "2026-W11" in refused.text
    assert refused.status_code >= 400


def test_the_control_moves_with_the_untouched_themes():
    own, untouched = np.array([30, 30, 2, 2]), np.array([[50, 50, 4, 4], [50, 50, 4, 4]])
    assert carried_along(own, untouched, shipped=2).tolist() == pytest.approx([30, 30, 2.4, 2.4])
    assert carried_along(own, np.zeros((0, 4), np.int64), shipped=2).size == 0


@pytest.mark.parametrize("most", [0.004, 0.7, 3.0, 140.0])
def test_a_plot_of_rates_has_a_scale_for_any_size(most):
    drawn = compared(["2026-W01", "2026-W02"], [most, most / 2], [], Mark("2026-W02", "A"))
    assert f">{0}</text>" in drawn
    assert drawn.count("plot-grid") >= 2
    assert "plot-fix" in drawn
