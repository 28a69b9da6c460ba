"""`waypost tune` on a real data directory: what is adopted is searched with, and each step can be undone."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import pytest
from commands import waypost

from assistant.answering.fuse import FusionWeights
from assistant.domain import Question
from assistant.errors import ModelError
from assistant.models.trained import keep, load_trained
from assistant.models.weights import minilm_folder
from assistant.store.tunings import Tunings
from eval.report.tuning import as_html, as_markdown
from ui.commands.tune import _swap
from ui.commands.tune_report import told
from ui.home import Home, open_home

ARTICLES = {"backup": "Choose Settings, then Backup, to save a copy.", "print": "Choose File, then Print, to print."}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    source = tmp_path / "documents.jsonl"
    rows = [{"id": key, "title": key.title(), "text": text} for key, text in ARTICLES.items()]
    source.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    assert waypost("ingest", source, "--data", tmp_path / "data").code == 0
    return tmp_path / "data"


def a_trained_encoder(home: Home, workshop: Path) -> str:
    """The packaged weights as if they had just been trained: real, and fast to make."""
    shutil.copytree(minilm_folder(), workshop)
    return keep(workshop, home.encoders)


def adopt(home: Home, encoder: str, **weights: float) -> None:
    found = asdict(FusionWeights(**weights))  # type: ignore[arg-type]
    tunings = Tunings(home.database)
    _swap(
        home,
        encoder,
        lambda *_: None,
        lambda: tunings.adopt(weights=found, thresholds=None, encoder=encoder, report={}),
    )


def first_hit(home: Home) -> str:
    index = home.reader_index()
    found = home.assistant(index, lambda: index.name).search(Question("save a copy"), audiences=("public",))
    return found.articles[0].document_key


def test_few_tickets_are_said_to_teach_nothing_and_there_is_nothing_to_undo(data: Path) -> None:
    learned = waypost("tune", "--data", data)
    assert learned.code == 0
    assert "Too few tickets to compare anything: 0 resolved tickets" in learned.out
    assert "as shipped; nothing was learned" in learned.out
    assert not (data / "reports").exists()
    undone = waypost("tune", "--undo", "--data", data)
    assert undone.code == 2
    assert "nothing to undo" in undone.err


def test_an_adopted_encoder_is_indexed_and_searched_with_and_an_undo_goes_back(data: Path, tmp_path: Path) -> None:
    home = open_home(data)
    shipped = home.embedder.model_id
    adopt(home, a_trained_encoder(home, tmp_path / "trained"), votes=0.7)
    home.close()
    home = open_home(data)
    live = home.generations.live()
    assert live is not None
    assert live.model_id == home.searcher.model_id != shipped
    assert first_hit(home) == "backup"
    home.close()
    assert json.loads(waypost("tune", "--undo", "--json", "--data", data).out) == {"undone": True, "in_use": None}
    home = open_home(data)
    live = home.generations.live()
    assert live is not None
    assert live.model_id == home.searcher.model_id == shipped
    assert first_hit(home) == "backup"
    assert not list(home.encoders.iterdir())
    home.close()


def test_a_second_tuning_is_undone_to_the_first(data: Path, tmp_path: Path) -> None:
    home = open_home(data)
    adopt(home, "", votes=0.7)
    adopt(home, a_trained_encoder(home, tmp_path / "trained"), votes=0.1)
    before = Tunings(home.database).undo()
    assert before is not None
    assert (before.encoder, before.weights["votes"]) == ("", 0.7)
    home.close()


def test_an_altered_encoder_is_refused_with_a_remedy(data: Path, tmp_path: Path) -> None:
    home = open_home(data)
    digest = a_trained_encoder(home, tmp_path / "trained")
    (weights,) = home.encoders.glob("*/model.safetensors")
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(ModelError, match="tune --undo"):
        load_trained(home.encoders, digest)
    home.close()


def test_what_mistakes_cost_the_desk_draws_the_line(data: Path) -> None:
    settings = data / "waypost.toml"
    settings.write_text("[answering]\nwrong_to_missing = 3\n", encoding="utf-8")
    home = open_home(data)
    assert home.thresholds == (None, 0.75)
    Tunings(home.database).adopt(weights={}, thresholds={"answer": 0.6, "partial": 0.3}, encoder="", report={})
    home.close()
    home = open_home(data)
    assert home.thresholds == (0.75, 0.75)
    home.close()
    settings.write_text("[answering]\nwrong_to_missing = 3\npartial_threshold = 0.2\n", encoding="utf-8")
    home = open_home(data)
    assert home.thresholds == (None, 0.2)
    home.close()


@pytest.fixture
def resolved(data: Path, tmp_path: Path) -> Path:
    """The same directory with 24 resolved tickets."""
    tickets = tmp_path / "tickets.jsonl"
    rows = [
        {
            "id": f"t{n}", "created": f"2024-01-{n + 1:02}T09:00:00Z", "subject": f"Question {n}",
            "messages": [
                {"by": "customer", "text": f"How do I {'save a copy' if n % 2 else 'print'} of note {n}?"},
                {"by": "agent", "text": f"See https://help.shop.example/{'backup' if n % 2 else 'print'}"},
            ],
        }
        for n in range(24)
    ]  # fmt: skip
    tickets.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    documents = tmp_path / "documents.jsonl"
    linked = [
        {"id": key, "title": key.title(), "text": text, "url": f"https://help.shop.example/{key}"}
        for key, text in ARTICLES.items()
    ]
    documents.write_text("\n".join(json.dumps(row) for row in linked), encoding="utf-8")
    assert waypost("ingest", documents, tickets, "--data", data).code == 0
    return data


def test_thresholds_are_read_off_the_desks_own_resolved_tickets(resolved: Path) -> None:
    data = resolved
    adopted = {"fused": 1.0, "second": 0.5, "keyword": 0.0, "problems": 0.0, "replies": 0.0}
    home = open_home(data)
    Tunings(home.database).adopt(weights={}, thresholds=None, encoder="", report={}, reranker=adopted)
    home.close()
    report = json.loads(waypost("tune", "--json", "--data", data).out)
    assert report["compared"] == []
    assert report["thresholds"]["found"] >= 20
    home = open_home(data)
    assert home.thresholds == (report["thresholds"]["answer"], report["thresholds"]["partial"])
    assert home.tuned is not None
    assert home.tuned.reranker == adopted  # what was not judged anew stays in use
    home.close()
    assert waypost("tune", "--undo", "--data", data).code == 0
    home = open_home(data)
    assert home.thresholds == (None, None)
    home.close()


def test_the_report_shows_the_thresholds_and_what_each_line_would_do(resolved: Path) -> None:
    record = json.loads(waypost("tune", "--json", "--data", resolved).out)
    page = Path(record["report"]).read_text("utf-8")
    assert Path(record["report"]).parent == resolved / "reports"
    assert f"{record['thresholds']['partial']:.2f}" in page
    assert "learned from this desk&#x27;s resolved tickets" in page
    assert page.count("<svg") == 1
    assert "<script" not in page
    assert record["asked"] == 24
    silent = [one["silent"] for one in record["curve"]]
    assert silent == sorted(silent)
    assert (silent[0], silent[-1]) == (0.0, 1.0)


def test_a_setting_that_wins_over_what_was_learned_is_said(resolved: Path, tmp_path: Path) -> None:
    (resolved / "waypost.toml").write_text("[answering]\npartial_threshold = 0.36\n", encoding="utf-8")
    out = tmp_path / "new" / "report.md"
    said = " ".join(waypost("tune", "--out", out, "--data", resolved).out.split())
    record = Tunings(open_home(resolved).database).active()
    assert record is not None
    assert record.thresholds is not None
    learned = f"Learned were {record.thresholds['partial']:.2f} and {record.thresholds['answer']:.2f}"
    for text in (said, " ".join(out.read_text("utf-8").split())):
        assert "shown from confidence 0.36" in text
        assert "which win over what was learned" in text
        assert learned in text
    assert "| line |" in out.read_text("utf-8")
    assert "report.md" in said


def test_a_report_that_cannot_be_written_says_so_and_what_was_learned_is_kept(resolved: Path) -> None:
    found = waypost("tune", "--out", resolved / "waypost.sqlite" / "report.html", "--data", resolved)
    assert found.code == 2
    assert "What was learned is kept" in found.err
    assert Tunings(open_home(resolved).database).active() is not None


def test_what_was_tried_is_shown_with_its_interval_and_the_reason() -> None:
    tried = {"before": 0.5, "after": 0.6, "high": 0.15, "questions": 200}
    record = {
        "at": "2026-11-23T10:00:00+00:00", "lessons": 1000, "drafts": 4, "earlier": 800, "later": 200, "seconds": 61.0,
        "compared": [{**tried, "what": "fusion", "low": 0.05, "adopted": True},
                     {**tried, "what": "encoder", "low": -0.02, "adopted": False}],
        "adopted": True, "thresholds": None, "asked": 0, "curve": [],
        "in_force": {"partial": 0.4, "answer": 0.5, "by": "shipped"},
    }  # fmt: skip
    for text in (as_html(record), as_markdown(record), told(record, None)):
        assert "800 earlier" in text
        assert "+0.050 to" in text
        assert "not adopted: not better beyond noise" in text
        assert "as shipped" in text
