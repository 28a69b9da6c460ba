"""Contrastive training on a desk's own questions and the articles that resolved them.

Cheap enough for two cores. The encoder's lower layers stay as they are, so their outputs are computed once for each
text and kept; only the upper layers run forward and back. Every question is compared with all passages: those of the
batch as they are now, the others as they were when the epoch began. Called by `assistant.tuning`.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from torch import Tensor
from torch.nn import functional

from assistant.errors import ModelError
from assistant.models.curriculum import Curriculum, Pair
from assistant.models.precision import half_precision
from assistant.models.weights import minilm_folder, verified
from assistant.seams import Progress

_MAX_CHARS = 6_000
_CACHE_BATCH = 32
_MASKED = -1e4
_COMMON = 5.0  # an article with this many links counts 0.7 of one with none: common ones do not drown the others


@dataclass(frozen=True, slots=True)
class Plan:
    """How the encoder is trained: `frozen_layers` counts from below, `most_passages` bounds what is compared with.

    The loss over questions that share an article counts `ticket_share` of the loss over articles.
    """

    epochs: int = 4
    batch: int = 48
    tokens: int = 112
    frozen_layers: int = 4
    most_passages: int = 3_000
    learning_rate: float = 2e-4
    temperature: float = 0.05
    ticket_share: float = 0.5
    seed: int = 0


def train_encoder(lessons: Curriculum, folder: Path, *, plan: Plan = Plan(), progress: Progress | None = None) -> None:
    """Train the packaged MiniLM and save it in `folder` for sentence-transformers.

    Raises:
        ModelError: the packaged weights are missing or altered.
    """
    verified(minilm_folder() / "model.safetensors")
    torch.manual_seed(plan.seed)
    model = SentenceTransformer(str(minilm_folder()), trust_remote_code=False, device="cpu")
    _Training(_bert(model), model.tokenizer, lessons, plan).run(progress)
    folder.mkdir(parents=True, exist_ok=True)
    model.save(str(folder))


def _bert(model: Any) -> Any:
    inner = model[0].auto_model
    if not hasattr(getattr(inner, "encoder", None), "layer"):
        raise ModelError(f"Expected a BERT-like encoder to train, found {type(inner).__name__}. Tune without encoder.")
    return inner


class _Training:
    """One run: the kept outputs of the frozen layers, the trainable ones above, and the banks of vectors."""

    def __init__(self, bert: Any, tokenizer: Any, lessons: Curriculum, plan: Plan) -> None:
        self._bert = bert
        self._tokenizer = tokenizer
        self._plan = plan
        self._lessons = lessons
        self._links = torch.from_numpy(np.array(lessons.links))
        self._random = random.Random(plan.seed)
        self._upper = list(bert.encoder.layer)[plan.frozen_layers :]
        for parameter in bert.parameters():
            parameter.requires_grad_(False)
        self._parameters = [parameter for layer in self._upper for parameter in layer.parameters()]
        for parameter in self._parameters:
            parameter.requires_grad_(True)
        self._shown = self._chosen_passages()
        self._place = {passage: at for at, passage in enumerate(self._shown)}
        self._documents = torch.tensor([lessons.document_of[passage] for passage in self._shown])

    def _chosen_passages(self) -> list[int]:
        """Every passage of a pair, and others at random up to the bound."""
        paired = sorted({place for pair in self._lessons.pairs for place in pair.passages})
        others = sorted(set(range(len(self._lessons.passages))) - set(paired))
        room = max(self._plan.most_passages - len(paired), 0)
        return paired + self._random.sample(others, min(room, len(others)))

    def run(self, progress: Progress | None) -> None:
        """Train in place."""
        plan = self._plan
        self._kept_questions = self._kept(self._lessons.questions)
        self._kept_passages = self._kept([self._lessons.passages[place] for place in self._shown])
        optimiser = torch.optim.AdamW(self._parameters, lr=plan.learning_rate, weight_decay=0.01)
        steps = plan.epochs * len(self._batches())
        step = 0
        for _ in range(plan.epochs):
            self._question_bank = self._bank(self._kept_questions)
            self._passage_bank = self._bank(self._kept_passages)
            for batch in self._batches():
                for group in optimiser.param_groups:
                    group["lr"] = plan.learning_rate * _schedule(step, steps)
                optimiser.zero_grad()
                self._loss(batch).backward()
                torch.nn.utils.clip_grad_norm_(self._parameters, 1.0)
                optimiser.step()
                step += 1
                if progress is not None:
                    progress(step, steps, "training the encoder")

    def _kept(self, texts: Sequence[str]) -> list[Tensor]:
        """Outputs of the frozen layers for each text, shape `(tokens, width)`, in half precision."""
        ids = self._tokenizer([t[:_MAX_CHARS] or " " for t in texts], truncation=True, max_length=self._plan.tokens)
        rows: list[list[int]] = ids["input_ids"]
        kept: dict[int, Tensor] = {}
        with torch.no_grad(), half_precision():
            for batch in _by_length([len(row) for row in rows]):
                padded, mask = _padded([torch.tensor(rows[row]) for row in batch])
                hidden = self._bert.embeddings(input_ids=padded)
                hidden = _through(list(self._bert.encoder.layer)[: self._plan.frozen_layers], hidden, mask)
                kept.update({row: hidden[i, : len(rows[row])].half() for i, row in enumerate(batch)})
        return [kept[row] for row in range(len(rows))]

    def _bank(self, kept: Sequence[Tensor]) -> Tensor:
        """Vectors of all texts as the model is now, shape `(n, d)`, without gradient."""
        found: dict[int, Tensor] = {}
        with torch.no_grad():
            for batch in _by_length([len(row) for row in kept]):
                found.update(zip(batch, self._encoded([kept[row] for row in batch]), strict=True))
        return torch.stack([found[row] for row in range(len(kept))])

    def _batches(self) -> list[list[Pair]]:
        """Pairs in random order, two of one article side by side, so that a batch holds fresh questions that agree."""
        by_article: dict[int, list[Pair]] = defaultdict(list)
        for pair in self._lessons.pairs:
            by_article[pair.article].append(pair)
        couples = []
        for pairs in by_article.values():
            shuffled = self._random.sample(pairs, len(pairs))
            couples += [shuffled[at : at + 2] for at in range(0, len(shuffled), 2)]
        self._random.shuffle(couples)
        flat = [pair for couple in couples for pair in couple]
        size = self._plan.batch
        return [flat[at : at + size] for at in range(0, max(len(flat) - size // 2, 1), size)]

    def _loss(self, batch: Sequence[Pair]) -> Tensor:
        asked = list(dict.fromkeys(pair.question for pair in batch))
        chosen = sorted({self._place[self._random.choice(pair.passages)] for pair in batch})
        now = self._encoded([self._kept_questions[row] for row in asked])
        fresh = self._encoded([self._kept_passages[at] for at in chosen])
        passages = self._passage_bank.index_put((torch.tensor(chosen),), fresh)
        rows = torch.tensor(asked)
        questions = self._question_bank.index_put((rows,), now)
        self._question_bank[rows] = now.detach()
        self._passage_bank[chosen] = fresh.detach()
        plan = self._plan
        loss = _article_loss(now @ passages.T, self._documents, self._links[rows], self._links, plan.temperature)
        return loss + plan.ticket_share * _agreement_loss(now, questions, rows, self._links, plan.temperature)

    def _encoded(self, hidden: Sequence[Tensor]) -> Tensor:
        padded, mask = _padded([row.float() for row in hidden])
        with half_precision():
            out = _through(self._upper, padded, mask)
        pooled = (out.float() * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True)
        return functional.normalize(pooled, dim=1)


def _article_loss(cosines: Tensor, document_of: Tensor, linked: Tensor, links: Tensor, temperature: float) -> Tensor:
    """How surprising the linked articles are, each scored by its best passage, among all articles.

    `cosines`, shape `(batch, passages)`; `linked` the rows of the batch, `links` all rows. Of several linked articles
    a rare one counts more, since a common link was often pasted beside the one that helped.
    """
    best = torch.full((len(cosines), links.shape[1]), _MASKED)
    best = best.scatter_reduce(1, document_of.expand(len(cosines), -1), cosines / temperature, "amax")
    wanted = linked.float() / (links.sum(0) + _COMMON).sqrt()
    wanted = wanted / wanted.sum(1, keepdim=True).clamp(min=1e-9)
    return -(wanted * torch.log_softmax(best, dim=1)).sum(1).mean()


def _agreement_loss(now: Tensor, questions: Tensor, rows: Tensor, links: Tensor, temperature: float) -> Tensor:
    """How surprising it is which questions share an article with each of these; 0 when none does."""
    itself = rows[:, None] == torch.arange(len(questions))[None, :]
    agree = ((links[rows].float() @ links.float().T) > 0) & ~itself
    some = agree.any(1)
    if not bool(some.any()):
        return now.sum() * 0.0
    logs = torch.log_softmax((now @ questions.T / temperature).masked_fill(itself, _MASKED), dim=1)
    return (-(logs * agree).sum(1)[some] / agree.sum(1)[some]).mean()


def _through(layers: Sequence[Any], hidden: Tensor, mask: Tensor) -> Tensor:
    blocked = (1.0 - mask[:, None, None, :].float()) * -1e9
    for layer in layers:
        out = layer(hidden, blocked)
        hidden = out[0] if isinstance(out, tuple) else out
    return hidden


def _padded(rows: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Rows of different length in one tensor, and which places are real."""
    padded = torch.nn.utils.rnn.pad_sequence(list(rows), batch_first=True)
    lengths = torch.tensor([len(row) for row in rows])
    return padded, (torch.arange(padded.shape[1])[None, :] < lengths[:, None]).to(torch.long)


def _by_length(lengths: Sequence[int]) -> list[list[int]]:
    """Places in batches of similar length, so that little is computed on padding."""
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    return [order[at : at + _CACHE_BATCH] for at in range(0, len(order), _CACHE_BATCH)]


def _schedule(step: int, steps: int) -> float:
    """Share of the learning rate: up over the first tenth, then down to almost nothing in a straight line."""
    return min(1.0, (step + 1) / math.ceil(0.1 * steps)) * max(0.02, 1.0 - step / steps)
