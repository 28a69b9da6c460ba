"""`waypost eval ingest`: how ingest holds up with many articles of natural length."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer

from assistant.errors import UsageError
from eval.studies.intake_scale import WAYPOST, IntakeFigures, Seeded, measured, natural
from eval.studies.passages import write_sources
from eval.systems import Product
from eval.terminal import AsJson, Data, progress, say

Model = Literal["real", "seeded"]


def add_ingest(app: typer.Typer, product: Product) -> None:
    """Add the command, and the hidden step that it starts for a model that is none."""

    @app.command("ingest")
    def ingest(
        out: Annotated[Path, typer.Option("--out", help="The folder for articles, stores and figures.")],
        data: Data = None,
        documents: Annotated[str, typer.Option(help="How many articles, separated by commas.")] = "5000,20000",
        model: Annotated[
            Model, typer.Option(help="`seeded` gives vectors from a hash: store and index alone.")
        ] = "real",
        as_json: AsJson = False,
    ) -> None:
        """Ingest articles recombined from those in --data: memory, rate by quarter, an unchanged re-run.

        A size that was measured before is not measured again.
        """
        found = [_size(product, out, data, size, model) for size in _sizes(documents)]
        say([asdict(size) | {"rerun_factor": size.rerun_factor} for size in found], _words(found), as_json=as_json)

    @app.command("ingest-step", hidden=True)
    def step(source: Path, into: Path) -> None:
        """Ingest with seeded vectors in this process."""
        product.ingest(into, [source], Seeded(product.embedder()))


def _size(product: Product, out: Path, data: Path | None, size: int, model: Model) -> IntakeFigures:
    work = (out / f"{model}-{size}").absolute()
    figures, source, store = work / "figures.json", work / "documents.jsonl", work / "data"
    if figures.is_file():
        found = json.loads(figures.read_text(encoding="utf-8"))
        return IntakeFigures(**found | {"rates": tuple(found["rates"])})
    if store.exists():
        raise UsageError(f"expected no earlier store at {store}, found one: remove {work} and start again.")
    if data is None:
        raise UsageError("expected --data: the directory whose articles are recombined")
    work.mkdir(parents=True, exist_ok=True)
    with product.open(data) as workbench:
        write_sources(source, natural(list(workbench.sources()), size))
    seeded = (*WAYPOST, "eval", "ingest-step", str(source), str(store))
    real = (*WAYPOST, "ingest", str(source), "--data", str(store))
    found = measured(real if model == "real" else seeded, source, store, size, progress)
    figures.write_text(json.dumps(asdict(found), indent=1) + "\n", encoding="utf-8")
    return found


def _sizes(text: str) -> list[int]:
    try:
        return sorted(int(size) for size in text.split(","))
    except ValueError as error:
        raise UsageError(f"expected sizes like 5000,20000, found {text!r}") from error


def _words(found: list[IntakeFigures]) -> str:
    return "\n".join(
        f"{size.documents:,} articles, {size.characters:,} bytes: {size.seconds:.0f} s; articles a second by quarter "
        f"{', '.join(f'{rate:.1f}' for rate in size.rates)} (last over first {size.rates[3] / size.rates[0]:.2f}); "
        f"peak {size.peak_mb:.0f} MB, {size.peak_mb / found[0].peak_mb:.2f} times that of the smallest; the index's "
        f"process {size.index_peak_mb:.0f} MB, {size.index_disk_mb:.0f} MB on disk; all on disk {size.disk_mb:.0f} MB; "
        f"unchanged {size.rerun_s:.2f} s, `--version` {size.version_s:.2f} s, beyond it {size.rerun_factor:.0f} times "
        "faster than the first run"
        for size in found
    )
