"""A chat model that only chooses: it may say sentences of the passages, none of its own; for small models.

Beside `prompts`, which asks a model to write. What is not a sentence that was offered is left out by code, whatever
the model was held to. Whether the passages answer at all is not asked here: a small model cannot tell, and the
decision from the retrieval stands in any case.
"""

from __future__ import annotations

import re
from copy import deepcopy
from typing import Any

from assistant.answering.language import one_line, sentences
from assistant.answering.prompts import JSON_ONLY, SCHEMA, Offer, Prompt, prompt
from assistant.answering.written import cleaned
from assistant.domain import Question, Style

COPYING_VERSION = "copy-1"

COPYING = """\
You answer a customer with sentences copied from numbered passages. Copy a sentence word for word and give the number
of its passage. Write nothing of your own, and no sentence twice. Three sentences are enough.

Example:
=== passage 1: Ring tones ===
Open Sounds. Choose a tone. Tones are stored on the device.
=== question ===
How do I change the ring tone?
Answer: {"answered": true, "parts": [{"text": "Open Sounds.", "citations": [1], "step": null},
{"text": "Choose a tone.", "citations": [1], "step": null}]}
"""

_LEAST_CHARS = 8
_LIST_MARK = re.compile(r"^(?:\d{1,3}\. |- )")


def copying_prompt(question: Question, offer: Offer, *, json_only: bool) -> Prompt:
    """The messages for one question, with a schema that holds the model to the sentences of the passages."""
    system = COPYING + (JSON_ONLY if json_only else "")
    return Prompt(system, prompt(question, offer, Style(), json_only=json_only).user, _schema(offer))


def copyable(offer: Offer) -> tuple[str, ...]:
    r"""The sentences of the passages as the model sees them, each once, without headings and list marks.

    >>> copyable(Offer((), ("## Sound\n1. (Windows) Open Sounds now. Choose a tone.",)))
    ('(Windows) Open Sounds now.', 'Choose a tone.')
    """
    lines = [
        _LIST_MARK.sub("", line) for text in offer.shown for line in text.split("\n") if not line.startswith("## ")
    ]
    found = [one_line(line[start:end]) for line in lines for start, end in sentences(line)]
    return tuple(dict.fromkeys(text for text in found if len(text) >= _LEAST_CHARS))


def allowed_texts(offer: Offer) -> frozenset[str]:
    """The sentences in the form in which `written.Mapper` compares a part with them."""
    return frozenset(cleaned(text) for text in copyable(offer))


def _schema(offer: Offer) -> dict[str, Any]:
    """`SCHEMA` for an answer in the offer's own sentences and numbers."""
    schema = deepcopy(SCHEMA)
    schema["properties"]["answered"] = {"type": "boolean", "enum": [True]}
    part = schema["properties"]["parts"]["items"]["properties"]
    part["text"] = {"type": "string", "enum": list(copyable(offer))}
    part["citations"] = {
        "type": "array", "minItems": 1, "items": {"type": "integer", "enum": list(range(1, len(offer.passages) + 1))},
    }  # fmt: skip
    part["step"] = {"type": "null"}
    return schema
