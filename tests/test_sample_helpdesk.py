"""The sample helpdesk is sound: it is the demo's data and the ground truth of other tests."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from datetime import date, datetime
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import Any

import pytest
import yaml

BASE = "https://help.fernway.example/"
FIRST, TODAY = date(2026, 1, 1), date(2026, 6, 30)
CAUSES = {"defect", "design", "knowledge", "external", "request"}
STAGES = {"get", "install_update", "set_up", "use", "move_leave", "contact"}
CHANNELS = {"email", "chat", "app_review", "phone"}
COMMON_WORDS = (
    "a an and are as at be by can do does for from has have how i in is it my not of on or our that the this to up "
    "we what when where which who with you your fernway display app plus"
)

Record = dict[str, Any]


def read(name: str) -> str:
    return (resources.files("ui.sample") / name).read_text(encoding="utf-8")


def records(name: str) -> list[Record]:
    if name.endswith(".csv"):
        return [dict(row) for row in csv.DictReader(read(name).splitlines())]
    return [json.loads(line) for line in read(name).splitlines()]


@cache
def articles() -> dict[str, tuple[Record, str]]:
    """Front matter and Markdown body of each article, by file name without its ending."""
    found = {}
    for path in (resources.files("ui.sample") / "articles").iterdir():
        _, front, body = path.read_text(encoding="utf-8").split("---\n", 2)
        found[path.name.removesuffix(".md")] = (yaml.safe_load(front), body)
    return found


def visible(line: str) -> str:
    """One line of Markdown as a reader sees it: without list numbers, marks and link targets.

    >>> visible("2. Tap **Add** in [Lists](https://x.example/y).")
    'Tap Add in Lists.'
    """
    line = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", line)
    line = re.sub(r"^(\s*(#+|>|[-*]|\d+\.)\s+)+", "", line)
    return re.sub(r"\*\*|`", "", line).strip()


@cache
def citable() -> dict[str, tuple[str, ...]]:
    """The visible lines of everything that a draft may cite, by document id."""
    blocks = {key: tuple(visible(line) for line in body.splitlines()) for key, (_, body) in articles().items()}
    return blocks | {row["id"]: (row["question"], row["answer"]) for row in records("faq.csv")}


def day(value: str | date) -> date:
    return value if isinstance(value, date) else datetime.fromisoformat(value).date()


def words(text: str) -> set[str]:
    return set(re.findall(r"[a-z0-9]+", text.lower())) - set(COMMON_WORDS.split())


def linked(text: str) -> set[str]:
    return {link.rstrip(".,;:!?)") for link in re.findall(r"https?://[^\s<>\"]+", text)}


def test_the_sample_is_large_enough_to_be_believed() -> None:
    assert len(articles()) >= 44
    assert len(records("faq.csv")) >= 22
    assert len(records("tickets.jsonl")) >= 66
    assert len(records("questions.jsonl")) >= 64
    assert len(records("reviews.csv")) >= 25


def test_the_questions_hold_enough_of_each_verdict() -> None:
    verdicts = Counter(question["expected"] for question in records("questions.jsonl"))
    assert set(verdicts) == {"answered", "partial", "gap"}
    assert verdicts["answered"] >= 36
    assert verdicts["partial"] >= 8
    assert verdicts["gap"] >= 20


def test_every_id_names_one_record_across_the_whole_sample() -> None:
    ids = list(articles())
    for name in ("faq.csv", "tickets.jsonl", "questions.jsonl", "reviews.csv"):
        ids += [record["id"] for record in records(name)]
    assert [key for key, times in Counter(ids).items() if times > 1] == []


@pytest.mark.parametrize("slug", sorted(articles()))
def test_an_article_is_complete(slug: str) -> None:
    front, body = articles()[slug]
    assert set(front) == {"id", "title", "url", "audience", "updated_at", "product", "topics"}
    assert front["id"] == slug
    assert front["url"] == f"{BASE}articles/{slug}"
    assert front["audience"] in {"public", "internal"}
    assert 150 <= len(body.split()) <= 600
    assert "\n## " in body


def test_there_are_internal_and_stale_articles() -> None:
    fronts = [front for front, _ in articles().values()]
    assert sum(front["audience"] == "internal" for front in fronts) >= 6
    dates = sorted(front["updated_at"] for front in fronts)
    old = [stamp for stamp in dates if stamp.year < 2023]
    assert len(old) >= 4
    assert (dates[len(old)] - old[-1]).days > 2 * 365


def test_two_public_articles_contradict_each_other_on_refunds() -> None:
    windows = {key: any("within 14 days of the charge" in line for line in citable()[key])
               for key in ("refunds-fernway-plus", "billing-web")}  # fmt: skip
    assert windows == {"refunds-fernway-plus": True, "billing-web": False}
    assert any("within 30 days of the charge" in line for line in citable()["billing-web"])


def test_links_between_articles_resolve_and_public_ones_never_point_inside() -> None:
    for slug, (front, body) in articles().items():
        for link in linked(body):
            target = articles()[link.removeprefix(f"{BASE}articles/")][0]
            assert front["audience"] == "internal" or target["audience"] == "public", (slug, link)


def test_every_date_lies_before_the_sample_s_today() -> None:
    stamps = [front["updated_at"] for front, _ in articles().values()]
    stamps += [row["updated_at"] for row in records("faq.csv")]
    assert max(map(day, stamps)) <= TODAY
    for name in ("tickets.jsonl", "questions.jsonl", "reviews.csv"):
        assert all(FIRST <= day(record["created"]) <= TODAY for record in records(name)), name


@pytest.mark.parametrize("ticket", records("tickets.jsonl"), ids=lambda ticket: ticket["id"])
def test_a_ticket_follows_the_contract(ticket: Record) -> None:
    keys = {"id", "created", "subject", "messages", "status", "channel", "tags", "requester", "handle_minutes", "csat"}
    assert set(ticket) == keys
    assert ticket["status"] in {"solved", "closed"}
    assert ticket["channel"] in CHANNELS
    assert ticket["handle_minutes"] > 0
    assert ticket["csat"] in {None, 1, 2, 3, 4, 5}
    messages = ticket["messages"]
    assert messages[0]["by"] == "customer"
    assert messages[0]["at"] == ticket["created"]
    assert any(message["by"] == "agent" and message["public"] for message in messages)
    assert all(message["public"] for message in messages if message["by"] == "customer")
    assert all(day(earlier["at"]) <= day(later["at"]) <= TODAY for earlier, later in pairwise(messages))


@pytest.mark.parametrize("ticket", records("tickets.jsonl"), ids=lambda ticket: ticket["id"])
def test_agents_link_existing_articles_and_no_internal_one_in_public(ticket: Record) -> None:
    for message in ticket["messages"]:
        for link in linked(message["text"]):
            front, _ = articles()[link.removeprefix(f"{BASE}articles/")]
            assert front["audience"] == "public" or not message["public"], (ticket["id"], link)


def test_most_tickets_link_an_article_and_some_reveal_a_hole() -> None:
    tickets = records("tickets.jsonl")
    with_link = [t for t in tickets if any(linked(m["text"]) for m in t["messages"] if m["public"])]
    assert 0.6 < len(with_link) / len(tickets) < 0.95


def test_contacts_about_the_visibility_screen_grow_and_firmware_4_2_is_a_spike_in_may() -> None:
    tickets = records("tickets.jsonl")
    seen = Counter(ticket["created"][:7] for ticket in tickets if "visibility" in ticket["tags"])
    assert sum(seen.values()) >= 14
    months = [seen[f"2026-{month:02d}"] for month in range(1, 7)]
    assert months == sorted(months)
    assert months[-1] > 2 * months[0]
    firmware = Counter(ticket["created"][:7] for ticket in tickets if "firmware-4.2" in ticket["tags"])
    assert firmware["2026-05"] > sum(firmware.values()) / 2
    assert min(ticket["created"] for ticket in tickets if "firmware-4.2" in ticket["tags"]) > "2026-05-12"


@pytest.mark.parametrize("question", records("questions.jsonl"), ids=lambda question: question["id"])
def test_the_ground_truth_of_a_question_holds(question: Record) -> None:
    assert question["cause"] in CAUSES
    assert question["stage"] in STAGES
    assert question["channel"] in CHANNELS
    assert question["why"].endswith(".")
    assert bool(question["relevant"]) == bool(question["must_quote"]) == (question["expected"] != "gap")
    for phrase in question["must_quote"]:
        assert any(phrase in line for key in question["relevant"] for line in citable()[key]), phrase


def test_a_question_is_not_worded_like_the_article_that_answers_it() -> None:
    for question in records("questions.jsonl"):
        for key in question["relevant"]:
            title = articles()[key][0]["title"] if key in articles() else citable()[key][0]
            assert words(question["title"]) != words(title), question["id"]


def test_no_title_covers_a_gap() -> None:
    titles = {front["title"] for front, _ in articles().values()} | {row["question"] for row in records("faq.csv")}
    for question in records("questions.jsonl"):
        if question["expected"] == "gap":
            asked = words(f"{question['title']} {question['text']}")
            covering = [title for title in titles if len(words(title) & asked) > max(1, 0.5 * len(words(title)))]
            assert covering == [], question["id"]


@pytest.mark.parametrize("review", records("reviews.csv"), ids=lambda review: review["id"])
def test_a_review_has_a_rating_and_words(review: Record) -> None:
    assert review["rating"] in {"1", "2", "3", "4", "5"}
    assert review["channel"] in {"app_store", "google_play", "survey"}
    assert len(review["text"].split()) >= 5


def test_addresses_of_people_are_invented() -> None:
    everything = [body for _, body in articles().values()]
    everything += [read(name) for name in ("faq.csv", "tickets.jsonl", "questions.jsonl", "reviews.csv")]
    hosts = {host for text in everything for host in re.findall(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)", text)}
    assert hosts
    assert all(host == "example.com" or host.endswith(".example") for host in hosts)
