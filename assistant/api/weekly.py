"""Routes of what comes week by week: digests, retests, and what contacts are counted against."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Query, Response
from fastapi.responses import PlainTextResponse
from pydantic import Field

from assistant.api.auth import Asker, GapWorker
from assistant.api.services import Served, Services
from assistant.api.theme_schemas import RetestRequest
from assistant.cleaning import cleaned
from assistant.errors import UsageError
from assistant.gaplog.weekly import week_period
from assistant.gaps.shapes import run_json
from assistant.gaps.trend import week_of
from assistant.records import RetestRun
from assistant.store.digests import Digests
from assistant.store.fixes import Fixes
from assistant.store.retests import Retests
from assistant.store.themes import Themes

router = APIRouter(prefix="/v1", tags=["week by week"])
Amounts = Annotated[dict[str, Annotated[float, Field(ge=0)]], Body(max_length=1_000)]


@router.get("/digests")
def digests(caller: Asker, services: Served) -> dict[str, Any]:  # noqa: ARG001
    """The weeks that have a digest, latest first."""
    return {"weeks": Digests(services.database).weeks()}


@router.get("/digests/{week}")
def digest(
    week: str,
    caller: Asker,  # noqa: ARG001
    services: Served,
    format: Literal["md", "html", "json"] = "json",
) -> Response:
    """The list of a week that has ended; the same bytes each time."""
    found = services.gap_log.weekly.digest(week)
    text, kind = {
        "md": (found.markdown, "text/markdown"), "html": (found.html, "text/html"),
        "json": (found.json, "application/json"),
    }[format]  # fmt: skip
    return PlainTextResponse(text, media_type=kind)


@router.get("/retests")
def retests(
    caller: Asker,  # noqa: ARG001
    services: Served,
    limit: Annotated[int, Query(ge=1, le=100)] = 10,
) -> dict[str, Any]:
    """Retests, latest first, each with what it changed."""
    store = Retests(services.database)
    return {"runs": [_run(services, run) for run in store.runs(limit)]}


@router.post("/retests")
def retest(body: RetestRequest, caller: GapWorker, services: Served) -> dict[str, Any]:  # noqa: ARG001
    """Ask the open gaps again that changes can have touched, or all of them; the reply comes when it is done."""
    run = services.retest().run("api", everything=body.all)
    return _run(services, run)


def _checked_weeks(name: str, amounts: Mapping[str, float]) -> None:
    """Every week from the first to the last has a number above 0: an effect is counted against all of them.

    Raises:
        UsageError: one is no week, is missing, or holds nothing that contacts could be counted against.
    """
    starts = sorted(week_period(week).first for week in amounts)
    expected = [starts[0] + timedelta(weeks=n) for n in range((starts[-1] - starts[0]).days // 7 + 1)] if starts else []
    if missing := [week_of(start) for start in expected if start not in starts]:
        lacking = ", ".join(missing[:10])
        raise UsageError(f"Expected {name} for every week from the first to the last, found none for {lacking}.")
    if empty := sorted(week for week, amount in amounts.items() if amount <= 0):
        raise UsageError(f"Expected {name} above 0 for every week, found 0 for {', '.join(empty[:10])}.")


def _run(services: Services, run: RetestRun) -> dict[str, Any]:
    store = Retests(services.database)
    lines, states = store.lines(run.id), {state.id: state for state in Themes(services.database).all()}
    themes = {line: states[theme] for line, theme in store.themes(lines).items() if theme in states}
    return run_json(run, lines, themes)


@router.put("/exposures/{name}")
def set_exposure(name: str, amounts: Amounts, caller: GapWorker, services: Served) -> dict[str, Any]:  # noqa: ARG001
    """Say how many active users, orders or the like there were, by ISO week; effects are counted against them."""
    wanted = cleaned(name).strip()
    if not wanted or len(wanted) > 40:
        raise UsageError(f"Expected a name of 1 to 40 characters, found {name[:60]!r}.")
    _checked_weeks(wanted, amounts)
    Fixes(services.database).set_exposure(wanted, amounts)
    return {"name": wanted, "weeks": Fixes(services.database).exposures().get(wanted, {})}
