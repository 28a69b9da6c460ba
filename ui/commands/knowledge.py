"""`waypost gaps silence`: how the knowledge is used, and what is written in vain."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ui.commands.options import AsJson, Config, Data
from ui.commands.themes import plain

if TYPE_CHECKING:
    from assistant.gaps.silence import Mapped, SilenceMap
    from ui.home import Home


def silence(
    finding: Annotated[str, typer.Option(help="Only articles with this finding, such as 'never cited'.")] = "",
    out: Annotated[Path | None, typer.Option(help="File to write: CSV, or JSON with --json.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Articles to print.")] = 30,
    data: Data = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """How each article is used: cited often, never, edited away, stale, duplicated, contradictory, or unknown."""
    from assistant.files import saved
    from assistant.gaps.shapes import silence_json
    from assistant.gaps.silence_table import as_csv
    from ui.home import open_home

    home = open_home(data, config)
    found = _only(_drawn(home), finding)
    home.close()
    text = json.dumps(silence_json(found), default=plain, ensure_ascii=False)
    if out is not None:
        saved(out, text if as_json else as_csv(found))
        typer.echo(f"{len(found.articles)} articles written to {out}", err=True)
    elif as_json:
        typer.echo(text)
    else:
        for line in _table(found, limit):
            typer.echo(line)


def _drawn(home: Home) -> SilenceMap:
    from assistant.gaplog.knowledge_map import KnowledgeMap
    from assistant.store.generations import Generations
    from assistant.store.use import KnowledgeUse

    live = Generations(home.database).live()
    days = home.settings.answering.stale_after_days
    read = KnowledgeMap(home.knowledge, KnowledgeUse(home.database), live.model_id if live else "", days)
    return read.drawn(datetime.now(UTC))


def _only(found: SilenceMap, finding: str) -> SilenceMap:
    """The map of the articles with one finding.

    Raises:
        UsageError: there is no such finding.
    """
    from dataclasses import replace
    from typing import get_args

    from assistant.errors import UsageError
    from assistant.gaps.silence import Finding

    if not finding:
        return found
    if finding not in get_args(Finding):
        raise UsageError(f"Expected a finding of {', '.join(get_args(Finding))}; found {finding!r}.")
    return replace(found, articles=tuple(mapped for mapped in found.articles if finding in mapped.findings))


def _table(found: SilenceMap, limit: int) -> Iterator[str]:
    if not found.articles:
        yield "No articles. `waypost ingest FOLDER` reads your help centre."
        return
    yield ", ".join(f"{count} {name}" for name, count in sorted(found.counts.items()))
    yield f"{'asked':>6} {'cited':>6} {'edited':>6}  article"
    for mapped in found.articles[:limit]:
        yield from _lines(mapped)
    if len(found.articles) > limit:
        yield f"... {len(found.articles) - limit} more; raise --limit"


def _lines(mapped: Mapped) -> Iterator[str]:
    from assistant.wording import one_line

    article = mapped.article
    title = one_line(article.title or article.key, 12)
    yield f"{article.contacts:>6} {article.cited:>6} {article.edited:>6}  {title}  [{', '.join(mapped.findings)}]"
    if article.edit_distance is not None:
        yield f"{'':22}{article.rewritten} drafts rewritten, {article.edit_distance:.0%} of the words on average"
    for other in mapped.against:
        said = one_line(other.said, 20) or "nearly the same"
        yield f"{'':22}against {one_line(other.title or other.key, 12)}: {said}"
