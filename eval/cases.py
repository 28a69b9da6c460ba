"""The questions that everything is measured on: one format, read strictly, with counted exclusions.

A case file is JSON Lines. One line:

    {"id": "c1", "title": "Export my notes", "text": "How can I ...", "created": "2024-07-01T12:13:00+00:00",
     "relevant": ["export-notes"], "split": "test", "answerable": "full", "cause": "knowledge", "stage": "use",
     "theme": "export", "reference": "Choose File, then Export."}

Only `id` and one of `title` and `text` are needed; other keys are ignored. `relevant` are document ids as the source
gave them. `answerable` says whether the knowledge can answer: "full", "partial", "none" (or true and false). The keys
`label` and `best` of a judged file are read as `answerable` and the only relevant document.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, cast

from assistant.domain import Question
from assistant.errors import UsageError

Split = Literal["train", "test", ""]
Answerable = Literal["full", "partial", "none"]

_ANSWERABLE: Mapping[object, Answerable] = {
    True: "full",
    False: "none",
    "full": "full",
    "partial": "partial",
    "none": "none",
}


@dataclass(frozen=True, slots=True)
class Case:
    """One question with what is known about its answer; an empty field means that nobody said."""

    id: str
    text: str
    title: str = ""
    created: datetime | None = None
    relevant: tuple[str, ...] = ()
    split: Split = ""
    answerable: Answerable | None = None
    cause: str = ""
    stage: str = ""
    theme: str = ""
    reference: str = ""

    @property
    def question(self) -> Question:
        """The case as somebody would ask it."""
        return Question(self.text, title=self.title, id=self.id, created=self.created)

    @property
    def is_labelled(self) -> bool:
        """Whether anything can be measured on it."""
        return bool(self.relevant or self.answerable or self.cause or self.theme or self.reference)


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A case, or a part of one, that was left out, and why."""

    case_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class CaseSet:
    """The usable cases in the file's order, what was left out, and a digest of the cases' content."""

    cases: tuple[Case, ...]
    excluded: tuple[Exclusion, ...] = ()

    @property
    def digest(self) -> str:
        """The first 16 hexadecimal digits of the SHA-256 of all cases; a run belongs to one digest."""
        lines = "\n".join(json.dumps(as_record(case), sort_keys=True) for case in self.cases)
        return hashlib.sha256(lines.encode()).hexdigest()[:16]

    @property
    def exclusions(self) -> dict[str, int]:
        """How many were left out for each reason."""
        return dict(Counter(exclusion.reason for exclusion in self.excluded))

    def only(self, split: Split) -> CaseSet:
        """Return the cases of one split; all of them for ""."""
        return replace(self, cases=tuple(case for case in self.cases if split in ("", case.split)))


def load_cases(path: Path, known: Container[str] | None = None) -> CaseSet:
    """Read a case file and leave out, counted, what cannot be measured.

    `known` are the ids of the documents at hand; without it, every id is believed. Raises `UsageError` when the file
    is missing, a line is not a case, or no case is left.
    """
    found = usable((case_from_record(record, where) for where, record in read_records(path)), known)
    if not found.cases:
        reasons = ", ".join(f"{count} x {reason}" for reason, count in found.exclusions.items()) or "the file is empty"
        raise UsageError(f"expected cases in {path}, found none that can be used: {reasons}")
    return found


def read_records(path: Path) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Yield each JSON object of a JSON Lines file with the place to name in a message."""
    if not path.is_file():
        raise UsageError(f"expected a file of JSON Lines at {path}, found none: check the path")
    with path.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield f"{path}, line {number}", _parsed(line, f"{path}, line {number}")


def _parsed(line: str, where: str) -> Mapping[str, object]:
    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        raise UsageError(f"{where}: expected one JSON object, found text that is not JSON ({error.msg})") from error
    if not isinstance(record, dict):
        raise UsageError(f"{where}: expected one JSON object, found {type(record).__name__}")
    return record


def case_from_record(record: Mapping[str, object], where: str = "case") -> Case:
    """Return the case that a record describes; `where` opens the message when it describes none."""
    identity = record.get("id")
    if not isinstance(identity, str | int) or identity == "":
        raise UsageError(f'{where}: expected an "id", found {identity!r}')
    return Case(
        id=str(identity),
        text=_text(record, "text", where),
        title=_text(record, "title", where),
        created=_time(record.get("created"), where),
        relevant=_relevant(record, where),
        split=cast("Split", _one_of(record.get("split"), ("train", "test", ""), '"split"', where)),
        answerable=_answerable(record, where),
        cause=_text(record, "cause", where),
        stage=_text(record, "stage", where),
        theme=_text(record, "theme", where),
        reference=_text(record, "reference", where),
    )


def _text(record: Mapping[str, object], key: str, where: str) -> str:
    value = record.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise UsageError(f'{where}: expected text under "{key}", found {type(value).__name__}')
    return value


def _relevant(record: Mapping[str, object], where: str) -> tuple[str, ...]:
    value = record.get("relevant")
    if value is None:
        best = record.get("best")
        return (best,) if isinstance(best, str) and best else ()
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise UsageError(f'{where}: expected a list of document ids under "relevant", found {value!r}')
    return tuple(dict.fromkeys(cast("list[str]", value)))


def _one_of(value: object, allowed: tuple[str, ...], name: str, where: str) -> str:
    if value is None:
        return ""
    if value not in allowed:
        raise UsageError(f"{where}: expected {name} to be one of {', '.join(filter(None, allowed))}, found {value!r}")
    return str(value)


def _answerable(record: Mapping[str, object], where: str) -> Answerable | None:
    value = record.get("answerable", record.get("label"))
    if value is None:
        return None
    if not isinstance(value, str | bool) or value not in _ANSWERABLE:
        raise UsageError(f'{where}: expected "answerable" to be full, partial, none, true or false, found {value!r}')
    return _ANSWERABLE[value]


def _time(value: object, where: str) -> datetime | None:
    if value is None or value == "":
        return None
    for read in (datetime.fromisoformat, lambda text: datetime.strptime(text, "%Y-%m-%d %H:%M:%S %z")):
        try:
            time = read(str(value))
        except ValueError:
            continue
        return time if time.tzinfo else time.replace(tzinfo=UTC)
    raise UsageError(f"{where}: expected a time like 2024-07-01T12:13:00+00:00, found {value!r}")


def usable(cases: Iterable[Case], known: Container[str] | None = None) -> CaseSet:
    """Return the cases that can be measured, with every exclusion and its reason.

    Left out: a second case of the same id, the same question with the same answers again, a case without a question,
    one whose relevant documents are all unknown, one without any label. An unknown document beside a known one is
    dropped from its case and counted.
    """
    kept: list[Case] = []
    excluded: list[Exclusion] = []
    ids, contents = set[str](), set[tuple[object, ...]]()
    for given in cases:
        case, dropped = _without_unknown(given, known)
        excluded += [Exclusion(case.id, "unknown document dropped from its case")] * (dropped if case.relevant else 0)
        content = (case.title, case.text, case.relevant, case.answerable, case.cause, case.theme)
        reason = _reason(case, dropped, ids, contents, content)
        if reason:
            excluded.append(Exclusion(case.id, reason))
        else:
            kept.append(case)
            ids.add(case.id)
            contents.add(content)
    return CaseSet(tuple(kept), tuple(excluded))


def _without_unknown(case: Case, known: Container[str] | None) -> tuple[Case, int]:
    if known is None:
        return case, 0
    relevant = tuple(document for document in case.relevant if document in known)
    return replace(case, relevant=relevant), len(case.relevant) - len(relevant)


def _reason(
    case: Case, dropped: int, ids: set[str], contents: set[tuple[object, ...]], content: tuple[object, ...]
) -> str:
    if case.id in ids:
        return "duplicate id"
    if content in contents:
        return "duplicate question"
    if not (case.title.strip() or case.text.strip()):
        return "no question"
    if not case.is_labelled:
        return "only unknown documents" if dropped else "no relevant documents or other label"
    return ""


def as_record(case: Case) -> dict[str, object]:
    """Return the case as one line of a case file, without empty fields."""
    record: dict[str, object] = {
        "id": case.id,
        "title": case.title,
        "text": case.text,
        "created": case.created.isoformat() if case.created else None,
        "relevant": list(case.relevant),
        "split": case.split,
        "answerable": case.answerable,
        "cause": case.cause,
        "stage": case.stage,
        "theme": case.theme,
        "reference": case.reference,
    }
    return {key: value for key, value in record.items() if value not in (None, "") or key == "text"}


def write_cases(path: Path, cases: Iterable[Case]) -> None:
    """Write a case file, one line for each case, in order."""
    lines = (json.dumps(as_record(case), ensure_ascii=False) for case in cases)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
