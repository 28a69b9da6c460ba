"""What is worth telling people outside: a theme spiked, a gap closed, a fix was measured, a digest is ready.

An event is derived from the records and named by them, so the same fact has the same id however often it is looked at,
and telling it twice can be noticed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from assistant.gaps import wording as w
from assistant.gaps.records import EffectVerdict, Retested, ThemeState, ThemeView

EventType = Literal["theme.spiked", "gap.closed", "fix.measured", "digest.ready"]
EVENT_TYPES: tuple[EventType, ...] = ("theme.spiked", "gap.closed", "fix.measured", "digest.ready")


@dataclass(frozen=True, slots=True)
class Event:
    """One fact. `text` says it in a sentence, in which `name` holds people's words; `facts` is plain JSON."""

    id: str
    type: EventType
    name: str
    text: str
    facts: Mapping[str, Any] = field(default_factory=dict)


def spiked(theme: ThemeView) -> Event:
    """A theme stands out against its own history in its last week; once a week and theme."""
    last = theme.weeks[-1]
    return Event(
        id=f"spike:{theme.state.id}:{last.week}",
        type="theme.spiked",
        name=theme.state.name,
        text=f"stands out in {last.week} with {w.against_expected(last)}.",
        facts={
            "theme": theme.state.id,
            "week": last.week,
            "contacts": last.contacts,
            "low": last.low,
            "high": last.high,
        },
    )


def closed(gap: Retested) -> Event:
    """A retest found that the knowledge answers a gap now."""
    return Event(
        id=f"closed:{gap.gap_id}:{gap.run}",
        type="gap.closed",
        name=w.one_line(gap.question, w.QUOTE_WORDS),
        text="is answered now.",
        facts={"gap": gap.gap_id, "sources": list(gap.sources), "confidence": gap.confidence_after},
    )


def measured(theme: ThemeState, verdict: EffectVerdict) -> Event | None:
    """A fix has an effect to tell, None while there is not enough data; told again only if the verdict changes."""
    effect = verdict.effect
    if effect.verdict == "not enough data yet":
        return None
    return Event(
        id=f"measured:{verdict.fix.id}:{effect.verdict}",
        type="fix.measured",
        name=theme.name,
        text=f"fix of {w.day(verdict.fix.shipped_on)}: {w.effect_words(effect, verdict.untouched)}",
        facts={
            "theme": theme.id, "fix": verdict.fix.id, "verdict": effect.verdict, "ratio": effect.ratio,
            "low": effect.low, "high": effect.high,
        },
    )  # fmt: skip


def digest_ready(week: str, headline: str) -> Event:
    """The list of a week was made."""
    return Event(f"digest:{week}", "digest.ready", f"Digest of {week}", headline, {"week": week})


def standard_payload(event: Event, timestamp: str) -> dict[str, Any]:
    """The body that Standard Webhooks recommends."""
    data = {"id": event.id, "name": event.name, "text": event.text, **event.facts}
    return {"type": event.type, "timestamp": timestamp, "data": data}


def slack_payload(event: Event) -> dict[str, str]:
    """The body that Slack, Mattermost and Rocket.Chat take: no word of a stranger can mention anybody or be a link."""
    return {"text": f"*{_slack(event.name)}* {_slack(event.text)}"}


def _slack(text: str) -> str:
    """Slack reads `&`, `<` and `>`; stars and the like would only change how it looks, and a link needs brackets."""
    plain = w.one_line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return plain.replace("*", "∗").replace("@", "@\u2060").replace("://", ":\u2060//")
