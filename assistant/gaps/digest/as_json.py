"""The digest for programs: the fields of `assistant.gaps.records.Digest`, times in ISO 8601."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from typing import Any

from assistant.gaps.records import Digest, EffectVerdict, Fix, Judged, Retested, ThemeState, ThemeView


def as_json(digest: Digest) -> str:
    """One JSON object; a theme has the keys that `GET /v1/themes` gives it."""
    value = {
        **_fields(digest, without=("themes", "spikes", "shipped", "effects", "answered_now", "regressed")),
        "themes": [theme_json(theme) for theme in digest.themes],
        "spikes": [theme_json(theme) for theme in digest.spikes],
        "shipped": [_shipped(theme, fix) for theme, fix in digest.shipped],
        "effects": [_measured(theme, verdict) for theme, verdict in digest.effects],
        "answered_now": [_retested(gap) for gap in digest.answered_now],
        "regressed": [_retested(gap) for gap in digest.regressed],
    }
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def theme_json(view: ThemeView) -> dict[str, Any]:
    """A theme's line as the HTTP contract has it."""
    return {
        **plain_fields(view.state),
        **_fields(view, without=("state", "cause", "stage", "period")),
        "cause": _judged(view.cause),
        "stage": _judged(view.stage),
        "spiking": view.is_spiking,
    }


def plain_fields(record: Any) -> dict[str, Any]:
    """A frozen record's fields as plain JSON values."""
    return _fields(record)


def _shipped(theme: ThemeState, fix: Fix) -> dict[str, Any]:
    return {"theme": {"id": theme.id, "name": theme.name}, "fix": _fields(fix)}


def _measured(theme: ThemeState, verdict: EffectVerdict) -> dict[str, Any]:
    effect = {
        **_fields(verdict.effect),
        **_fields(verdict, without=("fix", "effect", "untouched")),
        "comparable": verdict.untouched,
    }
    return {"theme": {"id": theme.id, "name": theme.name}, "fix": {**_fields(verdict.fix), "effect": effect}}


def _retested(gap: Retested) -> dict[str, Any]:
    return _fields(gap, without=("run",))


def _judged(value: Judged) -> dict[str, Any]:
    return {"label": value.label, "probability": value.probability, "by": value.by, "shares": dict(value.shares)}


def _fields(record: Any, without: tuple[str, ...] = ()) -> dict[str, Any]:
    return {f.name: _plain(getattr(record, f.name)) for f in fields(record) if f.name not in without}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if is_dataclass(value):
        return _fields(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return value
