"""The verifier: quotes are exact or nothing counts, and what the evidence does not say is named."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
import pytest
from scaling import BELOW_QUADRATIC, growth

from assistant.answering.verify import support_score, verify
from assistant.domain import Block, Draft, Part, Passage, Quote, Variant
from assistant.seams import Vectors


class WordEmbedder:
    """Texts with common words are near: each word adds to a place that its letters choose."""

    model_id = "words"

    def embed(self, texts: Sequence[str]) -> Vectors:
        vectors = np.full((len(texts), 256), 1e-3, np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().split():
                vectors[row, sum(word.strip("?.,").encode()) % 256] += 1
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


class NoEmbedder:
    """Fails the test that embeds."""

    model_id = "none"

    def embed(self, texts: Sequence[str]) -> Vectors:
        raise AssertionError(f"embedded {len(texts)} texts where none is needed")


STORED = (
    "Quit the app. Delete the file index.sqlite in your profile. Start the app; it indexes all messages again. "
    "Attachments are limited to 25 MB. Do not delete the profile folder. Backups run only on the Pro plan."
)
EVIDENCE = {("a", 1): STORED}


def quote(text: str) -> Quote:
    start = STORED.index(text)
    return Quote("a", 1, start, start + len(text), text)


def score(claim: str, evidence: str = STORED) -> float:
    return support_score(claim, evidence, WordEmbedder()).score


def test_a_part_that_repeats_its_quote_is_supported_without_a_model() -> None:
    part = Part("Quit the app.", (quote("Quit the app."),))
    assert verify(Draft((part,)), EVIDENCE, NoEmbedder())[0].score == 1.0


def test_line_breaks_and_added_semicolons_do_not_make_other_words() -> None:
    quotes = (quote("Quit the app."), quote("Attachments are limited to 25 MB."))
    part = Part("Quit the app; Attachments are limited to 25 MB.", quotes)
    assert verify(Draft((part,)), EVIDENCE, NoEmbedder())[0].score == 1.0


@pytest.mark.parametrize(
    "broken",
    [
        Quote("a", 1, 1, 14, "Quit the app."),
        Quote("a", 2, 0, 13, "Quit the app."),
        Quote("b", 1, 0, 13, "Quit the app."),
        Quote("a", 1, 0, 0, ""),
    ],
)
def test_a_quote_that_is_not_the_stored_text_at_its_offsets_supports_nothing(broken: Quote) -> None:
    verdict = verify(Draft((Part("Quit the app.", (broken,)),)), EVIDENCE, NoEmbedder())[0]
    assert verdict.score == 0.0
    assert verdict.unsupported == ("quit", "the", "app")


def test_one_wrong_quote_among_right_ones_is_enough_to_refuse_a_part() -> None:
    part = Part("Quit the app.", (quote("Quit the app."), Quote("a", 1, 3, 9, "forged")))
    assert verify(Draft((part,)), EVIDENCE, NoEmbedder())[0].score == 0.0


def test_a_part_without_a_quote_is_not_supported() -> None:
    assert verify(Draft((Part("Quit the app.", ()),)), EVIDENCE, NoEmbedder())[0].score == 0.0


def test_a_faithful_rewording_is_supported_and_an_invention_is_not() -> None:
    assert score("Quit the app, then delete the file index.sqlite in the profile.") > 0.5
    assert score("Open Preferences and clear the browsing history.") < 0.1


@pytest.mark.parametrize(
    ("claim", "missing"),
    [
        ("Attachments are limited to 50 MB.", "50 MB"),
        ("Attachments are limited to 25 GB.", "25 GB"),
        ("Attachments are limited to 25 MB for 30 days.", "30 days"),
    ],
)
def test_a_number_or_unit_that_the_evidence_lacks_is_named_and_sinks_the_claim(claim: str, missing: str) -> None:
    verdict = support_score(claim, STORED, WordEmbedder())
    assert verdict.score <= 0.2
    assert missing in verdict.unsupported
    assert "number" in verdict.reasons
    assert score("Attachments are limited to 25 MB.") > 0.5


def test_a_lost_or_added_negation_sinks_the_claim() -> None:
    lost = support_score("Delete the profile folder.", STORED, WordEmbedder())
    added = support_score("Do not quit the app.", "Quit the app.", WordEmbedder())
    assert lost.score <= 0.3
    assert added.score <= 0.3
    assert "not" in added.unsupported


def test_a_screen_or_setting_that_the_evidence_does_not_name_sinks_the_claim() -> None:
    evidence = "Click Save in the Accounts window to keep the change."
    assert support_score('Click "Save" in the Accounts window.', evidence, WordEmbedder()).score > 0.5
    wrong = support_score("Click Save in the Network Proxy window to keep the change.", evidence, WordEmbedder())
    assert wrong.score <= 0.4
    assert {"network", "proxy"} <= set(wrong.unsupported)


def test_a_condition_that_the_claim_drops_lowers_its_score() -> None:
    kept, dropped = score("Backups run only on the Pro plan."), score("Backups run on the Pro plan.")
    assert dropped <= 0.6 < kept


def limited(condition: str) -> tuple[dict[tuple[str, int], str], dict[tuple[str, int], Passage]]:
    text = "Press F10."
    block = Block("step", 0, len(text), 1, 1, condition)
    whole = Passage(1, "a", 1, "doc", "public", "body", "A", "", (), "", text, 0, len(text), (block,))
    return {("a", 1): text}, {("a", 1): whole}


def test_a_condition_is_checked_against_the_one_of_the_quoted_block() -> None:
    evidence, whole = limited("Linux")
    source = (Quote("a", 1, 0, 10, "Press F10."),)
    right, wrong = Part("On Linux: Press F10.", source), Part("On Windows: Press F10.", source)
    assert verify(Draft((right,)), evidence, NoEmbedder(), whole=whole)[0].score == 1.0
    verdict = verify(Draft((wrong,)), evidence, WordEmbedder(), whole=whole)[0]
    assert verdict.score < 1.0
    assert "windows" in verdict.unsupported


def test_variants_in_brackets_are_their_quotes() -> None:
    text = "Close Quit the app."
    block = Block("step", 0, len(text), variants=(Variant(0, 5, "Windows"), Variant(6, 10, "macOS")))
    whole = Passage(1, "a", 1, "doc", "public", "body", "A", "", (), "", text, 0, len(text), (block,))
    part = Part("(on Windows: Close; on macOS: Quit) the app.", (Quote("a", 1, 0, len(text), text),))
    assert verify(Draft((part,)), {("a", 1): text}, NoEmbedder(), whole={("a", 1): whole})[0].score == 1.0


def test_a_question_or_a_personal_remark_is_no_supported_claim() -> None:
    plain = score("Attachments are limited to 25 MB.")
    assert score("Are attachments limited to 25 MB?") < plain
    assert score("I love it when attachments are limited to 25 MB.") < plain


@pytest.mark.parametrize(
    "text",
    ["", " ", "\x00" * 100_000, "w" * 100_000, "word " * 20_000, "Word. " * 16_000, "字" * 100_000, "1 " * 50_000],
)
def test_any_claim_and_any_evidence_has_a_score(text: str) -> None:
    for claim, evidence in ((text, STORED), (text[:4000], text), (STORED, text), (text, text)):
        assert 0.0 <= support_score(claim, evidence, WordEmbedder()).score <= 1.0


@pytest.mark.parametrize("piece", ["\x00", "w", "word ", "Word. ", "字", "1 "])
def test_judging_never_takes_longer_than_in_proportion_to_the_claim_and_to_the_evidence(piece: str) -> None:
    def of(chars: int) -> str:
        return (piece * chars)[:chars]

    longest = of(4_000)  # of a claim; 20,000 characters are read of evidence
    judged = lambda evidence: support_score(longest, evidence, WordEmbedder())  # noqa: E731
    assert growth(lambda claim: support_score(claim, STORED, WordEmbedder()), of, 500, 4_000) < BELOW_QUADRATIC
    assert growth(judged, of, 2_500, 20_000) < BELOW_QUADRATIC
    assert growth(judged, of, 20_000, 160_000) < 0.5


@pytest.mark.skipif("WAYPOST_BENCH" not in os.environ, reason="set WAYPOST_BENCH to the folder of the shared data sets")
def test_on_judged_claims_the_words_alone_beat_token_overlap() -> None:
    from pathlib import Path

    from eval.metrics.abstention import auroc
    from eval.verifier_report import PARTS, judged

    for name, path in PARTS.items():
        rows = judged(Path(os.environ["WAYPOST_BENCH"]) / "begin" / path)[::6]
        scores = [support_score(row.claim, row.evidence, WordEmbedder()).score for row in rows]
        found = auroc(scores, [row.supported for row in rows])
        assert found is not None
        assert found > 0.9, name
