"""The case format: read strictly, left out with a reason, split by time without a leak."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from assistant.errors import UsageError
from eval.beir import read_beir, write_documents
from eval.cases import Case, case_from_record, load_cases, usable, write_cases
from eval.make_cases import TicketRecord, make_cases


def written(path: Path, *records: object) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def test_a_full_case_survives_writing_and_reading(tmp_path: Path) -> None:
    case = Case(
        "c1", "How?", title="Export", created=datetime(2024, 7, 1, 12, 13, tzinfo=UTC), relevant=("a", "b"),
        split="test", answerable="partial", cause="design", stage="use", theme="t", reference="So.",
    )  # fmt: skip
    write_cases(tmp_path / "cases.jsonl", [case])
    assert load_cases(tmp_path / "cases.jsonl").cases == (case,)


def test_both_ways_of_writing_a_time_mean_the_same_instant() -> None:
    times = ("2024-07-01T12:13:00+00:00", "2024-07-01 12:13:00 +0000", "2024-07-01 12:13:00", "2024-07-01T12:13:00Z")
    assert {case_from_record({"id": 1, "text": "x", "created": time}).created for time in times} == {
        datetime(2024, 7, 1, 12, 13, tzinfo=UTC)
    }


def test_a_judged_line_gives_answerability_and_the_best_document() -> None:
    case = case_from_record({"id": "q", "text": "x", "label": "none", "best": "a", "shown": [], "why": "..."})
    assert (case.answerable, case.relevant) == ("none", ("a",))
    assert case_from_record({"id": "q", "text": "x", "answerable": True}).answerable == "full"


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"text": "x"}, 'expected an "id"'),
        ({"id": "a", "text": 3}, 'expected text under "text"'),
        ({"id": "a", "text": "x", "relevant": "doc"}, 'list of document ids under "relevant"'),
        ({"id": "a", "text": "x", "split": "dev"}, "train, test"),
        ({"id": "a", "text": "x", "answerable": "maybe"}, "full, partial, none"),
        ({"id": "a", "text": "x", "created": "yesterday"}, "expected a time"),
        ([1], "expected one JSON object"),
    ],
)
def test_a_line_that_is_no_case_is_refused_with_its_number(tmp_path: Path, record: object, message: str) -> None:
    path = written(tmp_path / "cases.jsonl", {"id": "ok", "text": "x", "relevant": ["d"]}, record)
    with pytest.raises(UsageError, match=message) as refusal:
        load_cases(path)
    assert "line 2" in str(refusal.value)


def test_a_missing_an_empty_and_a_broken_file_are_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="found none: check the path"):
        load_cases(tmp_path / "nowhere.jsonl")
    (tmp_path / "empty.jsonl").write_text("\n")
    with pytest.raises(UsageError, match="the file is empty"):
        load_cases(tmp_path / "empty.jsonl")
    (tmp_path / "torn.jsonl").write_text('{"id": "a"')
    with pytest.raises(UsageError, match="not JSON"):
        load_cases(tmp_path / "torn.jsonl")


def test_a_file_without_one_usable_case_says_what_was_left_out(tmp_path: Path) -> None:
    path = written(tmp_path / "cases.jsonl", {"id": "a", "text": "x", "relevant": ["gone"]}, {"id": "b", "text": "y"})
    with pytest.raises(UsageError, match="1 x only unknown documents, 1 x no relevant documents or other label"):
        load_cases(path, known={"here"})


def test_every_exclusion_is_counted_under_its_reason() -> None:
    found = usable(
        [
            Case("a", "one", relevant=("x", "gone")),
            Case("a", "two", relevant=("x",)),
            Case("b", "one", relevant=("x",)),
            Case("c", "  ", relevant=("x",)),
            Case("d", "three", relevant=("gone",)),
            Case("e", "four"),
            Case("f", "five", answerable="none"),
        ],
        known={"x"},
    )
    assert [case.id for case in found.cases] == ["a", "f"]
    assert found.exclusions == {
        "unknown document dropped from its case": 1, "duplicate id": 1, "duplicate question": 1, "no question": 1,
        "only unknown documents": 1, "no relevant documents or other label": 1,
    }  # fmt: skip


def test_the_digest_changes_with_the_cases_and_only_then() -> None:
    one, two = usable([Case("a", "x", relevant=("d",))]), usable([Case("a", "x", relevant=("e",))])
    assert one.digest == usable([Case("a", "x", relevant=("d",))]).digest != two.digest


def ticket(number: int, text: str = "", *, day: int | None = 0, articles: tuple[str, ...] = ("a",)) -> TicketRecord:
    created = None if day is None else datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=day)
    return TicketRecord(f"t{number}", "", text or f"question {number}", created, articles)


def test_every_training_case_is_older_than_every_test_case() -> None:
    made = make_cases([ticket(n, day=(n * 7) % 20) for n in range(20)], known={"a"}, test_share=0.3)
    train = [case.created for case in made.cases if case.split == "train" and case.created]
    test = [case.created for case in made.cases if case.split == "test" and case.created]
    assert (len(train), len(test)) == (14, 6)
    assert max(train) < min(test) == made.test_from


def test_tickets_of_one_instant_stay_on_one_side() -> None:
    made = make_cases([ticket(n, day=n // 5) for n in range(10)], known={"a"}, test_share=0.3)
    assert {case.split for case in made.cases if case.created == made.test_from} == {"test"}


def test_a_test_question_asked_before_in_the_same_words_is_left_out() -> None:
    made = make_cases(
        [ticket(1, "It FAILS", day=0), ticket(2, "it  fails", day=9), ticket(3, day=8)], known={"a"}, test_share=0.67
    )
    assert made.exclusions == {"asked in the same words in the training part": 1}
    assert [case.id for case in made.cases] == ["t1", "t3"]


def test_tickets_that_make_no_case_are_counted() -> None:
    made = make_cases(
        [ticket(1), ticket(2, articles=()), ticket(3, articles=("b", "paste")), ticket(4, day=None)],
        known={"a", "paste"},
        never_relevant={"paste"},
    )
    assert [case.id for case in made.cases] == ["t1"]
    assert made.exclusions == {"no link to a known article": 1, "only links that do not count": 1, "no date": 1}


def test_a_beir_folder_becomes_documents_and_cases(tmp_path: Path) -> None:
    written(tmp_path / "corpus.jsonl", {"_id": "d1", "title": "T", "text": "x"}, {"_id": "d2", "text": "y"})
    written(tmp_path / "queries.jsonl", {"_id": "q1", "text": "one"}, {"_id": "q2", "text": "two"})
    (tmp_path / "qrels").mkdir()
    (tmp_path / "qrels" / "test.tsv").write_text(
        "query-id\tcorpus-id\tscore\nq1\td1\t1\nq1\td2\t0\nq2\td9\t1\nq3\td1\t1\n"
    )
    found = read_beir(tmp_path)
    assert [(case.id, case.relevant, case.split) for case in found.cases.cases] == [("q1", ("d1",), "test")]
    assert found.cases.exclusions == {"only unknown documents": 1, "no question": 1}
    write_documents(tmp_path / "documents.jsonl", found.documents)
    assert json.loads((tmp_path / "documents.jsonl").read_text().splitlines()[0]) == found.documents[0]


def test_a_beir_folder_without_judgements_is_refused(tmp_path: Path) -> None:
    written(tmp_path / "corpus.jsonl", {"_id": "d1", "text": "x"})
    written(tmp_path / "queries.jsonl", {"_id": "q1", "text": "one"})
    with pytest.raises(UsageError, match=r"no \.tsv file"):
        read_beir(tmp_path)
