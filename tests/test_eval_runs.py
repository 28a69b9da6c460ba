"""Runs that go on where they stopped, comparisons worst first, and a gate that knows noise."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from assistant.errors import IndexUnavailable, UsageError
from eval.cases import Case, CaseSet
from eval.compare import compare
from eval.figures import Figure, confidence_figures, gap_figures, ranking_figures, theme_figures
from eval.gate import Floor, gate, load_floors
from eval.metrics.intervals import Estimate
from eval.runs import Row, Run, RunHeader, load_run, run_cases

CASES = CaseSet(tuple(Case(f"c{n}", f"question {n}", relevant=(f"d{n % 7}",)) for n in range(30)))
HEADER = RunHeader("ours", CASES.digest, k=10, stamp=(("model", "m1"),))


def answer(case: Case) -> Row:
    number = int(case.id[1:])
    return Row(case.id, tuple(f"d{(number * 3 + step) % 9}" for step in range(5)), search_ms=float(number))


def refuse(case: Case) -> Row:
    raise AssertionError(case.id)


def test_a_finished_run_is_not_asked_again_and_reads_back_the_same(tmp_path: Path) -> None:
    done = run_cases(tmp_path / "run.jsonl", HEADER, CASES, answer)
    assert run_cases(tmp_path / "run.jsonl", HEADER, CASES, refuse) == done == load_run(tmp_path / "run.jsonl")


@pytest.mark.parametrize("kept", [0, 1, 10, 400, -1, -30])
def test_a_run_cut_at_any_byte_goes_on_and_ends_the_same(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "run.jsonl"
    run_cases(path, HEADER, CASES, answer)
    whole = path.read_bytes()
    path.write_bytes(whole[:kept])
    run_cases(path, HEADER, CASES, answer)
    assert path.read_bytes() == whole


def slowly(path: Path) -> None:
    def slow(case: Case) -> Row:
        time.sleep(0.02)
        return answer(case)

    run_cases(path, HEADER, CASES, slow)


def test_a_killed_process_leaves_a_run_that_goes_on_where_it_stopped(tmp_path: Path) -> None:
    path, asked = tmp_path / "run.jsonl", []

    def counted(case: Case) -> Row:
        asked.append(case.id)
        return answer(case)

    process = multiprocessing.get_context("fork").Process(target=slowly, args=(path,))
    process.start()
    while not path.exists() or path.read_bytes().count(b"\n") < 8:
        time.sleep(0.01)
    os.kill(process.pid or 0, signal.SIGKILL)
    process.join()
    done = run_cases(path, HEADER, CASES, counted)
    assert 0 < len(asked) <= 23
    assert len(done.rows) == 30
    assert len(path.read_text().splitlines()) == 31


@pytest.mark.parametrize(
    ("header", "named"),
    [
        (RunHeader("ours", "other cases", k=10, stamp=HEADER.stamp), "cases"),
        (RunHeader("ours", CASES.digest, k=5, stamp=HEADER.stamp), "k"),
        (RunHeader("ours", CASES.digest, k=10, stamp=(("model", "m2"),)), "stamp"),
    ],
)
def test_another_run_under_the_same_name_is_refused(tmp_path: Path, header: RunHeader, named: str) -> None:
    run_cases(tmp_path / "run.jsonl", HEADER, CASES, answer)
    with pytest.raises(UsageError, match=f"different: {named}"):
        run_cases(tmp_path / "run.jsonl", header, CASES, answer)


def test_one_failing_question_is_a_row_with_its_message_and_the_run_goes_on(tmp_path: Path) -> None:
    def sometimes(case: Case) -> Row:
        if case.id == "c3":
            raise IndexUnavailable("being rebuilt")
        return answer(case)

    done = run_cases(tmp_path / "run.jsonl", HEADER, CASES, sometimes)
    assert (done.failed, done.rows["c3"].error, len(done.rows)) == (1, "being rebuilt", 30)


def test_a_run_of_other_cases_or_with_missing_questions_is_refused(tmp_path: Path) -> None:
    done = run_cases(tmp_path / "run.jsonl", HEADER, CASES, answer)
    with pytest.raises(UsageError, match="run it again over these cases"):
        done.of(CaseSet(CASES.cases[:5]))
    with pytest.raises(UsageError, match="1 are missing"):
        Run(HEADER, {key: row for key, row in done.rows.items() if key != "c0"}).of(CASES)


@pytest.mark.parametrize("content", ["", "not json\n", '{"id": "x"}\n', '{"run": {}}\n', "[]\n"])
def test_a_file_that_is_no_run_is_refused_in_words(tmp_path: Path, content: str) -> None:
    (tmp_path / "run.jsonl").write_text(content)
    with pytest.raises(UsageError, match="expected a run file"):
        load_run(tmp_path / "run.jsonl")


def run_of(system: str, places: dict[str, int]) -> tuple[Run, CaseSet]:
    cases = CaseSet(tuple(Case(key, key, relevant=("d",)) for key in places))
    rows = {key: Row(key, ("x",) * (place - 1) + (("d",) if place else ()), 1.0) for key, place in places.items()}
    return Run(RunHeader(system, cases.digest, 10), rows), cases


def test_questions_that_changed_come_worst_first_and_equal_ones_are_counted() -> None:
    first, cases = run_of("a", {"falls": 1, "lost": 2, "same": 3, "wins": 0})
    second, _ = run_of("b", {"falls": 4, "lost": 0, "same": 3, "wins": 1})
    found = compare(first, second, cases)
    assert [change.case.id for change in found.changes] == ["falls", "lost", "wins"]
    assert found.changes[0].places == (1, 4)
    assert found.changes[1].places == (2, None)
    assert (found.same, found.first_place.only_first, found.first_place.only_second) == (1, 1, 1)
    assert dict(found.differences)["hit@1"].value == 0.0


def test_runs_of_different_cases_are_not_compared() -> None:
    first, cases = run_of("a", {"one": 1})
    second, _ = run_of("b", {"two": 1})
    with pytest.raises(UsageError, match="over the same cases"):
        compare(first, second, cases)


def test_the_same_runs_give_the_same_figures_twice(tmp_path: Path) -> None:
    done = run_cases(tmp_path / "run.jsonl", HEADER, CASES, answer)
    assert ranking_figures(done, CASES.cases, seed=5) == ranking_figures(done, CASES.cases, seed=5)


def test_a_case_without_relevant_documents_is_left_out_of_ranking_and_counted() -> None:
    cases = [Case("a", "?", relevant=("d",)), Case("b", "?", answerable="none")]
    run = Run(RunHeader("s", "", 10), {"a": Row("a", ("d",), 1.0), "b": Row("b", (), 1.0)})
    first = ranking_figures(run, cases)[0].estimate
    assert (first.value, first.n, first.undefined) == (1.0, 1, 1)


def test_theme_intervals_hold_their_figure_and_do_not_profit_from_repeats() -> None:
    dice = np.random.default_rng(0)
    groups = [f"g{i}" for i in dice.integers(0, 10, 200)]
    noise = [f"t{i}" for i in dice.integers(0, 100, 200)]
    ari = theme_figures("s", groups, noise)[0].estimate
    assert ari.low is not None
    assert ari.high is not None
    assert ari.value is not None
    assert ari.low <= ari.value <= ari.high < 0.05


def test_confidence_and_gap_figures_name_their_test() -> None:
    figures = confidence_figures("s", [0.9, 0.1, 0.8, 0.2], [True, False, True, False], "judged")
    assert figures[0].name == "judged: AUROC"
    assert figures[0].estimate.value == 1.0
    gaps = gap_figures("s", [True, False, True], [True, True, False], "knock-out")
    assert [figure.estimate.value for figure in gaps] == [0.5, 0.5]


def figure(low: float, value: float, high: float, name: str = "MRR@10") -> Figure:
    return Figure(
        "ours",
        "ranking",
        name,
        Estimate(value, low, high, 100),
        better="lower" if name.startswith("search") else "higher",
    )


@pytest.mark.parametrize(("limit", "outcome"), [(0.5, "holds"), (0.55, "within noise"), (0.7, "fails")])
def test_a_figure_fails_only_when_its_whole_interval_is_below_the_floor(limit: float, outcome: str) -> None:
    (verdict,) = gate([Floor("ours", "MRR@10", limit)], [figure(0.4, 0.5, 0.6)])
    assert verdict.outcome == outcome


@pytest.mark.parametrize(("limit", "outcome"), [(60.0, "holds"), (45.0, "within noise"), (30.0, "fails")])
def test_for_latency_the_floor_is_a_ceiling(limit: float, outcome: str) -> None:
    (verdict,) = gate([Floor("ours", "search p95", limit)], [figure(40, 50, 60, "search p95")])
    assert verdict.outcome == outcome


def test_a_floor_without_a_figure_fails_the_gate() -> None:
    (verdict,) = gate([Floor("ours", "gone", 0.1)], [figure(0.4, 0.5, 0.6)])
    assert (verdict.outcome, verdict.passes) == ("not measured", False)


def test_floors_are_read_from_toml_and_anything_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "floors.toml"
    path.write_text('[ours]\n"MRR@10" = 0.4\n')
    assert load_floors(path) == (Floor("ours", "MRR@10", 0.4),)
    for content, message in (("x = 1", "table of figures"), ('[a]\nb = "c"', "a number"), ("[", "expected TOML")):
        path.write_text(content)
        with pytest.raises(UsageError, match=message):
            load_floors(path)
    with pytest.raises(UsageError, match="found none"):
        load_floors(tmp_path / "missing.toml")


def test_rows_are_plain_json_that_other_tools_can_read(tmp_path: Path) -> None:
    run_cases(tmp_path / "run.jsonl", HEADER, CASES, answer)
    lines = [json.loads(line) for line in (tmp_path / "run.jsonl").read_text().splitlines()]
    assert lines[0]["run"]["system"] == "ours"
    assert lines[1] == {"id": "c0", "ranked": ["d0", "d1", "d2", "d3", "d4"], "search_ms": 0.0}
