"""The HTTP face over a real store, real model and real index, in process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from assistant.api.app import create_app
from assistant.api.auth import RIGHTS, Doorkeeper
from assistant.api.services import IndexStatus, Services
from ui.demo import SETTINGS
from ui.home import Home, open_home
from ui.intake import Intake

SAMPLE = Path(__file__).parent.parent / "ui" / "sample"
KNOWN = "My display says it is offline since this morning, what can I do?"
UNKNOWN = "Can I pair a Bluetooth barbecue thermometer with the espresso machine?"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    folder = tmp_path_factory.mktemp("api")
    (folder / "waypost.toml").write_text(SETTINGS, "utf-8")
    found = open_home(folder, create=True)
    yield found
    found.close()


@pytest.fixture(scope="module")
def client(home: Home) -> Iterator[TestClient]:
    index = home.owned_index()
    intake = Intake(home, index, serving=True)
    intake.run([str(SAMPLE / name) for name in ("articles", "faq.csv", "tickets.jsonl")])
    services = Services(
        home.desk(home.assistant(index, lambda: index.name)), home.database, home.knowledge, home.corpus, intake,
        lambda: IndexStatus(index.name, index.state, index.notice), home.gap_log, lambda: home.retest(index),
    )  # fmt: skip
    app = create_app(services, Doorkeeper(home.keys, "local-token"), allowed_origins=["https://desk.example"])
    with TestClient(app, raise_server_exceptions=False) as found:
        yield found
    index.close()


@pytest.fixture(scope="module")
def keys(home: Home) -> dict[str, dict[str, str]]:
    made = {role: home.keys.create(role, role) for role in RIGHTS}  # type: ignore[arg-type]
    return {role: {"Authorization": f"Bearer {key}"} for role, key in made.items()}


def draft(client: TestClient, headers: dict[str, str], text: str = KNOWN, **more: Any) -> Any:
    response = client.post("/v1/drafts", json={"text": text, **more}, headers=headers)
    assert response.status_code == 200, response.text
    return response.json()


def test_a_known_question_gets_a_reply_whose_quotes_are_the_stored_text(
    client: TestClient, keys: dict[str, Any]
) -> None:
    found = draft(client, keys["agent"])
    assert found["verdict"] in ("answered", "partial")
    assert found["parts"]
    assert found["sources"]
    assert all(part["citations"] for part in found["parts"])
    numbers = [source["n"] for source in found["sources"]]
    assert numbers == list(range(1, len(numbers) + 1))
    assert {n for part in found["parts"] for n in part["citations"]} == set(numbers)
    for source in found["sources"]:
        address = f"/v1/documents/{source['document_id']}"
        stored = client.get(address, params={"version": source["version"]}, headers=keys["agent"]).json()
        assert stored["text"][source["start"] : source["end"]] == source["quote"]


def test_the_answer_has_every_key_of_the_contract(client: TestClient, keys: dict[str, Any]) -> None:
    expected = {
        "id", "verdict", "confidence", "greeting", "parts", "uncovered", "closing", "sources", "suggestions", "gap",
        "warnings", "timings_ms", "model", "generation",
    }  # fmt: skip
    for text in (KNOWN, UNKNOWN):
        found = draft(client, keys["agent"], text)
        assert expected <= set(found)
        assert 0 <= found["confidence"] <= 1


def test_an_unknown_question_is_a_gap_and_is_logged_once_however_often_it_is_asked(
    client: TestClient, keys: dict[str, Any]
) -> None:
    ticket = {
        "id": "T-9",
        "subject": "Barbecue",
        "messages": [{"by": "customer", "text": "Will the espresso machine of my neighbour talk to the barbecue?"}],
        "channel": "mail",
    }
    for _ in range(2):
        found = draft(client, keys["agent"], "", ticket=ticket)
        assert found["verdict"] == "gap"
        assert found["parts"] == []
        assert found["gap"]["reason"] in ("nothing_found", "weak_evidence", "unsupported")
    listed = client.get("/v1/gaps", params={"text": "neighbour talk"}, headers=keys["agent"]).json()
    assert listed["total"] == 1
    assert listed["gaps"][0]["count"] == 1
    assert listed["gaps"][0]["channels"] == {"mail": 1}


def test_a_stored_draft_is_shown_again_with_the_same_sources(client: TestClient, keys: dict[str, Any]) -> None:
    found = draft(client, keys["agent"])
    again = client.get(f"/v1/drafts/{found['draft_id']}", headers=keys["agent"]).json()
    for name in ("parts", "greeting", "closing", "verdict", "uncovered", "warnings"):
        assert again[name] == found[name]
    same = [{k: v for k, v in s.items() if k != "href"} for s in found["sources"]]
    assert [{k: v for k, v in s.items() if k != "href"} for s in again["sources"]] == same


def test_the_same_question_gets_the_same_citations_ten_times(client: TestClient, keys: dict[str, Any]) -> None:
    seen = {json.dumps([s["quote"] for s in draft(client, keys["agent"])["sources"]]) for _ in range(10)}
    assert len(seen) == 1


def test_a_reply_for_the_customer_rests_on_public_sources_only(client: TestClient, keys: dict[str, Any]) -> None:
    text = "Caller's son hit the screen with a ball, the glass is cracked. Delivered 19 days ago. What may I offer?"
    inside = draft(client, keys["agent"], text)
    outside = draft(client, keys["agent"], text, options={"audience": "customer"})
    assert any(s["audience"] == "internal" for s in inside["sources"])
    assert any(w.startswith("internal_source") for w in inside["warnings"])
    assert all(s["audience"] == "public" for s in outside["sources"])


def test_what_the_agent_did_is_kept_with_the_edit_distance(client: TestClient, keys: dict[str, Any]) -> None:
    found = draft(client, keys["agent"])
    address = f"/v1/drafts/{found['draft_id']}"
    sent = client.post(f"{address}/events", json={"kind": "sent", "final_text": "All else."}, headers=keys["agent"])
    assert 0 < sent.json()["edit_distance"] <= 1
    said = {"rating": "down", "reasons": ["incomplete"], "proposed_fix": "Say it on the screen."}
    rated = client.post(f"{address}/feedback", json=said, headers=keys["agent"])
    assert rated.status_code == 200
    history = client.get(f"{address}/history", headers=keys["agent"]).json()
    assert [e["kind"] for e in history["events"]] == ["sent"]
    assert history["feedback"][0]["proposed_fix"] == "Say it on the screen."


def test_a_designer_changes_a_gap_and_an_agent_may_not(client: TestClient, keys: dict[str, Any]) -> None:
    draft(client, keys["agent"], UNKNOWN)
    number = client.get("/v1/gaps", headers=keys["agent"]).json()["gaps"][0]["id"]
    refused = client.patch(f"/v1/gaps/{number}", json={"status": "accepted"}, headers=keys["agent"])
    assert refused.status_code == 403
    changed = client.patch(f"/v1/gaps/{number}", json={"status": "accepted"}, headers=keys["designer"]).json()
    assert changed["status"] == "accepted"
    assert changed["history"][-1]["actor"] == "designer"


def test_every_route_but_health_and_pages_wants_a_key(client: TestClient) -> None:
    open_routes = {"/healthz", "/readyz"}
    schema = client.get("/openapi.json").json()
    for path, methods in schema["paths"].items():
        for method in methods:
            if path in open_routes:
                continue
            address = path.replace("{draft_id}", "x").replace("{gap_id}", "1").replace("{document_id}", "x")
            response = client.request(method.upper(), address, json={} if method in ("post", "patch") else None)
            assert response.status_code == 401, f"{method} {path} answered {response.status_code}"
            assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"Authorization": "Bearer "},
        {"Authorization": "Basic eDp5"},
        {"Authorization": "Bearer wp_a_b"},
        {"X-API-Key": "ü"},
    ],
)
def test_a_wrong_key_is_refused_with_what_to_do(client: TestClient, header: dict[str, str]) -> None:
    encoded = {name: value.encode("latin-1") for name, value in header.items()}
    response = client.get("/v1/gaps", headers=encoded)
    assert response.status_code == 401
    assert "waypost keys create" in response.json()["detail"]


def test_ingest_is_for_admins(client: TestClient, keys: dict[str, Any], tmp_path: Path) -> None:
    page = tmp_path / "new.md"
    page.write_text("# Zebra mode\n\nZebra mode paints stripes on the wall display at night.\n")
    body = {"sources": [str(page)]}
    assert client.post("/v1/ingest", json=body, headers=keys["agent"]).status_code == 403
    done = client.post("/v1/ingest", json=body, headers=keys["admin"]).json()
    assert done["summaries"][0]["added"] == 1
    hits = client.get("/v1/search", params={"q": "zebra mode stripes"}, headers=keys["agent"]).json()["hits"]
    assert hits[0]["document_id"] == "new.md"
    page.write_text("Nothing about animals here any more.")
    client.post("/v1/ingest", json=body, headers=keys["admin"])
    hits = client.get("/v1/search", params={"q": "zebra mode stripes"}, headers=keys["agent"]).json()["hits"]
    assert all("Zebra" not in hit["quote"] for hit in hits)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"text": "   "}, 422),
        ({"text": "x" * 100_001}, 422),
        ({"text": "ok?", "unknown": 1}, 422),
        ({"ticket": {"messages": []}}, 422),
        ({"ticket": {"messages": [{"by": "robot", "text": "x"}]}}, 422),
        ({"ticket": {"messages": [{"by": "agent", "text": "Hello, this is support."}]}}, 422),
        ({"text": "?"}, 200),
        ({"text": "x" * 100_000}, 200),
        ({"text": "a\x00b \U0001f600 ok"}, 200),
    ],
)
def test_odd_questions_get_a_clear_answer(client: TestClient, keys: dict[str, Any], body: Any, status: int) -> None:
    response = client.post("/v1/drafts", json=body, headers=keys["agent"])
    assert response.status_code == status, response.text
    if status != 200:
        assert response.json()["detail"]


def test_what_is_not_json_is_a_problem_and_not_a_failure(client: TestClient, keys: dict[str, Any]) -> None:
    headers = {**keys["agent"], "Content-Type": "application/json"}
    for raw in (b"{", b"[]", b'"x"', b"\xff\xfe", b'{"text": "\\ud800"}', b"[" * 5000):
        response = client.post("/v1/drafts", content=raw, headers=headers)
        assert response.status_code in (400, 422), raw[:20]
        assert response.headers["content-type"] == "application/problem+json"
    too_big = client.post("/v1/drafts", content=b" " * 3_000_000, headers=headers)
    assert too_big.status_code == 413


def test_unknown_things_are_not_found(client: TestClient, keys: dict[str, Any]) -> None:
    for path in ("/v1/drafts/nope", "/v1/gaps/999999", "/v1/documents/nope", "/v1/documents/a/b/../c", "/v1/nothing"):
        response = client.get(path, headers=keys["agent"])
        assert response.status_code == 404, path
        assert response.json()["status"] == 404


def test_the_same_idempotency_key_gets_the_same_reply(client: TestClient, keys: dict[str, Any]) -> None:
    headers = {**keys["agent"], "Idempotency-Key": "abc"}
    first = client.post("/v1/drafts", json={"text": KNOWN}, headers=headers)
    second = client.post("/v1/drafts", json={"text": KNOWN}, headers=headers)
    assert second.json() == first.json()
    assert second.headers["Idempotent-Replayed"] == "true"
    assert client.post("/v1/drafts", json={"text": "another"}, headers=headers).status_code == 422


def test_a_reply_kept_for_repeats_is_read_by_nobody_else(client: TestClient, keys: dict[str, Any], home: Home) -> None:
    asked = {"text": f"{KNOWN} I am Zan Quuxington, zanzibar.quux@example.org."}
    first = client.post("/v1/drafts", json=asked, headers={**keys["agent"], "Idempotency-Key": "a-random-one"})
    again = client.post("/v1/drafts", json=asked, headers={**keys["agent"], "Idempotency-Key": "a-random-one"})
    assert again.json() == first.json()
    with home.database.read() as connection:
        kept = "\n".join(connection.exec_driver_sql("SELECT body FROM idempotent_replies").scalars())
    assert kept
    for word in (first.json()["draft_id"], "Quuxington", "zanzibar", "verdict", "a-random-one"):
        assert word not in kept


def test_request_ids_are_echoed_when_they_are_sensible(client: TestClient) -> None:
    assert client.get("/healthz", headers={"X-Request-Id": "abc-1"}).headers["X-Request-Id"] == "abc-1"
    assert client.get("/healthz", headers={"X-Request-Id": "a b<script>"}).headers["X-Request-Id"] != "a b<script>"


def test_readiness_names_the_generation(client: TestClient) -> None:
    found = client.get("/readyz").json()
    assert found["status"] == "ok"
    assert found["generation"].startswith("gen-")
    assert found["documents"]["ticket"] == 79


def test_only_listed_origins_may_read_replies(client: TestClient) -> None:
    def allowed(origin: str) -> str | None:
        return client.get("/healthz", headers={"Origin": origin}).headers.get("access-control-allow-origin")

    assert allowed("https://desk.example") == "https://desk.example"
    for origin in ("https://desk.example.evil.example", "http://desk.example", "null", "https://evil.example"):
        assert allowed(origin) is None
