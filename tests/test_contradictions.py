"""What a claim says otherwise than its passage does not pass, however alike the two are, and is named; with the real
embedder, since it is the near miss that an encoder finds alike.
"""

from __future__ import annotations

import pytest

from assistant.answering.contradictions import contradictions
from assistant.answering.language import sentences
from assistant.answering.verify import support_score, verify
from assistant.domain import Draft, Part, Quote
from assistant.models.embedder import load_embedder
from assistant.seams import Embedder

PASSES = 0.5  # from this score a part stays in a draft


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return load_embedder()


TURNED = [
    ("The wall display connects to Wi-Fi on the 5 GHz band.", "5 GHz", "5 MHz"),
    ("The display with its frame weighs 2 kg, so use both screws.", "2 kg", "2 g"),
    ("The monthly plan costs $5 for each household.", "$5", "\u20ac5"),
    ("The repaired firmware came out in May for all displays.", "May", "June"),
    ("Since 12 June 2026 some displays lose their Wi-Fi.", "June", "May"),
    ("Backups of the household are made on Sunday at night.", "Sunday", "Tuesday"),
    ("Messages that you delete are moved to Trash.", "Trash", "Archive"),
    ('Open the menu and choose "Sync now" to fetch the events.', "Sync now", "Reset all"),
    ("Choose a password of at least 12 characters.", "at least", "at most"),
    ("An album can hold up to 200 photos.", "up to", "at least"),
    ("Hold the button for more than 8 seconds to reset it.", "more than", "less than"),
    ("Your plan has to be 12 months or older for a new trial.", "or older", "or less"),
    ("You can use the app on more than one phone.", "more than", "less than"),
    ("You can ask for a refund within 14 days of the charge.", "within", "after"),
    ("Restart the display after you install the update.", "after", "before"),
    ("The old password works until 3 October.", "until", "after"),
    ("On Android, open Settings and turn notifications on.", "Android", "iPhone"),
    ("Paste the link into the browser on your Mac.", "Mac", "Windows PC"),
    ("Turn off battery saving for the app, then restart it.", "Turn off", "Turn on"),
    ("Always connect the adapter first.", "Always", "Never"),
    ("The refund takes up to three working days.", "three", "nine"),
]


@pytest.mark.parametrize(("told", "word", "other"), TURNED, ids=[f"{word} for {other}" for _, word, other in TURNED])
def test_a_word_turned_into_another_of_its_class_sinks_the_claim_and_is_named(
    told: str, word: str, other: str, embedder: Embedder
) -> None:
    evidence = f"{told} Ask us in the chat if it does not help."
    assert support_score(told, evidence, embedder).score > PASSES
    verdict = support_score(told.replace(word, other), evidence, embedder)
    assert verdict.score < PASSES
    named = " ".join(verdict.unsupported).lower()
    assert any(piece in named for piece in other.lower().split() if piece not in word.lower().split())


DROPPED = [
    ("If you have Plus, you can plan the meals of a week.", "You can plan the meals of a week."),
    ("With Plus you can add twenty calendars by link.", "You can add twenty calendars by link."),
    ("On the web, open the calendar and choose Print.", "Open the calendar and choose Print."),
    ("You can restore deleted events within 30 days.", "You can restore deleted events."),
    ("You can restore an event unless the owner emptied the bin.", "You can restore an event."),
    ("Only the owner can delete the household.", "Anyone, the owner for one, can delete the household."),
    ("When the display is offline, swipe down and tap Retry.", "Swipe down and tap Retry."),
]


@pytest.mark.parametrize(("told", "claim"), DROPPED, ids=[claim for _, claim in DROPPED])
def test_a_claim_that_drops_its_condition_does_not_pass(told: str, claim: str, embedder: Embedder) -> None:
    verdict = support_score(claim, told, embedder)
    assert verdict.score < PASSES
    assert verdict.unsupported
    assert support_score(told, told, embedder).score > PASSES


KEPT = [
    ("The display needs 5 GHz.", "5 GHz is what the display needs."),
    ("You can restore deleted events within 30 days.", "Deleted events can be restored for you within 30 days."),
    ("If you have Plus, you can plan the meals of a week.", "You can plan the meals of a week if you have Plus."),
    ("It takes up to two working days to check the order.", "To check the order takes up to 2 working days."),
    ("On Android, open Settings > Apps > Fernway.", "Open Settings, then Apps, then Fernway on Android."),
    ("In May the display got a new screen. In June the app did.", "In June the app did."),
    ("May I share an album? Yes, open it and tap Share.", "Open the album and tap Share."),
    ("Press the button for 5 seconds; if that does not help, hold it.", "Press the button for 5 seconds."),
]


@pytest.mark.parametrize(("told", "claim"), KEPT, ids=[claim for _, claim in KEPT])
def test_what_is_said_in_another_order_contradicts_nothing(told: str, claim: str) -> None:
    assert contradictions(claim, [told[start:end] for start, end in sentences(told)]) == ()


def test_of_two_sentences_alike_each_keeps_its_own_figure() -> None:
    told = ["A display takes 15 minutes to follow.", "A phone takes 5 minutes to follow."]
    assert [one.shown for one in contradictions("A display takes 5 minutes to follow.", told)] == ["5"]
    assert contradictions("A phone takes 5 minutes to follow.", told) == ()


@pytest.mark.parametrize("told", [told for told, *_ in (*TURNED, *DROPPED, *KEPT)])
def test_what_repeats_its_quote_always_passes(told: str, embedder: Embedder) -> None:
    part = Part(told, (Quote("a", 1, 0, len(told), told),))
    assert verify(Draft((part,)), {("a", 1): told}, embedder)[0].score == 1.0
    assert contradictions(told, [told[start:end] for start, end in sentences(told)]) == ()


@pytest.mark.parametrize("text", ["", "5 " * 3000, "if " * 2000, "A" * 4000, "until 3 " * 500, "(" * 4000])
def test_any_text_can_be_read(text: str) -> None:
    assert isinstance(contradictions(text, [text]), tuple)
