"""The map of the knowledge, and the choice of whom to listen to."""

from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from assistant.gaps.sampling import Voice, varied
from assistant.gaps.silence import Article, often_from, related_pairs, silence_map

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def article(key: str, **more) -> Article:
    return Article(key=key, title=key, url="", audience="public", updated_at=NOW - timedelta(days=10), **more)


def unit(rows) -> np.ndarray:
    found = np.asarray(rows, dtype=np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def findings(*articles: Article, vectors=None, contradictions=()) -> dict[str, tuple[str, ...]]:
    given_ = np.eye(len(articles), dtype=np.float32) if vectors is None else unit(vectors)
    mapped = silence_map(articles, given_, now=NOW, stale_after_days=365, contradictions=contradictions)
    return {m.article.key: m.findings for m in mapped.articles}


def test_each_finding_has_its_evidence():
    old = Article("old", "old", "", "public", NOW - timedelta(days=400), cited=1)
    found = findings(
        article("often", cited=40, contacts=50), article("asked", contacts=9), article("edited", cited=6, edited=3),
        old,
        article("nobody"), article("works", views=120.0), article("unseen", views=0.0),
    )  # fmt: skip
    assert found == {
        "often": ("cited often",),
        "asked": ("never cited",),
        "edited": ("edited away",),
        "old": ("stale",),
        "nobody": ("unknown",),
        "works": ("quiet",),
        "unseen": ("unread",),
    }


def test_silence_is_unknown_unless_usage_says_more():
    assert findings(article("a"))["a"] == ("unknown",)


def test_twins_and_contradictions_name_each_other():
    rows = [[1, 0, 0], [1, 0.05, 0], [0, 1, 0]]
    mapped = silence_map(
        [article("a", cited=1), article("b", cited=1), article("c", cited=1)], unit(rows), now=NOW,
        stale_after_days=365, contradictions=[("a", "c", "14 days against 30 days")],
    )  # fmt: skip
    by_key = {m.article.key: m for m in mapped.articles}
    assert by_key["a"].findings == ("contradictory", "duplicated")
    assert {(x.key, x.said) for x in by_key["a"].against} == {("b", ""), ("c", "14 days against 30 days")}
    assert by_key["c"].against[0].key == "a"
    assert mapped.articles[0].article.key == "a", "what may harm a customer comes first"
    assert mapped.counts["duplicated"] == 2


def test_often_is_relative_to_the_desk_and_at_least_three():
    assert often_from([0, 0, 1, 2, 2, 3, 3, 4, 5, 9, 20]) == 20
    assert often_from([1, 1]) == 3
    assert often_from([]) == 3


def test_an_empty_knowledge_has_an_empty_map():
    assert silence_map([], np.zeros((0, 4), np.float32), now=NOW, stale_after_days=1).articles == ()
    assert related_pairs(np.eye(3, dtype=np.float32)) == ()


def voices(count: int) -> list[Voice]:
    return [Voice("email", NOW + timedelta(hours=n)) for n in range(count)]


def test_the_first_voice_is_typical_and_the_next_ones_differ():
    rows = unit([[1, 0, 0], [0.99, 0.1, 0], [0.98, 0.1, 0.1], [0, 1, 0], [0, 0, 1]])
    order = varied(rows, voices(5), count=3)
    assert order[0] in (0, 1, 2)
    assert set(order[1:]) == {3, 4}


def test_another_channel_is_worth_hearing():
    rows = unit([[1, 0.01], [1, 0.02], [1, 0.03]])
    heard_in = [Voice("email", NOW), Voice("email", NOW), Voice("chat", NOW)]
    assert varied(rows, heard_in, count=2, heard=[0])[0] == 2


@given(st.integers(1, 30), st.integers(0, 40), st.integers(0, 5), st.integers(0, 99))
def test_a_choice_holds_each_once_and_none_that_was_heard(size: int, count: int, heard: int, seed: int):
    rows = unit(np.random.default_rng(seed).normal(size=(size, 6)))
    known = set(range(min(heard, size)))
    order = varied(rows, voices(size), count=count, heard=known)
    assert len(order) == len(set(order)) == min(count, size - len(known))
    assert not set(order) & known
    assert order == varied(rows, voices(size), count=count, heard=known)
