"""The question's own language: told from its words, preferred among articles, and said where the reply has another."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from answering_desk import Desk, desks, modest, parts_told, rewords

from assistant.answering.tongue import in_own_language, spoken
from assistant.domain import Question
from eval.fake_openai import Behaviour, Payload
from ui.desk_calls import Opened, Ticket
from ui.desk_draft import draft_panel
from ui.intake import Intake

GERMAN = "Mein Display ist seit heute morgen offline. Was kann ich tun? Restart, Router und Wi-Fi habe ich versucht."
ARTICLE = (
    "Wenn das Display offline ist, starten Sie es neu: Halten Sie die Taste auf der Rückseite fünf Sekunden, bis das "
    "Licht ausgeht. Warten Sie danach drei Minuten und sehen Sie noch einmal nach, ob das Display wieder mit dem Wi-Fi "
    "und dem Router verbunden ist."
)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, Desk]]:
    with desks(tmp_path_factory.mktemp("tongue")) as found:
        yield found


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (GERMAN, "de"), ("My display has been offline since this morning.", "en"),
        ("私のディスプレイはオフラインです", "ja"),
        ("Mon écran est hors ligne depuis ce matin", "fr"), ("Mi pantalla está desconectada desde esta mañana", "es"),
        ("Il mio display è offline da stamattina", "it"), ("Mijn scherm is offline sinds vanochtend", "nl"),
        ("Mój wyświetlacz jest offline od rana", "pl"), ("Como cancelo minha assinatura e quando recebo?", "pt"),
        ("Display 10", ""), ("Wi-Fi router Netgear Orbi RBK50", ""), ("", ""), ("?? !!", ""),
    ],
)  # fmt: skip
def test_a_text_tells_its_language_or_is_too_short_to(text: str, language: str) -> None:
    assert spoken(text) == language


def test_the_words_are_believed_before_the_locale() -> None:
    assert in_own_language(Question(GERMAN, locale="en-US")).locale == "de"
    assert in_own_language(Question(GERMAN, locale="de-AT")).locale == "de-AT"
    assert in_own_language(Question("My display is offline and I do not know why.")).locale == ""
    assert in_own_language(Question("Display 10", locale="fr")).locale == "fr"


def test_a_german_question_on_an_english_desk_is_noticed(pair: tuple[Desk, Desk]) -> None:
    found = pair[0].draft(GERMAN)
    (warning,) = [one for one in found["warnings"] if one.startswith("language: ")]
    assert warning.startswith("language: the question is in German, ")
    assert "English" in warning
    shown = draft_panel(Opened(Ticket(GERMAN), found, {}, (), {"events": []}))
    assert ("translate:German" in shown) == bool(found["parts"])
    assert not any(one.startswith("language: ") for one in pair[0].draft()["warnings"])


def test_with_a_model_the_reply_comes_in_the_questions_language(pair: tuple[Desk, Desk]) -> None:
    desk = pair[1]
    assert desk.vendor is not None
    anew = rewords(lambda text: f"Auf Deutsch ist das so und nicht anders: {text}")

    def script(payload: Payload) -> Behaviour:
        return anew(payload) if parts_told(payload) else modest(payload)

    desk.vendor.script = script
    found = desk.draft(GERMAN)
    assert found["verdict"] != "gap"
    assert found["rewritten"] == "in German"
    assert found["parent_id"]
    assert all(part["text"].startswith("Auf Deutsch") for part in found["parts"])
    before = len(desk.vendor.bodies)
    desk.draft()
    assert len(desk.vendor.bodies) == before + 1, "an English question is not translated"


def test_articles_in_the_questions_language_are_preferred(pair: tuple[Desk, Desk], tmp_path: Path) -> None:
    desk = pair[0]
    file = tmp_path / "documents.jsonl"
    record = {"id": "offline-de", "title": "Das Display ist offline", "text": ARTICLE, "locale": "de"}
    file.write_text(json.dumps(record), "utf-8")
    Intake(desk.home, desk.index).run([str(file)])
    hits = desk.home.assistant(desk.index, lambda: "").search(in_own_language(Question(GERMAN)), audiences=("public",))
    assert hits.articles[0].document_key == "offline-de"
    found = desk.draft(GERMAN)
    assert {source["document_id"] for source in found["sources"]} <= {"offline-de"}
    assert not any(one.startswith("language: ") for one in found["warnings"])
