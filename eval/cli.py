"""`waypost eval`: makes cases, measures, compares, guards, draws. The composition root hands it the product.

    app.add_typer(build_app(product), name="eval")

`product` makes, fills and opens data directories as the product's own commands do; see `eval.systems.Product`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, cast

import typer

from assistant.errors import UsageError
from eval.assemble import assemble
from eval.baselines.names import BASELINES
from eval.baselines.sources import read_sources
from eval.beir import read_beir, write_documents
from eval.cases import CaseSet, Split, load_cases, write_cases
from eval.check_metrics import check_metrics, table
from eval.cli_ingest import add_ingest
from eval.cli_studies import add_studies
from eval.compare import Comparison, compare
from eval.folder import PRODUCT, Folder
from eval.gate import Verdict, gate, load_floors
from eval.labelling import labelling_page
from eval.make_cases import make_cases
from eval.measure import Plan, measure
from eval.report import wording
from eval.report.markdown import as_markdown
from eval.report.model import comparison_record, figures_from_json, report_record
from eval.report.page import as_html
from eval.runs import load_run
from eval.systems import Product, Source, Workbench
from eval.terminal import AsJson, Data, progress, say, systems_named

Cases = Annotated[Path, typer.Option("--cases", help="A case file.")]

FLOORS = Path(__file__).with_name("floors.toml")


def build_app(product: Product | None = None) -> typer.Typer:
    """Return the commands; without a product, only those that read files."""
    app = typer.Typer(no_args_is_help=True, help="Measure answers, gaps and speed; compare and guard.")
    if product is not None:
        _add_making(app, product)
        _add_measuring(app, product)
        add_studies(app, product, _draw)
        add_ingest(app, product)
    _add_reading(app)
    return app


def _add_making(app: typer.Typer, product: Product) -> None:
    @app.command("make-cases")
    def make(
        out: Annotated[Path, typer.Option("--out", help="The case file to write.")],
        data: Data = None,
        test_share: Annotated[
            float, typer.Option(min=0, max=1, help="The latest share of cases is for testing.")
        ] = 0.3,
        ignore: Annotated[list[str] | None, typer.Option(help="An article that agents paste everywhere.")] = None,
        as_json: AsJson = False,
    ) -> None:
        """Build cases from the resolved tickets whose agents linked an article, split by time."""
        with product.open(data) as workbench:
            known = {source.id for source in workbench.sources()}
            made = make_cases(
                workbench.tickets(), known=known, never_relevant=frozenset(ignore or ()), test_share=test_share
            )
        if not made.cases:
            raise UsageError(f"expected resolved tickets that link an article, found none: {_counted(made.exclusions)}")
        write_cases(out, made.cases)
        test = sum(case.split == "test" for case in made.cases)
        found = {"cases": len(made.cases), "train": len(made.cases) - test, "test": test, "left_out": made.exclusions}
        words = f"{len(made.cases)} cases, {test} of them for testing, in {out}. Left out: {_counted(made.exclusions)}."
        say(found, words, as_json=as_json)

    @app.command("from-beir")
    def from_beir(
        folder: Annotated[Path, typer.Argument(help="A folder in the BEIR layout.")],
        out: Annotated[Path, typer.Option("--out", help="The folder for documents.jsonl and cases.jsonl.")],
    ) -> None:
        """Convert a collection in the BEIR layout to documents and cases."""
        found = read_beir(folder)
        out.mkdir(parents=True, exist_ok=True)
        write_documents(out / "documents.jsonl", found.documents)
        write_cases(out / "cases.jsonl", found.cases.cases)
        left_out = _counted(found.cases.exclusions)
        typer.echo(f"{len(found.documents)} documents, {len(found.cases.cases)} cases. Left out: {left_out}.")

    @app.command("label")
    def label(
        cases: Cases,
        out: Annotated[Path, typer.Option("--out", help="The page to write.")],
        data: Data = None,
        most: Annotated[int, typer.Option(help="How many questions to label.")] = 200,
    ) -> None:
        """Write a page on which a person judges, key by key, whether the knowledge answers each question."""
        with product.open(data) as workbench, workbench.assistant() as assistant:
            chosen = load_cases(cases).cases[:most]
            shown = [(case, assistant.search(case.question, 5)) for case in chosen]
        out.write_text(labelling_page(shown), encoding="utf-8")
        typer.echo(f"{len(shown)} questions in {out}: open it in a browser, press 1, 2 or 3, save the file at the end.")


def _add_measuring(app: typer.Typer, product: Product) -> None:
    @app.command("run")
    def run(
        cases: Cases,
        out: Annotated[Path, typer.Option("--out", help="The folder of the experiment; the same one goes on.")],
        data: Data = None,
        systems: Annotated[
            str, typer.Option(help=f"Of {PRODUCT},{','.join(BASELINES)}.")
        ] = "waypost,plain,keyword,txtai",
        documents: Annotated[
            Path | None, typer.Option(help="documents.jsonl for the baselines; default: the product's.")
        ] = None,
        split: Annotated[str, typer.Option(help="train or test; default: all cases.")] = "",
        judged: Annotated[Path | None, typer.Option(help="Cases labelled full, partial or none.")] = None,
        knockout: Annotated[bool, typer.Option(help="Ask everything again without half of the articles.")] = True,
        past_only: Annotated[bool, typer.Option(help="Hide tickets that are not older than the questions.")] = True,
        causes: Annotated[Path | None, typer.Option(help="Cases with causes.")] = None,
        triaged: Annotated[Path | None, typer.Option(help="What `gaps triage --batch` wrote for them.")] = None,
        themes: Annotated[Path | None, typer.Option(help="Cases with themes.")] = None,
        themed: Annotated[Path | None, typer.Option(help="What `gaps themes --batch` wrote for them.")] = None,
        machine_hour: Annotated[float, typer.Option(help="What an hour of this machine costs; 0: no cost.")] = 0.0,
        title: Annotated[str, typer.Option(help="The report's heading.")] = "Waypost, measured",
        seed: int = 0,
        as_json: AsJson = False,
    ) -> None:
        """Measure the product and the baselines over one case file and draw the report. Stopped runs go on."""
        names = systems_named(systems)
        with ExitStack() as stack:
            workbench = stack.enter_context(product.open(data)) if PRODUCT in names or documents is None else None
            sources = _sources(documents, workbench)
            known = {source.id for source in sources}
            plan = Plan(
                title, _split(load_cases(cases, known), split), names, load_cases(judged) if judged else None,
                knockouts=knockout, past_only=past_only, seed=seed, machine_hour=machine_hour,
            )  # fmt: skip
            folder = Folder(out)
            measure(plan, folder, sources, workbench, progress)
        _keep_labels(folder, causes, triaged, themes, themed)
        _draw(folder, as_json=as_json)

    @app.command("report")
    def report(
        folder: Annotated[Path, typer.Argument(help="The folder of an experiment.")], as_json: AsJson = False
    ) -> None:
        """Draw the report of an experiment again from its runs."""
        _draw(Folder(folder), as_json=as_json)


def _add_reading(app: typer.Typer) -> None:
    @app.command("compare")
    def compare_runs(
        first: Annotated[Path, typer.Argument(help="A run file: before.")],
        second: Annotated[Path, typer.Argument(help="A run file over the same cases: after.")],
        cases: Cases,
        most: Annotated[int, typer.Option(help="How many changed questions to show.")] = 20,
        as_json: AsJson = False,
    ) -> None:
        """Show what got better or worse between two runs, question by question, worst first."""
        before = load_run(first)
        found = compare(before, load_run(second), _cases_of(cases, before.header.cases))
        say(comparison_record(found), _in_words(found, most), as_json=as_json)

    @app.command("gate")
    def hold(
        report: Annotated[Path, typer.Argument(help="A report.json.")],
        floors: Annotated[Path, typer.Option(help="The floors.")] = FLOORS,
        system: Annotated[str, typer.Option(help="Hold this system's floors only.")] = "",
        as_json: AsJson = False,
    ) -> None:
        """Fail with exit code 1 when a figure is below its floor by more than noise."""
        chosen = [floor for floor in load_floors(floors) if system in ("", floor.system)]
        verdicts = gate(chosen, figures_from_json(_json(report)))
        say([asdict(verdict) for verdict in verdicts], "\n".join(map(_held, verdicts)), as_json=as_json)
        if not all(verdict.passes for verdict in verdicts):
            raise typer.Exit(1)

    @app.command("check-metrics")
    def check(runs: int = 10_000, seed: int = 0, as_json: AsJson = False) -> None:
        """Compare every metric with independent libraries on random cases; exit code 1 on any difference."""
        rows = check_metrics(runs, seed)
        say([asdict(row) for row in rows], table(rows), as_json=as_json)
        if any(row.differing for row in rows):
            raise typer.Exit(1)


def _counted(exclusions: dict[str, int]) -> str:
    return ", ".join(f"{count} x {reason}" for reason, count in exclusions.items()) or "nothing"


def _sources(documents: Path | None, workbench: Workbench | None) -> Sequence[Source]:
    if documents is not None:
        return read_sources(documents)
    return tuple(workbench.sources()) if workbench is not None else ()


def _split(cases: CaseSet, split: str) -> CaseSet:
    if split not in ("", "train", "test"):
        raise UsageError(f"expected --split train or test, found {split!r}")
    chosen = cases.only(cast("Split", split))
    if not chosen.cases:
        raise UsageError(f"expected cases of the split {split!r}, found none of {len(cases.cases)}")
    return chosen


def _keep_labels(
    folder: Folder, causes: Path | None, triaged: Path | None, themes: Path | None, themed: Path | None
) -> None:
    for name, given, labels_name, labels in (
        ("causes", causes, "triaged", triaged),
        ("themes", themes, "themed", themed),
    ):
        if (given is None) != (labels is None):
            raise UsageError(f"expected --{name} and --{labels_name} together, found one of them")
        if given is not None and labels is not None:
            folder.save_cases(name, load_cases(given))
            folder.keep(labels_name, labels)


def _draw(folder: Folder, *, as_json: bool) -> None:
    report = assemble(folder)
    record, words = json.dumps(report_record(report), ensure_ascii=False, indent=1), as_markdown(report)
    (folder.path / "report.html").write_text(as_html(report), encoding="utf-8")
    (folder.path / "report.md").write_text(words, encoding="utf-8")
    (folder.path / "report.json").write_text(record + "\n", encoding="utf-8")
    typer.echo(record if as_json else words + f"\nThe page: {folder.path / 'report.html'}")


def _cases_of(path: Path, digest: str) -> CaseSet:
    cases, splits = load_cases(path), ("", "test", "train")
    parts = (cases.only(cast("Split", split)) for split in splits)
    return next((part for part in parts if part.digest == digest), cases)


def _in_words(found: Comparison, most: int) -> str:
    figures = [
        f"{name:>10}  {wording.signed(difference.value)}  {wording.finding(difference)}"
        f" ({difference.better} better, {difference.worse} worse, p {wording.probability(difference.p_value)})"
        for name, difference in found.differences
    ]
    changes = [
        f"{wording.signed(change.gain)}  {wording.place(change.places[0])} -> {wording.place(change.places[1])}"
        f"  {change.case.id}  {(change.case.title or change.case.text)[:80]!r}"
        for change in found.changes[:most]
    ]
    head = f"{found.second} against {found.first}: {len(found.changes)} questions changed, {found.same} are the same."
    return "\n".join([head, *figures, "", "Worst first (gain, place before -> after):", *changes])


def _held(verdict: Verdict) -> str:
    floor, estimate = verdict.floor, verdict.estimate
    value = "not measured" if estimate is None or estimate.value is None else f"{estimate.value:.4g}"
    return f"{verdict.outcome:>12}  {floor.system}: {floor.name} = {value}, floor {floor.limit:g}"


def _json(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as error:
        raise UsageError(f"expected a report.json at {path}: {error}") from error
