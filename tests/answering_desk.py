"""The sample helpdesk behind its API, with or without a scripted chat model, for tests of drafting and rewording."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from assistant.api.app import create_app
from assistant.api.auth import Doorkeeper
from assistant.api.services import IndexStatus, Services
from assistant.index.generation import OwnedIndex
from assistant.settings import load_settings
from eval.fake_openai import Behaviour, FakeVendor, Payload, fake_vendor, reply_text
from ui.demo import SETTINGS
from ui.home import Home, open_home
from ui.intake import Intake

SAMPLE = Path(__file__).parent.parent / "ui" / "sample"
WIFI = "My wall display won't connect to the Wi-Fi at home, what should I check?"


@dataclass
class Desk:
    """A served helpdesk; `vendor` answers as `vendor.script` says."""

    client: TestClient
    home: Home
    index: OwnedIndex
    vendor: FakeVendor | None

    def post(self, path: str, body: dict[str, Any], status: int = 200, **headers: str) -> Any:
        response = self.client.post(path, json=body, headers={"Authorization": "Bearer local-token", **headers})
        assert response.status_code == status, response.text
        return response.json()

    def get(self, path: str, **parameters: Any) -> Any:
        response = self.client.get(path, params=parameters, headers={"Authorization": "Bearer local-token"})
        assert response.status_code == 200, response.text
        return response.json()

    def draft(self, text: str = WIFI, **more: Any) -> Any:
        return self.post("/v1/drafts", {"text": text, **more})


@contextmanager
def desks(folder: Path, more: str = "") -> Iterator[tuple[Desk, Desk]]:
    """The sample helpdesk without and with a scripted chat model; `more` are further lines of [models]."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "waypost.toml").write_text(SETTINGS, "utf-8")
    home = open_home(folder, create=True)
    index = home.owned_index()
    if not home.knowledge.counts()["chunks"]:
        Intake(home, index).run([str(SAMPLE / name) for name in ("articles", "faq.csv", "tickets.jsonl")])
    with fake_vendor(modest) as vendor:
        config = folder / "with-model.toml"
        config.write_text(_settings(vendor.url, more), "utf-8")
        with_model = replace(home, settings=load_settings(folder, config))
        with _served(home, index, None) as plain, _served(with_model, index, vendor) as modelled:
            yield plain, modelled
    index.close()
    home.close()


def _settings(url: str, more: str) -> str:
    return (
        f'{SETTINGS}\n[models]\nchat = "openai:fake"\nchat_deadline_s = 20\n{more}\n'
        f'[models.chat_options]\nbase_url = "{url}"\napi_key = "none"\n'
    )


@contextmanager
def with_settings(desk: Desk, **models: Any) -> Iterator[Desk]:
    """The same helpdesk with other settings under [models]."""
    section = desk.home.settings.models.model_copy(update=models)
    home = replace(desk.home, settings=desk.home.settings.model_copy(update={"models": section}))
    with _served(home, desk.index, desk.vendor) as found:
        yield found


@contextmanager
def _served(home: Home, index: OwnedIndex, vendor: FakeVendor | None) -> Iterator[Desk]:
    services = Services(
        home.desk(home.assistant(index, lambda: index.name)), home.database, home.knowledge, home.corpus,
        Intake(home, index, serving=True), lambda: IndexStatus(index.name, index.state, index.notice), home.gap_log,
        lambda: home.retest(index),
    )  # fmt: skip
    app = create_app(services, Doorkeeper(home.keys, "local-token"))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield Desk(client, home, index, vendor)


# --- a model with manners ----------------------------------------------------------------------------------------

Change = Callable[[str], str]


def told(payload: Payload) -> str:
    """The user's message of a request."""
    return str(payload["messages"][1]["content"])


def parts_told(payload: Payload) -> list[str]:
    """The numbered parts of a request to reword."""
    return [text.strip() for text in re.findall(r"=== part \d+ ===\n(.*?)(?=\n\n===|\n=== end)", told(payload), re.S)]


def modest(payload: Payload) -> Behaviour:
    """Drafts the first sentences of the first passages; rewords by repeating."""
    if "=== part 1 ===" in told(payload):
        return rewords(lambda text: text)(payload)
    found = re.findall(r"=== passage (\d+):.*?===\n(.*?)(?=\n\n===)", told(payload), re.S)
    lines = [
        (int(n), line) for n, text in found[:2] for line in text.split("\n") if len(line) > 30 and "##" not in line
    ]
    parts = [
        {"text": re.sub(r"^\d+\. |^- ", "", line), "citations": [n], "step": place + 1 if line[0].isdigit() else None}
        for place, (n, line) in enumerate(lines[:4])
    ]
    return Behaviour("modest", reply_text(parts))


def rewords(change: Change) -> Callable[[Payload], Behaviour]:
    """A script that says each part anew as `change` does."""

    def script(payload: Payload) -> Behaviour:
        anew = [{"text": change(text), "citations": [n], "step": None} for n, text in enumerate(parts_told(payload), 1)]
        return Behaviour("rewords", reply_text(anew))

    return script
