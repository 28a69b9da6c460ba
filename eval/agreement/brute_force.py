"""Slow, literal restatements of the metrics, written apart from them, to check them against.

Each follows the definition word by word and cares for nothing else: lists are
walked again and again, ties are resolved by trying every order, pairs are counted one by one.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import combinations, pairwise, permutations, product
from math import log

Items = Sequence[str]


def hit(ranked: Items, relevant: frozenset[str], k: int) -> float | None:
    """Walk the first `k` and stop at a relevant document."""
    if len(relevant) == 0:
        return None
    for place in range(min(k, len(ranked))):
        if ranked[place] in relevant:
            return 1.0
    return 0.0


def recall(ranked: Items, relevant: frozenset[str], k: int) -> float | None:
    """Ask for each relevant document whether it is among the first `k`."""
    if len(relevant) == 0:
        return None
    found = 0
    for document in relevant:
        if any(document == ranked[place] for place in range(min(k, len(ranked)))):
            found += 1
    return found / len(relevant)


def reciprocal_rank(ranked: Items, relevant: frozenset[str]) -> float | None:
    """Take the best of one over each relevant document's first place."""
    if len(relevant) == 0:
        return None
    return max((1.0 / (1 + list(ranked).index(d)) for d in relevant if d in ranked), default=0.0)


def average_precision(ranked: Items, relevant: frozenset[str]) -> float | None:
    """At each relevant document's first place, count the distinct relevant documents up to there."""
    if len(relevant) == 0:
        return None
    total = 0.0
    for document in relevant:
        if document in ranked:
            place = list(ranked).index(document) + 1
            total += len({other for other in ranked[:place] if other in relevant}) / place
    return total / len(relevant)


def ndcg(ranked: Items, gains: dict[str, float], k: int) -> float | None:
    """Blank out repeats, then divide by the best of all orders (found by sorting, at most 12 documents gain)."""
    if not any(gain > 0 for gain in gains.values()):
        return None
    once = [document if ranked.index(document) == place else None for place, document in enumerate(ranked)]
    gained = [gains.get(document, 0.0) if document is not None else 0.0 for document in once]
    ideal = sorted(gains.values())[::-1]
    return _discounted(gained[:k]) / _discounted(ideal[:k])


def _discounted(gains: Sequence[float]) -> float:
    return sum(gain / (log(place + 2) / log(2)) for place, gain in enumerate(gains))


def macro_recall(runs: Sequence[tuple[Items, frozenset[str]]], k: int) -> float | None:
    """For each document, look at the questions that need it; then average over documents."""
    documents = set[str]().union(*(relevant for _, relevant in runs))
    if not documents:
        return None
    shares = []
    for document in documents:
        needing = [ranked for ranked, relevant in runs if document in relevant]
        shares.append(sum(document in list(ranked)[:k] for ranked in needing) / len(needing))
    return sum(shares) / len(shares)


def auroc(scores: Sequence[float], positive: Sequence[bool]) -> float | None:
    """Compare every positive with every negative."""
    pairs = list(
        product(
            [s for s, p in zip(scores, positive, strict=True) if p],
            [s for s, p in zip(scores, positive, strict=True) if not p],
        )
    )
    if not pairs:
        return None
    return sum(1.0 if up > down else 0.5 if up == down else 0.0 for up, down in pairs) / len(pairs)


def risk_coverage_area(scores: Sequence[float], right: Sequence[bool]) -> float | None:
    """Average the area over every order that the scores allow (few questions only)."""
    if not scores:
        return None
    areas = []
    for order in permutations(range(len(scores))):
        if all(scores[a] >= scores[b] for a, b in pairwise(order)):
            risks = [sum(not right[i] for i in order[:n]) / n for n in range(1, len(order) + 1)]
            areas.append(sum(risks) / len(risks))
    return sum(areas) / len(areas)


def unanswerable_recall(scores: Sequence[float], answerable: Sequence[bool], allowed: float) -> float | None:
    """Try every threshold, keep those that refuse few enough of the answerable, take the best recall."""
    kept = [s for s, a in zip(scores, answerable, strict=True) if a]
    rest = [s for s, a in zip(scores, answerable, strict=True) if not a]
    if not kept or not rest:
        return None
    best = 0.0
    for threshold in [*scores, max(scores) + 1]:
        if sum(s < threshold for s in kept) <= allowed * len(kept) + 1e-9:
            best = max(best, sum(s < threshold for s in rest) / len(rest))
    return best


def calibration_error(probabilities: Sequence[float], right: Sequence[bool], edges: Sequence[float]) -> float | None:
    """Visit each bin `(low, high]`, the first with 0, and weigh its gap by its questions."""
    if not probabilities:
        return None
    total = 0.0
    for place, (low, high) in enumerate(pairwise(edges)):
        inside = [i for i, p in enumerate(probabilities) if (low < p <= high) or (place == 0 and p == low)]
        if inside:
            stated = sum(probabilities[i] for i in inside) / len(inside)
            real = sum(right[i] for i in inside) / len(inside)
            total += len(inside) / len(probabilities) * abs(stated - real)
    return total


def adjusted_rand(groups: Sequence[Hashable], themes: Sequence[Hashable]) -> float | None:
    """Count the pairs one by one, with the formula of Hubert and Arabie (1985)."""
    pairs = list(combinations(range(len(groups)), 2))
    if not pairs:
        return None
    both = sum(groups[i] == groups[j] and themes[i] == themes[j] for i, j in pairs)
    left = sum(groups[i] == groups[j] for i, j in pairs)
    right = sum(themes[i] == themes[j] for i, j in pairs)
    expected, best = left * right / len(pairs), (left + right) / 2
    return 1.0 if best == expected else (both - expected) / (best - expected)


def percentile(values: Sequence[float], share: float) -> float | None:
    """Walk along the sorted values and stop `share` of the way from the first to the last."""
    if not values:
        return None
    ordered, walked = sorted(values), share * (len(values) - 1)
    for low, high in pairwise(ordered):
        if walked <= 1:
            return low + (high - low) * walked
        walked -= 1
    return ordered[-1]
