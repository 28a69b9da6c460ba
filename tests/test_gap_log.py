"""The gap log over a real store: contacts are heard once, labelled, grouped, worked on, taken back, measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from making import vector

from assistant.errors import NotFound, UsageError
from assistant.gaplog.board import ThemeFilter, prices
from assistant.gaplog.grouping import Group, settled
from assistant.gaplog.log import GapLog
from assistant.gaplog.weekly import week_period
from assistant.gaps.records import Period
from assistant.gaps.themes import Match
from assistant.gaps.trend import week_of
from assistant.records import NewContact
from assistant.seams import Vectors
from assistant.store.contact_rows import ContactFilter
from assistant.store.contacts import Contacts
from assistant.store.database import Database, open_database, sqlite_url
from assistant.store.fixes import Fixes
from assistant.store.overrides import Overrides
from assistant.store.signals import Signals
from assistant.store.theme_changes import ThemeChanges
from assistant.store.themes import Themes

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
TOPICS: dict[str, tuple[str, ...]] = {
    "wifi": ("The display drops off the Wi-Fi", "Wi-Fi keeps disconnecting", "No Wi-Fi connection on the display"),
    "bill": ("Wrong amount on my invoice", "The invoice shows the wrong amount", "I was billed the wrong amount"),
    "sync": ("My calendar does not sync", "Calendar sync stopped working", "Google calendar is not syncing"),
}


class TopicVectors:
    """An embedder that knows three topics: texts about one lie close together, as they do under a real model."""

    model_id = "all-MiniLM-L6-v2@topics"

    def embed(self, texts: Sequence[str]) -> Vectors:
        rows = [np.zeros((0, 384))[:0]] + [self._row(text) for text in texts]
        return np.asarray(np.vstack(rows), np.float32)

    def _row(self, text: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        topic = next((topic for topic in TOPICS if topic in text.lower()), text)
        made = vector(topic).astype(float) + 0.6 * vector(text)
        return np.asarray(made / np.linalg.norm(made))[None, :]


def contact(number: int, text: str, *, at: datetime = START, **more: object) -> NewContact:
    values = {"token": f"t:{number}", "kind": "question", "channel": "email", "at": at, "text": text}
    return NewContact(**{**values, **more})  # type: ignore[arg-type]


def crowd(per_topic: int = 12) -> list[NewContact]:
    """Contacts about three things, spread over weeks, two channels and some people."""
    made = []
    for topic, texts in TOPICS.items():
        for n in range(per_topic):
            at = START + timedelta(days=3 * n)
            text = f"{texts[n % 3]}. This is report {n} about {topic}."
            channel = "email" if n % 2 else "chat"
            made.append(contact(len(made), text, at=at, channel=channel, person=f"p{n % 5}@x.example"))
    return made


@pytest.fixture
def log(tmp_path: Path) -> Iterator[GapLog]:
    database = open_database(sqlite_url(tmp_path), create=True)
    yield GapLog(database, TopicVectors(), prices((6, 14), (28, 45)), "EUR", "Desk")
    database.close()


@pytest.fixture
def grouped(log: GapLog) -> GapLog:
    Contacts(log.database).add_all(crowd())
    log.night()
    return log


def test_the_same_token_is_the_same_contact_and_person_is_only_a_hash(database: Database) -> None:
    contacts = Contacts(database)
    first = contacts.add(contact(1, "Hello", person="Ann Smith <ann@x.example>"))
    assert contacts.add(contact(1, "Hello", person="Ann Smith <ann@x.example>", verdict="gap")) == first
    assert contacts.count(ContactFilter()) == 1
    stored = contacts.get(first)
    assert stored.verdict == "gap"
    assert len(stored.person) == 64
    second = contacts.get(contacts.add(contact(2, "Bye", person="ann smith  <ANN@x.example>")))
    assert second.person == stored.person


def test_a_review_is_a_signal_in_the_same_transaction_and_only_once(database: Database) -> None:
    contacts = Contacts(database)
    review = contact(1, "Two stars, it drops off.", kind="review", rating=2.0)
    number = contacts.add(review)
    contacts.add(review)
    (signal,) = Signals(database).of_contacts([number])[number]
    assert (signal.type, signal.value) == ("review", 2.0)


def test_a_word_of_a_person_counts_at_once_survives_new_labels_and_can_be_taken_back(log: GapLog) -> None:
    number = Contacts(log.database).add(contact(1, "It crashes every time I open it since the update."))
    log.labelling.label_new()
    by_model = Contacts(log.database).get(number).reason
    assert by_model.cause
    Overrides(log.database).add(number, "ann", cause="request", prevented_by="a clearer label")
    assert Contacts(log.database).get(number).reason.cause == "request"
    assert log.labelling.learn()
    assert not log.labelling.learn()
    assert log.labelling.label_new() == 1
    taught = Contacts(log.database).get(number).reason
    assert (taught.cause, taught.cause_probability) == ("request", 1.0)
    assert taught.by != by_model.by
    Overrides(log.database).add(number, "ann", cause="")
    log.labelling.learn()
    log.labelling.label_new()
    assert Contacts(log.database).get(number).reason.cause == by_model.cause
    assert len(Overrides(log.database).of([number])[number]) == 2


def test_labelling_goes_on_where_it_was_stopped(log: GapLog) -> None:
    Contacts(log.database).add_all([contact(n, f"Question {n}: how do I print?") for n in range(5)])
    assert log.labelling.label_new(limit=2) == 2
    assert log.labelling.label_new() == 3
    assert log.labelling.label_new() == 0


def test_contacts_find_their_themes_and_a_new_one_joins_at_once(grouped: GapLog) -> None:
    themes = Themes(grouped.database).all()
    assert len(themes) == 3
    new = [contact(900 + n, f"The display drops off, report {n} of the new ones about wifi.") for n in range(8)]
    numbers = Contacts(grouped.database).add_all(new)
    grouped.catch_up()
    old = Contacts(grouped.database).page(ContactFilter(text="report 3 about wifi"), limit=1)[0]
    joined = [c.theme_id for c in Contacts(grouped.database).many(numbers)]
    assert set(joined) <= {old.theme_id, None}
    assert joined.count(old.theme_id) >= 4
    assert Contacts(grouped.database).unplaced() == []


def test_themes_keep_their_numbers_and_names_of_people_over_the_night(grouped: GapLog) -> None:
    before = {state.id for state in Themes(grouped.database).all()}
    ThemeChanges(grouped.database).set("T1", {"name": "Our name"}, "ann")
    Contacts(grouped.database).add_all([contact(700 + n, f"Calendar sync broke, case {n}, of sync.") for n in range(4)])
    result = grouped.night()
    assert {state.id for state in Themes(grouped.database).all()} == before
    assert Themes(grouped.database).get("T1").name == "Our name"
    assert result.ended == 0


def test_a_merge_survives_the_night_and_can_be_taken_back(grouped: GapLog) -> None:
    changes, themes = ThemeChanges(grouped.database), Themes(grouped.database)
    sizes = {t: len(Contacts(grouped.database).page(ContactFilter(theme_id=t), limit=99)) for t in ("T1", "T2")}
    changes.merge("T1", ["T2"], "ann")
    grouped.night()
    merged = Contacts(grouped.database).count(ContactFilter(theme_id="T1"))
    assert merged >= sum(sizes.values())
    assert themes.get("T2").merged_into == "T1"
    assert themes.living("T2") == "T1"
    assert "T2" not in {v.state.id for v in grouped.board.page(grouped.board.period(), ThemeFilter()).themes}
    with pytest.raises(UsageError, match="merged into T1"):
        changes.set("T2", {"status": "accepted"}, "ann")
    changes.undo("T1", None, "ann")
    assert themes.get("T2").merged_into is None
    assert Contacts(grouped.database).count(ContactFilter(theme_id="T2")) == sizes["T2"]


def test_a_split_stays_apart_over_the_night(grouped: GapLog) -> None:
    whole = Contacts(grouped.database).page(ContactFilter(theme_id="T1"), limit=99)
    part = [c.id for c in whole[:5]]
    made = ThemeChanges(grouped.database).split("T1", part, "A part", "ann")
    grouped.night()
    assert {c.id for c in Contacts(grouped.database).page(ContactFilter(theme_id=made.id), limit=99)} >= set(part)
    rest = {c.theme_id for c in Contacts(grouped.database).many([c.id for c in whole[5:]])}
    assert rest == {"T1"}
    ThemeChanges(grouped.database).undo("T1", None, "ann")
    assert Contacts(grouped.database).count(ContactFilter(theme_id=made.id)) == 0
    assert Contacts(grouped.database).count(ContactFilter(theme_id="T1")) >= len(whole)


def test_every_change_is_kept_and_taken_back_in_order(grouped: GapLog) -> None:
    changes, themes = ThemeChanges(grouped.database), Themes(grouped.database)
    with pytest.raises(UsageError, match="reason"):
        changes.set("T1", {"status": "dismissed"}, "ann")
    changes.set("T1", {"status": "accepted", "owner": "ann", "due": "2026-05-01"}, "ann")
    changes.set("T1", {"status": "in_progress"}, "bob")
    first = next(c for c in themes.history(["T1"]) if c.action == "set")
    with pytest.raises(UsageError, match="changed again since"):
        changes.undo("T1", first.id, "ann")
    assert changes.undo("T1", None, "ann").status == "accepted"
    undone = changes.undo("T1", first.id, "ann")
    assert (undone.status, undone.owner, undone.due) == ("new", "", None)
    assert [c.action for c in themes.history(["T1"])] == ["found", "set", "set", "undo", "undo"]
    with pytest.raises(UsageError, match="no change to take back"):
        changes.undo("T1", None, "ann")


def test_a_person_who_changes_themes_meanwhile_wins_over_the_night(grouped: GapLog) -> None:
    night, _ = grouped.grouping._night()
    ThemeChanges(grouped.database).set("T1", {"status": "accepted"}, "ann")
    assert not Themes(grouped.database).settle(night)


def test_the_list_can_be_recomputed_by_hand(grouped: GapLog) -> None:
    board = grouped.board
    period = board.period()
    found = board.page(period, ThemeFilter())
    assert found.all_contacts == sum(v.contacts for v in found.themes) + found.unthemed
    assert [v.rank for v in found.themes] == [1, 2, 3]
    top = found.themes[0]
    mine = Contacts(grouped.database).page(ContactFilter(theme_id=top.state.id), limit=99)
    inside = [c for c in mine if period.first <= c.at.date() <= period.last]
    assert top.contacts == len(inside)
    assert top.people == len({c.person for c in inside})
    assert top.share == len(inside) / found.all_contacts
    assert top.cost is not None
    assert top.cost.typical == pytest.approx(len(inside) * (6 * 14) ** 0.5 / 60 * (28 * 45) ** 0.5)
    assert top.quotes
    assert all(any(q.text in c.full_text for c in mine) for q in top.quotes)
    assert sum(c.contacts for c in top.channels) == top.contacts
    only = board.page(period, ThemeFilter(channel="chat", status="new"))
    assert only.by_status == {"new": 3}
    ThemeChanges(grouped.database).ignore(top.state.id, True, "ann")
    assert top.state.id not in {v.state.id for v in board.page(period, ThemeFilter()).themes}
    assert [v.state.id for v in board.page(period, ThemeFilter(ignored=True)).themes] == [top.state.id]


def test_a_long_period_counts_all_of_its_contacts_and_all_of_the_period_before_it(log: GapLog) -> None:
    days = [START + timedelta(days=14 * n) for n in range(104)]
    texts = [text for alike in zip(*TOPICS.values(), strict=True) for text in alike]
    Contacts(log.database).add_all([contact(n, f"{texts[n % 9]}. Report {n}.", at=at) for n, at in enumerate(days)])
    log.night()
    year = Period((START + timedelta(days=14 * 52)).date(), days[-1].date())
    whole = log.board.page(Period(START.date(), days[-1].date()), ThemeFilter())
    later = log.board.page(year, ThemeFilter())
    assert whole.all_contacts == 104
    assert later.all_contacts == 52
    assert {theme.moved is not None for theme in later.themes} == {True}
    assert sum(theme.contacts for theme in whole.themes) == 104 - whole.unthemed
    assert log.board.page(Period(year.first - timedelta(days=14 * 26), year.last), ThemeFilter()).all_contacts == 78


@pytest.mark.parametrize(
    ("since", "until"), [(date(1, 1, 1), None), (date(2026, 1, 1), date(9999, 12, 31)), (None, date(1, 1, 5))]
)
def test_a_period_that_no_contact_can_be_of_is_refused(log: GapLog, since: date | None, until: date | None) -> None:
    with pytest.raises(UsageError, match="1970 to 2999"):
        log.board.period(since, until)


@pytest.mark.parametrize("week", ["0001-W01", "9999-W52", "2024-W30\n", "٢٠٢٤-W30", "2024-W3", "2023-W53", "2024-W00"])
def test_what_is_no_week_has_no_digest(log: GapLog, week: str) -> None:
    with pytest.raises(UsageError, match="ISO week"):
        log.weekly.digest(week)


@pytest.mark.parametrize(
    ("week", "first", "last"),
    [
        ("2020-W53", date(2020, 12, 28), date(2021, 1, 3)),
        ("2024-W01", date(2024, 1, 1), date(2024, 1, 7)),
        ("2025-W01", date(2024, 12, 30), date(2025, 1, 5)),
    ],
)
def test_a_week_over_new_year_is_one_week(week: str, first: date, last: date) -> None:
    assert week_period(week) == Period(first, last)
    assert {week_of(first), week_of(last)} == {week}


def test_quotes_are_of_the_period_then_from_before_it_and_never_from_after(grouped: GapLog) -> None:
    board, theme = grouped.board, grouped.board.page(grouped.board.period(), ThemeFilter()).themes[0].state.id
    day = (START + timedelta(days=12)).date()
    quotes = board.quotes(theme, Period(day - timedelta(days=3), day))
    assert [q.at.date() >= day - timedelta(days=3) for q in quotes[:2]] == [True, True]
    assert len(quotes) > 2
    assert all(q.at.date() <= day for q in quotes)
    whole = board.quotes(theme, Period(START.date(), START.date() + timedelta(days=90)))
    assert any(q.at.date() > day for q in whole)


def test_a_contact_of_a_wrong_clock_does_not_hide_the_others(grouped: GapLog) -> None:
    before = grouped.board.period()
    theme = grouped.board.page(before, ThemeFilter()).themes[0].state.id
    fix = Fixes(grouped.database).add(theme, "ann", what="A label", shipped_on=START.date() + timedelta(days=14))
    effect = grouped.effects.of([fix])[0]
    Contacts(grouped.database).add(contact(950, "From a wrong clock", at=datetime(2999, 5, 5, tzinfo=UTC)))
    assert grouped.board.period() == before
    assert grouped.effects.of([fix])[0] == effect


def test_the_same_words_from_two_channels_are_quoted_once(grouped: GapLog) -> None:
    period = grouped.board.period()
    words = "No Wi-Fi connection on the display. It worked before."
    twice = [("review", "", words), ("ticket", "Display", f"2 stars. {words}")]
    new = [
        contact(900 + n, text, title=title, channel=kind, kind=kind, at=START + timedelta(days=30))
        for n, (kind, title, text) in enumerate(twice)
    ]
    ids = Contacts(grouped.database).add_all(new)
    grouped.night()
    grouped.put("T1", ids, "ann")
    quotes = [q.text for q in grouped.board.quotes("T1", period, count=40)]
    assert len(quotes) == len(set(quotes)) > 2


def test_a_fix_that_just_shipped_has_not_enough_data_and_a_real_one_is_measured(log: GapLog) -> None:
    contacts, start = [], START - timedelta(weeks=2)
    topics = list(TOPICS)
    for week in range(40):
        for topic in topics:
            often = 1 if topic == "wifi" and week >= 25 else 6
            for n in range(often):
                at = start + timedelta(weeks=week, hours=n)
                text = f"{TOPICS[topic][n % 3]}. Case {week}-{n} of {topic}."
                contacts.append(contact(len(contacts), text, at=at))
    Contacts(log.database).add_all(contacts)
    log.grouping.regroup()
    wifi = Contacts(log.database).page(ContactFilter(text="of wifi"), limit=1)[0].theme_id or ""
    late = start.date() + timedelta(weeks=38)
    fixes = Fixes(log.database)
    too_late = fixes.add("T2" if wifi != "T2" else "T1", "ann", what="a label", shipped_on=late)
    fix = fixes.add(wifi, "ann", what="a new radio driver", shipped_on=start.date() + timedelta(weeks=25))
    assert fixes.add(wifi, "ann", what="a new radio driver", shipped_on=fix.shipped_on).id == fix.id
    assert Themes(log.database).get(wifi).status == "shipped"
    good, none = log.effects.of([fix, too_late])
    assert good.effect.verdict == "fewer contacts"
    assert none.effect.verdict == "not enough data yet"
    assert log.effects.settle() == 1
    assert Themes(log.database).get(wifi).status == "measured"
    assert len(good.weeks) == 39  # the last week is not whole, and so is neither before nor after


def test_a_pinned_contact_is_where_a_person_put_it_whatever_the_grouping_says() -> None:
    labels = np.asarray([0, 0, 0, 1, 1, 1, -1], np.int64)
    kept = Match(("T1", None), (1.0, 0.0), ("T2",), (1,))
    before = ["T1", "T1", "T1", "T2", "T2", "T2", None]
    pins = [None, None, "T2", None, None, None, "T2"]
    groups = settled(labels, kept, before, pins)
    assert groups == (Group("T2", (0, 1, 2, 6)), Group(None, (3, 4, 5))) or {g.theme_id for g in groups} == {"T1", "T2"}
    assert next(g for g in groups if g.theme_id == "T2").rows.count(2) == 1
    assert sum(len(g.rows) for g in groups) == 7


def test_an_unknown_theme_is_not_found(log: GapLog) -> None:
    for name in ("T999", "nonsense", "T-1", ""):
        with pytest.raises(NotFound):
            log.board.show(name, log.board.period(date(2026, 1, 1), date(2026, 1, 2)))


def test_a_word_about_a_whole_theme_teaches_its_contacts_labels(grouped: GapLog) -> None:
    assert not grouped.labelling.learn()
    ThemeChanges(grouped.database).set("T1", {"cause": "request"}, "ann")
    assert grouped.labelling.learn()
    grouped.labelling.label_new()
    taught = Contacts(grouped.database).page(ContactFilter(theme_id="T1"), limit=99)
    assert sum(c.reason.cause == "request" for c in taught) > len(taught) / 2


def test_a_fix_is_taken_back_with_its_status_and_brought_back(grouped: GapLog) -> None:
    theme = Themes(grouped.database).all()[0].id
    changes, fixes = ThemeChanges(grouped.database), Fixes(grouped.database)
    changes.set(theme, {"status": "accepted"}, "dana")
    first = fixes.add(theme, "dana", what="A hint", shipped_on=date.today() - timedelta(days=3))  # noqa: DTZ011
    assert Themes(grouped.database).get(theme).status == "shipped"
    assert changes.undo(theme, None, "dana").status == "accepted"
    assert fixes.of([theme]) == []

    again = fixes.add(theme, "dana", what="A hint", shipped_on=first.shipped_on, link="https://x.example/1")
    fixes.remove(theme, again.id, "dana")
    assert (Themes(grouped.database).get(theme).status, fixes.of([theme])) == ("accepted", [])
    assert changes.undo(theme, None, "eve").status == "shipped"
    back = fixes.of([theme])[0]
    assert changes.undo(theme, None, "eve").status == "accepted"
    assert fixes.of([theme]) == []
    shipping = next(c for c in Themes(grouped.database).history([theme]) if c.action == "fix" and c.undone)
    with pytest.raises(UsageError, match="cannot be taken back"):
        changes.undo(theme, shipping.id, "eve")
    fixes.add(theme, "dana", what="A hint", shipped_on=first.shipped_on)
    lines = [c for c in Themes(grouped.database).history([theme]) if c.after.get("status") == "shipped"]
    assert "set" not in {c.action for c in lines}, "no line sets the status apart from the fix"
    assert (back.what, back.link, back.actor, back.picked_on) == (
        "A hint",
        "https://x.example/1",
        "dana",
        again.picked_on,
    )

    second = fixes.add(theme, "dana", what="A button", shipped_on=date.today())  # noqa: DTZ011
    fixes.remove(theme, second.id, "dana")
    assert Themes(grouped.database).get(theme).status == "shipped"
    with pytest.raises(UsageError, match="up to today"):
        fixes.add(theme, "dana", what="Later", shipped_on=date.today() + timedelta(days=9))  # noqa: DTZ011


def test_a_fix_knows_when_its_theme_was_chosen(grouped: GapLog) -> None:
    theme, other = (state.id for state in Themes(grouped.database).all()[:2])
    ThemeChanges(grouped.database).set(theme, {"status": "accepted"}, "dana")
    today = datetime.now(UTC).date()
    fixes = Fixes(grouped.database)
    assert fixes.add(theme, "dana", what="A hint", shipped_on=today).picked_on == today
    before = today - timedelta(days=30)  # accepted only afterwards
    assert fixes.add(other, "dana", what="A hint", shipped_on=before).picked_on == before
    said = before - timedelta(days=5)
    assert fixes.add(other, "dana", what="Another", shipped_on=before, picked_on=said).picked_on == said


def test_a_theme_that_is_reopened_loses_its_reason_and_a_partial_answer_is_none(grouped: GapLog) -> None:
    theme = Themes(grouped.database).all()[0].id
    changes = ThemeChanges(grouped.database)
    changes.set(theme, {"status": "dismissed", "reason": "by design"}, "dana")
    assert changes.set(theme, {"status": "new"}, "dana").reason == ""
    with pytest.raises(UsageError, match="reason"):
        changes.set(theme, {"status": "dismissed"}, "dana")
    member = next(i for i, (of, _) in Themes(grouped.database).members().items() if of == theme)
    heard = Contacts(grouped.database).get(member)
    values = {"channel": heard.channel, "kind": heard.kind, "at": heard.at, "text": heard.text}
    Contacts(grouped.database).add(NewContact(token=heard.token, verdict="partial", confidence=0.5, **values))
    view = grouped.board.show(theme, Period(START.date(), START.date() + timedelta(days=60)))
    assert (view.asked, view.answered) == (1, 0.0)
