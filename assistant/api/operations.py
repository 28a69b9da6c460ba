"""Routes for operation: health, readiness, sources, ingest."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from assistant.api.auth import Asker, Ingester
from assistant.api.schemas import Health, IngestRequest, SyncRequest
from assistant.api.services import Served
from assistant.store.sources import Sources
from assistant.store.spending import Budget, Spending

open_router = APIRouter(tags=["operation"])
router = APIRouter(prefix="/v1", tags=["operation"])


@open_router.get("/healthz")
def healthz() -> Health:
    """The process runs. Needs no key."""
    return Health(status="ok")


@open_router.get("/readyz")
def readyz(services: Served) -> Health:
    """It can answer, and from which generation; "degraded" means exact search while the index is rebuilt."""
    status = services.index()
    return Health(
        status="ok" if status.state == "sound" else "degraded",
        generation=status.generation,
        index=status.state,
        notice=status.notice,
        documents=services.knowledge.counts(),
    )


@router.get("/sources")
def sources(caller: Asker, services: Served) -> list[dict[str, Any]]:
    """Where the knowledge comes from; for admins also how each source is read, how its last run went, its next one."""
    statuses = [source.status() for source in Sources(services.database).all()]
    shown = None if caller.may("ingest") else ("name", "kind", "documents", "last_run_at")
    return [{name: status[name] for name in shown or status} for status in statuses]


@router.post("/sources/sync")
def sync(body: SyncRequest, caller: Ingester, services: Served) -> dict[str, Any]:  # noqa: ARG001
    """Run sources now, one after the other; the reply comes when they are done and searchable."""
    names = body.names or [source.name for source in Sources(services.database).all()]
    return {"summaries": services.intake.sync(names, allow_empty=body.allow_empty)}


@router.get("/usage")
def usage(caller: Ingester, services: Served) -> dict[str, Any]:  # noqa: ARG001
    """What the chat model has cost today (UTC), beside the limits; `exceeded` says which one is reached."""
    return Spending(services.database, Budget.of(services.desk.settings.get("models", {}))).status()


@router.get("/quarantine")
def quarantine(caller: Ingester, services: Served) -> list[dict[str, Any]]:  # noqa: ARG001
    """Records that could not be read, with the reason."""
    left_out = services.corpus.quarantine_list()
    return [{"source": row.source, "item": row.item, "reason": row.reason, "at": row.at} for row in left_out]


@router.post("/ingest")
def ingest(body: IngestRequest, caller: Ingester, services: Served) -> dict[str, Any]:  # noqa: ARG001
    """Ingest places on the server's disk; the reply comes when it is done and searchable."""
    return {"summaries": services.intake.run(body.sources, body.kind, body.audience, allow_empty=body.allow_empty)}
