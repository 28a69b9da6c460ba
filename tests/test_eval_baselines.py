"""The baselines over a handful of documents; the real collection is measured by `waypost eval run`."""

from __future__ import annotations

import doctest
from collections.abc import Sequence
from pathlib import Path

import pytest

from assistant.domain import Question
from assistant.errors import UsageError
from eval import systems
from eval.baselines import sources as reading
from eval.baselines.names import BASELINES, open_baseline
from eval.baselines.sources import read_sources
from eval.systems import Source

pytest.importorskip("langchain_text_splitters", reason="the baselines' libraries are not installed")

SOURCES = (
    Source(
        "export", "Export contacts", "Choose File, then Export, to save your contacts as a file.\n\n" + "Words. " * 300
    ),
    Source("password", "Forgotten password", "Reset the password on the page of your mail provider."),
    Source("calendar", "Share a calendar", "Invite people to see the events of a calendar."),
)
QUESTION = Question("How do I save my contacts to a file?", title="Contacts")


@pytest.mark.parametrize("module", [systems, reading])
def test_worked_examples_are_right(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]


@pytest.mark.parametrize("name", list(BASELINES))
def test_every_baseline_finds_the_document_names_it_once_and_keeps_to_k(name: str) -> None:
    with open_baseline(name, SOURCES) as system:
        assert system.search(QUESTION, 10)[0] == "export"
        assert len(system.search(QUESTION, 1)) == 1
        assert len(set(system.search(QUESTION, 10))) == len(system.search(QUESTION, 10))


@pytest.mark.parametrize("text", ["", "???", '"contacts" AND NEAR(file) OR *', "контакты"])
def test_keyword_search_takes_any_text_as_words(text: str) -> None:
    with open_baseline("keyword", SOURCES) as system:
        assert isinstance(system.search(Question(text), 10), Sequence)


def test_an_unknown_baseline_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="plain, keyword, txtai"):
        open_baseline("google", SOURCES)


def test_documents_are_read_as_plain_text_whatever_their_form(tmp_path: Path) -> None:
    path = tmp_path / "documents.jsonl"
    path.write_text(
        '{"id": "a", "title": "A", "html": "<p>one &amp; <b>two</b></p>"}\n'
        '{"id": "b", "title": "B", "markdown": "# three"}\n{"id": "c", "text": "four"}\n'
    )
    found = read_sources(path)
    assert [(source.id, source.text.split()) for source in found] == [
        ("a", ["one", "&", "two"]), ("b", ["#", "three"]), ("c", ["four"]),
    ]  # fmt: skip
