"""Bytes to text, and text without what nobody sees."""

from __future__ import annotations

import doctest
import importlib
import unicodedata
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scaling import BELOW_QUADRATIC, growth

from assistant.cleaning import cleaned
from assistant.errors import UnreadableItem
from ingest.decode import decoded


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_unicode_is_read_with_and_without_a_byte_order_mark(encoding: str) -> None:
    assert cleaned(decoded("Größe and naïve text, long enough to tell.".encode(encoding))) == (
        "Größe and naïve text, long enough to tell."
    )


def test_latin_text_is_guessed() -> None:
    text = (
        "Die Größe der Schrift lässt sich über das Menü ändern. Öffnen Sie dafür die Einstellungen für Schriften. " * 5
    )
    assert decoded(text.encode("cp1252")) == text


def test_a_page_is_read_in_the_encoding_it_declares() -> None:
    page = '<html><head><meta charset="koi8-r"></head><body>Привет, как дела</body></html>'
    assert "Привет" in decoded(page.encode("koi8-r"))


def test_a_wrong_declaration_is_ignored() -> None:
    page = '<meta charset="no-such-code">Grüße aus dem Menü über die Wörter'.encode("cp1252")
    assert "<meta" in decoded(page)


def test_utf8_with_a_broken_byte_stays_utf8() -> None:
    raw = ("Größe " * 100).encode() + b"\xff" + "ändern".encode()
    assert "Größe" in decoded(raw)
    assert "\ufffd" in decoded(raw)


@pytest.mark.parametrize(
    "raw",
    [b"%PDF-1.7 text", b"PK\x03\x04 text", b"\x89PNG\r\n\x1a\n", b"\x00\x01\x02\x03" * 500, bytes(range(256)) * 20],
)
def test_binary_data_is_refused_with_what_was_found(raw: bytes) -> None:
    with pytest.raises(UnreadableItem, match="Expected text, found binary data"):
        decoded(raw)


@pytest.mark.parametrize("name", ["structure.conditions", "replies", "tickets"])
def test_every_worked_example_in_a_docstring_is_right(name: str) -> None:
    found = doctest.testmod(importlib.import_module(f"ingest.{name}"))
    assert found.attempted > 0
    assert found.failed == 0


def test_empty_input_is_empty_text() -> None:
    assert decoded(b"") == cleaned("") == ""


def test_a_few_nul_bytes_in_text_do_no_harm() -> None:
    assert cleaned(decoded(b"one\x00two " + b"words " * 50)).startswith("onetwo words")


@pytest.mark.parametrize(
    ("name", "hidden"),
    [
        ("nul", "\x00"),
        ("control", "\x1b"),
        ("soft hyphen", "\u00ad"),
        ("zero-width space", "\u200b"),
        ("byte order mark", "\ufeff"),
        ("override", "\u202e"),
        ("isolate", "\u2066"),
        ("tag", "\U000e0041"),
        ("variation selector", "\U000e0101"),
        ("lone surrogate", "\ud800"),
        ("noncharacter", "\ufdd0"),
        ("joiner between Latin letters", "\u200d"),
    ],
)
def test_invisible_characters_are_taken_out(name: str, hidden: str) -> None:
    assert cleaned(f"pass{hidden}word") == "password", name


def test_joiners_stay_where_a_script_or_an_emoji_needs_them() -> None:
    assert cleaned("می\u200cخواهم") == "می\u200cخواهم"
    assert cleaned("👩\u200d💻") == "👩\u200d💻"


def test_line_ends_become_newlines_and_accents_are_composed() -> None:
    assert cleaned("a\r\nb\rc\u2028d e\u0301") == "a\nb\nc\nd é"


@pytest.mark.parametrize("marks", ["\u0301\u0327", "\u0951\u0952", "\u0f73", "\u1cd4\u0c55", "\U0001e948\U0001e94a"])
def test_a_million_accents_on_one_letter_take_time_in_proportion_to_their_number(marks: str) -> None:
    def accented(times: int) -> str:
        return "a" + marks * times

    assert len(cleaned(accented(500_000))) < 80
    assert growth(cleaned, accented, 12_500, 100_000) < BELOW_QUADRATIC


def test_no_mark_of_any_script_comes_in_runs_that_sorting_takes_long_over() -> None:
    marks = [char for char in map(chr, range(0x110000)) if unicodedata.combining(unicodedata.normalize("NFD", char)[0])]
    assert len(marks) > 800
    for mark in marks:
        assert len(unicodedata.normalize("NFD", cleaned("a" + mark * 200))) < 130, hex(ord(mark))


@given(st.text(st.characters(codec=None), max_size=60))
@settings(max_examples=300, deadline=None)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    once = cleaned(text)
    assert cleaned(once) == once
    assert unicodedata.is_normalized("NFC", once)
    once.encode("utf-8")


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_decoded_or_refused(raw: bytes) -> None:
    with suppress(UnreadableItem):
        cleaned(decoded(raw)).encode("utf-8")
