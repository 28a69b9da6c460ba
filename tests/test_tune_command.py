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
from ui.commands.tune import _swap
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
    assert "Nothing to learn from yet: 0 resolved tickets" in learned.out
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


def test_thresholds_are_read_off_the_desks_own_resolved_tickets(data: Path, tmp_path: Path) -> None:
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
