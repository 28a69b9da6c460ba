"""A reranker from resolved tickets: the features of `answering.rerank` on whole tables, one row for each question.

Every ticket asks, all others vote: nothing is learned from a ticket's own vote.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from assistant.answering.fuse import FusionWeights
from assistant.answering.rerank import FEATURES, LEADING, Evidence, Floats, Reranker, features
from assistant.tuning.fusion import Table, Tables, ballots_of, fused
from assistant.tuning.lessons import Flags

_STRENGTH = 10.0
_IS_FREE = np.array([name == "fused" for name in FEATURES])
"""The fused score is not held back: with little to learn from, what is left is the order as it came."""


@dataclass(frozen=True, slots=True)
class Leading:
    """The leading documents of some questions, best first.

    `scores` are the fused scores of all documents, shape `(q, documents)`; `columns` the leading ones among them, shape
    `(q, n)`, with their `evidence`; `relevant`, shape `(q, documents)`, says which resolved each question.
    """

    scores: Table
    columns: npt.NDArray[np.intp]
    evidence: Evidence
    relevant: Flags


def second_of_documents(scores: Table, document_of: npt.NDArray[np.int64], documents: int, *, fetched: int) -> Table:
    """Return the second best score of each document's passages, at least the last of the best `fetched` of its row.

    >>> scores = np.array([[0.125, 0.75, 0.5, 0.625, 0.25]], np.float32)
    >>> second_of_documents(scores, np.array([0, 0, 1, 1, 2]), 3, fetched=4).tolist()
    [[0.25, 0.5, 0.25]]
    """
    best = np.full((len(scores), documents), -1.0, np.float32)
    second = best.copy()
    for at, document in enumerate(document_of):
        lower = np.minimum(best[:, document], scores[:, at])
        np.maximum(second[:, document], lower, out=second[:, document])
        np.maximum(best[:, document], scores[:, at], out=best[:, document])
    k = min(fetched, scores.shape[1])
    floor = -np.partition(-scores, k - 1, axis=1)[:, k - 1 : k] if k else -1.0
    return np.asarray(np.maximum(second, floor), np.float32)


def leading(tables: Tables, second: Table, weights: FusionWeights) -> Leading:
    """Return what a reranker is learned from or judged on; `second` has the cosines of documents' second passages."""
    scores = fused(tables, weights)
    columns = np.argsort(-scores, axis=1, kind="stable")[:, :LEADING]
    problems, problem_trust = ballots_of(tables.tickets, tables, weights)
    replies, reply_trust = ballots_of(tables.replies, tables, weights)

    def of(table: Table) -> Floats:
        return np.take_along_axis(table, columns, axis=1).astype(np.float64)

    evidence = Evidence(
        of(scores), of(second), of(tables.keyword), of(problems), of(replies),
        problem_trust.astype(np.float64), reply_trust.astype(np.float64),
    )  # fmt: skip
    return Leading(scores, columns, evidence, tables.relevant)


def learn_reranker(asked: Leading) -> Reranker:
    """Return the weights under which the articles that resolved the questions are likeliest to be chosen.

    Conditional logit: softmax over the leading documents of each question against an equal share for each relevant
    one. Features are in units of their spread within a question, and what is added to the fused score is penalised by
    its square. Questions whose article does not lead, or where nothing else does, say nothing.
    """
    rows = features(asked.evidence)
    chosen = np.take_along_axis(asked.relevant, asked.columns, axis=1)
    tells = chosen.any(axis=1)
    if not tells.any():
        return Reranker((0.0,) * len(FEATURES))
    rows, chosen = rows[tells], chosen[tells]
    spread = np.maximum((rows - rows.mean(axis=1, keepdims=True)).std(axis=(0, 1)), 1e-6)
    fitted = _fitted(rows / spread, chosen / chosen.sum(axis=1, keepdims=True))
    return Reranker(tuple(float(weight) for weight in fitted / spread))


def _fitted(rows: Floats, shares: Floats) -> Floats:
    held = np.where(_IS_FREE, 0.0, _STRENGTH)

    def loss(weights: Floats) -> tuple[float, Floats]:
        logits = rows @ weights
        logits -= logits.max(axis=1, keepdims=True)
        likelihood = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        slope = np.einsum("qn,qnk->k", np.exp(likelihood) - shares, rows)
        return float(held @ weights**2 / 2 - (shares * likelihood).sum()), slope + held * weights

    return np.asarray(minimize(loss, np.zeros(rows.shape[2]), jac=True, method="L-BFGS-B").x, np.float64)


def reranked_scores(asked: Leading, reranker: Reranker) -> Table:
    """Return the scores with the leading documents in the reranker's order; the scores of the places stay."""
    order = reranker.order(asked.evidence)
    scores = asked.scores.copy()
    by_place = np.take_along_axis(asked.scores, asked.columns, axis=1)
    np.put_along_axis(scores, np.take_along_axis(asked.columns, order, axis=1), by_place, axis=1)
    return scores
