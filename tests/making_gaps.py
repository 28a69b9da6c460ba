"""Records of the gap log for tests: complete, frozen, and different in what a test names."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from assistant.gaps.effect import Effect
from assistant.gaps.impact import Spread
from assistant.gaps.records import (
    ChannelShare,
    Contact,
    Digest,
    EffectVerdict,
    Fix,
    Judged,
    Period,
    Quoted,
    Reason,
    ThemeList,
    ThemeState,
    ThemeView,
    WeekOfTheme,
)

MONDAY = date(2024, 7, 22)
NOON = datetime(2024, 7, 23, 12, tzinfo=UTC)
WEEK = Period(MONDAY, MONDAY + timedelta(days=6))


def state(name: str = "sending mail", id_: str = "T12", **more: Any) -> ThemeState:
    whole = ThemeState(
        id=id_, name=name, named_by="", words=("smtp",), status="new", reason="", owner="", due=None, tracker="",
        ignored=False, cause="", stage="", merged_into=None, created_at=NOON, ended_at=None,
    )  # fmt: skip
    return replace(whole, **more)


def quoted(text: str = "It says the login to the server failed.", **more: Any) -> Quoted:
    return replace(Quoted(text, 7, "email", NOON, None), **more)


def weeks(*contacts: int, low: int | None = 2, high: int | None = 12) -> tuple[WeekOfTheme, ...]:
    first = MONDAY - timedelta(weeks=len(contacts) - 1)
    found = []
    for number, count in enumerate(contacts):
        year, week, _ = (first + timedelta(weeks=number)).isocalendar()
        found.append(WeekOfTheme(f"{year}-W{week:02d}", count, 6.1, low, high, high is not None and count > high))
    return tuple(found)


def view(name: str = "sending mail", id_: str = "T12", **more: Any) -> ThemeView:
    whole = ThemeView(
        state=state(name, id_), period=WEEK, contacts=41, people=38, share=0.098,
        channels=(ChannelShare("email", 30, 0.1, None, "design", False),),
        cause=Judged("design", 0.62, "", (("design", 0.62), ("knowledge", 0.2))),
        stage=Judged("set_up", 0.7, "", (("set_up", 0.7),)), weeks=weeks(5, 8, 7, 9), cost=Spread(120.0, 215.2, 410.9),
        minutes=Spread(6, 9.2, 14), hourly_rate=Spread(28, 35.5, 45), rating=None, ratings=0, answered=0.55,
        asked=20, rank=1, moved=2, quotes=(quoted(),),
        signals={"abstained": 12}, parties={}, first_seen_at=NOON, last_seen_at=NOON,
    )  # fmt: skip
    return replace(whole, **more)


def theme_list(*themes: ThemeView) -> ThemeList:
    return ThemeList(WEEK, "EUR", 420, 96, len(themes), {"new": len(themes)}, {"email": 300}, themes)


def fix(**more: Any) -> Fix:
    return replace(Fix(3, "T12", "ann", MONDAY, "Ask for the server's name once", "", "volume", None, NOON), **more)


def effect(**more: Any) -> Effect:
    whole = Effect("fewer contacts", 0.6, 0.45, 0.8, 0.55, 0.95, 0.02, 0.012, 26, 6, ())
    return replace(whole, **more)


def verdict(**more: Any) -> EffectVerdict:
    return EffectVerdict(
        fix(), effect(**more), "contacts", (("2024-W29", 9, 400.0), ("2024-W30", 4, 412.0)), "2024-W30", 18
    )


def digest(*themes: ThemeView, **more: Any) -> Digest:
    whole = Digest(
        week="2024-W30", period=WEEK, desk="Fernway Support", currency="EUR", contacts=412, contacts_before=378,
        unthemed=96, themes=themes, spikes=(), shipped=(), effects=(), answered_now=(), regressed=(),
    )  # fmt: skip
    return replace(whole, **more)


def contact(id_: int = 7, text: str = "It says the login to the server failed.", **more: Any) -> Contact:
    whole = Contact(
        id=id_, token=f"ticket:{id_}", kind="ticket", channel="email", at=NOON, title="", text=text, person="",
        rating=None, document_key=f"ticket-{id_}", draft_id=None, gap_id=None, verdict="", confidence=None, nearest=(),
        minutes=None, reason=Reason(), theme_id="T12", pinned=False,
    )  # fmt: skip
    return replace(whole, **more)
