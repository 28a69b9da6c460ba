"""The fitted weights: from rows to calibrated labels, and what a desk's corrections add to them.

`eval/fit_triage.py` fits and writes the shipped file; it holds weights and the means of features, no text and no vector
of any contact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np

from assistant.errors import ModelError, UsageError
from assistant.gaps.triage.answered import FACTOR, weighed
from assistant.gaps.triage.contact import Contact, Correction, Label, Triaged, ranked_label
from assistant.gaps.triage.features import (
    Described,
    Matrix,
    block_widths,
    class_likeness,
    describe,
    sentence_rows,
)
from assistant.gaps.triage.finer import Finer, divided, stage_names
from assistant.gaps.triage.opinion import persuaded
from assistant.gaps.triage.party import external_party
from assistant.gaps.triage.quotes import best_quote, quote_rows, quote_width
from assistant.gaps.triage.softmax import Floats, fit_weights, probabilities
from assistant.seams import Embedder, Opinion

SHIPPED = Path(__file__).parent.parent / "triage_model.npz"
_BATCH = 256
_CORRECTION_STRENGTH = 0.5  # measured by eval/triage_report.py
_NEW_LABEL_ODDS = 3.0  # a label first seen in corrections starts e**3 times rarer than the average one


@dataclass(frozen=True, slots=True)
class Head:
    """One question's labels and weights `(width + 1, labels)` on `(row - centre) * scale`, the last row constants.

    `temperature` divides the logits; above 1 it makes probabilities humbler.
    """

    labels: tuple[str, ...]
    weights: Matrix
    centre: Matrix
    scale: Matrix
    temperature: float

    def scaled(self, rows: Matrix) -> Floats:
        """Rows as the weights expect them."""
        return np.asarray((rows - self.centre) * self.scale, np.float64)

    def logits(self, rows: Matrix) -> Floats:
        """`(n, labels)`, before the softmax."""
        return np.asarray((self.scaled(rows) @ self.weights[:-1] + self.weights[-1]) / self.temperature)

    def label(self, rows: Matrix) -> list[Label]:
        """One calibrated label for each row."""
        return [
            ranked_label(dict(zip(self.labels, map(float, row), strict=True)))
            for row in probabilities(self.logits(rows))
        ]


@dataclass(frozen=True, slots=True)
class TriageModel:
    """Labels contacts. `space` names the embedding model that the weights belong to, whatever its backend.

    `finer` are the stages that a desk wants in place of coarse ones.
    """

    cause: Head
    stage: Head
    quote_weights: Matrix
    space: str
    finer: Finer = field(default_factory=dict)

    @property
    def stages(self) -> tuple[str, ...]:
        """The journey stages that a contact may get."""
        return stage_names(self.stage.labels, self.finer)

    def label(
        self,
        contacts: Sequence[Contact],
        embedder: Embedder,
        *,
        opinions: Mapping[str, Opinion] = MappingProxyType({}),
        trust: float = 0.0,
        outcomes: Mapping[str, str] = MappingProxyType({}),
        factor: float = FACTOR,
    ) -> list[Triaged]:
        """One result for each contact, in order; no text makes it fail.

        `opinions`, by contact id, are second ones that are right with probability `trust`; `outcomes`, by contact id,
        are what became of the question, weighing `factor`. Quote and party go with the cause that is left after both.

        Raises:
            ModelError: the embedder is not the one that the weights were fitted on.
        """
        _require_space(self.space, embedder)
        found: list[Triaged] = []
        for start in range(0, len(contacts), _BATCH):
            found += self._batch(contacts[start : start + _BATCH], embedder, opinions, trust, (outcomes, factor))
        return found

    def adapted(self, corrections: Sequence[Correction], embedder: Embedder) -> TriageModel:
        """This model moved towards what people said, as far as their number warrants.

        A label that the model does not know yet becomes one of its labels. The corrections are not kept: call this on
        the shipped model with all of them.

        Raises:
            ModelError: the embedder is not the one that the weights were fitted on.
        """
        _require_space(self.space, embedder)
        for correction in corrections:
            if correction.cause == "" or correction.stage == "":
                raise UsageError(f"correction of {correction.contact.id!r}: a label is empty; use None for no opinion")
        if not corrections:
            return self
        rows = describe([correction.contact for correction in corrections], embedder).rows
        return replace(
            self,
            cause=moved(self.cause, rows, [correction.cause for correction in corrections]),
            stage=moved(self.stage, rows, [correction.stage for correction in corrections]),
        )

    def _batch(
        self,
        contacts: Sequence[Contact],
        embedder: Embedder,
        opinions: Mapping[str, Opinion],
        trust: float,
        answers: tuple[Mapping[str, str], float],
    ) -> list[Triaged]:
        described = describe(contacts, embedder)
        said = [opinions.get(contact.id, Opinion()) for contact in contacts]
        read = [_if_told(label, c) for label, c in zip(self.cause.label(described.rows), contacts, strict=True)]
        judged = _persuaded(read, [opinion.cause for opinion in said], trust)
        found = [
            weighed(label, answers[0].get(c.id, ""), answers[1]) for label, c in zip(judged, contacts, strict=True)
        ]
        staged = divided(self.stage.label(described.rows), described, self.finer, embedder)
        stages = _persuaded(staged, [opinion.stage for opinion in said], trust)
        quotes = [self.quote(described, i, contacts[i], found[i].cause.label) for i in range(len(contacts))]
        return [
            Triaged(contact.id, w.cause, stage, quote, _party(contact, w.cause, quote), w.outcome, w.kinds)
            for contact, w, stage, quote in zip(contacts, found, stages, quotes, strict=True)
        ]

    def quote(self, described: Described, i: int, contact: Contact, cause: str) -> str:
        """The piece of contact `i` of `described` that speaks most for `cause`."""
        rows = sentence_marks(self.cause, described, i, contact, cause)
        return best_quote(contact, described.spans[i], rows, self.quote_weights)


def sentence_marks(head: Head, described: Described, i: int, contact: Contact, cause: str) -> Matrix:
    """What quotes are chosen by: a row per sentence of contact `i` of `described`, as `quotes.quote_rows` has them."""
    spans, vectors = described.spans[i], described.sentences[i]
    if not spans:
        return np.zeros((0, quote_width()), np.float32)
    column = head.labels.index(cause)
    others = np.delete(head.weights[:-1], column, axis=1).mean(axis=1)
    evidence = (head.weights[:-1, column] - others) * head.scale
    alone = sentence_rows(contact.text, spans, vectors, described.prototypes)
    speaks = (alone - head.centre) @ evidence
    whole, likeness = described.rows[i, : vectors.shape[1]], class_likeness(vectors, described.prototypes, cause)
    pieces = [contact.text[start:end] for start, end in spans]
    return quote_rows(pieces, vectors, whole, described.titles[i], speaks, likeness)


def load_triage(path: Path | None = None) -> TriageModel:
    """The shipped model, or the one at `path`.

    Raises:
        ModelError: the file is missing or does not fit this version's features.
    """
    file = path or SHIPPED
    try:
        with np.load(file, allow_pickle=False) as arrays:
            cause, stage = (_head(dict(arrays), name) for name in ("cause", "stage"))
            quotes = arrays["quote_weights"].astype(np.float32)
            model = TriageModel(cause, stage, quotes, str(arrays["space"]))
            expected = sum(block_widths(int(arrays["dimensions"])))
    except (OSError, KeyError, ValueError) as error:
        raise ModelError(f"triage model {file}: {error}; write it anew with eval/fit_triage.py") from error
    sizes = (cause.weights.shape[0], stage.weights.shape[0], quotes.shape[0])
    if sizes != (expected + 1, expected + 1, quote_width()):
        found = f"{sizes} weights for cause, stage and quote, expected {expected + 1} twice and {quote_width()}"
        raise ModelError(f"triage model {file}: {found}; write it anew with eval/fit_triage.py")
    return model


def save_triage(model: TriageModel, path: Path) -> None:
    """Write `model`, weights as half floats; the bytes depend on nothing but the model."""
    dimensions = model.cause.weights.shape[0] - 1 - sum(block_widths(0))
    arrays: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.generic]]] = {
        "quote_weights": model.quote_weights.astype(np.float16),
        "space": np.array(model.space),
        "dimensions": np.array(dimensions),
    }
    for name, head in (("cause", model.cause), ("stage", model.stage)):
        arrays |= {
            f"{name}_labels": np.array(head.labels),
            f"{name}_weights": head.weights.astype(np.float16),
            f"{name}_centre": head.centre.astype(np.float16),
            f"{name}_scale": head.scale.astype(np.float16),
            f"{name}_temperature": np.array(head.temperature),
        }
    np.savez_compressed(path, allow_pickle=False, **arrays)


def _head(arrays: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.generic]]], name: str) -> Head:
    return Head(
        tuple(map(str, arrays[f"{name}_labels"])),
        arrays[f"{name}_weights"].astype(np.float32),
        arrays[f"{name}_centre"].astype(np.float32),
        arrays[f"{name}_scale"].astype(np.float32),
        float(arrays[f"{name}_temperature"].item()),
    )


def moved(head: Head, rows: Matrix, said: Sequence[str | None]) -> Head:
    """`head` after people said what the contacts of `rows` are, None where they have no opinion.

    It is fitted on from its own logits; the penalty pulls every step back to them.
    """
    wider = _with_labels(head, [label for label in said if label is not None])
    told = [i for i, label in enumerate(said) if label is not None]
    if not told:
        return head
    targets = np.zeros((len(told), len(wider.labels)))
    for row, i in enumerate(told):
        targets[row, wider.labels.index(said[i] or "")] = 1.0
    step = fit_weights(
        wider.scaled(rows[told]),
        targets,
        np.ones(len(told)),
        strength=_CORRECTION_STRENGTH,
        offset=wider.logits(rows[told]),
    )
    return replace(wider, weights=(wider.weights / wider.temperature + step).astype(np.float32), temperature=1.0)


def _with_labels(head: Head, said: Sequence[str]) -> Head:
    new = tuple(dict.fromkeys(label for label in said if label not in head.labels))
    if not new:
        return head
    column = head.weights.mean(axis=1, keepdims=True)
    column[-1] -= _NEW_LABEL_ODDS * head.temperature
    return replace(head, labels=head.labels + new, weights=np.hstack([head.weights, *[column] * len(new)]))


def _if_told(cause: Label, contact: Contact) -> Label:
    """`cause`, but unclear where the contact holds no word at all: nothing can be judged from three angry faces."""
    if any(sign.isalpha() for sign in contact.title + contact.text):
        return cause
    return ranked_label({label: float(label == "unclear") for label, _ in cause.distribution})


def _persuaded(labels: Sequence[Label], said: Sequence[str], trust: float) -> list[Label]:
    return [persuaded(label, word, trust) for label, word in zip(labels, said, strict=True)]


def _party(contact: Contact, cause: Label, quote: str) -> str:
    return external_party(contact.title, contact.text, quote) if cause.label == "external" else ""


def _require_space(space: str, embedder: Embedder) -> None:
    found = embedder.model_id.split("@")[0]
    if found != space:
        raise ModelError(
            f"triage weights belong to the embedding model {space!r}, found {found!r}; "
            "pass that embedder, or fit the weights anew with eval/fit_triage.py"
        )
