"""Routes for writers: the map of the knowledge, draft articles, and themes for other tools."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body
from fastapi.responses import PlainTextResponse, Response
from pydantic import Field

from assistant.api.auth import Asker, GapWorker
from assistant.api.services import Served, Services
from assistant.api.theme_schemas import Day
from assistant.api.themes import Wanted
from assistant.gaplog.board import ThemeFilter
from assistant.gaplog.drafting import drafted
from assistant.gaplog.knowledge_map import KnowledgeMap
from assistant.gaps.article import ArticleDraft, as_markdown
from assistant.gaps.export import ExportFormat, export
from assistant.gaps.shapes import silence_json
from assistant.gaps.silence_table import as_csv
from assistant.store.contact_rows import ContactFilter
from assistant.store.contacts import Contacts
from assistant.store.generations import Generations
from assistant.store.use import KnowledgeUse

router = APIRouter(prefix="/v1", tags=["writing"])
Views = Annotated[dict[str, Annotated[float, Field(ge=0)]], Body(max_length=100_000)]
_MOST = 10_000


@router.get("/silence", response_model=None)
def knowledge_map(
    caller: Asker,  # noqa: ARG001
    services: Served,
    format: Literal["json", "csv"] = "json",
) -> Response | dict[str, Any]:
    """Every article with what the desk's use says about it, those that need work first."""
    live = Generations(services.database).live()
    found = KnowledgeMap(
        services.knowledge,
        KnowledgeUse(services.database),
        live.model_id if live else "",
        int(services.desk.settings["answering"]["stale_after_days"]),
    ).drawn(datetime.now(UTC))
    if format == "csv":
        name = 'attachment; filename="knowledge.csv"'
        return Response(as_csv(found), media_type="text/csv; charset=utf-8", headers={"Content-Disposition": name})
    return silence_json(found)


@router.put("/silence/views")
def set_views(body: Views, caller: GapWorker, services: Served) -> dict[str, int]:  # noqa: ARG001
    """Say how often articles were read: `{document_id: views}`; only then does silence mean anything."""
    use = KnowledgeUse(services.database)
    use.set_views(body)
    return {"articles": len(use.views())}


@router.get("/themes/{theme_id}/article", response_model=None)
def draft_article(
    theme_id: str,
    caller: Asker,  # noqa: ARG001
    services: Served,
    format: Literal["md", "json"] = "json",
) -> Response | dict[str, Any]:
    """A draft for a writer from agents' own answers, cited to their tickets, or why there is none."""
    log = services.gap_log
    state = log.board.show(theme_id, log.board.period()).state
    contacts = Contacts(services.database).page(ContactFilter(theme_id=state.id), limit=_MOST)
    draft = drafted(state.name, contacts, services.knowledge)
    if format == "md":
        return PlainTextResponse(as_markdown(draft), media_type="text/markdown")
    return _draft(draft)


@router.get("/exports/themes", response_model=None)
def export_themes(
    caller: Asker,  # noqa: ARG001
    services: Served,
    wanted: Wanted,
    format: ExportFormat = "csv",
    since: Day = None,
    until: Day = None,
) -> Response:
    """Themes of a period as a file: a spreadsheet, Markdown, or what GitHub, Jira and Linear import."""
    found = export(_all(services, since, until, wanted), format)
    name = f'attachment; filename="themes-{format}.{found.suffix}"'
    return Response(found.text.encode(), media_type=found.media_type, headers={"Content-Disposition": name})


def _all(services: Services, since: Day, until: Day, wanted: ThemeFilter = ThemeFilter()) -> Any:
    board = services.gap_log.board
    return board.page(board.period(since, until), wanted, limit=_MOST, offset=0)


def _draft(draft: ArticleDraft) -> dict[str, Any]:
    return {
        "title": draft.title,
        "edits": {"document_id": draft.edits.key, "title": draft.edits.title} if draft.edits else None,
        "parts": [{"text": part.text, "tickets": list(part.tickets)} for part in draft.parts],
        "questions": list(draft.questions),
        "why_not": draft.why_not,
        "one_ticket": draft.one_ticket,
        "left_out": draft.left_out,
        "markdown": as_markdown(draft),
    }
