"""What a second opinion on causes and stages is worth: a chat model's, and those of judges with a known accuracy.

    WAYPOST_BENCH=DIR python -m eval.opinion_report [--chat openai:NAME --option base_url=URL ...] [--local]
                                                    [--at-once 8] [--most 438] [--trust 0.6] [--out FILE.json]

The labels moved are those of `eval.triage_report`: out-of-fold, of threads whose readers agree. A made-up judge is
right with its accuracy and errs on the other labels alike, drawn with a seed: it shows what any chat model of that
accuracy brings, and at which accuracy it starts to harm. `--chat` asks a real one, `--local` the tiny model of
`eval.real_model`. The accuracy that is printed for it is what `models.chat_opinion` should be.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from assistant.gaps.triage import CAUSES, STAGES
from assistant.gaps.triage.contact import ranked_label
from assistant.gaps.triage.features import whole_text
from assistant.gaps.triage.opinion import CAUSE_MEANINGS, STAGE_MEANINGS, meanings, persuaded
from assistant.gaps.triage.softmax import Floats
from assistant.models.embedder import load_embedder
from assistant.models.judging import LangChainJudge
from assistant.models.talk import ChatModel
from assistant.seams import Judge, Opinion
from eval.fit_triage import prepared, stratified_folds
from eval.real_model import local_model
from eval.triage_report import FOLDS, Prepared, cross_validated, figures, ours, tempered

ACCURACIES = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
_DRAWS = 5
_LABELS = (CAUSES, STAGES)


def told_by(judge: Judge, texts: Sequence[str], at_once: int = 8) -> list[Opinion | None]:
    """The judge's opinion on each text, `at_once` in a call as at night; None where the call failed."""
    causes, stages = meanings(CAUSES, CAUSE_MEANINGS), meanings(STAGES, STAGE_MEANINGS)
    found: list[Opinion | None] = []
    for at in range(0, len(texts), at_once):
        piece = texts[at : at + at_once]
        judged = judge.judge(piece, causes, stages)
        found += judged.opinions if judged.opinions is not None else [None] * len(piece)
        print(f"asked about {len(found)} of {len(texts)} {judged.notice}", flush=True)
    return found


def made_up(truth: Floats, labels: Sequence[str], accuracy: float, seed: int) -> list[str]:
    """Words of a judge who is right with probability `accuracy` and errs on the other labels alike.

    >>> made_up(np.array([1, 0]), ("a", "b"), 1.0, 0)
    ['b', 'a']
    """
    rng = np.random.default_rng(seed)
    wrong = (truth + rng.integers(1, len(labels), len(truth))) % len(labels)
    return [labels[int(i)] for i in np.where(rng.random(len(truth)) < accuracy, truth, wrong)]


def moved(shares: Floats, said: Sequence[str], labels: Sequence[str], trust: float) -> Floats:
    """The probabilities `(n, labels)` after an opinion on each row; an empty one moves nothing."""
    rows = []
    for row, word in zip(shares, said, strict=True):
        label = persuaded(ranked_label(dict(zip(labels, map(float, row), strict=True))), word, trust)
        rows.append([dict(label.distribution)[name] for name in labels])
    return np.array(rows)


def of_made_up_judges(shares: Floats, truth: Floats, labels: Sequence[str], trust: float | None) -> dict[str, Any]:
    """Mean figures after each made-up judge's words, taken to be right `trust` of the time, None for truly so."""
    table: dict[str, Any] = {}
    for accuracy in ACCURACIES:
        runs = [
            figures(moved(shares, made_up(truth, labels, accuracy, seed), labels, trust or accuracy), truth, labels)
            for seed in range(_DRAWS)
        ]
        table[f"{accuracy:.1f}"] = {key: round(float(np.mean([run[key] for run in runs])), 4) for key in runs[0]}
    return table


def of_judge(
    at: Prepared, which: int, shares: Floats, opinions: Mapping[int, Opinion | None], trust: float
) -> dict[str, float]:
    """Figures before and after a real judge's words, on the threads that it was asked about."""
    labels, tested = _LABELS[which], at.tested(which)
    rows = [row for row, place in enumerate(tested) if place in opinions]
    truth = at.truth(which, [tested[row] for row in rows])
    heard = [opinions[tested[row]] or Opinion() for row in rows]
    said = [(opinion.cause, opinion.stage)[which] for opinion in heard]
    right = sum(word == labels[int(t)] for word, t in zip(said, truth, strict=True))
    spoke = sum(bool(word) for word in said)
    before, after = shares[rows], moved(shares[rows], said, labels, trust)
    return {
        "threads": len(rows), "spoke": spoke, "accuracy_of_opinions": round((right + 1) / (spoke + 2), 4),
        **{f"{key}_before": round(value, 4) for key, value in figures(before, truth, labels).items()},
        **{f"{key}_after": round(value, 4) for key, value in figures(after, truth, labels).items()},
    }  # fmt: skip


def _judge(stack: ExitStack, chosen: argparse.Namespace) -> Judge | None:
    options: dict[str, Any] = dict(option.partition("=")[::2] for option in chosen.option)
    if chosen.local:
        chosen.chat = "openai:smollm2"
        options = {"base_url": stack.enter_context(local_model(8192)), "api_key": "none", "max_tokens": 400} | options
    return LangChainJudge(ChatModel(chosen.chat, options, deadline_s=300, attempts=2)) if chosen.chat else None


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print; with `--out`, write all figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chat")
    parser.add_argument("--option", action="append", default=[], help="NAME=VALUE for the chat model, repeatable.")
    parser.add_argument("--local", action="store_true")
    parser.add_argument("--at-once", type=int, default=8)
    parser.add_argument("--most", type=int, default=10_000)
    parser.add_argument("--trust", type=float, default=0.6)
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args(arguments)
    examples, described = prepared(Path(os.environ["WAYPOST_BENCH"]) / "thunderbird", load_embedder(threads=1))
    at = Prepared(tuple(examples), described)
    report: dict[str, Any] = {}
    with ExitStack() as stack:
        judge = _judge(stack, chosen)
        places = sorted({*at.tested(0), *at.tested(1)})[: chosen.most]
        said = (
            told_by(judge, [whole_text(examples[place].contact) for place in places], chosen.at_once) if judge else []
        )
    opinions = dict(zip(places, said, strict=True)) if said else {}
    for which, name in enumerate(("cause", "stage")):
        truth = at.truth(which, at.tested(which))
        raw = cross_validated(at, which, ours(at, which), further=True, seed=0)
        shares = tempered(raw, truth, stratified_folds(truth, FOLDS, 0))
        report[f"{name}, alone"] = figures(shares, truth, _LABELS[which])
        report[f"{name}, trusted as deserved"] = of_made_up_judges(shares, truth, _LABELS[which], None)
        report[f"{name}, trusted at {chosen.trust}"] = of_made_up_judges(shares, truth, _LABELS[which], chosen.trust)
        if opinions:
            report[f"{name}, {chosen.chat}"] = of_judge(at, which, shares, opinions, chosen.trust)
    for title, found in report.items():
        print(f"{title}: {json.dumps(found)}", flush=True)
    if chosen.out:
        chosen.out.write_text(json.dumps(report, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
