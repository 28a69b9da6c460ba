"""The real product under measurement: killed and resumed, the same twice, a fix planted by a real ingest."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from commands import WAYPOST, environment, waypost

from eval.bench import Bench, run_bench
from eval.cases import load_cases
from eval.folder import ARTICLES_OUT, MAIN, Folder
from eval.knockout import knock_out
from eval.runs import load_run
from eval.studies.scaling_steps import ask, build
from eval.terminal import progress
from ui.workbench import HomeProduct

SAMPLE = Path(__file__).parent.parent / "ui" / "sample"
ARTICLES, QUESTIONS, TICKETS = 6, 10, 6


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in the layout of the shared data, over the first articles of the sample helpdesk that questions need."""
    folder = tmp_path_factory.mktemp("shared") / "thunderbird"
    folder.mkdir()
    questions = [json.loads(line) for line in (SAMPLE / "questions.jsonl").read_text().splitlines()]
    wanted = list(dict.fromkeys(key for question in questions for key in question["relevant"]))[:ARTICLES]
    articles = [SAMPLE / "articles" / f"{key}.md" for key in wanted]
    documents = [
        {"id": path.stem, "title": path.stem.replace("-", " "), "markdown": path.read_text()}
        for path in articles
        if path.is_file()
    ]
    kept = {str(document["id"]) for document in documents}
    asked = [question for question in questions if set(question["relevant"]) & kept][:QUESTIONS]
    _write(folder / "documents.jsonl", documents)
    _write(folder / "cases_2024h2.jsonl", asked)
    _write(folder / "answerable.jsonl", [{**q, "label": ("full", "none")[n % 2]} for n, q in enumerate(asked[:4])])
    _write(folder / "tickets.jsonl", [json.loads(line) for line in (SAMPLE / "tickets.jsonl").open()][:TICKETS])
    return folder


def _write(path: Path, records: list[dict[str, object]]) -> None:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")


@pytest.fixture(scope="module")
def experiment(desk: Path, tmp_path_factory: pytest.TempPathFactory) -> Folder:
    folder = Folder(tmp_path_factory.mktemp("experiment"))
    run_bench(Bench(desk.parent, folder, HomeProduct(), ("waypost", "keyword"), progress), ("thunderbird",))
    return folder


def test_before_the_fix_no_answer_knows_an_article_that_was_left_out_and_afterwards_some_do(experiment: Folder) -> None:
    cases = experiment.cases()
    assert cases is not None
    gone = knock_out(cases.cases).articles
    before, after = (load_run(experiment.run_path(name)).answers().values() for name in (ARTICLES_OUT, MAIN))
    assert gone
    assert not any(gone & set(answer.documents) for answer in before)
    assert any(gone & set(answer.documents) for answer in after)


def test_hiding_articles_gives_the_verdicts_of_never_having_had_them(experiment: Folder) -> None:
    """The knock-out hides articles from a whole index; its answers are those of a directory without them."""
    hidden = load_run(experiment.run_path("waypost-knockout")).answers()
    absent = load_run(experiment.run_path(ARTICLES_OUT)).answers()
    same = sum(hidden[key].verdict == absent[key].verdict for key in hidden)
    assert same >= 0.9 * len(hidden)


def killed_run(command: list[str], data: Path, rows: Path) -> int:
    """Start the command, kill it after its first rows, return how many whole rows it left."""
    process = subprocess.Popen(command, env=environment(data), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 250
    while time.monotonic() < deadline and process.poll() is None:
        if rows.exists() and rows.read_bytes().count(b"\n") > 2:
            break
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    return rows.read_bytes().count(b"\n") - 1


def test_a_killed_run_goes_on_and_its_numbers_are_those_of_one_that_was_never_stopped(
    experiment: Folder, desk: Path, tmp_path: Path
) -> None:
    data, cases = experiment.path / "data", desk / "cases_2024h2.jsonl"

    def command(out: Path) -> list[str]:
        given = ("--cases", str(cases), "--out", str(out), "--systems", "waypost", "--no-knockout", "--json")
        return [*WAYPOST, "eval", "run", *given]

    stopped, whole = tmp_path / "stopped", tmp_path / "whole"
    rows = stopped / "runs" / "waypost.jsonl"
    left = killed_run(command(stopped), data, rows)
    total = len(load_cases(cases).cases)
    assert 2 <= left < total
    kept = rows.read_text().splitlines()[: left + 1]
    reports = [waypost(*command(out)[len(WAYPOST) :], data=data, timeout_s=250) for out in (stopped, whole)]
    assert [ended.code for ended in reports] == [0, 0], reports[0].err
    assert rows.read_text().splitlines()[: left + 1] == kept
    figures = [
        [f for f in json.loads(ended.out)["figures"] if f["group"] not in ("latency", "cost")] for ended in reports
    ]
    assert figures[0] == figures[1]


def test_a_directory_of_recombined_passages_is_built_and_asked(experiment: Folder, tmp_path: Path) -> None:
    product = HomeProduct()
    with product.open(experiment.path / "data") as workbench:
        sources = list(workbench.sources())[:4]
    built = build(product, tmp_path, sources, 20, embedded=False)
    assert 10 <= built["passages"] <= 60
    assert built["disk_mb"] > 0
    asked = ask(product, tmp_path, experiment.path / "cases.jsonl", time.time())
    assert 0 < asked["search_p50_ms"] <= asked["search_p95_ms"]
    assert asked["draft_p50_ms"] > 0
    shutil.rmtree(tmp_path / "data")
