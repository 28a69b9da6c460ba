"""Freshdesk, Intercom and Chatwoot as sources, each against a server that speaks its interface."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from helpdesk_servers import KEY, Chatwoot, Freshdesk, Intercom
from local_site import Fault, Given, LocalSite, local_site
from syncing_desk import Desk

from assistant.store.contact_rows import ContactFilter
from assistant.store.contacts import Contacts

Helpdesk = Freshdesk | Intercom | Chatwoot


@pytest.fixture(params=[Freshdesk, Intercom, Chatwoot], ids=lambda kind: kind.__name__.lower())
def helpdesk(request: pytest.FixtureRequest) -> Helpdesk:
    account: Helpdesk = request.param()
    account.article(901, "Hold the left button until the light is blue.")
    account.article(902, "Not finished yet.", is_published=False)
    account.article(903, "Choose Network and type the password.")
    for number in (1, 2, 3):
        account.ticket(number, _asked(number), ("agent", "Hold the left button for long.", True))
    return account


def _asked(number: int) -> tuple[str, str, bool]:
    return ("customer", f"The display of order {number} stays dark.", True)


READY_MADE = {"freshdesk": ["canned-1", "canned-2"], "intercom": ["macro-1", "macro-2"], "chatwoot": ["canned-1"]}
"""What agents have ready, one that all of them share first, then one that they do not."""


def test_ready_answers_are_public_only_where_the_desk_says_so_and_all_agents_share_them(
    desk: Desk, helpdesk: Helpdesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESK_KEY", KEY)
    helpdesk.keeps_own = True
    with local_site(helpdesk) as site:
        desk.add(helpdesk.kind, site.url, **helpdesk.options(), macros="public")
        desk.sync()
        shared, *own = READY_MADE[helpdesk.kind]
        assert desk.document(shared)["audience"] == "public"
        assert desk.document(shared)["text"] == "Please restart it."
        assert [desk.document(key)["audience"] for key in own] == ["internal" for _ in own]
        desk.add(helpdesk.kind, site.url, **helpdesk.options())
        desk.sync()
        assert desk.document(shared)["audience"] == "internal"


@pytest.fixture
def server(helpdesk: Helpdesk, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalSite]:
    monkeypatch.setenv("DESK_KEY", KEY)
    with local_site(helpdesk) as site:
        desk.add(helpdesk.kind, site.url, **helpdesk.options())
        yield site


def test_articles_conversations_and_ready_answers_come_each_as_what_they_are(
    desk: Desk, helpdesk: Helpdesk, server: LocalSite
) -> None:
    ready = "macro-1" if helpdesk.kind == "intercom" else "canned-1"
    assert desk.counts() == (6, 0, 0, 0, 0)
    assert desk.live() == sorted(["901", "903", "1", "2", "3", ready])
    assert [desk.document(key)["audience"] for key in ("901", "903", "1", ready)] == [
        "public", "public", "internal", "internal",
    ]  # fmt: skip
    assert desk.document("901")["url"].endswith("901")
    assert "restart it" in desk.document(ready)["text"]
    ticket = desk.document("2")
    assert [block.kind for block in ticket["blocks"]] == ["customer", "agent"]
    assert ticket["channel"] == "email"
    assert "printer" in ticket["tags"]
    assert ticket["status"] in ("resolved", "closed")
    assert ticket["title"] == "Ticket 2"


def test_satisfaction_is_a_rating_of_five_whatever_the_helpdesk_s_own_scale(
    desk: Desk, helpdesk: Helpdesk, server: LocalSite
) -> None:
    desk.sync()
    ticket = desk.document("2")
    assert (ticket["rating"], ticket["tags"]) == (5.0, ["printer"])
    desk.home.gap_log.hearing.hear_tickets()
    heard = Contacts(desk.home.database).page(ContactFilter(kind="ticket"), limit=9)
    assert [contact.rating for contact in heard] == [5.0] * 3
    assert all(contact.person for contact in heard)


def test_an_account_without_surveys_is_read_without_ratings(desk: Desk, helpdesk: Helpdesk, server: LocalSite) -> None:
    if isinstance(helpdesk, Freshdesk):
        helpdesk.asks_for_ratings = False
        assert desk.counts() == (6, 0, 0, 0, 0)
        assert "rating" not in desk.document("2")


def test_an_unchanged_account_costs_no_conversation(desk: Desk, helpdesk: Helpdesk, server: LocalSite) -> None:
    desk.sync()
    server.asked.clear()
    assert desk.counts() == (0, 0, 6, 0, 0)
    assert not [p for p in server.paths() if p.startswith(helpdesk.tickets_path) and any(c.isdigit() for c in p[30:])]


def test_private_notes_and_notes_of_machines_are_never_read(desk: Desk, helpdesk: Helpdesk, server: LocalSite) -> None:
    helpdesk.ticket(4, _asked(4), ("agent", "She always complains.", False), ("agent", "Charge it.", True))
    desk.sync()
    text = desk.document("4")["text"]
    assert "complains" not in text
    assert "resolved by" not in text
    assert "Charge it." in text


def test_long_conversations_are_read_to_their_end(desk: Desk, helpdesk: Helpdesk, server: LocalSite) -> None:
    said = [("customer" if n % 2 else "agent", f"Message number {n} about the light.", True) for n in range(7)]
    helpdesk.ticket(9, _asked(9), *said)
    desk.sync()
    text = desk.document("9")["text"]
    assert all(f"number {n} " in text for n in range(7))
    assert text.index("number 0") < text.index("number 6")


def test_what_changed_and_what_was_removed_follows(desk: Desk, helpdesk: Helpdesk, server: LocalSite) -> None:
    desk.sync()
    helpdesk.article(903, "Choose Network, then Wi-Fi, and type the password.")
    helpdesk.ticket(2, _asked(2), ("agent", "The cable was loose.", True))
    helpdesk.withdraw(901)
    assert desk.counts() == (0, 2, 3, 1, 0)
    assert "cable was loose" in desk.document("2")["text"]
    helpdesk.article(903, "Choose Network.", is_published=False)
    assert desk.counts() == (0, 0, 4, 1, 0)


def test_a_deleted_conversation_is_gone_at_once_or_with_the_next_full_look(
    desk: Desk, helpdesk: Helpdesk, server: LocalSite
) -> None:
    if helpdesk.kind != "freshdesk":  # which tells what was deleted; the others are looked through now and then
        desk.add(helpdesk.kind, server.url, **helpdesk.options(), recheck_days=0)
    desk.sync()
    helpdesk.delete(3)
    assert desk.counts() == (0, 0, 5, 1, 0)
    assert "3" not in desk.live()


def test_a_rate_limit_is_waited_for(desk: Desk, helpdesk: Helpdesk, server: LocalSite) -> None:
    server.faults.append(Fault(Given(429, headers={"Retry-After": "41"}), helpdesk.tickets_path, times=2))
    assert desk.counts() == (6, 0, 0, 0, 0)
    assert sum(1 for pause in desk.waits if 41 <= pause < 46) == 2


FAULTS = [Given(500), Given(200, b"[{", cut=1), Given(200, b"<html>later</html>")]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failure_in_the_middle_removes_nothing_and_the_next_run_completes(
    desk: Desk, helpdesk: Helpdesk, server: LocalSite, fault: Given
) -> None:
    desk.sync()
    helpdesk.ticket(5, _asked(5), ("agent", "Answer five.", True))
    server.faults.append(Fault(fault, helpdesk.tickets_path, times=99))
    summary = desk.sync()
    assert (bool(summary["error"]), summary["removed"], len(desk.live())) == (True, 0, 6)
    server.faults.clear()
    assert desk.counts() == (1, 0, 6, 0, 0)


@pytest.mark.parametrize("after", range(1, 5))
def test_a_first_run_that_breaks_off_anywhere_is_completed_by_the_next(
    desk: Desk, helpdesk: Helpdesk, server: LocalSite, after: int
) -> None:
    server.faults.append(Fault(Given(502), helpdesk.tickets_path, times=99, after=after))
    desk.sync()
    server.faults.clear()
    desk.counts()
    assert len(desk.live()) == 6
    assert desk.left_out() == []


def test_a_listing_of_articles_that_fails_removes_nothing(desk: Desk, helpdesk: Helpdesk, server: LocalSite) -> None:
    desk.sync()
    server.faults.append(Fault(Given(500), helpdesk.first_path, times=99))
    summary = desk.sync()
    assert (bool(summary["error"]), summary["removed"]) == (True, 0)


def test_broken_records_are_left_out_one_by_one(desk: Desk, helpdesk: Helpdesk, server: LocalSite) -> None:
    helpdesk.article(950, "")
    helpdesk.articles[951] = "nonsense"
    helpdesk.ticket(8, ("customer", "", True))
    summary = desk.sync()
    assert (summary["added"], summary["failed"], summary["error"]) == (6, 3, "")


def test_a_wrong_key_is_said_once_and_never_shown(
    desk: Desk, helpdesk: Helpdesk, server: LocalSite, monkeypatch: Any
) -> None:
    monkeypatch.setenv("DESK_KEY", "wrong-key-1")
    summary = desk.sync()
    assert "401" in summary["error"]
    assert len(server.asked) == 1
    assert "wrong-key-1" not in str(summary) + str(desk.sources.get(desk.name).status())


def test_an_article_inside_of_a_folder_for_some_is_internal_though_its_own_folder_is_open(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = Freshdesk()
    account.article(1, "For customers who signed in.", audience="internal")
    monkeypatch.setenv("DESK_KEY", KEY)
    with local_site(account) as site:
        desk.add("freshdesk", site.url, **account.options(), read="articles")
        desk.sync()
    assert desk.document("1")["audience"] == "internal"


@pytest.mark.parametrize("fields", [{"url": None}, {"audience_ids": ["7"]}, {"segments": [{"id": 1}]}])
def test_an_article_of_intercom_that_is_not_clearly_for_everybody_is_internal(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, fields: dict[str, Any]
) -> None:
    account = Intercom()
    account.article(1, "Hold the left button.")
    account.articles[1] |= fields
    monkeypatch.setenv("DESK_KEY", KEY)
    with local_site(account) as site:
        desk.add("intercom", site.url, **account.options())
        desk.sync()
    assert desk.document("1")["audience"] == "internal"


def test_more_tickets_than_a_page_holds_are_read_without_a_gap_while_they_change(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = Freshdesk()
    for number in range(1, 251):
        account.ticket(number, _asked(number))
    monkeypatch.setenv("DESK_KEY", KEY)
    changed: list[int] = []

    def routes(asked: Any) -> Given:
        reply = account(asked)
        if asked.query.get("updated_since") and "filter" not in asked.query and len(changed) < 2:
            changed.append(len(changed) + 1)
            account.ticket(changed[-1], ("customer", "And now it blinks.", True))
        return reply

    with local_site(routes) as site:
        desk.add("freshdesk", site.url, **account.options(), read="tickets")
        desk.sync()
    assert len(desk.live()) == 250
    assert "blinks" in desk.document("1")["text"]
