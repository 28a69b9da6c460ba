"""Listening in a real browser: what was said is taken back in one step, and who was heard is heard again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import httpx
import pytest
from browser_server import Server, Watch, running_helpdesk

pytestmark = pytest.mark.browser

Open = Callable[..., Any]
_ENDINGS = ("an offline cloud", "nothing at all", "a blank page", "the old week", "a spinning wheel", "an error")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A helpdesk with one theme."""
    with running_helpdesk(before_serving=_filled) as found:
        yield found


def _filled(home: Any) -> None:
    from assistant.records import NewContact
    from assistant.store.contacts import Contacts

    start = datetime(2026, 5, 4, 9, tzinfo=UTC)
    words = "The wall display loses the Wi-Fi network every night and shows {} until I unplug it"
    contacts = [
        NewContact(
            token=f"review:wifi-{n}", kind="review", channel="email", at=start + timedelta(days=n),
            text=words.format(ending),
        )
        for n, ending in enumerate(_ENDINGS)
    ]  # fmt: skip
    Contacts(home.database).add_all(contacts)
    home.gap_log.night()


@pytest.fixture(scope="module")
def visitor(server: Server, browser_at_work: Any) -> Callable[[str], Any]:
    @cache
    def of(key: str) -> Any:
        context = browser_at_work.new_context()
        context.set_default_timeout(30_000)
        context.add_cookies([{"name": "waypost_key", "value": key, "url": server.url}])
        return context

    return of


@pytest.fixture
def watch(server: Server) -> Iterator[Watch]:
    watched = Watch(server.url)
    yield watched
    assert not watched.elsewhere
    assert not watched.errors


@pytest.fixture
def opened(server: Server, visitor: Callable[[str], Any], watch: Watch) -> Iterator[Open]:
    pages = []

    def go(path: str, width: int) -> Any:
        page = watch.over(visitor(server.designer).new_page())
        pages.append(page)
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(f"{server.url}{path}")
        page.wait_for_selector("body.is-ready")
        return page

    yield go
    for page in pages:
        page.close()


def theme(server: Server) -> str:
    return str(server.get("/v1/themes?since=2026-05-01&until=2026-06-30")["themes"][0]["id"])


def settled(page: Any, words: str) -> None:
    page.wait_for_selector(f"#notice .is-good:has-text('{words}')")
    page.wait_for_selector("body:not(.is-busy)")


def fits(page: Any) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize(("field", "said", "other"), [("cause", "request", "defect"), ("stage", "contact", "use")])
def test_what_was_said_of_a_contact_is_changed_and_taken_back_in_one_step(
    server: Server, opened: Open, width: int, field: str, said: str, other: str
) -> None:
    page = opened(f"/board?listen={theme(server)}", width)
    number = page.get_attribute(".card:visible", "data-contact")
    contact = f"/v1/contacts/{number}"
    model = server.get(contact)[field]
    assert model["by"] == ""
    page.select_option(f"#{field}-{number}", said)
    settled(page, "counts as the truth")
    assert server.get(contact)[field]["label"] == said
    assert server.get(contact)[field]["by"]
    assert page.get_attribute(".card:visible", "data-contact") == number
    page.select_option(f"#{field}-{number}", other)
    settled(page, "counts as the truth")
    page.wait_for_function(f"document.querySelector('#{field}-{number}').dataset.was === '{other}'")
    page.click("#notice [data-action]")
    page.wait_for_function(f"document.querySelector('#{field}-{number}').dataset.was === '{said}'")
    assert server.get(contact)[field]["label"] == said
    page.select_option(f"#{field}-{number}", "-")
    settled(page, "Taken back")
    assert server.get(contact)[field]["label"] == model["label"]
    assert server.get(contact)[field]["by"] == ""
    assert fits(page)


def test_a_theme_that_was_heard_can_be_heard_again_and_split_from_there(server: Server, opened: Open) -> None:
    number = theme(server)
    for contact in server.get(f"/v1/themes/{number}/contacts?sample=50")["contacts"]:
        address = f"{server.url}/v1/contacts/{contact['id']}/read"
        headers = {"Authorization": f"Bearer {server.designer}"}
        assert httpx.post(address, headers=headers, trust_env=False).is_success
    for width in (1440, 390):
        page = opened(f"/board?listen={number}", width)
        page.click("text=Hear all again")
        page.wait_for_selector(".card:visible [data-split]")
        assert "heard by" in page.inner_text(".card:visible .about")
        assert fits(page)
    page.check(".card:visible [data-split]")
    page.fill(".split-bar [data-field=name]", "Clouds at night")
    page.click("[data-split-off]")
    settled(page, "Split off")
    names = [t["name"] for t in server.get("/v1/themes?since=2026-05-01&until=2026-06-30")["themes"]]
    assert "Clouds at night" in names
