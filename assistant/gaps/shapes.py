"""The gap log as JSON, the same over HTTP and on the command line; documented in docs/api.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

from assistant.gaps.distributions import outcome
from assistant.gaps.impact import Spread
from assistant.gaps.records import EffectVerdict, Judged, ThemeCard, ThemeList, ThemeView
from assistant.gaps.silence import Mapped, SilenceMap
from assistant.records import (
    REVERSIBLE,
    SIGNAL_TYPES,
    WITHDRAWN,
    Contact,
    Evidence,
    Fix,
    Note,
    Override,
    Reason,
    Retested,
    RetestRun,
    ThemeChange,
    ThemeState,
)
from assistant.seams import Opinion

Json = dict[str, Any]
_DOCUMENTS = ("ours", "theirs", "nearest")
"""Where a signal's evidence names documents."""


def list_json(found: ThemeList, stages: Sequence[str]) -> Json:
    """A list of themes; `stages` are those that the desk tells apart."""
    return {
        "period": {"first": found.period.first, "last": found.period.last},
        "currency": found.currency,
        "stages": list(stages),
        "all_contacts": found.all_contacts,
        "unthemed": found.unthemed,
        "total": found.total,
        "by_status": dict(found.by_status),
        "channels": dict(found.channels),
        "themes": [view_json(view) for view in found.themes],
    }


def view_json(view: ThemeView) -> Json:
    """One theme's line."""
    return {
        **state_json(view.state),
        "contacts": view.contacts,
        "people": view.people,
        "share": round(view.share, 5),
        "rank": view.rank,
        "moved": view.moved,
        "cause": _judged(view.cause),
        "contradictions": [{"about": c.about, "text": c.text} for c in view.contradictions],
        "answers": {
            "outcomes": dict(view.answers.outcomes),
            "kinds": {kind: round(p, 4) for kind, p in view.answers.kinds},
        },
        "stage": _judged(view.stage),
        "cost": _spread(view.cost),
        "minutes": _spread(view.minutes),
        "hourly_rate": _spread(view.hourly_rate),
        "rating": None if view.rating is None else round(view.rating, 2),
        "ratings": view.ratings,
        "answered": None if view.answered is None else round(view.answered, 3),
        "asked": view.asked,
        "channels": [asdict(channel) for channel in view.channels],
        "weeks": [asdict(week) for week in view.weeks],
        "spiking": view.is_spiking,
        "quotes": [asdict(quote) for quote in view.quotes],
        "signals": dict(view.signals),
        "parties": dict(view.parties),
        "first_seen_at": view.first_seen_at,
        "last_seen_at": view.last_seen_at,
    }


def state_json(state: ThemeState) -> Json:
    """What people see of a theme's own fields; cause and stage stand in the line."""
    names = ("id", "name", "status", "reason", "owner", "due", "tracker", "ignored", "merged_into", "ended_at")
    return {name: getattr(state, name) for name in names} | {"words": list(state.words)}


def signals_json(
    counts: Mapping[str, int], evidence: Mapping[str, Sequence[Evidence]], titles: Mapping[str, str]
) -> list[Json]:
    """Signals by type in the order of `SIGNAL_TYPES`, each with its count and the latest of its evidence."""
    return [
        {
            "type": kind,
            "contacts": counts.get(kind, 0),
            "evidence": [_evidence(each, titles) for each in evidence.get(kind, ())],
        }
        for kind in SIGNAL_TYPES
        if counts.get(kind) or evidence.get(kind)
    ]


def documents_of(evidence: Evidence) -> list[str]:
    """The articles and tickets that a signal speaks about."""
    said = evidence.signal.evidence
    return [*evidence.sources, *(said.get("ours") or ()), *(said.get("theirs") or ()), *(said.get("nearest") or ())]


def _evidence(evidence: Evidence, titles: Mapping[str, str]) -> Json:
    signal = evidence.signal
    said = {key: value for key, value in signal.evidence.items() if key not in _DOCUMENTS}
    lists: dict[str, Sequence[str]] = {
        "sources": evidence.sources, **{key: signal.evidence.get(key) or () for key in _DOCUMENTS},
    }  # fmt: skip
    documents = {
        key: [{"document_id": each, "title": titles.get(each, each)} for each in listed]
        for key, listed in lists.items()
    }
    return {
        "at": signal.at, "contact_id": signal.contact_id, "question": evidence.question, "actor": signal.actor,
        "value": _rounded(signal.value), **documents, "said": said,
    }  # fmt: skip


def silence_json(found: SilenceMap) -> Json:
    """The map of the knowledge."""
    return {"counts": dict(found.counts), "articles": [_mapped(mapped) for mapped in found.articles]}


def _mapped(mapped: Mapped) -> Json:
    article = asdict(mapped.article)
    against = [{"document_id": a.key, "title": a.title, "likeness": a.likeness, "said": a.said} for a in mapped.against]
    return {"document_id": article.pop("key"), **article, "findings": list(mapped.findings), "against": against}


def card_json(card: ThemeCard) -> Json:
    """What people did with a theme."""
    return {
        "merged": list(card.family[1:]),
        "notes": [note_json(note) for note in card.notes],
        "fixes": [fix_json(fix, effect) for fix, effect in card.fixes],
        "history": [change_json(change) for change in card.history],
    }


def change_json(change: ThemeChange) -> Json:
    """A line of the history, and whether it can be taken back."""
    reversible = change.action in REVERSIBLE and change.undoes is None and not change.undone
    return {**asdict(change), "reversible": reversible}


def note_json(note: Note) -> Json:
    """A comment or a proposal."""
    return asdict(note)


def fix_json(fix: Fix, effect: EffectVerdict | None) -> Json:
    """A fix with what it did."""
    return {**asdict(fix), "effect": None if effect is None else effect_json(effect)}


def effect_json(verdict: EffectVerdict) -> Json:
    """What a fix did, with the weeks behind it."""
    effect = verdict.effect
    numbers = ("ratio", "low", "high", "uncorrected", "untouched", "rate_before", "rate_after")
    return {
        "verdict": effect.verdict,
        **{name: _rounded(getattr(effect, name)) for name in numbers},
        "weeks_before": effect.weeks_before,
        "weeks_after": effect.weeks_after,
        "contacts_before": effect.contacts_before,
        "contacts_after": effect.contacts_after,
        "exposure_before": round(effect.exposure_before, 2),
        "exposure_after": round(effect.exposure_after, 2),
        "exposure_note": verdict.note,
        "warnings": list(effect.warnings),
        "comparable": verdict.untouched,
        "exposure": verdict.exposure,
        "shipped_week": verdict.shipped_week,
        "weeks": [list(week) for week in verdict.weeks],
        "control": list(verdict.control),
    }


def contact_json(
    contact: Contact,
    reads: Sequence[str] = (),
    said: Sequence[Override] = (),
    opinion: Opinion | None = None,
) -> Json:
    """A contact with who read it, what people said about it and a chat model's opinion; never the person's hash."""
    names = ("id", "token", "kind", "channel", "at", "title", "text", "rating", "verdict", "confidence", "draft_id")
    reason = contact.reason
    return {
        **{name: getattr(contact, name) for name in names},
        "document_id": contact.document_key or None,
        "gap_id": contact.gap_id,
        "theme_id": contact.theme_id,
        "pinned": contact.pinned,
        "nearest": list(contact.nearest),
        "cause": _of_contact(reason, said, "cause"),
        "stage": _of_contact(reason, said, "stage"),
        "quote": reason.quote,
        "party": reason.party,
        "labelled_by": reason.by,
        "outcome": outcome(reason),
        "second_opinion": asdict(opinion) if opinion else None,
        "read_by": list(reads),
        "reasons": [
            {"actor": o.actor, "cause": o.cause, "stage": o.stage, "prevented_by": o.prevented_by, "at": o.at}
            for o in said
        ],
    }


def _of_contact(reason: Reason, said: Sequence[Override], field: str) -> Json:
    probability = round(getattr(reason, f"{field}_probability"), 4)
    return {"label": getattr(reason, field), "probability": probability, "by": _decider(said, field)}


def _decider(said: Sequence[Override], field: str) -> str:
    """Who decided a contact's cause or stage; empty where nobody did, or took it back."""
    words = [(getattr(override, field), override.actor) for override in said if getattr(override, field)]
    return words[-1][1] if words and words[-1][0] != WITHDRAWN else ""


def run_json(
    run: RetestRun, lines: Sequence[Retested], themes: Mapping[int, ThemeState] = MappingProxyType({})
) -> Json:
    """A retest with what came out, line by line, each with its theme where `themes` knows that of the line."""
    told = [asdict(line) | _theme_of(themes.get(line.id)) for line in lines]
    return {**asdict(run), "results": dict(run.results), "gaps": told}


def _theme_of(theme: ThemeState | None) -> Json:
    return {"theme_id": theme.id if theme else None, "theme_name": theme.name if theme else ""}


def _judged(judged: Judged) -> Json:
    return {
        "label": judged.label,
        "probability": round(judged.probability, 4),
        "by": judged.by,
        "shares": {label: round(share, 4) for label, share in judged.shares},
    }


def _spread(spread: Spread | None) -> Json | None:
    return None if spread is None else {name: round(value, 2) for name, value in asdict(spread).items()}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
