"""The gap log over HTTP: who may do what, every change shown and taken back, shapes as documented."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient
from test_gap_log import crowd

from assistant.api.app import create_app
from assistant.api.auth import RIGHTS, Doorkeeper
from assistant.api.services import IndexStatus, Services
from assistant.records import NewSignal
from assistant.store.contacts import Contacts
from assistant.store.signals import Signals
from ui.home import Home, open_home
from ui.intake import Intake

NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    found = open_home(tmp_path_factory.mktemp("gap-api"), create=True)
    Contacts(found.database).add_all(crowd(per_topic=7))
    found.gap_log.night()
    yield found
    found.close()


@pytest.fixture(scope="module")
def client(home: Home) -> Iterator[TestClient]:
    index = home.owned_index()
    services = Services(
        home.desk(home.assistant(index, lambda: index.name)), home.database, home.knowledge, home.corpus,
        Intake(home, index, serving=True), lambda: IndexStatus(index.name, index.state, index.notice), home.gap_log,
        lambda: home.retest(index),
    )  # fmt: skip
    app = create_app(services, Doorkeeper(home.keys, "local-token"))
    with TestClient(app, raise_server_exceptions=False) as found:
        yield found
    index.close()


@pytest.fixture(scope="module")
def keys(home: Home) -> dict[str, dict[str, str]]:
    made = {role: home.keys.create(role, role) for role in RIGHTS}  # type: ignore[arg-type]
    return {role: {"Authorization": f"Bearer {key}"} for role, key in made.items()}


@pytest.fixture
def top(client: TestClient, keys: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/v1/themes", headers=keys["agent"]).json()["themes"][0]
    return found


def test_the_list_has_the_documented_shape(client: TestClient, keys: dict[str, Any]) -> None:
    found = client.get("/v1/themes", headers=keys["agent"], params={"limit": 2}).json()
    assert set(found) == {
        "period", "currency", "all_contacts", "unthemed", "total", "by_status", "channels", "themes", "stages",
    }  # fmt: skip
    assert len(found["themes"]) == 2 <= found["total"]
    line = found["themes"][0]
    assert {"id", "name", "cause", "stage", "cost", "weeks", "quotes", "signals", "moved", "answered"} <= set(line)
    assert 0 <= line["asked"] <= line["contacts"]
    assert line["hourly_rate"]["low"] < line["hourly_rate"]["typical"] < line["hourly_rate"]["high"]
    assert line["cost"]["low"] < line["cost"]["typical"] < line["cost"]["high"]
    assert client.get("/v1/themes", headers=keys["agent"], params={"since": "x"}).status_code == 422
    assert client.get("/v1/themes").status_code == 401


def test_evidence_counts_contacts_and_names_the_documents(
    client: TestClient, keys: dict[str, Any], top: dict[str, Any], home: Home
) -> None:
    contact = client.get(f"/v1/themes/{top['id']}/contacts", headers=keys["agent"]).json()["contacts"][0]
    said = {"draft_id": "d9", "reasons": ["wrong"], "note": "It names the old menu."}
    Signals(home.database).add_all(
        [
            NewSignal(f"rejected:9:{key}", "rejected", NOW, contact["id"], None, key, None, "avi", said)
            for key in ("a.md", "b.md")
        ]
    )
    found = client.get(f"/v1/themes/{top['id']}/evidence", headers=keys["agent"]).json()
    rejected = next(each for each in found["signals"] if each["type"] == "rejected")
    assert (rejected["contacts"], len(rejected["evidence"])) == (1, 1)
    evidence = rejected["evidence"][0]
    assert [each["document_id"] for each in evidence["sources"]] == ["b.md", "a.md"]
    assert evidence["said"]["note"] == "It names the old menu."
    assert evidence["question"]
    listed = client.get("/v1/themes", headers=keys["agent"], params={"signal": "rejected"}).json()
    assert [each["id"] for each in listed["themes"]] == [top["id"]]
    assert listed["themes"][0]["rank"] == top["rank"]
    assert client.get("/v1/themes", headers=keys["agent"], params={"signal": "nonsense"}).status_code == 422


def test_a_cause_is_one_of_six_and_a_reason_says_something(
    client: TestClient, keys: dict[str, Any], top: dict[str, Any]
) -> None:
    unknown = client.patch(f"/v1/themes/{top['id']}", headers=keys["designer"], json={"cause": "banana"})
    assert unknown.status_code == 422
    contact = top["quotes"][0]["contact_id"]
    for body in ({"cause": "banana"}, {}):
        refused = client.put(f"/v1/contacts/{contact}/reason", headers=keys["agent"], json=body)
        assert refused.status_code == 422, body


def test_a_designer_works_a_theme_and_takes_it_back_and_an_agent_may_not(
    client: TestClient, keys: dict[str, Any], top: dict[str, Any]
) -> None:
    path = f"/v1/themes/{top['id']}"
    assert client.patch(path, json={"status": "accepted"}, headers=keys["agent"]).status_code == 403
    changed = client.patch(path, json={"status": "accepted", "cause": "design"}, headers=keys["designer"]).json()
    assert (changed["status"], changed["cause"]["label"], changed["cause"]["by"]) == ("accepted", "design", "designer")
    assert client.patch(path, json={"status": "nonsense"}, headers=keys["designer"]).status_code == 422
    assert client.patch(path, json={"tracker": "javascript:alert(1)"}, headers=keys["designer"]).status_code == 422
    back = client.post(f"{path}/undo", json={}, headers=keys["designer"]).json()
    assert (back["status"], back["cause"]["by"]) == ("new", "")
    assert [h["action"] for h in back["history"]] == ["found", "set", "undo"]
    assert client.get("/v1/themes/T999", headers=keys["agent"]).status_code == 404


def test_an_agent_proposes_flags_and_listens(client: TestClient, keys: dict[str, Any], top: dict[str, Any]) -> None:
    path = f"/v1/themes/{top['id']}"
    agent = keys["agent"]
    headers = {**agent, "Idempotency-Key": "k1"}
    first = client.post(f"{path}/proposals", json={"text": "A clearer label"}, headers=headers).json()
    assert client.post(f"{path}/proposals", json={"text": "A clearer label"}, headers=headers).json() == first
    other = client.post(f"{path}/proposals", json={"text": "Something else"}, headers=headers)
    assert (other.status_code, "other words" in other.json()["detail"]) == (422, True)
    elsewhere = next(t for t in client.get("/v1/themes", headers=agent).json()["themes"] if t["id"] != top["id"])
    note = client.post(f"/v1/themes/{elsewhere['id']}/proposals", json={"text": "Else"}, headers=headers).json()
    assert (note["theme_id"], note["text"]) == (elsewhere["id"], "Else")
    sampled = client.get(f"{path}/contacts", params={"sample": 3, "unread": True}, headers=agent).json()
    assert len(sampled["contacts"]) == 3
    assert all("person" not in contact for contact in sampled["contacts"])
    heard = sampled["contacts"][0]["id"]
    assert client.post(f"/v1/contacts/{heard}/read", json={}, headers=agent).json()["readers"] == ["agent"]
    again = client.get(f"{path}/contacts", params={"sample": 100, "unread": True}, headers=agent).json()
    assert heard not in {contact["id"] for contact in again["contacts"]}
    assert again["read"] == 1
    said = client.put(f"/v1/contacts/{heard}/reason", json={"cause": "defect", "prevented_by": "A test"}, headers=agent)
    assert said.json()["cause"] == {"label": "defect", "probability": 1.0, "by": "agent"}
    assert said.json()["reasons"][0]["actor"] == "agent"
    notes = client.get(path, headers=agent).json()["notes"]
    assert {(n["kind"], n["text"], n["actor"]) for n in notes} == {
        ("proposal", "A clearer label", "agent"), ("proposal", "A test", "agent"),
    }  # fmt: skip
    assert client.get(path, headers=agent).json()["signals"]["flagged"] == 1


def test_a_fix_has_its_effect_and_can_be_removed(client: TestClient, keys: dict[str, Any], top: dict[str, Any]) -> None:
    path, designer = f"/v1/themes/{top['id']}", keys["designer"]
    fix = client.post(f"{path}/fixes", json={"what": "Label", "shipped_on": "2026-03-16"}, headers=designer).json()
    assert fix["effect"]["verdict"] == "not enough data yet"
    assert client.get(path, headers=designer).json()["status"] == "shipped"
    assert client.delete(f"{path}/fixes/{fix['id']}", headers=designer).json()["fixes"] == []
    assert client.delete(f"{path}/fixes/{fix['id']}", headers=designer).status_code == 404


def test_a_comment_is_taken_back_and_brought_back_by_who_may(
    client: TestClient, keys: dict[str, Any], top: dict[str, Any]
) -> None:
    path, agent, designer = f"/v1/themes/{top['id']}", keys["agent"], keys["designer"]
    theirs = client.post(f"{path}/comments", json={"text": "Hidden in settings"}, headers=designer).json()
    own = client.post(f"{path}/proposals", json={"text": "Say so on the screen"}, headers=agent).json()
    assert client.delete(f"{path}/notes/{theirs['id']}", headers=agent).status_code == 403
    left = client.delete(f"{path}/notes/{own['id']}", headers=agent).json()
    assert own["text"] not in {note["text"] for note in left["notes"]}
    assert client.delete(f"{path}/notes/{own['id']}", headers=agent).status_code == 404
    assert left["history"][-1]["before"]["text"] == "Say so on the screen"
    client.delete(f"{path}/notes/{theirs['id']}", headers=designer)
    for change in (left["history"][-1]["id"], None):
        back = client.post(f"{path}/undo", json={"change": change} if change else {}, headers=designer).json()
    told = {(note["kind"], note["actor"], note["text"]): note["at"] for note in back["notes"]}
    assert told["comment", "designer", "Hidden in settings"] == theirs["at"]
    assert told["proposal", "agent", "Say so on the screen"] == own["at"]
    again = client.post(f"{path}/undo", json={"change": left["history"][-1]["id"]}, headers=designer)
    assert again.status_code == 422


def test_merge_and_split_over_http(client: TestClient, keys: dict[str, Any]) -> None:
    designer = keys["designer"]
    one, two = client.get("/v1/themes", headers=designer, params={"since": "2026-01-01"}).json()["themes"][:2]
    merged = client.post(f"/v1/themes/{one['id']}/merge", json={"from": [two["id"]]}, headers=designer).json()
    assert merged["merged"] == [two["id"]]
    assert client.post(f"/v1/themes/{one['id']}/merge", json={"from": [two["id"]]}, headers=designer).status_code == 422
    page = client.get(f"/v1/themes/{one['id']}/contacts", headers=designer).json()
    chosen = [contact["id"] for contact in page["contacts"][:2]]
    made = client.post(f"/v1/themes/{one['id']}/split", json={"contacts": chosen, "name": "Two"}, headers=designer)
    assert (made.json()["name"], made.json()["id"] not in (one["id"], two["id"])) == ("Two", True)
    for _ in range(2):
        assert client.post(f"/v1/themes/{one['id']}/undo", json={}, headers=designer).status_code == 200
    assert client.get(f"/v1/themes/{two['id']}", headers=designer).json()["merged_into"] is None


def test_what_is_said_of_a_theme_is_kept_without_the_people_in_it(
    client: TestClient, keys: dict[str, Any], top: dict[str, Any]
) -> None:
    path, designer = f"/v1/themes/{top['id']}", keys["designer"]
    said = "Told by ann.lee@x.example"
    kept = client.patch(path, json={"status": "dismissed", "reason": said}, headers=designer).json()["reason"]
    fix = client.post(f"{path}/fixes", json={"what": said}, headers=designer).json()
    client.delete(f"{path}/fixes/{fix['id']}", headers=designer)
    assert kept == fix["what"] == "Told by [email 1]"
    client.patch(path, json={"status": "new"}, headers=designer)


def test_a_digest_keeps_its_bytes_and_a_contact_from_elsewhere_counts_once(
    client: TestClient, keys: dict[str, Any]
) -> None:
    designer = keys["designer"]
    first = client.get("/v1/digests/2026-W11", params={"format": "md"}, headers=designer)
    assert first.status_code == 200, first.text
    review = {"token": "r1", "kind": "review", "channel": "app_store", "text": "Drops the wifi", "rating": 1}
    review["at"] = "2026-03-10T09:00:00Z"
    made = [client.post("/v1/contacts", json=review, headers=designer).json()["id"] for _ in range(2)]
    assert made[0] == made[1]
    wrong = client.post("/v1/contacts", json=review | {"token": "r2", "at": "2999-01-01T09:00:00Z"}, headers=designer)
    assert (wrong.status_code, "clock" in wrong.json()["detail"]) == (422, True)
    again = client.get("/v1/digests/2026-W11", params={"format": "md"}, headers=designer)
    assert again.content == first.content
    assert client.get("/v1/digests", headers=designer).json() == {"weeks": ["2026-W11"]}
    assert client.get("/v1/digests/nonsense", headers=designer).status_code == 422
    assert client.put("/v1/exposures/orders", json={"2026-W11": 40}, headers=designer).json()["weeks"] == {
        "2026-W11": 40
    }


def test_a_retest_by_hand_reports_what_changed(client: TestClient, keys: dict[str, Any]) -> None:
    assert client.post("/v1/retests", json={}, headers=keys["agent"]).status_code == 403
    run = client.post("/v1/retests", json={"all": True}, headers=keys["designer"]).json()
    assert run["open"] == 0
    assert client.get("/v1/retests", headers=keys["agent"]).json()["runs"][0]["id"] == run["id"]


def test_gaps_come_with_counts_by_status_and_channel(client: TestClient, keys: dict[str, Any]) -> None:
    asked = {"text": "Does the toaster sing opera?", "channel": "chat"}
    assert client.post("/v1/drafts", json=asked, headers=keys["agent"]).json()["verdict"] == "gap"
    found = client.get("/v1/gaps", params={"status": "shipped"}, headers=keys["agent"]).json()
    assert (found["total"], found["by_status"], found["gaps"]) == (0, {"new": 1}, [])
    assert client.get("/v1/gaps", headers=keys["agent"]).json()["channels"] == {"chat": 1}
