"""Articles are looked at before anybody asks about them, so that the first question about one costs what others do."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from answering_desk import SAMPLE, WIFI

from assistant.answering.retrieve import ARTICLE_KINDS
from assistant.domain import Answer, Question
from assistant.errors import ModelError
from assistant.models.embedder import load_embedder
from assistant.seams import Vectors
from ui.first_look import FirstLook
from ui.home import Home, open_home
from ui.intake import Intake


class Heard:
    """The embedder, and what it was asked for; while `broken` it fails as one does whose files are gone."""

    def __init__(self) -> None:
        self._embedder = load_embedder()
        self.model_id = self._embedder.model_id
        self.texts: list[str] = []
        self.broken = False

    def embed(self, texts: Sequence[str]) -> Vectors:
        if self.broken:
            raise ModelError("The embedder's files are gone.")
        self.texts += texts
        return self._embedder.embed(texts)

    def count(self, texts: Sequence[str]) -> list[int]:
        return self._embedder.count(texts)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """The sample help desk's articles, with an embedder that is listened to."""
    home = open_home(tmp_path, create=True)
    vars(home)["embedder"] = Heard()
    index = home.owned_index()
    Intake(home, index).run([str(SAMPLE / "articles")])
    index.close()
    yield home
    home.close()


def heard(home: Home) -> Heard:
    found = home.embedder
    assert isinstance(found, Heard)
    return found


def asked(home: Home, *, looked: bool) -> tuple[list[str], Answer]:
    """What a new assistant embeds for a question, and its answer."""
    assistant = home.assistant(home.reader_index(), lambda: "")
    if looked:
        assert assistant.look_through(list(home.knowledge.versions(ARTICLE_KINDS))) > 50
    heard(home).texts.clear()
    answer = assistant.ask(Question(WIFI), audiences=("public",))
    return list(heard(home).texts), answer


def test_after_the_first_look_a_draft_embeds_the_question_and_no_section(home: Home) -> None:
    fresh, first = asked(home, looked=False)
    later, second = asked(home, looked=True)
    assert WIFI in fresh
    assert len(fresh) > 10
    assert later == [WIFI]
    assert (first.parts, first.confidence) == (second.parts, second.confidence)


def test_the_look_passes_over_what_is_deleted(home: Home) -> None:
    assistant = home.assistant(home.reader_index(), lambda: "")
    key = next(iter(home.knowledge.versions(ARTICLE_KINDS)))
    assert assistant.look_through([key]) > 0
    home.corpus.remove([stored.document_id for stored in home.corpus.known(1).values()])
    assert home.knowledge.versions(ARTICLE_KINDS) == {}
    assert assistant.look_through([key, "no-such-article"]) == 0


def until(holds: Callable[[], bool]) -> None:
    """Wait a minute at most; a busy machine takes its time."""
    end = time.monotonic() + 60
    while not holds() and time.monotonic() < end:
        time.sleep(0.05)
    assert holds()


def test_the_server_looks_at_its_start_and_again_at_what_changes(home: Home, tmp_path: Path) -> None:
    listened = heard(home)
    listened.texts.clear()
    listened.broken = True
    look = FirstLook(home.assistant(home.reader_index(), lambda: ""), home.knowledge, home.generations.last_seq)
    look.start()
    try:
        time.sleep(0.3)
        listened.broken = False  # what failed is tried again
        titles = {stored.title for stored in home.knowledge.documents(ARTICLE_KINDS)}
        until(lambda: all(any(text.startswith(title) for text in listened.texts) for title in titles))
        new = tmp_path / "defrost.md"
        new.write_text("# Defrosting the shelf\n\n## When it beeps\n\nHold the button for five seconds.\n", "utf-8")
        index = home.owned_index()
        listened.texts.clear()
        Intake(home, index).run([str(new)])
        index.close()
        until(lambda: "Defrosting the shelf. When it beeps. Hold the button for five seconds." in listened.texts)
    finally:
        look.stop()
    assert not look.is_alive()
    assert not any(text.startswith(tuple(titles)) for text in listened.texts)  # the others were not looked at again
