"""Desk and board as people use them, in headless Chromium against a real server."""

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
from browser_server import HOSTILE, Server, Watch, running_helpdesk

pytestmark = pytest.mark.browser

WIFI = "How do I connect the display to my Wi-Fi at home?"
ZITHER = "Can the zither of my aunt be tuned by telegraph?"
INTERNAL = "Which escalation path for account recovery when the customer lost email?"

Open = Callable[..., Any]


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with running_helpdesk() as found:
        yield found


@pytest.fixture(scope="session")
def visitor(server: Server, browser_at_work: Any) -> Callable[[str], Any]:
    """The browser profile of whoever holds a key, kept for the session so that scripts are fetched once."""

    @cache
    def of(key: str) -> Any:
        context = browser_at_work.new_context()
        context.set_default_timeout(60_000)
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=server.url)
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
    """Opens a page signed in with a key; its reports of trouble fail the test."""
    pages = []

    def go(path: str, key: str = "", *, width: int = 1280) -> Any:
        page = watch.over(visitor(key or server.admin).new_page())
        pages.append(page)
        page.set_viewport_size({"width": width, "height": 844})
        page.goto(f"{server.url}{path}")
        page.wait_for_selector("body.is-ready")
        return page

    yield go
    for page in pages:
        page.close()


def ask(page: Any, text: str) -> None:
    page.fill("#ticket textarea", text)
    page.click("#ask")
    page.wait_for_selector("#draft .draft")


def draft_id(page: Any) -> str:
    return str(page.get_attribute("#draft .draft", "data-draft"))


def test_a_key_opens_the_page_that_was_asked_for(server: Server, browser_at_work: Any, watch: Watch) -> None:
    context = browser_at_work.new_context()
    page = watch.over(context.new_page())
    page.goto(f"{server.url}/board?status=new")
    assert "/login" in page.url
    page.fill("#key", server.agent)
    page.click("button")
    page.wait_for_selector("body.is-ready")
    assert page.url == f"{server.url}/board/?status=new"
    assert server.agent not in page.content(), "the key is for the cookie alone"
    assert server.agent not in page.evaluate("document.cookie")
    assert server.agent not in page.evaluate("fetch('gradio_api/user').then(r => r.text())")
    context.close()


def test_a_wrong_key_is_refused_in_words(server: Server, browser_at_work: Any) -> None:
    page = browser_at_work.new_context().new_page()
    page.goto(f"{server.url}/desk")
    page.fill("#key", "wp_nobody_nothing")
    page.click("button")
    assert "unknown or revoked" in page.inner_text("[role=alert]")
    page.context.close()


def test_a_draft_cites_evidence_that_one_click_shows(server: Server, opened: Open) -> None:
    page = opened("/desk")
    ask(page, WIFI)
    assert page.inner_text("#draft h2") in ("Answered", "Answered in part", "Possible answer")
    assert re.search(r"\w+ confidence\s+\d+ %", page.inner_text("#draft .confidence"))
    assert page.locator("#draft ol li").count() >= 3, "steps are a list"
    page.click("#draft .cite >> nth=0")
    page.wait_for_selector("mark.is-selected")
    answer = server.get(f"/v1/drafts/{draft_id(page)}")
    for source in answer["sources"]:
        mark = page.inner_text(f"#source-{source['n']}").removeprefix(str(source["n"]))
        assert " ".join(mark.split()) == " ".join(source["quote"].split())
    links = page.locator("#evidence .source header a")
    assert links.first.get_attribute("target") == "_blank"
    assert "noopener" in str(links.first.get_attribute("rel"))


def test_the_excerpt_around_a_quote_is_the_stored_text(server: Server, opened: Open) -> None:
    page = opened("/desk")
    ask(page, WIFI)
    first = server.get(f"/v1/drafts/{draft_id(page)}")["sources"][0]
    text = server.get(f"/v1/documents/{first['document_id']}?version={first['version']}")["text"]
    page.eval_on_selector_all(".mark-number", "numbers => numbers.forEach(number => number.remove())")
    excerpt = page.inner_text("#evidence .source blockquote >> nth=0").strip("… ")
    shown = re.sub(r"\s+", "", excerpt)
    assert shown in re.sub(r"\s+", "", text)


def test_a_reload_shows_the_same_draft_with_the_same_sources(opened: Open) -> None:
    page = opened("/desk")
    ask(page, WIFI)
    page.wait_for_function("location.search.startsWith('?draft=')")
    before = page.inner_html("#draft .draft"), page.inner_text("#evidence"), page.input_value("#reply textarea")
    page.reload()
    page.wait_for_selector("#draft .draft")
    assert page.inner_html("#draft .draft") == before[0]
    assert page.inner_text("#evidence") == before[1]
    assert page.input_value("#reply textarea") == before[2]
    assert page.input_value("#ticket textarea") == WIFI


def test_control_and_enter_ask_from_anywhere(opened: Open) -> None:
    page = opened("/desk")
    assert "Ctrl" in page.inner_text(".hint")
    page.fill("#ticket textarea", WIFI)
    page.focus("#subject textarea, #subject input")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#draft .draft")


def test_an_example_asks_itself(opened: Open) -> None:
    page = opened("/desk")
    page.click(".examples button >> nth=0")
    page.wait_for_selector("#draft .draft")
    assert page.input_value("#ticket textarea")


def test_copy_takes_the_plain_reply_and_is_recorded(server: Server, opened: Open) -> None:
    page = opened("/desk")
    ask(page, WIFI)
    page.click("#copy")
    page.wait_for_selector(".state.is-copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.input_value("#reply textarea")
    assert not re.search(r"\[\d\]", copied), "citation marks are for staff"
    events = server.get(f"/v1/drafts/{draft_id(page)}/history")["events"]
    assert [e["kind"] for e in events] == ["shown", "copied"]


def test_an_internal_source_is_marked_and_warned_about_before_copying(opened: Open) -> None:
    page = opened("/desk")
    ask(page, INTERNAL)
    page.wait_for_selector("#evidence .source.is-internal")
    assert page.locator(".warning.is-internal_source").count() >= 1
    page.click("#copy")
    page.wait_for_selector("#page-notice .notice")
    assert page.locator(".state.is-copied").count() == 0
    page.click("#page-notice button")
    page.wait_for_selector(".state.is-copied")


def test_what_was_sent_is_kept_and_its_edits_told_in_words(server: Server, opened: Open) -> None:
    page = opened("/desk")
    ask(page, WIFI)
    reply = page.input_value("#reply textarea").replace("Choose your network", "Please pick your network")
    page.fill("#reply textarea", reply)
    page.click("#sent")
    page.wait_for_selector(".state.is-sent")
    assert re.search(r"Sent, (lightly )?edited: \d+ % of the words changed", page.inner_text("#state"))
    last = server.get(f"/v1/drafts/{draft_id(page)}/history")["events"][-1]
    assert last["final_text"] == reply
    assert 0 < last["edit_distance"] < 0.3
    page.reload()
    page.wait_for_selector(".state.is-sent")
    assert page.input_value("#reply textarea") == reply


def test_a_discard_can_be_undone(opened: Open) -> None:
    page = opened("/desk")
    ask(page, WIFI)
    page.click("#discard")
    page.click(".state.is-discarded button")
    page.wait_for_selector(".state", state="detached")
    assert page.input_value("#reply textarea")


def test_feedback_is_saved_with_reasons_and_what_would_have_prevented_the_contact(server: Server, opened: Open) -> None:
    page = opened("/desk")
    ask(page, WIFI)
    assert not page.is_visible("#reasons")
    page.click("#rating label:has-text('Not good')")
    page.click("#reasons label:has-text('Incomplete')")
    page.fill("#prevented textarea, #prevented input", "Say it on the display")
    page.click("#rate")
    page.wait_for_selector("#notice .is-good")
    feedback = server.get(f"/v1/drafts/{draft_id(page)}/history")["feedback"]
    assert [(f["rating"], f["reasons"], f["proposed_fix"]) for f in feedback] == [
        ("down", ["incomplete"], "Say it on the display")
    ]


def test_a_suggestion_from_a_ticket_goes_in_before_the_closing(opened: Open) -> None:
    page = opened("/desk")
    ask(page, WIFI)
    words = page.inner_text(".suggestions li p >> nth=0")
    page.click(".suggestions button >> nth=0")
    reply = page.input_value("#reply textarea")
    assert words in reply
    assert reply.endswith("The support team")


def test_a_recent_draft_opens_in_place(opened: Open) -> None:
    page = opened("/desk")
    ask(page, WIFI)
    first = draft_id(page)
    page.click("#new")
    page.wait_for_selector(".examples")
    assert not page.is_visible("#reply")
    page.click(f".recent a[data-open='{first}']")
    page.wait_for_selector(f"[data-draft='{first}']")
    assert first in page.url


def test_an_empty_ticket_is_refused_in_words(opened: Open) -> None:
    page = opened("/desk")
    page.click("#ask")
    page.wait_for_selector("#notice .is-bad")
    assert "first" in page.inner_text("#notice")


def test_a_gap_reaches_its_list_and_its_status_can_be_changed_and_undone(server: Server, opened: Open) -> None:
    page = opened("/desk")
    ask(page, ZITHER)
    assert page.inner_text("#draft h2") == "Not answered"
    assert page.locator("#draft .nearest a").count() >= 1
    page.click(".logged a")
    page.wait_for_selector("body.is-ready")
    page.click(f".gaps a:has-text('{ZITHER}')")
    page.wait_for_selector(".gap-page")
    assert ZITHER in page.inner_text(".words")
    gap_id = page.url.split("gap=")[1]
    page.click("#new-status label:has-text('Accepted')")
    page.wait_for_selector("#history li")
    assert server.get(f"/v1/gaps/{gap_id}")["status"] == "accepted"
    page.click("#notice button")
    page.wait_for_selector("#history li >> nth=1")
    assert server.get(f"/v1/gaps/{gap_id}")["status"] == "new"
    page.fill("#gap-note textarea", "Ask the hardware team")
    page.click("#save-note")
    page.wait_for_selector("#history li >> nth=2")
    assert server.get(f"/v1/gaps/{gap_id}")["note"] == "Ask the hardware team"
    page.click(".back")
    page.wait_for_selector(".gaps")


def test_filters_narrow_the_board_and_survive_a_reload(server: Server, opened: Open) -> None:
    server.ask(ZITHER)
    page = opened("/gaps")
    page.fill("#text textarea, #text input", "zither")
    page.wait_for_function("document.querySelectorAll('.gaps li').length === 1")
    page.wait_for_function("location.search === '?text=zither'")
    page.reload()
    page.wait_for_selector("body.is-ready")
    assert page.locator(".gaps li").count() == 1
    page.click("#status label:has-text('Shipped')")
    page.wait_for_selector("#gaps .empty")


def test_an_agent_reads_the_board_and_is_told_why_it_cannot_be_changed(server: Server, opened: Open) -> None:
    server.ask(ZITHER)
    page = opened("/gaps", server.agent)
    page.click(".gaps a >> nth=0")
    page.wait_for_selector(".read-only")
    assert "agent" in page.inner_text(".read-only")
    assert not page.is_visible("#new-status")


def test_a_phone_needs_no_sideways_scrolling(server: Server, opened: Open) -> None:
    server.ask(ZITHER)
    sideways = "document.documentElement.scrollWidth - innerWidth"
    page = opened("/desk", width=390)
    assert page.evaluate(sideways) <= 0
    ask(page, WIFI)
    assert page.evaluate(sideways) <= 0
    page.goto(f"{server.url}/gaps")
    page.wait_for_selector(".gaps")
    assert page.evaluate(sideways) <= 0
    page.click(".gaps a >> nth=0")
    page.wait_for_selector(".gap-page")
    assert page.evaluate(sideways) <= 0


def test_hostile_words_are_shown_as_words_and_nothing_runs(server: Server, opened: Open) -> None:
    for number, payload in enumerate(HOSTILE):
        # A name is taken out of what is kept, so it must not be the words that are looked for below.
        name = {"requester": payload} if number % 2 else {}
        server.ask(f"xylophone {number} {payload}", title=f"{payload} {number}", **name)
    page = opened("/desk")
    page.fill("#subject textarea, #subject input", HOSTILE[1])
    ask(page, "\n".join(HOSTILE))
    page.fill("#reply textarea", "\n".join(HOSTILE))
    page.click("#sent")
    page.wait_for_selector(".state.is-sent")
    page.reload()
    page.wait_for_selector(".state.is-sent")
    page.goto(f"{server.url}/gaps")
    page.wait_for_selector(".gaps")
    shown = page.inner_text("#gaps")
    assert "<img src=x onerror=alert(1)>" in shown
    page.click(".gaps a:has-text('onerror') >> nth=0")
    page.wait_for_selector(".gap-page")
    page.fill("#gap-note textarea", HOSTILE[0])
    page.click("#save-note")
    page.wait_for_selector("#history li")
    assert page.evaluate("document.querySelectorAll('main img, main iframe, main svg script, main form').length") == 0


def test_a_hostile_article_is_cited_as_words(opened: Open) -> None:
    page = opened("/desk")
    ask(page, "How do I switch on quokka mode on the zeppelin lamp?")
    page.wait_for_selector("#evidence .source:has-text('Quokka')")
    assert "<img src=x onerror=alert(1)>" in page.inner_text("#evidence .source:has-text('Quokka') h3")
    assert page.locator("a[href^='javascript']").count() == 0
    page.click("#draft .cite >> nth=0")
    page.wait_for_selector("mark.is-selected")


def test_a_draft_is_said_anew_and_the_one_before_comes_back(opened: Open) -> None:
    page = opened("/desk")
    page.fill("#requester input, #requester textarea", "Ada Lovelace")
    ask(page, WIFI)
    page.wait_for_function("location.search.startsWith('?draft=')")
    first, before = draft_id(page), page.input_value("#reply textarea")
    page.click("#draft .rewriting summary")
    page.click("[data-rewrite=friendlier]")
    page.wait_for_selector("#notice .is-bad")
    assert "models.chat" in page.inner_text("#notice"), "what needs a model says which setting is missing"
    page.click("[data-rewrite=shorter]")
    page.wait_for_selector("#draft .said-anew")
    assert draft_id(page) != first
    assert page.input_value("#reply textarea").startswith("Hello Ada,")
    assert len(page.input_value("#reply textarea")) < len(before)
    page.click("#draft .said-anew a")
    page.wait_for_function(f"document.querySelector('#draft .draft')?.dataset.draft === '{first}'")


def test_an_agent_drafts_from_another_article_and_back(server: Server, opened: Open) -> None:
    page = opened("/desk", server.agent)
    ask(page, WIFI)
    other = page.locator(".others [data-rewrite]").first
    title = other.get_attribute("aria-label").removeprefix("Draft from this: ")
    before = page.inner_text("#draft .draft-text")
    other.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#draft .said-anew")
    assert "article that you chose" in page.inner_text("#draft .said-anew")
    assert title in page.inner_text("#evidence .source h3")
    assert page.inner_text("#draft .draft-text") != before
    page.click("#draft .said-anew a")
    page.wait_for_selector("#draft .said-anew", state="detached")
    assert page.inner_text("#draft .draft-text") == before


def test_a_gap_can_be_answered_from_an_article_that_came_near(opened: Open) -> None:
    page = opened("/desk", width=390)
    ask(page, ZITHER)
    button = page.locator("#draft .gap [data-rewrite]").first
    assert button.bounding_box()["height"] >= 40
    button.click()
    page.wait_for_selector("#draft .said-anew, .notice.is-bad")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
