"""Channels of a theme that contradict each other are told in a sentence with counts, and chance is not."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
from making_gaps import view

from assistant.gaps.brief import as_markdown, brief
from assistant.gaps.channels import contradictions
from assistant.records import Counted, Reason

FIRST, LAST = date(2026, 3, 2), date(2026, 3, 29)


def contact(
    n: int, channel: str, cause: str, *, stage: str = "use", day: int = 0, rating: float | None = None
) -> Counted:
    at = datetime(2026, 3, 2, 9, tzinfo=UTC) + timedelta(days=day)
    return Counted(n, at, channel, "", rating, None, "", None, Reason(cause, 0.6, stage, 0.8), "T1")


def test_reviews_that_complain_of_design_while_mail_asks_how_are_told_with_counts() -> None:
    reviews = [contact(n, "reviews", "design" if n < 12 else "knowledge", day=n) for n in range(15)]
    mail = [contact(100 + n, "email", "knowledge" if n < 23 else "design", day=n) for n in range(26)]
    (found,) = contradictions([*reviews, *mail], FIRST, LAST)
    assert found.text == (
        "The channels differ in cause: in email 23 of 26 are about documentation and in reviews 12 of 15 are about "
        "design."
    )
    assert found.text in as_markdown(brief(view(contradictions=(found,)), (), currency="EUR"))


def test_rating_stage_and_trend_contradict_too() -> None:
    stars = [
        contact(n, "reviews", "design", stage="set_up", day=20 + n % 5, rating=1.0) for n in range(16)
    ] + [contact(50 + n, "survey", "design", stage="use", day=n % 5, rating=5.0) for n in range(16)]  # fmt: skip
    assert {each.about for each in contradictions(stars, FIRST, LAST)} == {"rating", "stage", "trend"}


def test_what_chance_makes_is_not_told() -> None:
    seeded = np.random.default_rng(7)
    told = 0
    for _ in range(200):
        crowd = [
            contact(n, str(seeded.choice(["email", "chat", "reviews"])), str(seeded.choice(["design", "knowledge"])),
                    day=int(seeded.integers(28)))
            for n in range(60)
        ]  # fmt: skip
        told += len(contradictions(crowd, FIRST, LAST))
    assert told <= 4


def test_few_contacts_contradict_nobody() -> None:
    assert contradictions([contact(1, "a", "design"), contact(2, "b", "knowledge")], FIRST, LAST) == ()
