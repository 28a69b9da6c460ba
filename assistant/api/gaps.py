"""Routes for designers and writers: the gap log. Reading is open to every key, changing is not."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query

from assistant.api.auth import Asker, GapWorker
from assistant.api.schemas import GapPatch
from assistant.api.services import Served
from assistant.cleaning import cleaned
from assistant.store.gaps import GapFilter

router = APIRouter(prefix="/v1/gaps", tags=["gaps"])


@router.get("")
def list_gaps(
    caller: Asker,  # noqa: ARG001
    services: Served,
    status: Annotated[str, Query(max_length=20)] = "",
    reason: Annotated[str, Query(max_length=20)] = "",
    channel: Annotated[str, Query(max_length=80)] = "",
    text: Annotated[str, Query(max_length=200)] = "",
    since: datetime | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> dict[str, Any]:
    """Gaps, most frequent first, with how many there are in all, by status and by channel."""
    wanted = GapFilter(status, reason, cleaned(channel), cleaned(text), since)
    rows = services.desk.gaps.list(wanted, limit=limit, offset=offset)
    by_status, channels = services.desk.gaps.counts(wanted)
    total = by_status.get(status, 0) if status else sum(by_status.values())
    return {"total": total, "gaps": rows, "by_status": by_status, "channels": channels}


@router.get("/{gap_id}")
def get_gap(gap_id: int, caller: Asker, services: Served) -> dict[str, Any]:  # noqa: ARG001
    """One gap with its occurrences and history."""
    return services.desk.gaps.show(gap_id)


@router.patch("/{gap_id}")
def change_gap(gap_id: int, body: GapPatch, caller: GapWorker, services: Served) -> dict[str, Any]:
    """Set status or note; every change stays in the history, so it can be undone."""
    changes = {name: cleaned(value) for name, value in body.model_dump().items() if value is not None}
    return services.desk.gaps.change(gap_id, changes, caller.name)
