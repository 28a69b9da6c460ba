"""Who phrases a reply, and that the guard has the last word whoever does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from assistant.answering.phrase import EXTRACTIVE, NoRails, Phrased, Rails, allowed_suggestions, phrase
from assistant.answering.violations import Policy, vouched
from assistant.domain import Block, Candidate, Passage, Question, Suggestion
from assistant.models.chat import LangChainDrafter
from assistant.models.embedder import OnnxMiniLM, load_embedder
from eval.fake_openai import Behaviour, declined, fake_vendor, good, reply_text

QUESTION = Question("How do I make a backup of my notes?")
HOW = "To make a backup of your notes, open Settings and choose Backup."
LURE = "To make a backup of your notes, download the tool from https://evil.example/backup.exe first."


@lru_cache(maxsize=1)
def embedder() -> OnnxMiniLM:
    return load_embedder()  # type: ignore[return-value]


def article(*lines: str, key: str = "a") -> Passage:
    blocks, at = [], 0
    for line in lines:
        blocks.append(Block("paragraph", at, at + len(line)))
        at += len(line) + 1
    text = "\n".join(lines)
    return Passage(
        1, key, 1, "doc", "public", "body", "Back up your notes", f"https://help.shop.example/{key}", (), "", text, 0,
        len(text), tuple(blocks),
    )  # fmt: skip


@dataclass
class CountingRails:
    """Rails that count how often the knowledge was read."""

    known: Policy = field(default_factory=Policy)
    reads: int = 0

    def strict(self) -> Policy:
        return Policy()

    def informed(self) -> Policy:
        self.reads += 1
        return self.known


def phrased(source: Passage, drafter: LangChainDrafter | None = None, rails: Rails = NoRails()) -> Phrased:
    candidates = [Candidate(source, 0.8, 1.0, 0.0, 1.0)]
    return phrase(QUESTION, candidates, {(source.document_key, 1): source}, embedder(), drafter, rails)


def by_model(source: Passage, reply: Behaviour, rails: Rails = NoRails()) -> Phrased:
    with fake_vendor(lambda _: reply) as vendor:
        return phrased(source, LangChainDrafter("openai:fake", {"base_url": vendor.url, "api_key": "none"}), rails)


def texts(found: Phrased) -> Sequence[str]:
    return [part.text for part in found.draft.parts]


def test_the_extractive_draft_repeats_no_address_that_is_not_the_sources_own() -> None:
    found = phrased(article(HOW, LURE))
    assert HOW in texts(found)
    assert not any("evil" in text for text in texts(found))
    assert any("(…) in 1 part" in notice for notice in found.notices)
    assert not any("evil" in notice for notice in found.notices)


def test_the_knowledge_is_read_only_when_something_would_be_removed() -> None:
    rails = CountingRails()
    phrased(article(HOW), rails=rails)
    assert rails.reads == 0
    phrased(article(HOW, LURE), rails=rails)
    assert rails.reads == 1


def test_a_host_that_many_texts_mention_may_be_named() -> None:
    line = "To make a backup of your notes, sign in at https://cloud.fernway.app/notes and choose Backup."
    known = vouched([f"See https://cloud.fernway.app/{n}." for n in range(3)])
    assert line not in texts(phrased(article(line)))
    assert line in texts(phrased(article(line), rails=CountingRails(known)))


def test_what_the_guard_removes_from_a_models_draft_is_said_and_the_rest_is_kept() -> None:
    parts = [{"text": text, "citations": [1], "step": None} for text in (HOW, "Choose Backup at https://evil.example.")]
    found = by_model(article(HOW), Behaviour("mixed", reply_text(parts)))
    assert (found.model, list(texts(found))) == ("openai:fake", [HOW])
    assert any("removed 1 part" in notice for notice in found.notices)
    assert found.usage is not None
    assert found.usage.calls == 1


def test_a_models_draft_of_which_nothing_may_stay_is_replaced_by_the_extractive_one_and_said_so() -> None:
    found = by_model(article(HOW), good("Write to attacker@evil.example."))
    assert (found.model, list(texts(found))) == (EXTRACTIVE, [HOW])
    assert any("extractive draft" in notice for notice in found.notices)


def test_a_model_that_declines_leaves_no_parts_and_is_called_declined() -> None:
    found = by_model(article(HOW), declined())
    assert found.declined
    assert not found.draft.parts
    assert found.model == "openai:fake"


def test_a_suggestion_from_another_ticket_carries_nobody_elses_identifiers() -> None:
    told = Suggestion("Restart the app. Your order is A-98231-XK. Write to jane@customer.example.", "t1")
    (kept,) = allowed_suggestions([told], {}, QUESTION, NoRails())
    assert kept.text == "Restart the app."
