"""Sentences, words and stems on ordinary, foreign and hostile text."""

from __future__ import annotations

import doctest
import importlib

import pytest
from scaling import BELOW_QUADRATIC, growth

from assistant.answering.language import content_stems, one_line, sentences, words

MODULES = ("language", "asks", "conditions", "telling", "rendering", "verify")


@pytest.mark.parametrize("name", MODULES)
def test_every_worked_example_of_drafting_and_verifying_is_right(name: str) -> None:
    found = doctest.testmod(importlib.import_module(f"assistant.answering.{name}"))
    assert found.attempted > 0
    assert found.failed == 0


def cut(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


def test_abbreviations_versions_and_file_names_do_not_end_a_sentence() -> None:
    text = "Use e.g. version 115.3 of prefs.js. Then stop."
    assert cut(text) == ["Use e.g. version 115.3 of prefs.js.", "Then stop."]


def test_a_line_break_ends_a_sentence_and_white_space_belongs_to_none() -> None:
    assert cut("  First line\n\n Second line ") == ["First line", "Second line"]


def test_full_stops_of_chinese_and_japanese_end_a_sentence_without_a_space() -> None:
    assert cut("設定を開く。保存します！") == ["設定を開く。", "保存します！"]


def test_a_script_without_spaces_becomes_pairs_so_that_overlap_means_something() -> None:
    assert set(words("設定を開く")) & set(words("設定を保存")) == {"設定", "定を"}


def test_inflected_words_share_a_stem_and_e_mail_is_email() -> None:
    assert content_stems("deleted folders") == content_stems("deleting the folder")
    assert content_stems("my e-mails") == content_stems("my emails")


def test_a_very_long_run_without_spaces_is_no_word() -> None:
    assert words("a" * 5000) == []


@pytest.mark.parametrize(
    "piece", ["x", "a. ", "\x00\x07\u202e", ".", "\n", "e.g. ", "か", "a.", ". ", "e-mail", "a\n "]
)
def test_hostile_text_is_cut_in_time_in_proportion_to_its_length(piece: str) -> None:
    def of(chars: int) -> str:
        return (piece * chars)[:chars]

    def cut_all(text: str) -> None:
        assert all(0 <= start < end <= len(text) for start, end in sentences(text))
        words(text)
        one_line(text)

    assert growth(cut_all, of, 25_000, 200_000) < BELOW_QUADRATIC
