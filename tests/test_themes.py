from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from sklearn.metrics import adjusted_rand_score, silhouette_samples

from assistant.gaps.themes import (
    NONE,
    assign,
    assign_all,
    cluster,
    kept_pairs,
    match,
    name_themes,
    place,
    representatives,
)
from assistant.gaps.themes.communities import communities, implied_resolution
from assistant.gaps.themes.grouping import best_scale, silhouette
from assistant.gaps.themes.naming import UNNAMED
from assistant.gaps.themes.neighbours import Floats, condensed, nearest, normalised


def _crowds(sizes: list[int], *, noise: int = 0, seed: int = 0, spread: float = 0.7) -> tuple[Floats, np.ndarray]:
    """Unit vectors around random directions, `spread` being the length of the random part; -1 for stray ones."""
    rng = np.random.default_rng(seed)
    labels = np.concatenate([np.repeat(np.arange(len(sizes)), sizes), np.full(noise, -1)])
    centres = normalised(rng.normal(size=(len(sizes), 64)).astype(np.float32))
    stray = normalised(rng.normal(size=(len(labels), 64)).astype(np.float32))
    vectors = np.where(labels[:, None] >= 0, centres[labels] + spread * stray, stray)
    return normalised(vectors.astype(np.float32)), labels


def _texts(count: int) -> list[str]:
    return [f"text {i}" for i in range(count)]


def test_the_number_of_themes_is_found() -> None:
    vectors, labels = _crowds([40] * 12)
    found = cluster(vectors, _texts(480))
    assert len(found.centroids) == 12
    assert adjusted_rand_score(labels, found.labels) > 0.98


def test_themes_of_very_different_size_are_found() -> None:
    vectors, labels = _crowds([120, 80, 60, 40, 30, 20])
    found = cluster(vectors, _texts(350))
    assert adjusted_rand_score(labels, found.labels) > 0.85


def test_stray_texts_mostly_stay_alone() -> None:
    vectors, labels = _crowds([30] * 10, noise=100)
    found = cluster(vectors, _texts(400))
    assert adjusted_rand_score(labels[:300], found.labels[:300]) > 0.9
    crowds = set(found.labels[:300].tolist()) - {NONE}
    assert np.mean([label in crowds for label in found.labels[300:].tolist()]) < 0.4


def test_the_same_input_gives_the_same_themes() -> None:
    vectors, _ = _crowds([20] * 6, noise=20)
    once, again = cluster(vectors, _texts(140)), cluster(vectors, _texts(140))
    assert np.array_equal(once.labels, again.labels)
    assert np.array_equal(once.centroids, again.centroids)


def test_a_form_letter_is_one_place_and_all_its_copies_share_a_theme() -> None:
    vectors, _ = _crowds([30] * 8)
    copies = np.repeat(vectors[:1], 200, axis=0)
    texts = _texts(240) + ["Form Letter"] * 100 + ["form  letter"] * 100
    found = cluster(np.concatenate([vectors, copies]), texts)
    assert len(set(found.labels[240:].tolist())) == 1


@pytest.mark.parametrize("count", [0, 1, 2, 5, 12, 30])
def test_a_fresh_desk_with_few_contacts_is_no_error(count: int) -> None:
    vectors, _ = _crowds([max(count, 1)])
    found = cluster(vectors[:count], _texts(count))
    assert found.labels.shape == (count,)
    assert found.centroids.shape[1] == 64


def test_a_handful_of_contacts_about_two_things_makes_two_themes() -> None:
    vectors, labels = _crowds([5, 6], spread=0.5)
    found = cluster(vectors, _texts(11))
    assert adjusted_rand_score(labels, found.labels) == 1


def test_what_a_person_split_or_merged_stays_so() -> None:
    vectors, labels = _crowds([30] * 8)
    pinned = np.full(240, NONE)
    pinned[(labels == 0) | (labels == 1)] = 0
    pinned[np.flatnonzero(labels == 2)[:15]] = 1
    pinned[np.flatnonzero(labels == 2)[15:]] = 2
    found = cluster(vectors, _texts(240), pinned=pinned).labels
    assert len(set(found[pinned == 0].tolist())) == 1
    assert len(set(found[pinned == 1].tolist())) == 1
    assert not set(found[pinned == 1].tolist()) & set(found[pinned == 2].tolist())


def test_memory_keeps_most_pairs_when_contacts_come_and_go() -> None:
    vectors, _ = _crowds([25] * 10, noise=50, spread=1.1)
    rows = np.random.default_rng(0).permutation(300)
    first = cluster(vectors[rows[:220]], _texts(220)).labels
    previous = np.concatenate([first[60:], np.full(80, NONE)])
    second = cluster(vectors[rows[60:]], _texts(240), previous=previous).labels
    assert kept_pairs(first[60:], second[:160]) >= 0.9


def test_a_new_contact_finds_its_theme_at_once_or_none() -> None:
    vectors, labels = _crowds([30, 30], noise=5)
    places = [place("one", vectors[labels == 0][:20]), place("two", vectors[labels == 1][:20])]
    found = assign_all(vectors, places)
    assert sum(t == "one" for t in found[:30]) >= 24
    assert sum(t == "two" for t in found[30:60]) >= 24
    assert all(t is None for t in found[60:])
    assert assign(vectors[0], []) is None
    assert assign(vectors[0], places) == found[0]


def test_groups_take_over_the_themes_that_they_continue() -> None:
    vectors, labels = _crowds([30, 30, 30])
    found = cluster(vectors, _texts(90))
    group = {int(k): int(found.labels[labels == k][0]) for k in range(3)}
    previous = [None if k == 2 else ("old a" if k == 0 else "old b") for k in labels.tolist()]
    places = [place("old a", vectors[labels == 0]), place("old b", vectors[labels == 1]), place("gone", -vectors[:5])]
    result = match(found, previous, places)
    assert result.theme_ids[group[0]] == "old a"
    assert result.theme_ids[group[1]] == "old b"
    assert result.theme_ids[group[2]] is None
    assert result.ended == ("gone",)
    assert result.heirs == (None,)


def test_a_theme_that_was_swallowed_says_by_which() -> None:
    vectors, labels = _crowds([40, 40, 40])
    found = cluster(vectors, _texts(120))
    half = np.flatnonzero(labels == 0)[30:]
    previous: list[str | None] = ["big" if k == 0 else None for k in labels.tolist()]
    for row in half.tolist():
        previous[row] = "small"
    result = match(found, previous, [place("big", vectors[:30]), place("small", vectors[half])])
    assert result.ended == ("small",)
    assert result.heirs == (int(found.labels[0]),)


def test_one_of_three_pairs_is_kept() -> None:
    assert kept_pairs(np.array([0, 0, 0]), np.array([4, 4, 5])) == pytest.approx(1 / 3)
    assert kept_pairs(np.array([-1, 0]), np.array([4, 4])) == 1


def test_a_name_is_a_fragment_that_several_members_wrote() -> None:
    texts = [
        "Cannot print in colour",
        "Why can I not print in colour?",
        "how to print in colour on Windows",
        "Printing: print in colour fails XYZZY",
        "calendar events missing",
        "My calendar events are gone",
        "Where are the calendar events",
    ]
    first, second = name_themes(texts, np.array([0, 0, 0, 0, 1, 1, 1]))
    assert first.name.casefold() == "print in colour"
    assert second.name == "calendar events"
    assert "xyzzy" not in first.words


def test_a_single_word_is_named_with_the_words_beside_it() -> None:
    texts = ["search", "search results empty", "Results of search wrong", "global search", "search globally: results"]
    texts += [f"{topic} question" for topic in ("printing", "calendar", "address", "junk", "fonts", "themes")] * 4
    (naming,) = name_themes(texts, np.array([0] * 5 + [-1] * 24))
    assert naming.name.split(", ")[:2] == ["search", "results"]


def test_no_single_member_names_a_theme_of_more_than_eight() -> None:
    said = "Email quota, Maximum size, Consuming disk, Folder limit, Inbox full, Old archive, Big files, No space, Slow"
    titles = said.split(", ")
    (naming,) = name_themes(titles, np.zeros(9, np.int64))
    assert naming.name == UNNAMED
    (naming,) = name_themes([f"{title}\nMy mailbox overflows" for title in titles], np.zeros(9, np.int64))
    assert naming.name == "mailbox overflows"
    (naming,) = name_themes(titles[:8], np.zeros(8, np.int64))
    assert naming.name in titles


def test_no_two_themes_share_a_name() -> None:
    texts = ["reset password", "reset password now"] * 2 + ["reset password again", "reset password again"]
    names = [n.name for n in name_themes(texts, np.array([0, 0, 0, 0, 1, 1]))]
    assert len(set(names)) == 2


def test_quotes_are_typical_and_differ_from_each_other() -> None:
    rng = np.random.default_rng(0)
    base = normalised(rng.normal(size=(3, 64)).astype(np.float32) * 0.6 + rng.normal(size=64).astype(np.float32))
    vectors = normalised(np.repeat(base, 5, axis=0) + 0.01 * rng.normal(size=(15, 64)).astype(np.float32))
    chosen = representatives(vectors, np.arange(15), count=3)
    assert {row // 5 for row in chosen} == {0, 1, 2}


def test_the_worked_example_of_the_resolution_holds() -> None:
    graph = sparse.csr_matrix(np.kron(np.eye(2), np.full((2, 2), 0.45)) + np.kron(1 - np.eye(2), np.full((2, 2), 0.05)))
    assert implied_resolution(graph, np.array([0, 0, 1, 1])) == pytest.approx(0.728, abs=0.001)


def test_the_start_of_the_resolution_hardly_matters() -> None:
    rng = np.random.default_rng(1)
    same = np.kron(np.eye(8), np.ones((20, 20)))
    dense = np.triu(rng.random((160, 160)) < np.where(same > 0, 0.5, 0.02), 1)
    graph = sparse.csr_matrix((dense + dense.T).astype(np.float64))
    low, high = communities(graph, seed=0, start=1.0), communities(graph, seed=0, start=40.0)
    assert low[1] == pytest.approx(high[1], rel=0.1)
    assert adjusted_rand_score(low[0], same.argmax(axis=0)) > 0.95


def test_the_silhouette_agrees_with_an_independent_one() -> None:
    vectors, labels = _crowds([10, 20, 5], spread=1.0)
    assert silhouette(vectors, labels) == pytest.approx(silhouette_samples(vectors, labels, metric="cosine"), abs=1e-5)


def test_the_worked_example_of_the_scale_holds() -> None:
    assert best_scale([10, 40], [0.20, 0.18]) == 15
    assert best_scale([8, 12, 18, 27], [0.20, 0.24, 0.25, 0.245]) == 18
    assert best_scale([5, 8], [-0.05, -0.05]) == best_scale([5, 8], [0.0, 0.0]) == 6


def test_the_scale_hardly_moves_where_the_top_of_a_flat_curve_does() -> None:
    scales, flat = [12, 18, 27, 40, 60, 90], np.array([0.070, 0.076, 0.080, 0.082, 0.082, 0.081])
    tops = [best_scale(scales, list(flat + 0.004 * (np.arange(6) == at))) for at in range(2, 6)]
    assert max(tops) <= 1.25 * min(tops), tops


def test_nearest_agrees_with_a_full_sort() -> None:
    vectors, _ = _crowds([50, 50])
    scores = vectors @ vectors.T
    np.fill_diagonal(scores, -2)
    assert np.array_equal(nearest(vectors, 5).index[:, 0], scores.argmax(axis=1))


def test_condensing_merges_only_equal_kinds_and_keeps_the_mass() -> None:
    vectors, labels = _crowds([100, 100])
    atoms = condensed(vectors, np.ones(200), labels, 60)
    assert len(atoms.vectors) <= 60
    assert atoms.mass.sum() == 200
    assert all(len(set(labels[atoms.back == point].tolist())) == 1 for point in range(len(atoms.vectors)))


def test_a_theme_of_two_or_three_is_named_by_its_most_central_contact() -> None:
    texts = [
        "Old letters came back\nAll letters that I had thrown away came back after I pressed save.",
        "Save brings letters back after I threw them away\nThe letters that I threw away came back.",
        "Something else entirely",
        "Why does the lamp blink?\nThe lamp blinks.",
    ]
    (named,) = name_themes(texts, np.array([0, 0, -1, -1]))
    assert named.name in {"Old letters came back", "Save brings letters back after I threw them away"}
    strangers = ["Parrots sing", "Ships float on water", "Parrots sing", "x"]
    first, second = name_themes(["Wings of wax melt. Yes", "Snow is cold", *strangers], np.array([0, 0, 1, -1, 1, -1]))
    assert first.name in {"Wings of wax melt", "Snow is cold"}
    assert second.name.casefold() == "parrots sing"
