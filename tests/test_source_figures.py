"""Every kind of source through the same six situations; `pytest -s` on this file prints the table of figures.

Each runs against a local server that speaks its protocol, through the same door as `waypost sources sync`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pytest
from helpdesk_servers import KEY, Chatwoot, Freshdesk, Intercom
from local_site import Fault, Given, LocalSite, local_site
from syncing_desk import Desk
from test_git_source import Docs
from test_web_source import Help, paragraphs
from zendesk_server import KEY as ZENDESK_KEY
from zendesk_server import USER, Zendesk

ASKED = ("customer", "The display stays dark in the morning.", True)
ANSWERED = ("agent", "Hold the left button for ten seconds.", True)


class Kind(Protocol):
    """What a kind needs for the six situations."""

    documents: int

    def open(self, stack: ExitStack, desk: Desk, tmp_path: Path) -> None: ...
    def change(self) -> None: ...
    def remove(self) -> None: ...
    def fail(self, given: Given, times: int) -> None: ...
    def heal(self) -> None: ...
    def requests(self) -> int: ...


@dataclass
class Served:
    """A kind with a server."""

    documents: int
    fault_path: str
    site: LocalSite = field(init=False)

    def fail(self, given: Given, times: int) -> None:
        self.site.faults.append(Fault(given, self.fault_path, times, after=1 if given.status == 500 else 0))

    def heal(self) -> None:
        self.site.faults.clear()

    def requests(self) -> int:
        return len(self.site.asked)


class Website(Served):
    def __init__(self) -> None:
        super().__init__(8, "/p")

    def open(self, stack: ExitStack, desk: Desk, tmp_path: Path) -> None:
        self.help = Help({f"/p{n}": paragraphs(f"p{n}") for n in range(8)})
        self.site = stack.enter_context(local_site(self.help))
        desk.add("web", self.site.url + "/")

    def change(self) -> None:
        self.help.texts["/p1"] = paragraphs("p1, improved")

    def remove(self) -> None:
        del self.help.texts["/p2"]


class ZendeskAccount(Served):
    def __init__(self) -> None:
        super().__init__(8, "/api/v2/incremental")

    def open(self, stack: ExitStack, desk: Desk, tmp_path: Path) -> None:
        self.account = Zendesk()
        for number in range(100, 103):
            self.account.article(number, f"<p>Article {number} about the light.</p>")
        for number in range(1, 6):
            self._ticket(number, "Hold the button.")
        self.site = stack.enter_context(local_site(self.account))
        desk.add("zendesk", self.site.url, token_env="ZENDESK_KEY", user=USER, since="2020-01-01")

    def change(self) -> None:
        self._ticket(1, "Charge it first.")

    def remove(self) -> None:
        self.account.ticket(2, status="deleted")

    def _ticket(self, number: int, answer: str) -> None:
        self.account.ticket(number, (1, "The display stays dark.", True), (2, answer, True))


class Account(Served):
    def __init__(self, kind: type[Freshdesk | Intercom | Chatwoot]) -> None:
        super().__init__(9, kind.tickets_path)
        self.account = kind()
        if isinstance(self.account, Freshdesk):
            self.account.page = 100

    def open(self, stack: ExitStack, desk: Desk, tmp_path: Path) -> None:
        for number in range(901, 904):
            self.account.article(number, f"Article {number} about the light.")
        for number in range(1, 6):
            self.account.ticket(number, ASKED, ANSWERED)
        self.site = stack.enter_context(local_site(self.account))
        recheck = {} if self.account.kind == "freshdesk" else {"recheck_days": 0}
        desk.add(self.account.kind, self.site.url, **self.account.options(), **recheck)

    def change(self) -> None:
        self.account.ticket(1, ASKED, ("agent", "Charge it first.", True))

    def remove(self) -> None:
        self.account.delete(2)

    def fail(self, given: Given, times: int) -> None:
        self.site.faults.append(Fault(given, self.fault_path, times))


class Repository:
    """git talks to no server of ours here: what fails is the repository being away."""

    documents = 8

    def open(self, stack: ExitStack, desk: Desk, tmp_path: Path) -> None:
        self.docs = Docs(tmp_path / "repository")
        for number in range(8):
            self.docs.write(f"p{number}.md", f"# Page {number}\n\nThis is page {number} about the light.\n")
        self.docs.commit()
        desk.add("git", str(self.docs.folder), ref="main")

    def change(self) -> None:
        self.docs.write("p1.md", "# Page 1\n\nImproved.\n")
        self.docs.commit()

    def remove(self) -> None:
        self.docs.git("rm", "--quiet", "p2.md")
        self.docs.commit()

    def fail(self, given: Given, times: int) -> None:
        if given.status == 500:
            self.docs.git("branch", "--move", "main", "away")

    def heal(self) -> None:
        if "away" in self.docs.git("branch"):
            self.docs.git("branch", "--move", "away", "main")

    def requests(self) -> int:
        return 0


KINDS: dict[str, Any] = {
    "web": Website,
    "zendesk": ZendeskAccount,
    "freshdesk": lambda: Account(Freshdesk),
    "intercom": lambda: Account(Intercom),
    "chatwoot": lambda: Account(Chatwoot),
    "git": Repository,
}


@pytest.fixture(scope="module", autouse=True)
def table() -> Iterator[list[str]]:
    rows: list[str] = []
    yield rows
    print("\n| source | situation | added | updated | unchanged | removed | failed | requests | ended early |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n" + "\n".join(rows))


@pytest.mark.parametrize("name", KINDS)
def test_the_six_situations(
    desk: Desk, table: list[str], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESK_KEY", KEY)
    monkeypatch.setenv("ZENDESK_KEY", ZENDESK_KEY)
    kind: Kind = KINDS[name]()
    whole = kind.documents

    def run(situation: str) -> tuple[int, ...]:
        before = kind.requests()
        summary = desk.sync()
        counts = tuple(summary[part] for part in ("added", "updated", "unchanged", "removed", "failed"))
        early = "yes, nothing lost" if summary["error"] else "no"
        cells = " | ".join(map(str, (*counts, kind.requests() - before)))
        table.append(f"| {name} | {situation} | {cells} | {early} |")
        return (*counts, bool(summary["error"]))

    with ExitStack() as stack:
        kind.open(stack, desk, tmp_path)
        assert run("first sync") == (whole, 0, 0, 0, 0, False)
        assert run("unchanged") == (0, 0, whole, 0, 0, False)
        kind.change()
        assert run("one changed") == (0, 1, whole - 1, 0, 0, False)
        kind.remove()
        assert run("one removed") == (0, 0, whole - 1, 1, 0, False)
        kind.fail(Given(429, headers={"Retry-After": "30"}), 2)
        assert run("limited twice, 30 s each") == (0, 0, whole - 1, 0, 0, False)
        assert name == "git" or sum(1 for pause in desk.waits if 30 <= pause < 34) == 2
        kind.fail(Given(500), 99)
        if name == "zendesk":
            kind.site.faults[-1].after = 0  # type: ignore[attr-defined]
        kept = run("server error in the middle")
        assert kept[3] == 0
        assert kept[-1] is True
        assert len(desk.live()) == whole - 1
        kind.heal()
        assert run("after it") == (0, 0, whole - 1, 0, 0, False)
        assert desk.left_out() == []
