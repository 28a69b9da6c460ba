"""Finer stages of the journey by setting: learn, order, refund and more in place of the coarse ones."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from commands import waypost
from test_gap_log import TopicVectors, contact

from assistant.errors import SettingsError
from assistant.gaplog.board import prices
from assistant.gaplog.log import GapLog
from assistant.gaps.triage import STAGES, Contact, Label, finer_stages, load_triage
from assistant.gaps.triage.finer import EXAMPLES, divide
from assistant.models.embedder import OnnxMiniLM
from assistant.store.contact_rows import ContactFilter
from assistant.store.contacts import Contacts
from assistant.store.database import Database

JOURNEY = {"get": ("learn", "order", "refund", "download"), "install_update": ("install", "update")}
WRITTEN = {
    "learn": ("Does this run on a Chromebook as well?", "Which of the editions has calendar sharing?"),
    "order": ("My credit card is not accepted when I pay", "I would like an invoice for the licence I bought"),
    "refund": ("Please give me my money back", "You billed me two times, I expect the second payment returned"),
    "download": ("Where do I get the installer file?", "The download always breaks off at 90 percent"),
    "install": ("Setup ends with an error on my new laptop", "I can't get it installed on Windows 11"),
    "update": ("How can I return to the version I had before?", "Since the upgrade yesterday nothing works"),
}


def test_people_at_each_finer_stage_are_told_apart(embedder: OnnxMiniLM) -> None:
    model = replace(load_triage(), finer=finer_stages(JOURNEY, {}))
    asked = [Contact(f"{stage}-{n}", "", text) for stage, texts in WRITTEN.items() for n, text in enumerate(texts)]
    found = {t.id: t.stage for t in model.label(asked, embedder)}
    for label in found.values():
        shares = dict(label.distribution)
        assert set(shares) == {*model.stages}
        assert sum(shares.values()) == pytest.approx(1)
    # Among the finer ones of its own coarse stage: which coarse stage it is, the fitted weights say.
    siblings = {name: names for names in JOURNEY.values() for name in names}
    right = [
        max(siblings[stage], key=lambda name: dict(found[f"{stage}-{n}"].distribution)[name]) == stage
        for stage, texts in WRITTEN.items()
        for n in range(len(texts))
    ]
    assert sum(right) >= 10, right


ELSEWHERE = (
    "How do I sort my messages by sender?", "The search finds nothing in this folder", "Change the font size, please",
    "Which server settings do I need for my account?", "Transfer my profile to a new computer",
)  # fmt: skip
MONEY_BACK = (
    "I want a refund for last month's payment", "You charged me twice, please refund one of them",
    "I returned the lamp two weeks ago and still no refund", "Can I return the display and get a refund?",
)  # fmt: skip


def test_money_back_is_a_refund_whatever_coarse_stage_it_seems_to_be(embedder: OnnxMiniLM) -> None:
    asked = [Contact(str(n), "", text) for n, text in enumerate(MONEY_BACK)]
    assert "get" not in {t.stage.label for t in load_triage().label(asked, embedder)}
    model = replace(load_triage(), finer=finer_stages({"get": ("learn", "order", "refund")}, {}))
    assert [t.stage.label for t in model.label(asked, embedder)] == ["refund"] * len(asked)


def test_coarse_probabilities_are_only_divided_where_no_finer_stage_is_clearly_nearer(embedder: OnnxMiniLM) -> None:
    asked = [Contact(str(n), "", text) for n, text in enumerate(ELSEWHERE)]
    coarse = load_triage().label(asked, embedder)
    finer = replace(load_triage(), finer=finer_stages(JOURNEY, {})).label(asked, embedder)
    for before, after in zip(coarse, finer, strict=True):
        shares = dict(after.stage.distribution)
        for stage, share in before.stage.distribution:
            assert sum(shares[name] for name in JOURNEY.get(stage, (stage,))) == pytest.approx(share, abs=1e-6)
        assert before.cause == after.cause


def test_a_stage_that_the_desk_taught_keeps_its_share() -> None:
    label = Label("get", 0.5, (("get", 0.5), ("learn", 0.3), ("use", 0.2)))
    moved = dict(divide(label, "get", ("learn", "order"), np.array([0.4, 0.4])).distribution)
    assert moved == {"learn": pytest.approx(0.55), "order": pytest.approx(0.25), "use": pytest.approx(0.2)}
    elsewhere = Label("use", 1.0, (("use", 1.0),))
    assert divide(elsewhere, "get", ("learn",), np.array([0.4])).probability == 1.0


@pytest.mark.parametrize(
    ("wanted", "examples", "told"),
    [
        ({"buy": ("order",)}, {}, "'buy'"),
        ({"get": ("invoice",)}, {}, "gaps.stage_examples, found 'invoice'"),
        ({"get": ("invoice",)}, {"invoice": ()}, "'invoice'"),
        ({"get": ("order", "order")}, {}, "twice"),
        ({"get": ("order",), "use": ("order",)}, {}, "twice"),
        ({"get": ("use",)}, {"use": ("I use it.",)}, "twice"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_name(
    wanted: dict[str, tuple[str, ...]], examples: dict[str, tuple[str, ...]], told: str
) -> None:
    with pytest.raises(SettingsError, match=told):
        finer_stages(wanted, examples)


def test_a_desk_writes_its_own_stage_and_the_command_line_uses_it(tmp_path: Path) -> None:
    settings = 'finer_stages = { use = ["day", "billing"], get = [] }\n[gaps.stage_examples]\n'
    examples = 'day = ["How do I sort my messages?"]\nbilling = ["My invoice is wrong.", "Why was I charged?"]\n'
    data = tmp_path / "data"
    data.mkdir()
    (data / "waypost.toml").write_text(f"[gaps]\n{settings}{examples}", "utf-8")
    asked = tmp_path / "asked.jsonl"
    asked.write_text(json.dumps({"id": "1", "text": "Why was I charged twice this month?"}) + "\n", "utf-8")
    done = waypost("gaps", "triage", "--batch", asked, data=data)
    assert done.code == 0, done.err
    assert json.loads(done.out)["stage"]["label"] == "billing"
    (data / "waypost.toml").write_text('[gaps]\nfiner_stages = { get = ["invoice"] }\n', "utf-8")
    refused = waypost("gaps", "triage", "--batch", asked, data=data)
    assert refused.code != 0
    assert "'invoice'" in refused.err


def test_contacts_are_labelled_anew_when_the_setting_changes(database: Database) -> None:
    Contacts(database).add_all([contact(n, f"I want my money back, number {n}.") for n in range(3)])
    plain = GapLog(database, TopicVectors(), prices((6, 14), (28, 45)), "EUR", "Desk")
    plain.catch_up()
    coarse = {c.reason.stage for c in Contacts(database).page(ContactFilter(), limit=9)}
    assert coarse <= set(STAGES)
    names = {stage: tuple(f"{stage}_{n}" for n in (1, 2)) for stage in STAGES}
    finer = {stage: dict.fromkeys(pair, EXAMPLES["order"]) for stage, pair in names.items()}
    fine = replace(plain, finer=finer)
    assert fine.catch_up() == 0
    assert {c.reason.stage for c in Contacts(database).page(ContactFilter(), limit=9)} <= set(fine.stages)
    assert fine.stages[:2] == ("get_1", "get_2")
    plain.catch_up()
    assert {c.reason.stage for c in Contacts(database).page(ContactFilter(), limit=9)} == coarse
