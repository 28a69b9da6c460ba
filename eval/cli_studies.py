"""`waypost eval bench` and `scale`: the shared sets in one report, and how the product grows with its knowledge."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal, Protocol

import typer

from assistant.errors import UsageError
from eval.bench import PARTS, Bench, run_bench
from eval.cases import load_cases
from eval.draft_latency import as_record, time_drafts
from eval.folder import Folder
from eval.make_cases import make_cases
from eval.measure import code_version
from eval.report import wording
from eval.studies.scaling import Curve, curve_study, measure_sizes
from eval.studies.study import Growth, write_study
from eval.systems import Product
from eval.terminal import AsJson, Data, names_in, progress, say, systems_named
from eval.weak_signals import drawn_signals, judged_signals, write_signals


class Draw(Protocol):
    """Writes and prints the report of an experiment's folder."""

    def __call__(self, folder: Folder, *, as_json: bool) -> None:
        """Write report.html, report.md and report.json."""
        ...


Step = Literal["embed", "build", "ask", "plain-embed", "plain-build", "plain-ask"]
"""The steps that `scale` starts through `scale-step`; `rebuild` is the product's own command."""


def add_studies(app: typer.Typer, product: Product, draw: Draw) -> None:
    """Add the commands; `draw` writes the report of a folder."""

    @app.command("bench")
    def bench(
        out: Annotated[Path, typer.Option("--out", help="The folder of the experiment; the same one goes on.")],
        shared: Annotated[
            Path | None, typer.Option(envvar="WAYPOST_BENCH", help="The folder with the shared data.")
        ] = None,
        parts: Annotated[str, typer.Option(help=f"Of {','.join(PARTS)}.")] = "thunderbird",
        systems: Annotated[str, typer.Option(help="What answers the same questions.")] = "waypost,plain,keyword",
        share: Annotated[float, typer.Option(min=0.01, max=1, help="The part of CLINC150 that is asked.")] = 1.0,
        seed: int = 0,
        as_json: AsJson = False,
    ) -> None:
        """Measure over the shared sets and draw the report; needs nothing ingested. Stopped runs go on."""
        if shared is None or not shared.is_dir():
            raise UsageError(f"expected the shared data under --shared or WAYPOST_BENCH, found {shared}")
        folder = Folder(out)
        asked = Bench(shared, folder, product, systems_named(systems), progress, seed, share)
        wanted = names_in(parts)
        run_bench(asked, wanted)
        if "thunderbird" in wanted or folder.has_experiment():
            draw(folder, as_json=as_json)
        else:
            typer.echo(f"Written to {out / 'studies'}. Their report is drawn with the questions: --parts thunderbird.")

    @app.command("scale")
    def scale(
        out: Annotated[Path, typer.Option("--out", help="The folder of an experiment, for its questions.")],
        data: Data = None,
        sizes: Annotated[str, typer.Option(help="Passages, separated by commas.")] = "1000,10000,100000,300000",
        limit_s: Annotated[float, typer.Option(help="The most that one step may take.")] = 1200,
        as_json: AsJson = False,
    ) -> None:
        """Measure ingest, questions, drafts, memory, disk, start-up and rebuild at growing sizes."""
        folder = Folder(out)
        curve = Curve(out / "scaling", out / "scaling" / "work", _data(data), out / "cases.jsonl", limit_s)
        measure_sizes(curve, _numbers(sizes), progress)
        study = curve_study(curve, (("code", code_version()),))
        write_study(folder.study_path("scaling"), study)
        say([asdict(line) for line in study.growth], "\n".join(map(_in_words, study.growth)), as_json=as_json)

    @app.command("signals")
    def signals(
        judged: Annotated[Path, typer.Option("--judged", help="Cases labelled full, partial or none.")],
        out: Annotated[Path, typer.Option("--out", help="The folder for judged.jsonl and drawn.jsonl.")],
        data: Data = None,
        draws: Annotated[int, typer.Option(min=0, help="How often articles are taken away.")] = 3,
        ignore: Annotated[list[str] | None, typer.Option(help="An article that agents paste everywhere.")] = None,
    ) -> None:
        """Write what the confidence is fitted on: judged questions, and tickets whose articles were taken away."""
        out.mkdir(parents=True, exist_ok=True)
        with product.open(data) as workbench:
            known = {source.id for source in workbench.sources()}
            made = make_cases(workbench.tickets(), known=known, never_relevant=frozenset(ignore or ()), test_share=0.0)
            read = write_signals(out / "judged.jsonl", judged_signals(workbench, load_cases(judged), progress))
            drawn = write_signals(out / "drawn.jsonl", drawn_signals(workbench, made.cases, draws, progress))
        typer.echo(f"Signals of {read} judged questions and of {drawn} tickets in {out}.")

    @app.command("latency")
    def latency(
        cases: Annotated[Path, typer.Option("--cases", help="A case file; its first 20 questions only warm up.")],
        data: Data = None,
        most: Annotated[int, typer.Option(min=21, help="How many of its questions are taken.")] = 220,
        fresh: Annotated[
            bool, typer.Option(help="Ask a process that has not looked through its articles, as a server does.")
        ] = False,
        as_json: AsJson = False,
    ) -> None:
        """Time a draft beside bare finding, question by question in one process, and print both and their ratio."""
        with (
            product.open(data) as workbench,
            workbench.assistant() as searching,
            workbench.assistant(prepared=not fresh) as asking,
        ):
            found = as_record(time_drafts(searching, asking, load_cases(cases).cases[:most], progress))
        say(found, "\n".join(f"{name}: {value}" for name, value in found.items()), as_json=as_json)

    @app.command("scale-step", hidden=True)
    def scale_step(
        step: Step, size: int = 1000, work: Path = Path(), data: Data = None, cases: Path = Path(), started: float = 0.0
    ) -> None:
        """Take one step in this process and print its numbers."""
        typer.echo(json.dumps(_step(product, step, size, work, data, cases, started)))


def _in_words(line: Growth) -> str:
    values = "".join(f"{wording.number(value, line.unit):>12}" for value in line.values)
    slope = "" if line.exponent is None else f"  exponent {line.exponent:.2f}"
    return f"{line.system:>16}  {line.measure:<28}{values}{slope}"


def _step(
    product: Product, step: Step, size: int, work: Path, data: Path | None, cases: Path, started: float
) -> dict[str, float]:
    from eval.studies import scaling_steps as steps

    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    if step == "ask":
        return steps.ask(product, work, cases, started)
    if step == "plain-ask":
        return steps.plain_ask(work, cases, started)
    with product.open(data) as workbench:
        sources = list(workbench.sources())
    if step in ("embed", "build"):
        return steps.build(product, work, sources, size, embedded=step == "embed")
    return steps.plain_build(work, sources, size, None if step == "plain-embed" else product.embedder())


def _data(data: Path | None) -> Path:
    if data is None:
        raise UsageError("expected --data: the directory whose articles are recombined")
    return data.absolute()


def _numbers(sizes: str) -> list[int]:
    try:
        return [int(size) for size in sizes.split(",") if size.strip()]
    except ValueError as error:
        raise UsageError(f"expected sizes like 1000,10000, found {sizes!r}") from error
