"""`waypost search` and `waypost ask`, one question or a batch."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from assistant.domain import KINDS, Answer, Audience, Kind, Question
from assistant.errors import UsageError
from ui.commands.options import AsJson, Batch, Config, Data, Out

if TYPE_CHECKING:
    from assistant.answering.pipeline import Assistant
    from ui.home import Home

AGENT: tuple[Audience, ...] = ("public", "internal")
"""The command line acts as an agent and sees internal knowledge."""

Text = Annotated[str | None, typer.Argument(help="The question.", show_default=False)]


def search(
    text: Text = None,
    batch: Batch = None,
    out: Out = None,
    k: Annotated[int, typer.Option("--k", "-k", min=1, max=100, help="Documents a question.")] = 10,
    kind: Annotated[str, typer.Option(help="Kinds to return, comma-separated: faq, doc, ticket.")] = "",
    product: Annotated[str, typer.Option(help="Only documents of this product, or of none.")] = "",
    locale: Annotated[str, typer.Option(help="Only documents in this language, or in none named.")] = "",
    source: Annotated[list[str] | None, typer.Option(help="Only this source, by name; may be repeated.")] = None,
    data: Data = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Ranked documents, each with its best passage."""
    from assistant.answering.shapes import hits_json
    from ui.home import open_home

    kinds = _kinds(kind)
    asked = _asked(text, batch)
    home = open_home(data, config, create=batch is not None)
    sources = home.knowledge.named_sources(source or ())
    asked = [replace(q, product=q.product or product, locale=q.locale or locale, sources=sources) for q in asked]
    assistant = _assistant(home)

    def found(question: Question) -> dict[str, Any]:
        retrieval = assistant.search(question, audiences=AGENT)
        return {"id": question.id, "hits": hits_json(retrieval, kinds=kinds, k=k)}

    if batch is not None:
        _run_batch(asked, found, out)
    else:
        result = found(asked[0])
        if as_json:
            typer.echo(json.dumps(result, ensure_ascii=False))
        else:
            _print_hits(result["hits"])
    home.close()


def ask(
    text: Text = None,
    batch: Batch = None,
    out: Out = None,
    title: Annotated[str, typer.Option(help="The ticket's subject.")] = "",
    name: Annotated[str, typer.Option(help="The customer's name, for the greeting.")] = "",
    channel: Annotated[str, typer.Option(help="Where the contact came from.")] = "cli",
    log: Annotated[bool, typer.Option("--log", help="With --batch: write to the gap log too.")] = False,
    data: Data = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """A cited draft, a partial one, or a gap."""
    from assistant.answering.naming import named
    from assistant.answering.shapes import answer_json
    from ui.home import open_home

    asked = _asked(text, batch, title=title, requester=name, channel=channel)
    home = open_home(data, config, create=batch is not None)
    desk = home.desk(_assistant(home))

    def answered(question: Question) -> Answer:
        if batch is not None and not log:
            return desk.assistant.ask(named(question), audiences=AGENT)
        token = f"batch:{question.id}" if batch else None
        return desk.ask(question, audiences=AGENT, asked_by="cli", token=token)

    if batch is not None:
        _run_batch(asked, lambda question: answer_json(answered(question)), out)
    else:
        answer = answered(asked[0])
        if as_json:
            typer.echo(json.dumps(answer_json(answer), ensure_ascii=False))
        else:
            from ui.commands.terminal import show_answer

            show_answer(answer)
    home.close()


def _assistant(home: Home) -> Assistant:
    index = home.reader_index()
    if index.notice:
        typer.echo(f"waypost: {index.notice}", err=True)
    if not home.knowledge.counts().get("chunks"):
        typer.echo("waypost: nothing is ingested yet; run `waypost ingest SOURCE`.", err=True)
    return home.assistant(index, lambda: index.name)


def _asked(text: str | None, batch: Any, **fields: str) -> list[Question]:
    from ui.commands.lines import question_of, questions

    if (text is None) == (batch is None):
        raise UsageError("Expected either a question or --batch FILE. Try: waypost ask 'How do I reset my password?'")
    if batch is not None:
        return questions(batch)
    if not str(text).strip():
        raise UsageError("Expected a question, found only blanks. Write what the customer asked.")
    return [question_of({"id": "", "text": text, **fields})]


def _kinds(given: str) -> tuple[Kind, ...]:
    wanted = tuple(part.strip() for part in given.split(",") if part.strip())
    unknown = [part for part in wanted if part not in KINDS]
    if unknown:
        raise UsageError(f"Expected --kind from faq, doc, ticket; found {', '.join(unknown)!r}.")
    return cast("tuple[Kind, ...]", wanted) or KINDS


def _run_batch(asked: list[Question], answer: Any, out: Any) -> None:
    from ui.commands.lines import written
    from ui.commands.progress import shown

    begin = time.perf_counter()
    with shown("questions", quiet=out is None) as progress, written(out) as write:
        for number, question in enumerate(asked, 1):
            write(answer(question))
            progress(number, len(asked), question.id)
    if out is not None:
        typer.echo(f"{len(asked)} questions, {time.perf_counter() - begin:.1f} s, written to {out}", err=True)


def _print_hits(hits: list[dict[str, Any]]) -> None:
    if not hits:
        typer.echo("Nothing found. Ask with other words, or ingest more sources.")
    for place, hit in enumerate(hits, 1):
        marks = f"{hit['kind']}, internal" if hit["audience"] == "internal" else hit["kind"]
        typer.echo(f"{place:2}. {hit['title']}  ({marks}, {hit['document_id']}, score {hit['score']:.3f})")
        typer.echo(f"    {' '.join(hit['quote'].split())[:160]}")
        if hit["url"]:
            typer.echo(f"    {hit['url']}")
