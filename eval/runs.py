"""Run files: what one system returned for one set of cases, written question by question.

The first line says what was run, each further line holds one question. A run that is killed goes on where it stopped:
finished questions are kept, a line torn by the kill is dropped and asked again. A file of another run is refused.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from assistant.errors import UsageError, WaypostError
from assistant.seams import Progress
from eval.answers import Answer, answer_from_record
from eval.cases import Case, CaseSet


@dataclass(frozen=True, slots=True)
class RunHeader:
    """What fixes a run's numbers. `cases` is the case set's digest, `k` how many documents were asked for.

    `asked` says whether answers were drafted too; `stamp` holds model, generation, settings and what else matters.
    """

    system: str
    cases: str
    k: int
    asked: bool = False
    stamp: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One question's result: document ids best first, milliseconds of the search, the answer where one was asked.

    `top_score` is the best document's score where the system gives one. `error` is the message of a question that
    failed; it then counts as nothing found, and is counted as failed.
    """

    id: str
    ranked: tuple[str, ...]
    search_ms: float
    answer: Mapping[str, object] | None = None
    top_score: float | None = None
    error: str = ""

    @property
    def parsed(self) -> Answer | None:
        """The answer, typed."""
        return answer_from_record(self.answer) if self.answer else None

    @property
    def signals(self) -> Mapping[str, float]:
        """The numbers behind the answer's confidence, where the system gives them."""
        found = self.answer.get("signals") if self.answer else None
        return found if isinstance(found, Mapping) else {}


@dataclass(frozen=True, slots=True)
class Run:
    """A run read back; `rows` by case id."""

    header: RunHeader
    rows: Mapping[str, Row]

    @property
    def failed(self) -> int:
        """How many questions ended in an error."""
        return sum(bool(row.error) for row in self.rows.values())

    def answers(self) -> dict[str, Answer]:
        """The typed answers by case id."""
        return {key: answer for key, row in self.rows.items() if (answer := row.parsed)}

    def of(self, cases: CaseSet) -> Run:
        """Return the run itself when it belongs to the cases and is complete; refuse it otherwise."""
        if self.header.cases != cases.digest:
            raise UsageError(
                f"expected a run of case set {cases.digest}, found the run of {self.header.system!r} over"
                f" {self.header.cases}: run it again over these cases"
            )
        missing = sum(case.id not in self.rows for case in cases.cases)
        if missing:
            raise UsageError(
                f"expected {len(cases.cases)} questions in the run of {self.header.system!r}, {missing} are missing:"
                " start the same run again, it goes on where it stopped"
            )
        return self


Answering = Callable[[Case], Row]


def run_cases(
    path: Path, header: RunHeader, cases: CaseSet, answer: Answering, progress: Progress | None = None
) -> Run:
    """Ask every case that the file does not hold yet, in order, writing each row as it comes; return the whole run.

    A `WaypostError` on one question is written as its row; any other exception stops the run, which can be resumed.
    """
    done = _resume(path, header)
    total = len(cases.cases)
    with path.open("a", encoding="utf-8") as file:
        if not done:
            _write(file, {"run": asdict(header)})
        for number, case in enumerate(cases.cases):
            if progress:
                progress(number, total, case.id)
            if case.id not in done:
                done[case.id] = _row(case, answer)
                _write(file, _as_record(done[case.id]))
    return Run(header, done)


def _row(case: Case, answer: Answering) -> Row:
    started = time.perf_counter()
    try:
        return answer(case)
    except WaypostError as error:
        return Row(case.id, (), 1000 * (time.perf_counter() - started), error=str(error))


def _resume(path: Path, header: RunHeader) -> dict[str, Row]:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        return {}
    _drop_torn_line(path)
    if not path.stat().st_size:
        return {}
    found = load_run(path)
    if found.header != header:
        different = [name for name in asdict(header) if getattr(header, name) != getattr(found.header, name)]
        raise UsageError(
            f"expected {path} to hold this run, found another one (different: {', '.join(different)}):"
            " name another file or delete this one"
        )
    return dict(found.rows)


def _drop_torn_line(path: Path) -> None:
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        with path.open("r+b") as file:
            file.truncate(whole)


def _write(file: IO[str], record: Mapping[str, object]) -> None:
    file.write(json.dumps(record, ensure_ascii=False) + "\n")
    file.flush()


def _as_record(row: Row) -> dict[str, object]:
    record: dict[str, object] = {"id": row.id, "ranked": list(row.ranked), "search_ms": round(row.search_ms, 3)}
    optional = {"top_score": row.top_score, "answer": row.answer, "error": row.error or None}
    return record | {key: value for key, value in optional.items() if value is not None}


def load_run(path: Path) -> Run:
    """Read a run file; a torn last line is ignored. Raises `UsageError` when it is none."""
    if not path.is_file():
        raise UsageError(f"expected a run file at {path}, found none: make one with `waypost eval run`")
    lines = path.read_text(encoding="utf-8").split("\n")[:-1]
    try:
        records = [json.loads(line) for line in lines]
        header = _header(records[0]["run"])
        rows = [_read_row(record) for record in records[1:]]
    except (json.JSONDecodeError, LookupError, TypeError, ValueError) as error:
        raise UsageError(f"expected a run file at {path}, found something else ({error})") from error
    return Run(header, {row.id: row for row in rows})


def _header(record: Mapping[str, object]) -> RunHeader:
    stamp = record.get("stamp") or ()
    pairs = tuple((str(name), str(value)) for name, value in stamp) if isinstance(stamp, Sequence) else ()
    return RunHeader(
        str(record["system"]), str(record["cases"]), int(str(record["k"])), bool(record.get("asked")), pairs
    )


def _read_row(record: Mapping[str, object]) -> Row:
    ranked, answer, score = record["ranked"], record.get("answer"), record.get("top_score")
    return Row(
        id=str(record["id"]),
        ranked=tuple(str(item) for item in ranked) if isinstance(ranked, Iterable) else (),
        search_ms=float(str(record["search_ms"])),
        answer=answer if isinstance(answer, Mapping) else None,
        top_score=float(score) if isinstance(score, int | float) else None,
        error=str(record.get("error", "")),
    )
