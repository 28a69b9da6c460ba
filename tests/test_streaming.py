"""A draft as it is made: the same content as the plain form, nothing shown that is taken back, no thread left."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import httpx
import pytest
import uvicorn
from answering_desk import WIFI, Desk, modest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.answering.heard import HeardParts
from assistant.answering.written import read_reply
from eval.fake_openai import Behaviour, reply_text

GAP = "Can the zither of my aunt be tuned by telegraph?"
HEADERS = {"Authorization": "Bearer local-token"}


@pytest.fixture
def plain(answering_desks: tuple[Desk, Desk]) -> Desk:
    return answering_desks[0]


@pytest.fixture
def desk(answering_desks: tuple[Desk, Desk]) -> Desk:
    assert answering_desks[1].vendor is not None
    answering_desks[1].vendor.script = modest
    deadline(answering_desks[1], 20.0)
    return answering_desks[1]


def events(text: str) -> list[tuple[str, Any]]:
    """What a stream of server-sent events says, its beats left out."""
    found = []
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line and not line.startswith(":"))
        if lines:
            found.append((lines["event"], json.loads(lines["data"])))
    return found


def streamed(desk: Desk, text: str = WIFI, **more: Any) -> list[tuple[str, Any]]:
    response = desk.client.post("/v1/drafts:stream", json={"text": text, **more}, headers=HEADERS)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"].startswith("text/event-stream")
    return events(response.text)


def lasting(answer: Any) -> Any:
    """What does not differ between two answers to one question."""
    return {name: answer[name] for name in answer if name not in ("id", "draft_id", "timings_ms")}


@pytest.mark.parametrize("text", [WIFI, GAP])
def test_without_a_model_the_stream_says_what_the_plain_form_says(plain: Desk, text: str) -> None:
    found = streamed(plain, text)
    whole = found[-1][1]
    assert [name for name, _ in found if name != "delta"] == ["sources", "citations", "done"]
    assert lasting(whole) == lasting(plain.draft(text))
    assert [data["text"] for name, data in found if name == "delta"] == [part["text"] for part in whole["parts"]]
    (cited,) = [data for name, data in found if name == "citations"]
    assert cited["parts"] == [part["citations"] for part in whole["parts"]]
    assert cited["sources"] == whole["sources"]
    listed = {source["document_id"] for source in found[0][1]["sources"]}
    assert {source["document_id"] for source in whole["sources"]} <= listed


def test_with_a_model_both_forms_say_the_same(desk: Desk) -> None:
    found = streamed(desk)
    whole = found[-1][1]
    assert whole["model"] == "openai:fake"
    assert lasting(whole) == lasting(desk.draft())
    assert [data["text"] for name, data in found if name == "delta"] == [part["text"] for part in whole["parts"]]
    assert desk.get(f"/v1/drafts/{whole['draft_id']}")["parts"] == whole["parts"]


def test_a_part_that_does_not_hold_is_never_shown(desk: Desk) -> None:
    sound = json.loads(modest_reply(desk))
    wrong = [
        {"text": "Visit https://evil.example/now to fix it.", "citations": [1], "step": None},
        {"text": "Pay 999 pounds to the king of the moon.", "citations": [1], "step": None},
        {"text": "Nothing cites this.", "citations": [77], "step": None},
    ]
    set_reply(desk, reply_text([*wrong, *sound["parts"]]))
    found = streamed(desk)
    told = json.dumps([data for name, data in found if name == "delta"])
    assert "evil" not in told
    assert "999" not in told
    assert "Nothing cites" not in told
    assert len([1 for name, _ in found if name == "delta"]) == len(found[-1][1]["parts"]) > 0


def test_a_gap_shows_no_part_even_when_the_model_writes_some(desk: Desk) -> None:
    found = streamed(desk, GAP)
    assert found[-1][1]["verdict"] == "gap"
    assert not [data for name, data in found if name == "delta"]


@pytest.mark.parametrize("wire", ["cut", "half"])
def test_a_reply_that_breaks_off_ends_with_its_last_part_and_says_so(desk: Desk, wire: str) -> None:
    content = modest_reply(desk)
    parts = json.loads(content)["parts"]
    padded = json.dumps({"answered": True, "parts": parts, "rest": "x" * len(content)})
    assert desk.vendor is not None
    desk.vendor.stall_s = 30.0
    desk.vendor.script = lambda _: Behaviour("broken", padded, wire=wire)
    found = streamed(desk) if wire == "cut" else streamed(impatient(desk))
    whole = found[-1][1]
    shown = [data["text"] for name, data in found if name == "delta"]
    assert shown == [part["text"] for part in whole["parts"]]
    if whole["model"] == "openai:fake":
        assert whole["verdict"] == "partial"
        assert any("broke off" in warning for warning in whole["warnings"])
    else:
        assert any("chat_model" in warning for warning in whole["warnings"])


def impatient(desk: Desk) -> Desk:
    deadline(desk, 2.0)
    return desk


def deadline(desk: Desk, seconds: float) -> None:
    assert desk.home.chat_model is not None
    desk.home.chat_model.model._deadline_s = seconds


def modest_reply(desk: Desk) -> str:
    """What the modest model writes about the question."""
    assert desk.vendor is not None
    desk.vendor.script = modest
    desk.draft()
    return str(modest(desk.vendor.bodies[-1]).content)


def set_reply(desk: Desk, content: str) -> None:
    assert desk.vendor is not None
    desk.vendor.script = lambda _: Behaviour("set", content)


def test_a_wrong_request_is_a_problem_and_no_stream(plain: Desk) -> None:
    response = plain.client.post("/v1/drafts:stream", json={"text": " "}, headers=HEADERS)
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert plain.client.post("/v1/drafts:stream", json={"text": WIFI}).status_code == 401


def test_the_same_key_streams_the_same_draft(plain: Desk) -> None:
    headers = {**HEADERS, "Idempotency-Key": "stream-once"}
    first, second = (
        events(plain.client.post("/v1/drafts:stream", json={"text": WIFI}, headers=headers).text) for _ in range(2)
    )
    assert first[-1] == second[-1]
    other = plain.client.post("/v1/drafts:stream", json={"text": GAP}, headers=headers)
    assert events(other.text)[-1][0] == "error"


def test_a_language_without_a_model_says_which_setting_is_missing(plain: Desk, desk: Desk) -> None:
    body = {"text": WIFI, "options": {"language": "German"}}
    assert "models.chat" in plain.post("/v1/drafts", body, status=422)["detail"]
    answer = desk.post("/v1/drafts", body)
    assert answer["rewritten"] == "in German"
    assert answer["parent_id"]


def test_tone_and_length_reach_the_model(desk: Desk) -> None:
    desk.post("/v1/drafts", {"text": WIFI, "options": {"tone": "formal", "length": "short"}})
    assert desk.vendor is not None
    said = str(desk.vendor.bodies[-1]["messages"][0]["content"])
    assert "formal and courteous" in said
    assert "at most 4 parts" in said


# --- over a real connection --------------------------------------------------------------------------------------


@contextmanager
def listening(desk: Desk) -> Iterator[str]:
    """The desk's application on a port of its own."""
    server = uvicorn.Server(uvicorn.Config(desk.client.app, port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


def test_a_reader_who_leaves_ends_the_work_and_leaves_no_thread(desk: Desk) -> None:
    assert desk.vendor is not None
    content = modest_reply(desk)
    desk.vendor.stall_s = 60.0
    desk.vendor.script = lambda _: Behaviour("slow", content + " " * 4_000, wire="half")
    deadline(desk, 60.0)
    with listening(desk) as url:
        names = {"draft-stream", "chat-model"}
        for _ in range(5):
            body = {"text": WIFI}
            with (
                httpx.Client(trust_env=False, timeout=30) as client,
                client.stream("POST", f"{url}/v1/drafts:stream", json=body, headers=HEADERS) as response,
            ):
                for line in response.iter_lines():
                    if line == "event: delta":
                        break
        until = time.monotonic() + 20
        while time.monotonic() < until and any(thread.name in names for thread in threading.enumerate()):
            time.sleep(0.1)
        assert not [thread for thread in threading.enumerate() if thread.name in names]
    latest = desk.get("/v1/drafts")[0]
    assert latest["question"] == WIFI, "the question still counts"


def test_the_first_part_comes_before_the_model_has_finished(desk: Desk) -> None:
    assert desk.vendor is not None
    content = modest_reply(desk)
    desk.vendor.stall_s = 3.0
    desk.vendor.script = lambda _: Behaviour("slow", content + " " * len(content), wire="half")
    deadline(desk, 20.0)
    with listening(desk) as url, httpx.Client(trust_env=False, timeout=60) as client:
        begun, first = time.monotonic(), 0.0
        with client.stream("POST", f"{url}/v1/drafts:stream", json={"text": WIFI}, headers=HEADERS) as response:
            for line in response.iter_lines():
                if line == "event: delta" and not first:
                    first = time.monotonic() - begun
        whole = time.monotonic() - begun
    assert 0 < first < whole - 2.0


# --- reading a reply while it is written -------------------------------------------------------------------------

TEXT = reply_text(
    [
        {"text": "Open it, then } close.", "citations": [1], "step": 1},
        {"text": "Done \\ {", "citations": [2], "step": None},
    ]
)


@given(st.lists(st.integers(0, len(TEXT)), max_size=8))
@settings(max_examples=200, deadline=None)
def test_however_a_reply_is_cut_into_pieces_its_parts_are_the_same(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(TEXT)]
    heard = HeardParts()
    found = [part for a, b in pairwise(edges) for part in heard.feed(TEXT[a:b])]
    assert tuple(found) == read_reply(TEXT).parts


@pytest.mark.parametrize(
    "text",
    [
        reply_text([], answered=False),
        '{"parts": [{"text": "x", "citations": [1]}], "answered": false}',
        '{"answered": true, "parts": [{"text": 7, "citations": [1]}]}',
        '{"answered": true, "parts": "none"}',
        "Sure! " * 2_000,
        '{"answered": true, "parts": [[[[',
    ],
)
def test_what_cannot_be_believed_before_its_end_gives_no_part(text: str) -> None:
    assert HeardParts().feed(text) == []
