"""Zendesk as a source, against a server that speaks its interface: who may see what, cursors, limits, faults."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from local_site import Fault, Given, LocalSite, as_json, local_site
from syncing_desk import Desk
from zendesk_server import KEY, USER, Zendesk

STEPS = "<p>Open the settings.</p><ol><li>Choose Network.</li><li>Wait for the blue light.</li></ol>"


@pytest.fixture
def zendesk() -> Zendesk:
    account = Zendesk()
    account.article(11, STEPS)
    account.article(12, "<p>How to get a refund within thirty days.</p>", user_segment_id=77)
    account.article(13, "<p>Not finished yet.</p>", draft=True)
    account.macro(5, "Please restart the display and tell us the colour of its light.")
    for number in (1, 2, 3):
        account.ticket(number, (1, f"The display {number} stays dark.", True), (2, "Hold the button for long.", True))
    return account


@pytest.fixture
def server(zendesk: Zendesk, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalSite]:
    monkeypatch.setenv("ZENDESK_KEY", KEY)
    with local_site(zendesk) as site:
        desk.add("zendesk", site.url, token_env="ZENDESK_KEY", user=USER, since="2020-01-01")
        yield site


def test_articles_macros_and_tickets_come_with_the_audience_that_they_have_there(desk: Desk, server: LocalSite) -> None:
    assert desk.counts() == (6, 0, 0, 0, 0)
    assert desk.live() == ["1", "11", "12", "2", "3", "macro-5"]
    audiences = {key: desk.document(key)["audience"] for key in desk.live()}
    assert [key for key, audience in audiences.items() if audience == "public"] == ["11"]
    article = desk.document("11")
    assert article["url"] == "https://help.example/hc/articles/11"
    assert [block.number for block in article["blocks"] if block.kind == "step"] == [1, 2]
    assert "restart the display" in desk.document("macro-5")["text"]


def test_a_macro_is_public_where_the_desk_says_so_and_it_has_no_restriction(
    desk: Desk, zendesk: Zendesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZENDESK_KEY", KEY)
    zendesk.macro(6, "Dear {{ticket.requester.first_name}},\nPress the button. Your number is {{ticket.id}}.")
    zendesk.macro(7, "Only for billing.", restriction={"type": "Group", "id": 4})
    zendesk.macro(8, "From before restrictions were told.")
    del zendesk.macros[8]["restriction"]
    with local_site(zendesk) as site:
        desk.add("zendesk", site.url, token_env="ZENDESK_KEY", user=USER, since="2020-01-01", macros="public")
        desk.sync()
    audiences = {key: desk.document(key)["audience"] for key in ("macro-5", "macro-6", "macro-7", "macro-8")}
    assert audiences == {"macro-5": "public", "macro-6": "public", "macro-7": "internal", "macro-8": "internal"}
    assert desk.document("macro-6")["text"] == "Press the button."


@pytest.mark.parametrize(
    "fields",
    [{"user_segment_id": 9}, {"user_segment_ids": [4]}, {"user_segment_id": 0}, {"user_segment_id": "unsaid"}],
)
def test_an_article_that_is_not_clearly_public_is_internal(
    desk: Desk, zendesk: Zendesk, server: LocalSite, fields: dict[str, Any]
) -> None:
    zendesk.article(20, STEPS, **fields)
    zendesk.article(21, STEPS)
    del zendesk.articles[21]["user_segment_id"]
    desk.sync()
    assert desk.document("20")["audience"] == desk.document("21")["audience"] == "internal"


@pytest.mark.parametrize("draft", [True, None, "false"])
def test_an_article_that_is_not_clearly_published_is_no_document(
    desk: Desk, zendesk: Zendesk, server: LocalSite, draft: object
) -> None:
    desk.sync()
    zendesk.article(11, STEPS, draft=draft)
    assert desk.counts() == (0, 0, 5, 1, 0)


def test_an_article_that_becomes_restricted_is_internal_from_the_next_run_on(
    desk: Desk, zendesk: Zendesk, server: LocalSite
) -> None:
    desk.sync()
    zendesk.article(11, STEPS, user_segment_id=5)
    assert desk.counts() == (0, 1, 5, 0, 0)
    assert desk.document("11")["audience"] == "internal"


def test_private_notes_are_not_read_and_a_ticket_says_how_it_came_and_how_it_ended(
    desk: Desk, zendesk: Zendesk, server: LocalSite
) -> None:
    zendesk.ticket(4, (1, "The light is red.", True), (2, "He always complains.", False), (2, "Reset it.", True))
    desk.sync()
    found = desk.document("4")
    assert "complains" not in found["text"]
    assert [block.kind for block in found["blocks"]] == ["customer", "agent"]
    assert (found["channel"], found["status"], found["audience"]) == ("email", "solved", "internal")
    assert (found["tags"], found["rating"]) == (["printer"], 5.0)


def test_a_second_run_goes_on_from_the_cursor_and_asks_for_no_conversation_again(
    desk: Desk, zendesk: Zendesk, server: LocalSite
) -> None:
    desk.sync()
    server.asked.clear()
    assert desk.counts() == (0, 0, 6, 0, 0)
    assert not [path for path in server.paths() if "comments" in path]
    exports = [asked for asked in server.asked if "incremental" in asked.path]
    assert [asked.query.get("cursor") for asked in exports] == [str(zendesk.now)]


def test_changed_and_deleted_tickets_articles_and_macros_follow(
    desk: Desk, zendesk: Zendesk, server: LocalSite
) -> None:
    desk.sync()
    zendesk.ticket(2, (1, "The display stays dark.", True), (2, "The cable was loose.", True))
    zendesk.ticket(3, status="deleted")
    del zendesk.articles[12], zendesk.macros[5]
    assert desk.counts() == (0, 1, 2, 3, 0)
    assert desk.live() == ["1", "11", "2"]
    assert "cable was loose" in desk.document("2")["text"]


def test_all_pages_of_a_long_conversation_are_read(desk: Desk, zendesk: Zendesk, server: LocalSite) -> None:
    zendesk.ticket(9, *[(1 + n % 2, f"Message number {n} about the light.", True) for n in range(7)])
    desk.sync()
    assert "number 6" in desk.document("9")["text"]


def test_the_rate_limit_of_the_export_is_waited_for(desk: Desk, server: LocalSite) -> None:
    limited = Given(429, headers={"Retry-After": "37"})
    server.faults.append(Fault(limited, "/api/v2/incremental", times=3))
    assert desk.counts() == (6, 0, 0, 0, 0)
    assert sum(1 for pause in desk.waits if 37 <= pause < 42) == 3


def test_a_server_error_in_the_middle_keeps_what_came_and_the_next_run_completes_it(
    desk: Desk, zendesk: Zendesk, server: LocalSite
) -> None:
    server.faults.append(Fault(Given(500), "/api/v2/incremental", times=99, after=1))
    summary = desk.sync()
    assert "500" in summary["error"]
    assert (summary["added"], summary["removed"]) == (5, 0)
    server.faults.clear()
    server.asked.clear()
    assert desk.counts() == (1, 0, 5, 0, 0)
    assert [path for path in server.paths() if "comments" in path] == ["/api/v2/tickets/3/comments.json"]


@pytest.mark.parametrize(
    "fault", [Given(500), Given(200, b'{"articles": [', cut=10), Given(200, b"<html>"), as_json([])]
)
def test_a_listing_that_breaks_off_removes_nothing(desk: Desk, server: LocalSite, fault: Given) -> None:
    desk.sync()
    server.faults.append(Fault(fault, "/api/v2/help_center", times=99, after=1))
    summary = desk.sync()
    assert summary["error"]
    assert summary["removed"] == 0
    assert len(desk.live()) == 6


def test_a_conversation_that_fails_is_asked_for_again_in_the_next_run(
    desk: Desk, zendesk: Zendesk, server: LocalSite
) -> None:
    server.faults.append(Fault(Given(500), "/api/v2/tickets/2/", times=5))
    assert desk.counts() == (5, 0, 0, 0, 1)
    assert desk.counts() == (1, 0, 5, 0, 0)
    assert desk.left_out() == []


def test_a_ticket_that_vanished_before_its_conversation_was_read_is_gone(
    desk: Desk, zendesk: Zendesk, server: LocalSite
) -> None:
    desk.sync()
    zendesk.ticket(2, (1, "Changed.", True))
    del zendesk.comments[2]
    assert desk.counts() == (0, 0, 5, 1, 0)


def test_broken_records_are_left_out_one_by_one(desk: Desk, zendesk: Zendesk, server: LocalSite) -> None:
    zendesk.articles[98] = {"title": "no id"}
    zendesk.articles[99] = "no article"  # type: ignore[assignment]
    zendesk.article(30, None)  # type: ignore[arg-type]
    zendesk.ticket(8, created_at="yesterday")
    zendesk.comments[8] = [None, {"author_id": 1, "public": True}]
    summary = desk.sync()
    assert (summary["added"], summary["failed"], summary["error"]) == (6, 4, "")
    assert "Ticket '8', field created" in "\n".join(desk.left_out())


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_refused_is_not_tried_again_and_nothing_is_lost(
    desk: Desk, server: LocalSite, status: int
) -> None:
    desk.sync()
    server.asked.clear()
    server.faults.append(Fault(Given(status), "/", times=99))
    assert str(status) in desk.sync()["error"]
    assert len(server.asked) == 1
    assert len(desk.live()) == 6
    assert KEY not in str(desk.sources.get(desk.name).status())


def test_a_next_page_somewhere_else_is_not_followed(desk: Desk, server: LocalSite) -> None:
    elsewhere = {"articles": [], "meta": {"has_more": True}, "links": {"next": "http://127.0.0.2/steal"}}
    server.faults.append(Fault(as_json(elsewhere), "/api/v2/help_center"))
    assert "next page" in desk.sync()["error"]


def test_articles_of_further_languages_are_documents_of_their_own(
    desk: Desk, zendesk: Zendesk, server: LocalSite
) -> None:
    zendesk.article(40, "<p>Die Anzeige bleibt dunkel.</p>", locale="de")
    desk.name = "two languages"
    desk.add("zendesk", server.url, token_env="ZENDESK_KEY", user=USER, locales="en-us,de", read="articles")
    desk.sync()
    assert desk.live() == ["11", "12", "40/de"]
    assert desk.document("40/de")["locale"] == "de"
