"""The board as designers use it, in headless Chromium against a real server with real themes."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import httpx
import pytest
from browser_server import HOSTILE, Server, Watch, running_helpdesk

from ui.board_calls import Wanted
from ui.board_digest import digest_page
from ui.board_list import list_page

pytestmark = pytest.mark.browser

Open = Callable[..., Any]

# Reviews of three kinds, so that the grouping finds themes without being told how many.
_KINDS = {
    "wifi": "The wall display loses the Wi-Fi network every night and shows {} until I unplug it",
    "refund": "I want my money back for the yearly plan that was charged {} without asking me",
    "photos": "The photos from my phone do not appear on the display {}, the album stays empty",
}
_ENDINGS = (
    "an offline cloud", "nothing at all", "yesterday's calendar", "a blank page", "the old week", "a spinning wheel",
    "an error", "the same again",
)  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A helpdesk whose contacts are grouped into themes, one of them told in hostile words."""
    with running_helpdesk(before_serving=_filled) as found:
        yield found


def _filled(home: Any) -> None:
    from datetime import UTC, datetime, timedelta

    from assistant.records import NewContact
    from assistant.store.contacts import Contacts

    start = datetime(2026, 5, 4, 9, tzinfo=UTC)
    contacts = [
        NewContact(
            token=f"review:{kind}-{n}", kind="review", channel="app_store" if n % 2 else "email", person=f"{kind}{n}",
            at=start + timedelta(days=3 * n), text=words.format(ending), rating=float(1 + n % 3),
        )
        for kind, words in _KINDS.items()
        for n, ending in enumerate(_ENDINGS)
    ]  # fmt: skip
    contacts += [
        NewContact(
            token=f"review:evil-{n}", kind="review", channel="email", at=start + timedelta(days=n),
            text=f"Zeppelin lamp blinks {payload} and the zeppelin lamp stays dark", title=payload,
        )
        for n, payload in enumerate(HOSTILE[:12])
    ]  # fmt: skip
    contacts.append(
        NewContact(
            token="review:parrot", kind="review", channel="email", at=start + timedelta(days=9),
            text="My parrot rings the door chime to order groceries", rating=4.0,
        )
    )  # fmt: skip
    Contacts(home.database).add_all(contacts)
    home.gap_log.night()
    _noticed(home)


def _noticed(home: Any) -> None:
    """Agents rewrote a draft for a photo contact and said what would have helped; the theme is asked often."""
    from datetime import UTC, datetime

    from assistant.records import NewSignal
    from assistant.store.contact_rows import ContactFilter
    from assistant.store.contacts import Contacts
    from assistant.store.retests import Asked, Retests
    from assistant.store.signals import Signals

    photo = next(c for c in Contacts(home.database).page(ContactFilter(), limit=99) if "photos" in c.text)
    store = Retests(home.database)
    run = store.begin("ingest", 3, 1)
    asked = Asked(None, photo.id, "", photo.text, "answered", 0.9, ("a.md",), None, "")
    store.write(run, asked, "regressed", "gap", 0.2, (), ("a.md",))
    store.finish(run, 0.5, 1, {"regressed": 1}, store.changed())
    article = next(iter(home.knowledge.documents(("doc",)))).document_key
    often = {"contacts": 8, "answered": 0.75, "share": 0.2, "share_before": 0.2, "weeks": 4, "until": "2026-W21"}
    said = {"cause": "design", "stage": "set_up", "prevented_by": "Say when the album was read last"}
    Signals(home.database).add_all(
        [
            NewSignal("edited:d1:a", "edited", photo.at, photo.id, None, article, 0.71, "avi", {"draft_id": "d1"}),
            NewSignal("edited:d1:b", "edited", photo.at, photo.id, None, "gone", 0.71, "avi", {"draft_id": "d1"}),
            NewSignal("flagged:1", "flagged", photo.at, photo.id, actor="avi", evidence=said),
            NewSignal(
                "asked_often:photos:2026-W21", "asked_often", datetime(2026, 5, 25, tzinfo=UTC),
                theme_id=photo.theme_id, value=0.8, evidence=often,
            ),
        ]
    )  # fmt: skip


@pytest.fixture(scope="module")
def visitor(server: Server, browser_at_work: Any) -> Callable[[str], Any]:
    @cache
    def of(key: str) -> Any:
        context = browser_at_work.new_context(accept_downloads=True)
        context.set_default_timeout(30_000)
        context.add_cookies([{"name": "waypost_key", "value": key, "url": server.url}])
        return context

    return of


@pytest.fixture
def watch(server: Server) -> Iterator[Watch]:
    watched = Watch(server.url)
    yield watched
    assert not watched.dialogs
    assert not watched.elsewhere
    assert not watched.errors


@pytest.fixture
def opened(server: Server, visitor: Callable[[str], Any], watch: Watch) -> Iterator[Open]:
    pages = []

    def go(path: str = "/board", key: str = "", *, width: int = 1440) -> Any:
        page = watch.over(visitor(key or server.designer).new_page())
        pages.append(page)
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(f"{server.url}{path}")
        page.wait_for_selector("body.is-ready")
        return page

    yield go
    for page in pages:
        page.close()


def theme(server: Server, words: str) -> dict[str, Any]:
    """The theme that most contacts with these words are in."""
    listed = server.get("/v1/themes?since=2026-05-01&until=2026-06-30&limit=100")["themes"]
    return next(t for t in listed if any(words in q["text"] for q in t["quotes"]))


def now(server: Server, theme_id: str) -> dict[str, Any]:
    return dict(server.get(f"/v1/themes/{theme_id}?since=2026-05-01&until=2026-06-30"))


def listed(page: Any) -> list[str]:
    return list(page.locator(".themes td.is-theme a").all_inner_texts())


def test_the_list_says_rank_contacts_cost_cause_and_stage(server: Server, opened: Open) -> None:
    page = opened("/board?period=all")
    rows = page.locator(".themes tbody tr")
    assert rows.count() >= 3
    first = rows.nth(0).inner_text()
    assert first.startswith("1")
    assert re.search(r"EUR [\d,]+–[\d,]+", first)
    assert re.search(r"\d\s%", first)
    assert page.locator(".themes svg.plot").count() == rows.count()
    assert list(page.locator(".themes th").all_inner_texts())[:3] == ["Rank", "Theme", "Contacts"]


def test_filters_narrow_the_list_and_survive_a_reload(opened: Open) -> None:
    page = opened("/board?period=all")
    before = len(listed(page))
    page.fill("#board input[type=search]", "photos")
    page.wait_for_function(f"document.querySelectorAll('.themes tbody tr').length < {before}")
    assert page.evaluate("document.activeElement.id") == "text", "who types keeps the cursor"
    page.reload()
    page.wait_for_selector("body.is-ready")
    assert page.input_value("#board input[type=search]") == "photos"
    page.click("[data-set='status=shipped']")
    page.wait_for_selector("#board .empty")
    assert "show all themes" in page.inner_text("#board .empty")


def test_a_theme_says_what_the_desk_noticed_and_on_what_that_rests(server: Server, opened: Open) -> None:
    found = theme(server, "photos")
    page = opened(f"/board?theme={found['id']}&period=all")
    assert "still asked often" in page.inner_text(".design-sign")
    page.click(".signals .is-edited summary")
    edited = page.inner_text(".signals .is-edited")
    assert re.search(r"71\s%", edited)
    assert "1 contact" in edited, "a draft that cites two articles is one draft"
    assert "The photos from my phone" in edited
    assert "drafted from" in edited
    page.click(".signals .is-flagged summary")
    assert "Say when the album was read last" in page.inner_text(".signals .is-flagged")
    assert "8 contacts in four weeks" in page.locator(".signals .is-asked-often").text_content()
    page.click("summary:has-text('How the rank comes about')")
    assert re.search(r"contacts × [\d.]+ min ÷ 60 × EUR [\d.]+ an hour = EUR", page.inner_text(".theme-page"))


def test_the_list_narrows_to_what_is_answered_well_and_still_asked(server: Server, opened: Open) -> None:
    page = opened("/board?period=all")
    ranks = dict(zip(listed(page), page.locator("td.is-rank b").all_inner_texts(), strict=True))
    page.select_option("#signal", "asked_often")
    page.wait_for_function("document.querySelectorAll('.themes tbody tr').length === 1")
    assert page.inner_text("td.is-rank b") == ranks[listed(page)[0]], "the rank is that of the whole list"
    assert "answered well, still asked" in page.inner_text(".themes")


def test_the_search_reads_what_people_are_quoted_with(opened: Open) -> None:
    page = opened("/board?period=all")
    before = len(listed(page))
    page.fill("#board input[type=search]", "unplug it")
    page.wait_for_function(f"document.querySelectorAll('.themes tbody tr').length < {before}")
    assert listed(page)


def test_a_theme_is_accepted_with_one_click_and_that_is_undone_with_another(server: Server, opened: Open) -> None:
    found = theme(server, "photos")
    page = opened(f"/board?theme={found['id']}&period=all")
    page.click(".steps [data-action]")
    page.wait_for_selector(".title .status.is-accepted")
    assert now(server, found["id"])["status"] == "accepted"
    page.click("#notice [data-action]")
    page.wait_for_selector(".title .status.is-new")
    assert now(server, found["id"])["status"] == "new"


def test_cause_and_stage_are_set_with_one_choice_and_given_back_with_another(server: Server, opened: Open) -> None:
    found = theme(server, "photos")
    page = opened(f"/board?theme={found['id']}")
    page.select_option("#set-cause", "design")
    page.wait_for_selector(".title .cause.is-design")
    assert now(server, found["id"])["cause"]["by"] == "dee"
    page.select_option("#set-stage", "set_up")
    page.wait_for_function("document.querySelector('.title .about').innerText.includes('Setting up, says dee')")
    page.select_option("#set-cause", "-")
    page.wait_for_function("!document.querySelector('.title .cause').innerText.includes('dee')")
    assert now(server, found["id"])["cause"]["by"] == ""


def test_a_fix_is_shipped_with_what_changed_and_says_that_it_is_too_early_to_tell(server: Server, opened: Open) -> None:
    found = theme(server, "money back")
    page = opened(f"/board?theme={found['id']}&period=all")
    page.click("summary:has-text('Ship a fix')")
    page.fill("[data-field=what]", "Ask before the yearly charge")
    page.fill("[data-field=shipped_on]", "2026-05-18")
    page.click("[data-form*='\"fix\"'] [data-submit]")
    page.wait_for_selector(".fixes li")
    assert "Not enough data yet" in page.inner_text(".fixes")
    assert page.locator("section > .weeks .plot-fix").count() == 1
    page.click(".fixes summary:has-text('Rate a week')")
    assert page.locator(".fixes .weeks .plot-fix").count() == 1
    before = page.inner_text(".effect-facts tbody tr:first-child")
    assert re.search(r"Before\s+\d+\s+\d+\s+\d+\s+[\d.]+ in 1,000", before)
    assert "18 May 2026" in page.inner_text(".fixes")
    assert now(server, found["id"])["status"] == "shipped"
    page.click(".fixes [data-action]")
    page.wait_for_selector(".fixes", state="detached")
    assert now(server, found["id"])["fixes"] == []


def test_owner_due_date_comment_proposal_rename_and_dismissal(server: Server, opened: Open) -> None:
    found = theme(server, "photos")
    page = opened(f"/board?theme={found['id']}")
    page.click("summary:has-text('Owner, due date')")
    page.fill("[data-field=owner]", "Ann")
    page.fill("[data-field=due]", "2026-08-01")
    page.fill("[data-field=tracker]", "https://tracker.example/T-1")
    page.click(".form-box:has([data-field=owner]) [data-submit]")
    page.wait_for_selector("a[href='https://tracker.example/T-1']")
    page.click("summary:has-text('Comment or propose')")
    page.fill("[data-form*='comment'] textarea", "The album is read once a day")
    page.click("[data-form*='comment'] [data-submit]")
    page.wait_for_selector(".notes .is-comment")
    page.click("#notice [data-action]")
    page.wait_for_selector(".notes .is-comment", state="detached")
    page.click("#notice [data-action]")
    page.wait_for_selector(".notes .is-comment")
    page.click("summary:has-text('Rename')")
    page.fill("[data-field=name]", "Empty albums")
    page.click(".form-box:has([data-field=name]) [data-submit]")
    page.wait_for_selector("h1:has-text('Empty albums')")
    page.click("summary:has-text('Dismiss or ignore')")
    page.fill("[data-field=reason]", "Fixed in 4.3")
    page.click(".form-box:has([data-field=reason]) [data-submit]")
    page.wait_for_selector(".title .status.is-dismissed")
    whole = now(server, found["id"])
    assert (whole["owner"], whole["due"], whole["name"], whole["reason"]) == (
        "Ann",
        "2026-08-01",
        "Empty albums",
        "Fixed in 4.3",
    )
    page.click("#notice [data-action]")
    page.wait_for_selector(".title .status.is-new")


def test_a_dismissal_without_a_reason_is_refused_in_words(server: Server, opened: Open) -> None:
    page = opened(f"/board?theme={theme(server, 'photos')['id']}")
    page.click("summary:has-text('Dismiss or ignore')")
    page.click(".form-box:has([data-field=reason]) [data-submit]")
    page.wait_for_selector("#notice .is-bad")
    assert "reason" in page.inner_text("#notice")


def test_listening_shows_one_contact_at_a_time_and_remembers_what_was_heard(server: Server, opened: Open) -> None:
    found = theme(server, "photos")
    page = opened(f"/board?listen={found['id']}")
    assert page.locator(".card:visible").count() == 1
    heard_before = int(page.inner_text(".listen-head .quiet").split(" of ")[0])
    contact = page.get_attribute(".card:visible", "data-contact")
    page.click(".card:visible [data-step='1']")
    page.wait_for_function(f"document.querySelector('.card:not([hidden])').dataset.contact !== '{contact}'")
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("body:not(.is-busy)")
    page.reload()
    page.wait_for_selector("body.is-ready")
    assert int(page.inner_text(".listen-head .quiet").split(" of ")[0]) == heard_before + 2
    assert page.locator(f".card[data-contact='{contact}']").count() == 0


def test_contacts_that_belong_elsewhere_are_split_off_and_merged_back(server: Server, opened: Open) -> None:
    found = theme(server, "Wi-Fi")
    page = opened(f"/board?listen={found['id']}")
    before = now(server, found["id"])["contacts"]
    page.check(".card:visible [data-split]")
    page.wait_for_selector(".split-bar:not([hidden])")
    page.fill(".split-bar [data-field=name]", "Clouds at night")
    page.click("[data-split-off]")
    page.wait_for_selector("#notice .is-good")
    assert now(server, found["id"])["contacts"] == before - 1
    new = next(
        t
        for t in server.get("/v1/themes?since=2026-05-01&until=2026-06-30&limit=100")["themes"]
        if t["name"] == "Clouds at night"
    )
    page = opened(f"/board?theme={found['id']}&period=all")
    page.click("summary:has-text('Merge or split')")
    page.select_option("#merge-from", new["id"])
    page.click("[data-form*='merge'] [data-submit]")
    page.wait_for_selector("#notice .is-good")
    assert now(server, found["id"])["contacts"] == before


def test_exports_come_as_files(opened: Open) -> None:
    page = opened("/board?period=all")
    page.click("summary:has-text('Export')")
    with page.expect_download() as download:
        page.click("[data-download='themes/csv']")
    text = download.value.path().read_text("utf-8")
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert rows[0][0] == "rank"
    assert len(rows) >= 4
    with page.expect_download() as download:
        page.click("[data-download='themes/github']")
    assert json.loads(download.value.path().read_text("utf-8"))[0]["issue"]["labels"][0] == "waypost"


def test_the_map_of_the_knowledge_shows_findings_with_their_evidence(opened: Open) -> None:
    page = opened("/board?view=knowledge")
    assert page.locator(".articles > li").count() > 20
    page.click("[data-set='finding=contradictory']")
    page.wait_for_function("location.search.includes('finding=contradictory')")
    page.wait_for_selector(".articles .against")
    assert "30 days" in page.inner_text(".articles")


def test_an_outlier_is_put_into_a_theme_and_taken_out_again(server: Server, opened: Open) -> None:
    found = theme(server, "photos")
    page = opened("/board?period=all")
    page.click("a:has-text('in no theme')")
    page.wait_for_selector(".loose li:has-text('parrot')")
    page.select_option(".loose li:has-text('parrot') select", found["id"])
    page.wait_for_selector("#notice .is-good")
    assert page.locator(".loose li:has-text('parrot')").count() == 0
    assert now(server, found["id"])["contacts"] == found["contacts"] + 1
    page.click("#notice [data-action]")
    page.wait_for_selector(".loose li:has-text('parrot')")
    assert now(server, found["id"])["contacts"] == found["contacts"]


def test_the_map_of_the_knowledge_comes_as_a_table(opened: Open) -> None:
    page = opened("/board?view=knowledge")
    with page.expect_download() as download:
        page.click("[data-download='silence/csv']")
    rows = list(csv.reader(io.StringIO(download.value.path().read_text("utf-8").removeprefix("\ufeff"))))
    assert rows[0][:2] == ["document_id", "title"]
    assert len(rows) > 20
    assert page.locator(".articles").get_by_text("71").count() == 1, "how far agents went from its drafts"


def test_asked_again_says_what_was_lost_and_what_is_answered_now_theme_by_theme(server: Server, opened: Open) -> None:
    page = opened("/board?view=retests")
    lost = page.inner_text(".retests-page .signals >> nth=0")
    assert "Answered before and no longer" in lost
    assert "album" in lost
    assert "confidence" in lost
    page = opened(f"/board?theme={theme(server, 'photos')['id']}&period=all")
    assert "Answered before and no longer" in page.inner_text(".theme-page")


def test_keys_move_open_and_go_back_and_can_be_switched_off(opened: Open) -> None:
    page = opened("/board?period=all")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.closest('tr').rowIndex") == 1
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    page.wait_for_selector(".theme-page")
    page.keyboard.press("Escape")
    page.wait_for_selector(".themes")
    page.keyboard.press("/")
    page.keyboard.type("kj")
    assert page.input_value("#board input[type=search]") == "kj", "letters are letters while one writes"
    page.click(".keys summary")
    page.uncheck("#keys-on")
    page.click("h1")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.type") != "search"
    page.check("#keys-on")


def test_an_agent_reads_and_proposes_and_is_told_why_nothing_else(server: Server, opened: Open) -> None:
    found = theme(server, "photos")
    page = opened(f"/board?theme={found['id']}", server.agent)
    assert "agent" in page.inner_text(".work.read-only")
    assert page.locator("#set-cause").count() == 0
    page.fill(".work [data-field=text]", "Show when the album was read last")
    page.click(".work [data-submit]")
    page.wait_for_selector(".notes .is-proposal")
    assert "avi" in page.inner_text(".notes")


def test_hostile_words_are_shown_as_words_everywhere(server: Server, opened: Open) -> None:
    evil = theme(server, "eppelin")
    page = opened("/board?period=all")
    for address in (f"?theme={evil['id']}&period=all", f"?listen={evil['id']}", "?view=knowledge"):
        page.goto(f"{server.url}/board/{address}")
        page.wait_for_selector("body.is-ready")
        for bad in ("img", "iframe", "script:not([src])", "form", "object", "embed", "base", "a[href^=javascript]"):
            assert page.locator(f"#board {bad}").count() == 0
    page.goto(f"{server.url}/board/?theme={evil['id']}")
    page.wait_for_selector("body.is-ready")
    page.click("summary:has-text('Rename')")
    page.fill("[data-field=name]", HOSTILE[1])
    page.click(".form-box:has([data-field=name]) [data-submit]")
    page.wait_for_function("document.querySelector('h1').innerText.includes('onerror')")


def test_an_unknown_theme_and_a_torn_action_are_errors_in_words(opened: Open) -> None:
    page = opened("/board?theme=T99999")
    assert "T99999" in page.inner_text("#notice")


@pytest.mark.parametrize("width", [390, 768, 1440])
def test_no_page_scrolls_sideways(server: Server, opened: Open, width: int) -> None:
    found = theme(server, "photos")
    page = opened("/board?period=all", width=width)
    for address in (
        "?period=all",
        f"?theme={found['id']}",
        f"?listen={found['id']}",
        "?view=knowledge",
        "?view=loose",
        "?view=retests",
    ):
        page.goto(f"{server.url}/board/{address}")
        page.wait_for_selector("body.is-ready")
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, address


def test_an_empty_list_says_what_to_do() -> None:
    found = {
        "period": {"first": "2026-06-01", "last": "2026-06-28"}, "currency": "EUR", "all_contacts": 0, "unthemed": 0,
        "total": 0, "by_status": {}, "channels": {}, "themes": [], "stages": [],
    }  # fmt: skip
    assert "waypost gaps mine" in list_page(found, Wanted(), 50)
    assert "needs three that are alike" in list_page({**found, "all_contacts": 9, "unthemed": 9}, Wanted(), 50)
    assert "show all themes" in list_page(found, Wanted(cause="design"), 50)


def test_the_digest_of_a_week_without_contacts_says_what_to_do() -> None:
    digest = {
        "week": "2026-W01", "period": {"first": "2025-12-29", "last": "2026-01-04"}, "headline": "Nobody wrote in.",
        "highlights": [], "themes": [], "currency": "EUR", "answered_now": [], "regressed": [],
    }  # fmt: skip
    assert "Choose another week" in digest_page(digest, ["2026-W01"])


def test_the_api_gives_the_files_that_the_page_offers(server: Server) -> None:
    found = theme(server, "photos")
    headers = {"Authorization": f"Bearer {server.agent}"}
    for path in (f"/v1/themes/{found['id']}/brief?format=md", f"/v1/themes/{found['id']}/article?format=md"):
        reply = httpx.get(f"{server.url}{path}", headers=headers, trust_env=False, timeout=30)
        assert reply.status_code == 200
        assert reply.text.startswith(("#", ">"))
    assert "Draft for a writer" in reply.text
