"""What a chat model writes without support never reaches a reply, and the agent is told; who is greeted, and how."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from answering_desk import WIFI, Desk, modest, told

from assistant.answering.resolutions import last_resolution
from assistant.domain import Block, Passage
from eval.fake_openai import Behaviour, Payload, reply_text

Desks = tuple[Desk, Desk]


def adds(false: str, *, keeps: bool) -> Callable[[Payload], Behaviour]:
    """A model that writes `false`, cited, alone or after what the passages say."""

    def script(payload: Payload) -> Behaviour:
        said = json.loads(modest(payload).content or "{}")["parts"] if keeps else []
        return Behaviour("false", reply_text([*said, {"text": false, "citations": [1], "step": None}]))

    return script


FALSE = "The display must be sent to Norway for 900 dollars."


def test_a_models_draft_without_any_support_is_replaced_and_that_is_said(answering_desks: Desks) -> None:
    plain, desk = answering_desks
    assert desk.vendor is not None
    desk.vendor.script = adds(FALSE, keeps=False)
    answer, expected = desk.draft(), plain.draft()
    assert answer["verdict"] == expected["verdict"] != "gap"
    assert [part["text"] for part in answer["parts"]] == [part["text"] for part in expected["parts"]]
    assert answer["model"] == "extractive"
    assert any("no source supports any part" in warning for warning in answer["warnings"])
    assert answer["usage"]["calls"] == 1


def test_parts_without_support_are_left_out_and_counted(answering_desks: Desks) -> None:
    desk = answering_desks[1]
    assert desk.vendor is not None
    desk.vendor.script = adds(FALSE, keeps=True)
    answer = desk.draft(WIFI)
    assert answer["parts"]
    assert "Norway" not in str(answer["parts"])
    assert answer["model"] == "openai:fake"
    (lost,) = (one for one in answer["warnings"] if f"1 of its {len(answer['parts']) + 1} parts are left out" in one)
    assert '"900 dollars"' in lost
    assert '"norway"' in lost


def test_words_in_doubt_are_in_the_json_and_stay_with_the_stored_draft(answering_desks: Desks) -> None:
    plain, desk = answering_desks
    assert all(part["unsupported"] == [] and part["support"] == 1.0 for part in plain.draft(WIFI)["parts"])
    assert desk.vendor is not None

    def reworded(payload: Payload) -> Behaviour:
        said = json.loads(modest(payload).content or "{}")["parts"]
        return Behaviour("reworded", reply_text([{**part, "text": f"Kindly: {part['text']}"} for part in said]))

    desk.vendor.script = reworded
    answer = desk.draft(WIFI)
    doubted = [part for part in answer["parts"] if "kindly" in part["unsupported"]]
    assert doubted
    assert all(0.5 <= part["support"] < 1.0 for part in doubted)
    assert desk.get(f"/v1/drafts/{answer['draft_id']}")["parts"] == answer["parts"]


def test_a_unit_that_a_model_turns_is_left_out_and_named(answering_desks: Desks) -> None:
    desk = answering_desks[1]
    assert desk.vendor is not None

    def turned(payload: Payload) -> Behaviour:
        found = re.search(r"=== passage (\d+):(?:(?!=== ).)*?\n[-\d. ]*([^\n]*\b5 GHz[^\n]*)", told(payload), re.S)
        assert found is not None, "no passage names the band"
        texts = (found[2].replace("GHz", "MHz"), found[2])
        return Behaviour("turned", reply_text([{"text": t, "citations": [int(found[1])], "step": None} for t in texts]))

    desk.vendor.script = turned
    answer = desk.draft("Does the display connect to a 5 GHz Wi-Fi network or only to 2.4 GHz?")
    assert answer["model"] == "openai:fake"
    assert all("MHz" not in part["text"] for part in answer["parts"])
    (lost,) = (one for one in answer["warnings"] if "1 of its 2 parts are left out" in one)
    assert "5 MHz" in lost


def said(text: str, number: int) -> Passage:
    return Passage(
        number, "t", 1, "ticket", "internal", "resolution", "T", "", (), "", text, 0, len(text),
        (Block("agent", 0, len(text)),),
    )  # fmt: skip


def test_how_a_ticket_ended_is_the_last_thing_that_says_something() -> None:
    question = said("Which name was at the top of the screen when it failed?", 1)
    cure = said("Sign out on the display, sign in as the owner, and it is back.", 2)
    farewell = said("You're welcome.", 3)
    found = last_resolution([question, cure, farewell])
    assert found is not None
    assert found.text == cure.text
    assert last_resolution([farewell]) is None
    assert last_resolution([]) is None
