"""The folder of one experiment: what was asked and what came back, so that a report can be drawn again at any time.

cases.jsonl, judged.jsonl, causes.jsonl, themes.jsonl    the questions, as far as they were given
experiment.json                                          title, seed, order of systems, what was left out, stamp
runs/NAME.jsonl                                          one run for each system and test
triaged.jsonl, themed.jsonl                              what `waypost gaps triage|themes --batch` wrote
studies/NAME.json                                        measurements beside these questions, each made once
scaling/SIZE-STEP.json                                   the steps of the scaling curve
report.html, report.md, report.json                      drawn from the above
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from assistant.errors import UsageError
from eval.cases import CaseSet, load_cases, read_records, write_cases
from eval.runs import Run, load_run
from eval.studies.study import Study, read_study

PRODUCT = "waypost"
MAIN, JUDGED, ARTICLES_GONE, TICKETS_GONE = PRODUCT, "waypost-judged", "waypost-knockout", "waypost-knockout-tickets"
ARTICLES_OUT = "waypost-before-ingest"
"""Asked of a directory into which the knocked-out articles had never been ingested."""


@dataclass(frozen=True, slots=True)
class Experiment:
    """What the report needs to know beside the runs."""

    title: str
    seed: int
    systems: tuple[str, ...]
    documents: int
    machine_hour: float = 0.0
    excluded: tuple[tuple[str, int], ...] = ()
    notes: tuple[str, ...] = ()
    stamp: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Folder:
    """Reads and writes the files of one experiment."""

    path: Path

    def run_path(self, name: str) -> Path:
        """Where the run of that name is written."""
        return self.path / "runs" / f"{name}.jsonl"

    def study_path(self, name: str) -> Path:
        """Where the study of that name is written."""
        return self.path / "studies" / f"{name}.json"

    def studies(self) -> tuple[Study, ...]:
        """Every study that was made, by name."""
        return tuple(read_study(path) for path in sorted((self.path / "studies").glob("*.json")))

    def save_cases(self, name: str, cases: CaseSet) -> None:
        """Keep a case set beside its runs; refuses to replace another one."""
        target = self.path / f"{name}.jsonl"
        self.path.mkdir(parents=True, exist_ok=True)
        if target.exists() and load_cases(target).digest != cases.digest:
            raise UsageError(f"expected {target} to hold these cases, found others: name another folder")
        write_cases(target, cases.cases)

    def cases(self, name: str = "cases") -> CaseSet | None:
        """Return a case set, None when none was given."""
        target = self.path / f"{name}.jsonl"
        return load_cases(target) if target.exists() else None

    def keep(self, name: str, given: Path) -> None:
        """Copy a file of labels into the folder."""
        shutil.copyfile(given, self.path / f"{name}.jsonl")

    def records(self, name: str) -> dict[str, Mapping[str, object]]:
        """Return the lines of a file of labels by id, empty when none was given."""
        target = self.path / f"{name}.jsonl"
        lines = read_records(target) if target.exists() else ()
        return {str(record.get("id")): record for _, record in lines}

    def run(self, name: str, cases: CaseSet) -> Run | None:
        """Return a complete run over these cases; None when it was not made. Refuses one of other cases."""
        target = self.run_path(name)
        return load_run(target).of(cases) if target.exists() else None

    def is_done(self, name: str, cases: CaseSet) -> bool:
        """Whether a run over these cases is there and complete."""
        if not self.run_path(name).exists():
            return False
        run = load_run(self.run_path(name))
        return run.header.cases == cases.digest and all(case.id in run.rows for case in cases.cases)

    def save(self, experiment: Experiment) -> None:
        """Write `experiment.json`."""
        (self.path / "experiment.json").write_text(json.dumps(asdict(experiment), indent=1) + "\n", encoding="utf-8")

    def has_experiment(self) -> bool:
        """Whether questions were asked here, so that there is a report to draw."""
        return (self.path / "experiment.json").is_file()

    def experiment(self) -> Experiment:
        """Read `experiment.json` back."""
        target = self.path / "experiment.json"
        try:
            record = json.loads(target.read_text(encoding="utf-8"))
            return Experiment(
                title=str(record["title"]),
                seed=int(record["seed"]),
                systems=tuple(map(str, record["systems"])),
                documents=int(record["documents"]),
                machine_hour=float(record["machine_hour"]),
                excluded=tuple((str(reason), int(count)) for reason, count in record["excluded"]),
                notes=tuple(map(str, record["notes"])),
                stamp=tuple((str(name), str(value)) for name, value in record["stamp"]),
            )
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise UsageError(
                f"expected an experiment at {self.path}, found none: run `waypost eval run` first"
            ) from error
