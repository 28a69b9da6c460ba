"""Websites as sources, against a local server: listings, canonical addresses, unchanged pages, removals, faults."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from local_site import Asked, Fault, Given, LocalSite, as_json, local_site, packed, page
from syncing_desk import Desk

WORDS = "Open the settings of the display, choose Network and wait until the light stops blinking. "
NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def paragraphs(name: str) -> str:
    return f"<p>{name}. {WORDS}</p><p>Then hold the button of {name} for ten seconds.</p>"


@dataclass
class Help:
    """A help centre of plain pages, listed by a sitemap of two sitemaps."""

    texts: dict[str, str] = field(default_factory=dict)
    robots: str = ""
    zipped: bool = False
    not_sent_again: list[str] = field(default_factory=list)

    def __call__(self, asked: Asked) -> Given:
        if asked.path == "/robots.txt":
            return Given(200, self.robots.encode()) if self.robots else Given(404)
        if asked.path == "/sitemap.xml":
            return self._index(f"http://{asked.headers['host']}")
        if asked.path.startswith("/sitemap-"):
            xml = self._sitemap(f"http://{asked.headers['host']}", int(asked.path[len("/sitemap-")]))
            return Given(200, gzip.compress(xml) if self.zipped else xml, {"Content-Type": "application/octet-stream"})
        return self._page(asked) if asked.path in self.texts else Given(404)

    def _page(self, asked: Asked) -> Given:
        text = self.texts[asked.path]
        tag = f'"{hash(text)}"'
        if asked.headers.get("if-none-match") == tag:
            self.not_sent_again.append(asked.path)
            return Given(304)
        title = asked.path.strip("/")
        body = f"<nav><a href='/'>Home of everything</a></nav><main><h1>{title}</h1>{text}</main><footer>©</footer>"
        return page(title, body, ETag=tag)

    def _index(self, base: str) -> Given:
        suffix = ".xml.gz" if self.zipped else ".xml"
        parts = "".join(f"<sitemap><loc>{base}/sitemap-{n}{suffix}</loc></sitemap>" for n in (0, 1))
        return Given(200, f"<sitemapindex {NAMESPACE}>{parts}</sitemapindex>".encode())

    def _sitemap(self, base: str, part: int) -> bytes:
        listed = [path for number, path in enumerate(sorted(self.texts)) if number % 2 == part]
        return f"<urlset {NAMESPACE}>{''.join(f'<url><loc>{base}{p}</loc></url>' for p in listed)}</urlset>".encode()


@pytest.fixture
def help_centre() -> Help:
    return Help({f"/{name}": paragraphs(name) for name in ("alpha", "beta", "gamma", "delta")})


@pytest.fixture
def site(help_centre: Help) -> Iterator[LocalSite]:
    with local_site(help_centre) as found:
        yield found


@pytest.mark.parametrize("zipped", [False, True])
def test_a_site_is_read_by_its_sitemaps_and_unchanged_pages_are_not_sent_again(
    desk: Desk, help_centre: Help, site: LocalSite, zipped: bool
) -> None:
    help_centre.zipped = zipped
    desk.add("web", site.url + "/")
    assert desk.counts() == (4, 0, 0, 0, 0)
    assert desk.counts() == (0, 0, 4, 0, 0)
    assert len(help_centre.not_sent_again) == 4
    found = desk.document(site.url + "/alpha")
    assert (found["title"], found["url"]) == ("alpha", site.url + "/alpha")
    assert "Home of everything" not in found["text"]


def test_a_changed_page_is_a_new_version_and_a_page_that_is_gone_is_gone_here(
    desk: Desk, help_centre: Help, site: LocalSite
) -> None:
    desk.add("web", site.url + "/")
    desk.sync()
    help_centre.texts["/beta"] = paragraphs("beta, improved")
    del help_centre.texts["/gamma"]
    assert desk.counts() == (0, 1, 2, 1, 0)
    assert site.url + "/gamma" not in desk.live()
    assert "improved" in desk.document(site.url + "/beta")["text"]


def test_a_page_that_answers_410_is_gone_though_the_sitemap_still_names_it(desk: Desk, site: LocalSite) -> None:
    desk.add("web", site.url + "/")
    desk.sync()
    site.faults.append(Fault(Given(410), "/delta"))
    assert desk.counts() == (0, 0, 3, 1, 0)


def test_a_site_that_fails_half_way_loses_nothing_and_goes_on_later(desk: Desk, site: LocalSite) -> None:
    desk.add("web", site.url + "/")
    desk.sync()
    site.faults.append(Fault(Given(500), "/", times=10_000, after=5))
    summary = desk.sync()
    assert "500" in summary["error"]
    assert summary["removed"] == 0
    assert len(desk.live()) == 4
    site.faults.clear()
    assert desk.counts() == (0, 0, 4, 0, 0)


def test_one_page_that_fails_keeps_its_last_good_version_and_is_counted(desk: Desk, site: LocalSite) -> None:
    desk.add("web", site.url + "/")
    desk.sync()
    site.faults.append(Fault(Given(500), "/beta", times=5))
    assert desk.counts() == (0, 0, 3, 0, 1)
    assert site.url + "/beta" in desk.live()
    assert desk.counts() == (0, 0, 4, 0, 0)
    assert desk.left_out() == []


@pytest.mark.parametrize("broken", [Given(200, b"<urlset><url><loc>http://"), Given(200, b"<html/>"), Given(404)])
def test_a_sitemap_that_is_not_whole_removes_nothing(desk: Desk, site: LocalSite, broken: Given) -> None:
    desk.add("web", site.url + "/sitemap.xml")
    desk.sync()
    site.faults.append(Fault(broken, "/sitemap-1"))
    assert desk.sync()["error"]
    assert len(desk.live()) == 4


def test_a_sitemap_that_declares_entities_is_refused(desk: Desk, site: LocalSite) -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><urlset><url><loc>&b;</loc></url></urlset>'
    site.faults.append(Fault(Given(200, bomb), "/sitemap.xml"))
    desk.add("web", site.url + "/")
    assert "sitemap" in desk.sync()["error"]


def test_robots_are_respected_with_their_delay_and_sitemaps(desk: Desk, help_centre: Help, site: LocalSite) -> None:
    help_centre.robots = f"User-agent: *\nDisallow: /del\nCrawl-delay: 3\nSitemap: {site.url}/sitemap-0.xml"
    desk.add("web", site.url + "/")
    desk.sync()
    assert {"/delta", "/sitemap.xml", "/beta"}.isdisjoint(site.paths())
    assert desk.live() == [site.url + "/alpha"]
    help_centre.robots = help_centre.robots.replace("-0.xml", "-1.xml")
    desk.sync(allow_empty=True)
    assert desk.live() == [site.url + "/beta", site.url + "/gamma"]
    assert sum(desk.waits) > 2


def test_a_site_whose_robots_fail_is_not_asked_for_pages(desk: Desk, site: LocalSite) -> None:
    site.faults.append(Fault(Given(503), "/robots.txt", times=9))
    desk.add("web", site.url + "/")
    assert "robots.txt" in desk.sync()["error"]
    assert set(site.paths()) == {"/robots.txt"}


def test_two_addresses_with_one_canonical_address_are_one_document(desk: Desk) -> None:
    def routes(asked: Asked) -> Given:
        if asked.path == "/pages.txt":
            base = f"http://{asked.headers['host']}"
            return Given(200, f"{base}/a\n{base}/a?print=1\n{base}/b\n".encode())
        if asked.path not in ("/a", "/b"):
            return Given(404)
        head = '<link rel="canonical" href="/a">' if asked.path == "/a" else '<meta name="robots" content="noindex">'
        return page("A", f"<main>{paragraphs('a')}</main>", head)

    with local_site(routes) as site:
        desk.add("web", site.url + "/pages.txt")
        assert desk.counts() == (1, 0, 0, 0, 0)
        assert desk.live() == [site.url + "/a"]
        assert desk.counts() == (0, 0, 1, 0, 0)


def test_a_page_without_a_marked_main_part_keeps_its_text_and_not_its_menu(desk: Desk) -> None:
    menu = "".join(f"<li><a href='/{n}'>Menu entry number {n} of many</a></li>" for n in range(30))
    body = (
        f"<div class='top'><ul>{menu}</ul></div><div id='c'><h1>Wi-Fi</h1><h2 id='reset'>Reset</h2>{paragraphs('x')}"
        "<ol><li>Press the left button for long.</li><li>Let it go when the light is blue.</li></ol></div>"
        "<div class='foot'><a href='/imprint'>Imprint of the company</a></div>"
    )
    with local_site(lambda a: page("Wi-Fi", body) if a.path == "/wifi" else Given(404)) as site:
        desk.add("web", site.url + "/wifi")
        desk.sync()
        found = desk.document(site.url + "/wifi")
    assert "Menu entry" not in found["text"]
    assert "Imprint" not in found["text"]
    steps = [block for block in found["blocks"] if block.kind == "step"]
    assert [step.number for step in steps] == [1, 2]
    assert any(block.anchor == "reset" for block in found["blocks"])


def test_what_is_no_page_is_left_out_with_its_reason(desk: Desk, site: LocalSite) -> None:
    site.faults.append(Fault(as_json({"a": 1}), "/alpha", times=9))
    desk.add("web", site.url + "/")
    assert desk.counts() == (3, 0, 0, 0, 1)
    assert "application/json" in desk.left_out()[0]


def test_packed_pages_are_read(desk: Desk, help_centre: Help) -> None:
    with local_site(lambda asked: packed(help_centre(asked))) as site:
        desk.add("web", site.url + "/")
        assert desk.counts() == (4, 0, 0, 0, 0)


def test_losing_most_pages_at_once_is_taken_for_a_fault_until_said_otherwise(desk: Desk) -> None:
    centre = Help({f"/p{number}": paragraphs(f"p{number}") for number in range(20)})
    with local_site(centre) as site:
        desk.add("web", site.url + "/")
        desk.sync()
        centre.texts = {"/p1": centre.texts["/p1"]}
        assert "19 of its 20" in desk.sync()["error"]
        assert len(desk.live()) == 20
        assert desk.sync(allow_empty=True)["removed"] == 19
