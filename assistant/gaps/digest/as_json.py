"""The digest for programs: the fields of `assistant.gaps.records.Digest`, themes as the HTTP contract has them."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from typing import Any

from assistant.gaps import shapes
from assistant.gaps.digest.summary import headline, highlights
from assistant.gaps.records import Digest, EffectVerdict, Fix
from assistant.records import ThemeState


def as_json(digest: Digest) -> str:
    """One JSON object; a theme has the keys that `GET /v1/themes` gives it, `highlights` are the week in sentences."""
    value = {
        "week": digest.week,
        "period": asdict(digest.period),
        "desk": digest.desk,
        "currency": digest.currency,
        "contacts": digest.contacts,
        "contacts_before": digest.contacts_before,
        "unthemed": digest.unthemed,
        "headline": headline(digest),
        "highlights": [asdict(highlight) for highlight in highlights(digest)],
        "themes": [shapes.view_json(theme) for theme in digest.themes],
        "spikes": [shapes.view_json(theme) for theme in digest.spikes],
        "shipped": [_fixed(theme, fix) for theme, fix in digest.shipped],
        "effects": [_fixed(theme, verdict.fix, verdict) for theme, verdict in digest.effects],
        "answered_now": [asdict(gap) for gap in digest.answered_now],
        "regressed": [asdict(gap) for gap in digest.regressed],
    }
    return json.dumps(value, ensure_ascii=False, indent=1, default=_iso) + "\n"


def _fixed(theme: ThemeState, fix: Fix, verdict: EffectVerdict | None = None) -> dict[str, Any]:
    return {"theme": {"id": theme.id, "name": theme.name}, "fix": shapes.fix_json(fix, verdict)}


def _iso(moment: date) -> str:
    return moment.isoformat()
