"""A git folder of documentation as a source: local, over HTTP with a key, renamed, rewritten, hostile."""

from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from local_site import Asked, Given, local_site
from syncing_desk import Desk

from assistant.errors import SourceError, UsageError
from ingest.net.git import GitLimits, Repository, remote

TEXT = "Hold the left button for ten seconds until the light of the display turns blue, then let it go."


class Docs:
    """A repository with some pages."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str) -> str:
        settings = ("-c", "user.name=Ann", "-c", "user.email=ann@help.example", "-c", "commit.gpgsign=false")
        done = subprocess.run(
            ["git", *settings, *arguments], cwd=self.folder, check=True, capture_output=True,
            env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull},
        )  # fmt: skip
        return done.stdout.decode()

    def write(self, path: str, text: str) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "a change")


@pytest.fixture
def docs(tmp_path: Path) -> Docs:
    found = Docs(tmp_path / "repository")
    found.write("docs/reset.md", f"# Reset\n\n{TEXT}\n")
    found.write("docs/wifi/connect.md", "# Wi-Fi\n\nChoose Network and type the password of your router.\n")
    found.write("internal/plan.md", "# Plan\n\nNot to be read by this source.\n")
    found.commit()
    return found


def test_a_folder_of_a_repository_is_read_with_links_and_an_unchanged_commit_is_not_read_again(
    desk: Desk, docs: Docs
) -> None:
    desk.add("git", str(docs.folder), folder="docs", link="https://code.example/main/{path}")
    assert desk.counts() == (2, 0, 0, 0, 0)
    assert desk.live() == ["reset.md", "wifi/connect.md"]
    found = desk.document("wifi/connect.md")
    assert found["url"] == "https://code.example/main/docs/wifi/connect.md"
    assert found["updated_at"] is None
    assert desk.counts() == (0, 0, 2, 0, 0)


def test_changes_and_removals_follow(desk: Desk, docs: Docs) -> None:
    desk.add("git", str(docs.folder), folder="docs")
    desk.sync()
    docs.write("docs/reset.md", "# Reset\n\nPress it twice instead.\n")
    docs.git("rm", "--quiet", "docs/wifi/connect.md")
    docs.write("docs/new.md", "# New\n\nThis page explains the new frame and its colours.\n")
    docs.commit()
    assert desk.counts() == (1, 1, 0, 1, 0)
    assert desk.live() == ["new.md", "reset.md"]
    assert "twice" in desk.document("reset.md")["text"]


def test_a_renamed_file_keeps_its_document(desk: Desk, docs: Docs) -> None:
    desk.add("git", str(docs.folder), folder="docs", link="https://code.example/{path}")
    desk.sync()
    before = desk.document("reset.md")["document"]
    docs.git("mv", "docs/reset.md", "docs/how-to-reset.md")
    docs.write("docs/how-to-reset.md", f"# Reset\n\n{TEXT}\n\nThat is all there is to do.\n")
    docs.commit()
    assert desk.counts() == (0, 1, 1, 0, 0)
    found = desk.document("reset.md")
    assert found["document"] == before
    assert found["url"] == "https://code.example/docs/how-to-reset.md"
    assert found["number"] == 2
    assert desk.counts() == (0, 0, 2, 0, 0)


def test_a_history_that_was_rewritten_is_read_like_any_other_commit(desk: Desk, docs: Docs) -> None:
    desk.add("git", str(docs.folder))
    desk.sync()
    docs.git("checkout", "--quiet", "--orphan", "other")
    docs.write("docs/reset.md", "# Reset\n\nAnother text altogether.\n")
    docs.commit()
    docs.git("branch", "--force", "main", "other")
    assert desk.counts() == (0, 1, 2, 0, 0)


def test_a_branch_and_a_tag_can_be_named(desk: Desk, docs: Docs) -> None:
    docs.git("tag", "v1")
    docs.write("docs/reset.md", "# Reset\n\nA newer text.\n")
    docs.commit()
    desk.add("git", str(docs.folder), ref="v1", folder="docs")
    desk.sync()
    assert TEXT in desk.document("reset.md")["text"]


def test_a_repository_that_is_away_loses_nothing(desk: Desk, docs: Docs) -> None:
    desk.add("git", str(docs.folder), ref="main")
    desk.sync()
    docs.git("branch", "--move", "main", "gone")
    summary = desk.sync()
    assert "git fetch failed" in summary["error"]
    assert len(desk.live()) == 3


def test_nothing_in_a_repository_is_run_or_followed(desk: Desk, docs: Docs, tmp_path: Path) -> None:
    proof, secret = tmp_path / "proof", tmp_path / "secret.md"
    secret.write_text("# Secret\n\nThe password of the safe.\n")
    (docs.folder / "docs" / "link.md").symlink_to(secret)
    (docs.folder / "docs" / "outside").symlink_to(tmp_path)
    docs.write(".gitattributes", "*.md filter=evil diff=evil\n")
    docs.write(".lfsconfig", "[lfs]\nurl = http://127.0.0.1:1/\n")
    docs.write(".gitmodules", '[submodule "x"]\npath = x\nurl = ext::sh -c touch% ' + str(proof) + "\n")
    for hook in ("post-checkout", "pre-commit", "reference-transaction"):
        file = docs.folder / "hooks-to-be" / hook
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"#!/bin/sh\ntouch {proof}\n")
        file.chmod(0o755)
    docs.commit()
    desk.add("git", str(docs.folder))
    desk.sync()
    assert not proof.exists()
    assert not [key for key in desk.live() if "secret" in key or "outside" in key]
    assert all("password of the safe" not in desk.document(key)["text"] for key in desk.live())


@pytest.mark.parametrize(
    "address",
    [
        "ext::sh -c touch% /tmp/x", "--upload-pack=touch /tmp/x", "-x", "fd::17", "git://help.example/x.git",
        "https://ann:pw@help.example/x.git", "ssh://-oProxyCommand=touch/x", "ssh://ann:pw@help.example/x",
        "ann@-oProxyCommand=x:path", "help.example:x", "/nowhere/at/all", "file:///nowhere", "https://a\nb/x",
        "ann@help.example:-x", "",
    ],
)  # fmt: skip
def test_an_address_that_is_no_repository_or_could_be_a_command_is_refused(desk: Desk, address: str) -> None:
    with pytest.raises(UsageError):
        desk.add("git", address)


@pytest.mark.parametrize(
    "options", [{"folder": "../x"}, {"folder": "a/../../b"}, {"folder": ".git"}, {"link": "https://code.example/"}]
)
def test_options_that_lead_elsewhere_are_refused(desk: Desk, docs: Docs, options: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        desk.add("git", str(docs.folder), **options)


@pytest.mark.parametrize("ref", ["-x", "--all", "a b", "main:refs/x", "x" * 300])
def test_a_reference_that_could_be_an_option_is_refused(docs: Docs, tmp_path: Path, ref: str) -> None:
    with pytest.raises(SourceError, match="branch or tag"):
        Repository(tmp_path / "x", remote(str(docs.folder))).fetched(ref)


def test_a_private_address_is_never_connected_to(desk: Desk, tmp_path: Path) -> None:
    with local_site(lambda _asked: Given(404)) as site:
        for address in (f"{site.url}/docs.git", f"ssh://git@127.0.0.1:{site.port}/docs.git"):
            with pytest.raises(SourceError, match="private_hosts"):
                Repository(tmp_path / "x", remote(address)).fetched("")
        assert site.connections == 0


def test_a_repository_that_is_too_large_or_too_slow_is_given_up(docs: Docs, tmp_path: Path) -> None:
    import time

    def slowly(_asked: Asked) -> Given:
        time.sleep(3)
        return Given(404)

    with local_site(slowly) as site:
        found = Repository(
            tmp_path / "x", remote(f"{site.url}/docs.git"), private_hosts=["127.0.0.1"], limits=GitLimits(seconds=0.5)
        )
        with pytest.raises(SourceError, match=r"more than 0 s|more than 1 s"):
            found.fetched("")


KEY = "git-key-3"


@pytest.fixture
def smart_http(docs: Docs) -> Iterator[str]:
    """git's own server program behind a key."""
    expected = "Basic " + base64.b64encode(f"x-access-token:{KEY}".encode()).decode()

    def routes(asked: Asked) -> Given:
        if asked.headers.get("authorization") != expected:
            return Given(401, headers={"WWW-Authenticate": 'Basic realm="git"'})
        environment = {
            **os.environ, "GIT_PROJECT_ROOT": str(docs.folder.parent), "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": asked.path, "REQUEST_METHOD": asked.method, "QUERY_STRING": "service=git-upload-pack",
            "CONTENT_TYPE": asked.headers.get("content-type", ""), "CONTENT_LENGTH": str(len(asked.body)),
            "GIT_PROTOCOL": asked.headers.get("git-protocol", ""), "REMOTE_USER": "x",
            "HTTP_CONTENT_ENCODING": asked.headers.get("content-encoding", ""),
        }  # fmt: skip
        done = subprocess.run(
            ["git", "http-backend"], env=environment, input=asked.body, capture_output=True, check=True
        )
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
        return Given(int(headers.pop("Status", "200").split()[0]), body, headers)

    with local_site(routes) as site:
        yield f"{site.url}/repository/.git"


def test_a_repository_over_http_is_read_with_a_key_that_shows_nowhere(
    desk: Desk, docs: Docs, smart_http: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_KEY", KEY)
    desk.add("git", smart_http, folder="docs", token_env="GIT_KEY")
    assert desk.counts() == (2, 0, 0, 0, 0)
    docs.git("mv", "docs/reset.md", "docs/again.md")
    docs.commit()
    assert desk.counts()[3] == 0
    monkeypatch.setenv("GIT_KEY", "wrong-key")
    summary = desk.sync()
    assert "git fetch failed" in summary["error"]
    assert "wrong-key" not in summary["error"]
    stored = b"".join(file.read_bytes() for file in desk.home.folder.rglob("*") if file.is_file())
    assert KEY.encode() not in stored
    assert base64.b64encode(f"x-access-token:{KEY}".encode()) not in stored
