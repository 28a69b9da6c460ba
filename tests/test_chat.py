"""The chat model's drafter against a vendor that misbehaves: a draft or a reason, in time, nothing raised."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from assistant.domain import Block, Candidate, Part, Passage, Question, Usage
from assistant.errors import ChatModelError, SettingsError
from assistant.models.chat import LangChainDrafter, Manner
from assistant.models.failures import classified, pause_s, retry_after_s
from assistant.models.talk import Clock
from assistant.models.vendor import Prices
from assistant.seams import Written
from eval.fake_openai import Behaviour, FakeVendor, declined, fake_vendor, faults, good, reply_text
from eval.injection_report import fault_report

TEXT = "Open Settings and choose Backup. The copy is kept in the folder."
SOURCE = Passage(
    1, "a", 1, "doc", "public", "body", "Backups", "https://help.shop.example/a", (), "", TEXT, 0, len(TEXT),
    (Block("paragraph", 0, len(TEXT)),),
)  # fmt: skip
SAID = "Open Settings and choose Backup."


class _Waits:
    """A clock whose sleeps take no time but count against the deadline."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return time.monotonic() + sum(self.slept)

    def clock(self) -> Clock:
        return Clock(monotonic=self.monotonic, sleep=self.slept.append, uniform=lambda low, high: high)


def drafted(
    *behaviours: Behaviour, attempts: int = 3, deadline_s: float = 60.0, **options: Any
) -> tuple[Written, FakeVendor, list[float]]:
    """One draft against a vendor that answers with the behaviours in turn, the last one for ever."""
    script = list(behaviours)
    waits = _Waits()
    with fake_vendor(lambda _: script.pop(0) if len(script) > 1 else script[0], stall_s=2.0) as vendor:
        chosen = {"base_url": vendor.url, "api_key": "none", **options}
        drafter = LangChainDrafter("openai:fake", chosen, deadline_s, attempts, clock=waits.clock())
        written = drafter.draft(Question("How do I back up?"), [Candidate(SOURCE, 0.8, 1.0, 0.0, 1.0)])
    return written, vendor, waits.slept


def texts(written: Written) -> Sequence[str]:
    return [part.text for part in written.draft.parts] if written.draft else []


def test_a_valid_reply_becomes_a_cited_draft_with_its_tokens() -> None:
    written, vendor, _ = drafted(good(SAID))
    assert texts(written) == [SAID]
    assert written.usage == Usage(120, 30, 1)
    assert (written.model, written.prompt_version, written.notice) == ("openai:fake", "draft-2", "")
    assert "tools" not in vendor.bodies[0]


@pytest.mark.parametrize("method", ["text", "json_mode", "json_schema"])
@pytest.mark.parametrize("streaming", [False, True])
def test_each_way_to_give_the_schema_works_whole_and_streamed(method: str, streaming: bool) -> None:
    written, vendor, _ = drafted(good(SAID), structured_output=method, streaming=streaming)
    assert texts(written) == [SAID], written.notice
    kind = {"json_mode": "json_object", "json_schema": "json_schema"}.get(method)
    assert vendor.bodies[0].get("response_format", {}).get("type") == kind


def test_a_schema_given_as_a_function_is_read_from_its_arguments() -> None:
    call = {"id": "c", "type": "function", "function": {"name": "SupportReply", "arguments": good(SAID).content}}
    behaviour = Behaviour("call", None, message=(("tool_calls", [call]),), finish="tool_calls")
    written, _, _ = drafted(behaviour, structured_output="function_calling")
    assert texts(written) == [SAID]


def test_a_model_that_declines_gives_an_empty_draft_and_says_so() -> None:
    written, _, _ = drafted(declined())
    assert written.declined
    assert written.draft is not None
    assert not written.draft.parts


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_refusal_is_never_retried(status: int) -> None:
    written, vendor, _ = drafted(Behaviour("refused", status=status))
    assert written.draft is None
    assert str(status) in written.notice
    assert vendor.requests == 1


@pytest.mark.parametrize("status", [429, 500, 503, 529])
def test_an_overload_is_retried_with_growing_waits(status: int) -> None:
    written, vendor, slept = drafted(Behaviour("busy", status=status))
    assert written.draft is None
    assert vendor.requests == 3
    assert slept == [0.5, 1.0]
    assert drafted(Behaviour("busy", status=status), good(SAID))[0].draft is not None


def test_retry_after_is_honoured_in_seconds_and_as_a_date() -> None:
    _, _, slept = drafted(Behaviour("busy", status=429, headers=(("retry-after", "3"),)), good(SAID))
    assert slept == [3.5]
    _, _, slept = drafted(Behaviour("busy", status=503, headers=(("retry-after", "Thu, 01 Jan 2099 00:00:00 GMT"),)))
    assert slept == []


def test_a_retry_after_beyond_the_deadline_ends_at_once() -> None:
    written, vendor, slept = drafted(Behaviour("busy", status=429, headers=(("retry-after", "600"),)))
    assert vendor.requests == 1
    assert slept == []
    assert "600 s" in written.notice


def test_an_unreadable_reply_is_sent_back_once() -> None:
    written, vendor, slept = drafted(Behaviour("prose", "Sure, open it!"), good(SAID))
    assert texts(written) == [SAID]
    assert slept == [0.0]
    assert "Return only the JSON object" in str(vendor.bodies[1]["messages"])
    written, vendor, _ = drafted(Behaviour("prose", "Sure, open it!"))
    assert written.draft is None
    assert vendor.requests == 2
    assert written.usage == Usage(240, 60, 2)


def test_each_call_is_priced_where_the_vendor_tells_no_cost() -> None:
    told = replace(good(SAID), usage={"prompt_tokens": 120, "completion_tokens": 30, "total_tokens": 150, "cost": 0.5})
    script = [Behaviour("prose", "Sure, open it!"), told]
    with fake_vendor(lambda _: script.pop(0)) as vendor:
        options = {"base_url": vendor.url, "api_key": "none"}
        drafter = LangChainDrafter("openai:fake", options, 30.0, 3, prices=Prices(2.0, 10.0))
        written = drafter.draft(Question("How do I back up?"), [Candidate(SOURCE, 0.8, 1.0, 0.0, 1.0)])
    assert written.usage is not None
    assert written.usage.cost == pytest.approx(0.5 + (120 * 2.0 + 30 * 10.0) / 1e6)


@pytest.mark.parametrize("streaming", [False, True])
def test_a_model_that_may_only_choose_is_held_to_the_passages_sentences(streaming: bool) -> None:
    own = {"text": "Open Settings, then Backup.", "citations": [1], "step": None}
    other = replace(SOURCE, chunk_id=2, document_key="b", title="Not shown")
    said = Behaviour("choice", reply_text([own, {**own, "text": SAID}]))
    listener = _Follows() if streaming else None
    with fake_vendor(lambda _: said) as vendor:
        options = {"base_url": vendor.url, "api_key": "none", "structured_output": "json_schema"}
        drafter = LangChainDrafter("openai:fake", options, 30.0, 3, manner=Manner(wording="copied", passages=1))
        candidates = [Candidate(one, 0.8, 1.0, 0.0, 1.0) for one in (SOURCE, other)]
        written = drafter.draft(Question("How do I back up?"), candidates, listener=listener)
    assert texts(written) == [SAID]
    assert written.prompt_version == "copy-1"
    assert "words of its own (1)" in written.notice
    assert listener is None or [part.text for part in listener.shown] == [SAID]
    asked = vendor.bodies[0]
    assert "Not shown" not in str(asked["messages"])
    part = asked["response_format"]["json_schema"]["schema"]["properties"]["parts"]["items"]["properties"]
    assert part["text"]["enum"] == [SAID, "The copy is kept in the folder."]
    assert part["citations"]["items"]["enum"] == [1]


@pytest.mark.parametrize("wire", ["stall", "half", "drip"])
@pytest.mark.parametrize("streaming", [False, True])
def test_a_hanging_vendor_ends_at_the_deadline(wire: str, streaming: bool) -> None:
    written, _, _ = drafted(Behaviour("slow", good(SAID).content, wire=wire), deadline_s=0.6, streaming=streaming)
    assert written.draft is None
    assert "deadline" in written.notice


def test_fifty_megabytes_are_not_read_to_the_end() -> None:
    written, vendor, _ = drafted(Behaviour("huge", wire="endless"))
    assert "larger than 4 MB" in written.notice
    assert vendor.requests == 1


def test_a_redirect_is_not_followed() -> None:
    moved = Behaviour("moved", status=307, headers=(("location", "http://127.0.0.1:9/"),), raw=b"")
    written, vendor, _ = drafted(moved)
    assert "redirects" in written.notice
    assert vendor.requests == 1


def test_a_dead_address_and_bad_tls_are_notices() -> None:
    candidates = [Candidate(SOURCE, 0.8, 1.0, 0.0, 1.0)]
    with fake_vendor(lambda _: good(SAID)) as vendor:
        for url in ("http://127.0.0.1:9/v1", vendor.url.replace("http:", "https:")):
            drafter = LangChainDrafter("openai:fake", {"base_url": url, "api_key": "none"}, 5.0, 1)
            written = drafter.draft(Question("?"), candidates)
            assert written.draft is None
            assert "connection" in written.notice


def test_seeded_faults_end_in_a_typed_outcome_inside_the_deadline() -> None:
    report = fault_report(90, seed=3, deadline_s=1.0, workers=6, grace_s=3.0)
    assert not report.unhandled
    assert not report.untyped
    assert report.late == 0, f"longest {report.longest_s:.2f} s"
    assert report.refused_again == 0
    assert report.most_calls <= 3
    assert set(report.outcomes) == {"draft", "declined", "notice"}
    assert report.threads_left == 0


class _Follows:
    """A listener that shows whatever it gets."""

    is_gone = False

    def __init__(self) -> None:
        self.shown: list[Part] = []

    def part(self, part: Part) -> bool:
        self.shown.append(part)
        return True


def followed(kind: Behaviour, method: str, deadline_s: float = 1.5) -> tuple[Written, _Follows, float, int]:
    """One draft that is followed, against a vendor that always does the same; with its seconds and calls."""
    listener = _Follows()
    with fake_vendor(lambda _: kind, stall_s=3.0) as vendor:
        options = {"base_url": vendor.url, "api_key": "none", "structured_output": method}
        drafter = LangChainDrafter("openai:fake", options, deadline_s, 2)
        drafter.load()
        begun = time.monotonic()
        candidates = [Candidate(SOURCE, 0.8, 1.0, 0.0, 1.0)]
        written = drafter.draft(Question("How do I back up?"), candidates, listener=listener)
        return written, listener, time.monotonic() - begun, vendor.requests


def test_whatever_a_vendor_does_while_it_is_followed_nothing_shown_is_taken_back() -> None:
    kinds = faults(SAID)
    methods = ("text", "json_mode", "json_schema", "function_calling")
    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(lambda n: followed(kinds[n], methods[n % 4]), range(len(kinds))))
    for kind, (written, listener, seconds, calls) in zip(kinds, outcomes, strict=True):
        kept = list(written.draft.parts) if written.draft else []
        assert kept[: len(listener.shown)] == listener.shown, kind.name
        assert written.draft is not None or written.notice, kind.name
        assert seconds < 1.5 + 3.0, kind.name
        assert calls <= 2, kind.name


def test_a_followed_reply_that_breaks_off_keeps_what_was_shown_and_asks_for_no_other() -> None:
    two = [
        {"text": SAID, "citations": [1], "step": None},
        {"text": "The copy is kept in the folder.", "citations": [1], "step": None},
    ]
    written, listener, _, calls = followed(Behaviour("cut", reply_text([*two, *two, *two]), wire="cut"), "text")
    assert [part.text for part in listener.shown] == [SAID, "The copy is kept in the folder."]
    assert written.cut
    assert written.draft is not None
    assert list(written.draft.parts) == listener.shown
    assert "broke off" in written.notice
    assert calls == 1


def test_a_listener_who_leaves_ends_the_call_long_before_the_deadline() -> None:
    class Leaves(_Follows):
        is_gone = True

    with fake_vendor(lambda _: Behaviour("slow", good(SAID).content, wire="half"), stall_s=30.0) as vendor:
        drafter = LangChainDrafter("openai:fake", {"base_url": vendor.url, "api_key": "none"}, 30.0, 3)
        drafter.load()
        begun = time.monotonic()
        written = drafter.draft(Question("?"), [Candidate(SOURCE, 0.8, 1.0, 0.0, 1.0)], listener=Leaves())
        assert time.monotonic() - begun < 10
        assert written.draft is None
        assert "nobody waits" in written.notice
        assert vendor.requests <= 1


def test_a_vendor_that_counts_no_tokens_is_estimated() -> None:
    written, _, _ = drafted(replace(good(SAID), usage=None))
    assert written.usage is not None
    assert written.usage.input_tokens > 100
    assert written.usage.output_tokens > 10


class _Hanging:
    """Stands for a provider's package without time-outs."""

    def invoke(self, messages: Sequence[Any]) -> None:
        time.sleep(1.5)


def test_an_integration_that_ignores_time_outs_cannot_hold_the_deadline_up() -> None:
    drafter = LangChainDrafter("openai:fake", {"base_url": "http://127.0.0.1:9/v1", "api_key": "none"}, 0.3, 1)
    drafter.load()
    drafter.model._model = _Hanging()
    begun = time.monotonic()
    written = drafter.draft(Question("?"), [Candidate(SOURCE, 0.8, 1.0, 0.0, 1.0)])
    assert time.monotonic() - begun < 1.2
    assert "deadline" in written.notice


def test_a_wrong_setting_is_refused_before_anything_runs() -> None:
    with pytest.raises(SettingsError, match="provider:model"):
        LangChainDrafter("gpt")
    with pytest.raises(SettingsError, match="structured_output"):
        LangChainDrafter("openai:x", {"structured_output": "magic"})


def test_a_missing_integration_is_a_chat_model_error_at_load_and_a_notice_in_a_draft() -> None:
    drafter = LangChainDrafter("nosuchvendor:model")
    with pytest.raises(ChatModelError, match="langchain-nosuchvendor"):
        drafter.load()
    assert drafter.draft(Question("?"), [Candidate(SOURCE, 0.8, 1.0, 0.0, 1.0)]).draft is None


def test_making_a_drafter_imports_no_langchain() -> None:
    code = (
        "import sys; from assistant.models.chat import LangChainDrafter; LangChainDrafter('openai:x'); "
        "print([m for m in sys.modules if m.startswith(('langchain', 'openai'))])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert shown.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("0.25", 0.25),
        ("-3", 0.001),
        ("Thu, 01 Jan 2026 00:01:00 GMT", 60.0),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("", None),
    ],
)
def test_retry_after_is_read_or_ignored(value: str, seconds: float | None) -> None:
    assert retry_after_s({"retry-after": value}, datetime(2026, 1, 1, tzinfo=UTC)) == seconds


def test_the_wait_is_drawn_below_a_doubling_cap() -> None:
    assert [pause_s(n, None, lambda low, high: high) for n in (1, 2, 3, 9)] == [0.5, 1.0, 2.0, 8.0]


def test_an_exception_nobody_knows_is_a_reason_without_its_words() -> None:
    failure = classified(RuntimeError("key sk-123 is wrong"), datetime.now(UTC))
    assert "sk-123" not in str(failure)
    assert "RuntimeError" in str(failure)
