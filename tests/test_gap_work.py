"""Mining, retest and digest over the sample help desk, the real model and a real index."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from assistant.domain import Question
from assistant.errors import NotYet, UsageError
from assistant.gaplog.as_of import AsOf
from assistant.gaplog.mining import UNSURE
from assistant.gaps.minable import asks_something, in_known_language, known_words
from assistant.gaps.overview import people
from assistant.gaps.trend import week_of
from assistant.index.generation import OwnedIndex
from assistant.records import NewContact
from assistant.store import tables as t
from assistant.store.contact_rows import ContactFilter
from assistant.store.contacts import Contacts
from assistant.store.digests import Digests
from assistant.store.gaps import GapFilter
from assistant.store.log_state import LogState
from assistant.store.retests import Retests
from assistant.store.signals import Signals
from ui.demo import SETTINGS
from ui.gap_upkeep import GapUpkeep, after_ingest
from ui.home import Home, open_home
from ui.intake import Intake
from ui.notify.news import news

SAMPLE = Path(__file__).parent.parent / "ui" / "sample"
ASKED = "Can I pair a Bluetooth barbecue thermometer with the espresso machine?"
ARTICLE = """# Pair a Bluetooth thermometer with the espresso machine

You can pair a Bluetooth barbecue thermometer with the espresso machine. Hold the steam button for five seconds, then
choose the barbecue thermometer in the list of Bluetooth devices on the espresso machine.
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("work")
    shutil.copytree(SAMPLE / "articles", made / "articles")
    return made


@pytest.fixture(scope="module")
def home(folder: Path) -> Iterator[Home]:
    (folder / "data").mkdir()
    (folder / "data" / "waypost.toml").write_text(SETTINGS, "utf-8")
    found = open_home(folder / "data", create=True)
    yield found
    found.close()


@pytest.fixture(scope="module")
def index(home: Home, folder: Path) -> Iterator[OwnedIndex]:
    found = home.owned_index()
    tickets = (SAMPLE / "tickets.jsonl").read_text("utf-8").splitlines()[:12]
    (folder / "tickets.jsonl").write_text("\n".join(tickets), "utf-8")
    ingested(home, found, folder)
    yield found
    found.close()


def ingested(home: Home, index: OwnedIndex, folder: Path) -> None:
    Intake(home, index).run([str(folder / "articles"), str(folder / "tickets.jsonl")])


def test_a_history_is_mined_once_each_ticket_with_its_signals(home: Home, index: OwnedIndex) -> None:
    job = home.mining(index)
    first = job.run()
    assert first.asked == 12
    assert sum(first.verdicts.values()) == 12
    assert job.run().asked == 0
    contacts = Contacts(home.database).page(ContactFilter(kind="ticket"), limit=99)
    assert len(contacts) == 12
    assert all(c.verdict and c.confidence is not None for c in contacts)
    signals = Signals(home.database).of_contacts([c.id for c in contacts])
    unanswerable = [i for i, found in signals.items() if any(s.type == "unanswerable" for s in found)]
    unsure = [c.id for c in contacts if c.verdict == "gap" or (c.confidence or 0) < UNSURE]
    assert sorted(unanswerable) == sorted(unsure)
    assert {c.id for c in contacts if c.gap_id is not None} == set(unanswerable)
    counted = {i: len(found) for i, found in signals.items()}
    assert job.run(again=True).asked == 12
    again = Signals(home.database).of_contacts([c.id for c in contacts])
    assert {i: len(found) for i, found in again.items()} == counted


def test_a_ticket_is_asked_as_if_it_and_later_ones_were_not_there(home: Home, index: OwnedIndex) -> None:
    order = {f"t{n}": n for n in range(3)}
    view = AsOf(home.knowledge, order)
    view.move_to("t1")
    assert view._is_there("t0")
    assert not view._is_there("t1")
    assert not view._is_there("t2")
    assert view._is_there("an-article")


def test_a_gap_is_closed_by_an_article_lost_with_it_and_untouched_ones_are_not_asked(
    home: Home, index: OwnedIndex, folder: Path
) -> None:
    after_ingest(home, index)
    desk = home.desk(home.assistant(index, lambda: "test"))
    answer = desk.ask(Question(ASKED), audiences=("public", "internal"), asked_by="t", token="espresso")
    assert answer.verdict == "gap"
    gap = next(g["id"] for g in home.gaps.list(GapFilter()) if "espresso" in g["question"])
    open_gaps = home.gaps.count(GapFilter(status="new"))
    (folder / "articles" / "thermometer.md").write_text(ARTICLE, "utf-8")
    ingested(home, index, folder)
    run, _ = after_ingest(home, index)
    assert run is not None
    assert run.changed_documents == 1
    assert run.asked <= open_gaps
    line = next(line for line in Retests(home.database).lines(run.id) if line.gap_id == gap)
    assert line.result == "closed"
    assert line.changed == line.sources
    assert home.gaps.show(gap)["status"] == "shipped"
    assert home.gaps.show(gap)["history"][-1]["actor"] == "retest"
    (folder / "articles" / "thermometer.md").unlink()
    ingested(home, index, folder)
    run, _ = after_ingest(home, index)
    assert run is not None
    assert run.results.get("regressed", 0) >= 1
    assert home.gaps.show(gap)["status"] == "new"
    assert after_ingest(home, index)[0] is None


def test_a_gap_of_another_model_is_asked_once_and_has_its_place_afterwards(
    home: Home, index: OwnedIndex, folder: Path
) -> None:
    with home.database.write() as connection:
        connection.execute(update(t.Gap).values(model_id="the one before"))
    retests, asked = Retests(home.database), []
    for name, text in (("kite", "# Fly a kite\n\nRun against the wind."), ("tea", "# Green tea\n\nSteep it briefly.")):
        (folder / "articles" / f"{name}.md").write_text(text, "utf-8")
        ingested(home, index, folder)
        run, _ = after_ingest(home, index)
        assert run is not None
        asked.append(run.asked)
    assert asked[0] >= len(retests.open_gaps()) > asked[1]
    assert {gap.model_id for gap in retests.open_gaps()} == {home.searcher.model_id}


def test_the_server_labels_and_groups_beside_answering(home: Home, index: OwnedIndex) -> None:
    upkeep = GapUpkeep(home, index)
    while upkeep._work():
        pass
    assert Contacts(home.database).count_unlabelled(home.gap_log.labelling.stamp()) == 0


def test_a_digest_is_made_once_and_only_of_a_week_that_has_ended(home: Home, index: OwnedIndex) -> None:
    weekly = home.gap_log.weekly
    LogState(home.database).set("night", "2026-01-11T23:00:00+00:00")
    assert not weekly.is_ready("2026-W02")
    with pytest.raises(NotYet, match="gaps themes"):
        weekly.digest("2026-W02")
    with pytest.raises(NotYet, match="nothing was heard"):
        weekly.digest("2025-W02")
    home.gap_log.night()
    quiet = weekly.digest("2026-W10")
    assert "0 contacts" in quiet.markdown
    first = weekly.digest("2026-W02")
    home.gap_log.hearing.hear_tickets()
    Contacts(home.database).page(ContactFilter(), limit=1)
    assert weekly.digest("2026-W02") == first
    with pytest.raises(UsageError, match="has ended"):
        weekly.digest("2026-W30", today=date(2026, 7, 22))
    for nonsense in ("2026-W60", "2026W02", "", "2026-W2"):
        with pytest.raises(UsageError, match="ISO week"):
            weekly.digest(nonsense)


def test_the_server_makes_the_digest_of_the_last_week_by_itself_and_once(home: Home, index: OwnedIndex) -> None:
    now = datetime.now(UTC)
    last = now - timedelta(days=7)
    week = week_of(last.date())
    weekly, contacts = home.gap_log.weekly, Contacts(home.database)
    if not contacts.count(ContactFilter(since=last - timedelta(days=last.weekday() + 1), until=now)):
        assert weekly.keep_last() is None  # nobody wrote, or nobody told yet
    contacts.add(NewContact(token="last", kind="survey", channel="email", at=last, text="The lamp hums."))
    assert weekly.keep_last() is None  # it waits for its label
    home.gap_log.night()
    upkeep = GapUpkeep(home, index)
    while upkeep._work():
        pass
    assert week in Digests(home.database).weeks()
    assert weekly.keep_last() is None
    assert [event.id for event in news(home.gap_log) if event.type == "digest.ready"] == [
        f"digest:{made}" for made in Digests(home.database).weeks()
    ]


def test_a_history_that_comes_after_the_week_waits_for_its_labels_before_the_digest_is_made(
    home: Home, index: OwnedIndex
) -> None:
    home.gap_log.night()
    at = datetime(2026, 1, 13, 9, tzinfo=UTC)
    late = [
        NewContact(token=f"late:{n}", kind="survey", channel="email", at=at, text=f"The lamp does not dim {n}.")
        for n in range(3)
    ]
    Contacts(home.database).add_all(late)
    with pytest.raises(NotYet, match="not all grouped"):
        home.gap_log.weekly.digest("2026-W03")
    home.gap_log.night()
    assert home.gap_log.weekly.digest("2026-W03").week == "2026-W03"


def test_tickets_of_one_person_are_one_person_and_the_address_is_kept_nowhere(home: Home, index: OwnedIndex) -> None:
    lines = [
        {"id": f"who-{n}", "created": "2026-02-03T09:00:00Z", "subject": "Lamp", "requester": who, "channel": "lamp",
         "messages": [{"by": "customer", "text": f"The lamp blinks {n} times and then stops."}]}
        for n, who in enumerate(("ann.lee@x.example", {"name": "Ann", "email": "Ann.Lee@x.example"}, "Bo Ray", "Sam"))
    ]  # fmt: skip
    path = home.folder.parent / "who.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    Intake(home, index).run([str(path)])
    home.gap_log.hearing.hear_tickets()
    found = Contacts(home.database).counted(ContactFilter(channel="lamp"))
    persons = [contact.person for contact in found]
    assert persons[0] == persons[1] != persons[2]
    assert [len(person) for person in persons] == [64, 64, 64, 0]
    assert people(found) == 3
    asked = NewContact(token="ask:lamp", kind="question", channel="lamp", at=found[0].at, text="Lamp?", person="bo ray")
    assert Contacts(home.database).get(Contacts(home.database).add(asked)).person == persons[2]
    assert b"ann.lee@x" not in b"".join(path.read_bytes().lower() for path in home.folder.glob("*.sqlite*"))


@pytest.mark.parametrize(
    ("title", "text", "asks"),
    [("Thanks", "thank you", False), ("", "", False), ("test", "1 2 3", False), ("Cannot print", "Not found", True)],
)
def test_thanks_and_empty_tickets_are_no_gaps(title: str, text: str, asks: bool) -> None:
    assert asks_something(title, text) is asks


@pytest.mark.parametrize(
    "text",
    [
        "I would like to speak with someone",
        "Hello, please call me, I want to talk to a real person today. My question is urgent!",
        "Need a phone number for customer service",
    ],
)
def test_a_wish_to_be_put_through_is_no_gap_of_the_knowledge(text: str) -> None:
    assert not asks_something("Contact", text)
    assert asks_something("Contact", f"{text} because my invoice shows the wrong amount")


def test_only_a_language_that_no_article_is_written_in_is_foreign() -> None:
    articles = [path.read_text("utf-8") for path in sorted((SAMPLE / "articles").glob("*.md"))]
    known = known_words(articles)
    own = "Since the update the display in our kitchen goes dark every evening and wakes up on its own at night"
    polish = "Po ostatniej aktualizacji ekran w naszej kuchni gaśnie każdego wieczoru i sam się budzi w nocy"
    assert in_known_language("Display", own, known)
    assert not in_known_language("Fernway display", polish, known)
    assert not in_known_language("", "更新後、毎晩キッチンの画面が暗くなり、夜中に勝手に点灯します", known)
    assert in_known_language("", polish, known_words([*articles * 2, *[polish * 3] * 2]))
    assert in_known_language("", "Fernway Ekran", known), "two words are too few to tell"
    assert in_known_language("", polish, known_words(articles[:1])), "one article is too little to tell"
