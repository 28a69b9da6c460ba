"""The shared sets in one folder: a real helpdesk side by side with other systems, and the public sets as studies.

Every part resumes: runs question by question, studies as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from assistant.errors import UsageError
from assistant.seams import Progress
from eval.baselines.sources import read_sources
from eval.cases import load_cases, read_records
from eval.folder import ARTICLES_OUT, Folder
from eval.knockout import knock_out
from eval.measure import Plan, code_version, measure
from eval.search_run import Recording, run_answers
from eval.studies.scope import read_clinc, scope_study, write_articles
from eval.studies.study import Study, write_study
from eval.systems import Product

Stamp = tuple[tuple[str, str], ...]

TITLE = "Waypost on Thunderbird's questions of 2024"


@dataclass(frozen=True, slots=True)
class Bench:
    """The shared data, the experiment's folder, the product, and what to compare it with.

    `share` is the part of CLINC150's utterances that is asked, 1 for all 8,500.
    """

    shared: Path
    folder: Folder
    product: Product
    systems: tuple[str, ...]
    progress: Progress
    seed: int = 0
    share: float = 1.0

    @property
    def stamp(self) -> Stamp:
        """What fixes the numbers of every part."""
        return (("code", code_version()), ("model", self.product.embedder().model_id))


def thunderbird(bench: Bench) -> None:
    """Ask the 439 questions of all systems, knocked out and judged ones too; articles come in by two ingests.

    The first ingest leaves out what the knock-out draws; what is asked then is the time before the planted fix. The
    other systems read the articles as an afternoon's script would: without their tags.
    """
    given, data = bench.shared / "thunderbird", bench.folder.path / "data"
    tickets, file = given / "tickets.jsonl", bench.folder.path / "documents.jsonl"
    known = {str(record.get("id")) for _, record in read_records(given / "documents.jsonl")}
    cases = load_cases(given / "cases_2024h2.jsonl", known)
    bench.folder.path.mkdir(parents=True, exist_ok=True)
    if not bench.folder.is_done(ARTICLES_OUT, cases):
        bench.progress(0, None, "ingest, without the knocked-out articles")
        _write_without(file, given / "documents.jsonl", knock_out(cases.cases, seed=bench.seed).articles)
        bench.product.ingest(data, [file, tickets])
        with bench.product.open(data) as workbench, workbench.assistant() as assistant:
            to = Recording(bench.folder.run_path(ARTICLES_OUT), stamp=bench.stamp, progress=bench.progress)
            run_answers(assistant, cases, to, ARTICLES_OUT)
    bench.progress(0, None, "ingest")
    _write_without(file, given / "documents.jsonl", frozenset())
    bench.product.ingest(data, [file, tickets])
    plan = Plan(TITLE, cases, bench.systems, load_cases(given / "answerable.jsonl"), seed=bench.seed)
    with bench.product.open(data) as workbench:
        measure(plan, bench.folder, read_sources(given / "documents.jsonl"), workbench, bench.progress)


def _write_without(target: Path, documents: Path, without: frozenset[str]) -> None:
    lines = [line for line in documents.read_text(encoding="utf-8").splitlines(keepends=True) if line.strip()]
    records = [record for _, record in read_records(documents)]
    kept = (line for line, record in zip(lines, records, strict=True) if record.get("id") not in without)
    target.write_text("".join(kept), encoding="utf-8")


def clinc150(bench: Bench) -> Study:
    """Ask the utterances of a helpdesk whose articles are the 150 intents."""
    clinc = read_clinc(bench.shared / "clinc150" / "data_full.json").sampled(bench.share, bench.seed)
    articles, data = bench.folder.path / "clinc150.jsonl", bench.folder.path / "data-clinc150"
    bench.folder.path.mkdir(parents=True, exist_ok=True)
    write_articles(articles, clinc.train)
    bench.product.ingest(data, [articles])
    with bench.product.open(data) as workbench, workbench.assistant() as assistant:
        to = Recording(bench.folder.run_path("clinc150"), stamp=bench.stamp, progress=bench.progress)
        return scope_study(run_answers(assistant, clinc.cases, to, "waypost"), clinc.cases, bench.seed)


def banking77(bench: Bench) -> Study:
    """Group the 3,080 test questions."""
    from eval.studies.grouping import grouping_study

    return grouping_study(bench.shared, bench.product.embedder(), bench.seed)


def begin(bench: Bench) -> Study:
    """Verify the replies of the three development parts."""
    from eval.studies.support import support_study

    return support_study(bench.shared, bench.product.embedder(), bench.seed)


STUDIES: Mapping[str, Callable[[Bench], Study]] = {"banking77": banking77, "begin": begin, "clinc150": clinc150}
PARTS = ("thunderbird", *STUDIES)


def run_bench(bench: Bench, parts: tuple[str, ...]) -> None:
    """Make every part that is not there yet. Raises `UsageError` for an unknown part."""
    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        raise UsageError(f"expected parts among {', '.join(PARTS)}, found {', '.join(unknown)}")
    if "thunderbird" in parts:
        thunderbird(bench)
    for name in parts:
        path = bench.folder.study_path(name)
        if name in STUDIES and not path.exists():
            bench.progress(0, None, name)
            write_study(path, replace(STUDIES[name](bench), stamp=bench.stamp))
