"""Triage on the shipped weights: labels, quotes, parties, corrections, and texts that nobody would write."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from assistant.errors import ModelError, UsageError
from assistant.gaps.triage import (
    CAUSES,
    STAGES,
    Contact,
    Correction,
    Triaged,
    TriageModel,
    external_party,
    load_triage,
    save_triage,
)
from assistant.gaps.triage.features import block_widths
from assistant.gaps.triage.model import SHIPPED
from assistant.gaps.triage.sentences import sentence_spans
from assistant.seams import Vectors


class WordVectors:
    """A fake embedder of the shipped width: the sum of one fixed random direction per word."""

    model_id = "all-MiniLM-L6-v2@fake"

    def embed(self, texts: Sequence[str]) -> Vectors:
        rows = np.array([sum((_direction(word) for word in text.lower().split()), _direction("")) for text in texts])
        rows = rows.reshape(len(texts), 384)
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


class OtherModel(WordVectors):
    model_id = "another-model@fake"


@cache
def _direction(word: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    seed = int.from_bytes(hashlib.sha256(word.encode("utf-8", "replace")).digest()[:4])
    return np.random.default_rng(seed).standard_normal(384)


@pytest.fixture(scope="module")
def model() -> TriageModel:
    return load_triage()


HOSTILE = (
    "",
    " ",
    "?",
    "\x00",
    "\x00\x00 crash \x00 after the update",
    "a" * 100_000,
    "crash " * 20_000,
    '"' * 100_000,
    "turn it off get " * 6_000,
    "メールが送信できません。パスワードを入力しても拒否されます。",
    "لا أستطيع إرسال البريد الإلكتروني",
    "💥" * 5_000,
    "\ud800 lone surrogate",
    "line\r\nline\rline\n\n\n" * 500,
)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_text_makes_triage_fail(model: TriageModel, text: str) -> None:
    for contact in (Contact("1", "", text), Contact("2", text, ""), Contact("3", text, text)):
        (found,) = model.label([contact], WordVectors())
        assert found.id == contact.id
        assert found.quote in (contact.text if contact.text.strip(" \x00") else contact.title)
        assert len(found.quote.split()) <= 20
        assert len(found.quote) <= 240


def test_each_label_has_a_distribution_that_sums_to_one(model: TriageModel) -> None:
    contacts = [Contact(str(n), f"Question {n}", "It crashes. How do I stop it?") for n in range(3)]
    for found in model.label(contacts, WordVectors()):
        for label, known in ((found.cause, CAUSES), (found.stage, STAGES)):
            assert {name for name, _ in label.distribution} == set(known)
            assert sum(share for _, share in label.distribution) == pytest.approx(1)
            assert label.distribution[0] == (label.label, label.probability)
            assert label.probability == max(share for _, share in label.distribution)


def test_results_keep_order_and_do_not_depend_on_the_batch(model: TriageModel) -> None:
    contacts = [Contact(str(n), f"Topic {n % 7}", f"Word{n % 5} does not work since the update.") for n in range(300)]
    together = model.label(contacts, WordVectors())
    assert [found.id for found in together] == [contact.id for contact in contacts]
    (alone,) = model.label([contacts[299]], WordVectors())
    assert alone.cause.probability == pytest.approx(together[299].cause.probability, abs=1e-4)
    assert alone.quote == together[299].quote


def test_nothing_in_gives_nothing_out(model: TriageModel) -> None:
    assert model.label([], WordVectors()) == []


def test_a_long_sentence_is_cut_to_twenty_words_of_itself(model: TriageModel) -> None:
    text = "I have been a happy user for many years on three machines and " + "really " * 30 + "it crashes at start"
    (found,) = model.label([Contact("1", "Crash", text)], WordVectors())
    assert found.quote in text
    assert len(found.quote.split()) == 20


@pytest.mark.parametrize(
    "text",
    [
        "昨日の更新以降メールを開くたびに強制終了してしまい仕事にならないので至急対応をお願いします" * 3,
        "昨日から開けません。" * 12,
        "ฉันไม่สามารถส่งอีเมลได้ตั้งแต่อัปเดตล่าสุดและไม่พบปุ่มตั้งค่าในหน้าจอหลักของโปรแกรมเลยช่วยด้วย" * 3,
    ],
)
def test_a_quote_in_a_script_without_blanks_is_short_too(model: TriageModel, text: str) -> None:
    quote = model.label([Contact("1", "", text)], WordVectors())[0].quote
    assert quote in text
    assert 0 < len(quote) <= 40


@pytest.mark.parametrize("text", ["", "😡😡😡", "??? !!!", "404 500"])
def test_a_contact_without_a_word_is_unclear(model: TriageModel, text: str) -> None:
    cause = model.label([Contact("1", "", text)], WordVectors())[0].cause
    assert (cause.label, cause.probability) == ("unclear", 1.0)
    assert sum(p for _, p in cause.distribution) == 1.0


def test_an_embedder_of_another_space_is_refused(model: TriageModel) -> None:
    with pytest.raises(ModelError, match="another-model"):
        model.label([Contact("1", "", "x")], OtherModel())


def test_corrections_teach_a_label_and_the_shipped_model_stays_as_it_is(model: TriageModel) -> None:
    odd = [Contact(str(n), "Zebra crossing", f"The zebra {n} of our shop is purple.") for n in range(12)]
    before = model.label(odd, WordVectors())
    taught = model.adapted([Correction(contact, cause="request") for contact in odd[:10]], WordVectors())
    after = taught.label(odd, WordVectors())
    assert all(_share(a, "request") > _share(b, "request") + 0.2 for a, b in zip(after, before, strict=True))
    assert model.label(odd, WordVectors()) == before
    assert taught.stage is model.stage


def test_a_desk_can_bring_its_own_stages(model: TriageModel) -> None:
    orders = [Contact(str(n), "Refund", f"Please return the money for order {n}.") for n in range(15)]
    fonts = [Contact(f"f{n}", "Fonts", f"How do I make the letters of list {n} larger?") for n in range(10)]
    said = [Correction(c, stage="refund") for c in orders[:14]] + [Correction(c, stage="use") for c in fonts]
    taught = model.adapted(said, WordVectors())
    (found,) = taught.label(orders[14:], WordVectors())
    assert found.stage.label == "refund"
    (other,) = taught.label([Contact("x", "Fonts", "How do I make the letters of the list larger?")], WordVectors())
    assert other.stage.label == "use"


def test_no_corrections_change_nothing_and_an_empty_label_is_refused(model: TriageModel) -> None:
    assert model.adapted([], WordVectors()) is model
    with pytest.raises(UsageError, match="empty"):
        model.adapted([Correction(Contact("1", "", "x"), cause="")], WordVectors())


def test_a_model_survives_its_file(model: TriageModel, tmp_path: Path) -> None:
    save_triage(model, tmp_path / "again.npz")
    again = load_triage(tmp_path / "again.npz")
    contacts = [Contact("1", "Password refused", "Gmail rejects my password."), Contact("2", "Fonts", "Too small.")]
    for left, right in zip(model.label(contacts, WordVectors()), again.label(contacts, WordVectors()), strict=True):
        assert left.cause.label == right.cause.label
        assert left.cause.probability == pytest.approx(right.cause.probability, abs=0.01)


def test_a_missing_or_damaged_file_is_a_model_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="fit_triage"):
        load_triage(tmp_path / "none.npz")
    (tmp_path / "bad.npz").write_bytes(b"not an archive")
    with pytest.raises(ModelError, match="fit_triage"):
        load_triage(tmp_path / "bad.npz")


def test_what_ships_is_one_weight_per_feature_and_label_and_nothing_of_a_thread(model: TriageModel) -> None:
    width = sum(block_widths(384))
    assert model.cause.weights.shape == (width + 1, len(CAUSES))
    assert model.stage.weights.shape == (width + 1, len(STAGES))
    assert SHIPPED.stat().st_size < 50_000


def test_the_party_is_the_security_program_rather_than_the_mailbox() -> None:
    assert external_party("No mail", "My Yahoo mail stopped after Norton was renewed.") == "Norton"
    assert external_party("Cannot send from AT&T", "It asks for a key.") == "AT&T"
    assert external_party("", "I think my antivirus blocks it") == "antivirus"
    assert external_party("Fonts", "The letters are too small") == ""
    assert external_party("", "Login to server smtp.Example.org failed, is it my firewall?") == "example.org"
    assert external_party("", "I use Windows 11 and it loses its window") == ""
    assert external_party("", "It stopped after I upgraded my laptop to Windows 11") == "operating system"
    assert external_party("", "The button disappeared and coxswain, sparkle, fashaw are no parties") == ""


def test_spans_are_trimmed_pieces_of_the_text() -> None:
    text = "  First one.  Second?\r\n\r\nThird \x00 x! "
    assert [text[start:end] for start, end in sentence_spans(text)] == ["First one.", "Second?", "Third"]


def _share(found: Triaged, name: str) -> float:
    return dict(found.cause.distribution)[name]
