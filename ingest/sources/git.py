"""A folder of documentation in a git repository: the files of one commit, read as any folder is.

What git recognises as renamed keeps its document, with its id and history. An unchanged commit is not read.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from pydantic import Field, field_validator

from assistant.domain import Document
from assistant.errors import SourceError
from ingest.net.git import Repository
from ingest.sources.feed import Event, Mark, Memory, Moved, Options, Reading, Rest
from ingest.sources.files import FileSource
from ingest.sources.item import Item


class GitOptions(Options):
    """`folder` limits it to a part, `link` makes a document's address: "https://code.example/blob/main/{path}"."""

    ref: str = Field("", max_length=200)
    folder: str = Field("", max_length=500)
    link: str = Field("", max_length=900)
    user: str = Field("x-access-token", max_length=200)

    @field_validator("folder")
    @classmethod
    def _inside(cls, value: str) -> str:
        path = PurePosixPath(value.strip("/"))
        if ".." in path.parts or ".git" in path.parts:
            raise ValueError("expected a folder inside of the repository")
        return "" if str(path) == "." else str(path)

    @field_validator("link")
    @classmethod
    def _with_a_path(cls, value: str) -> str:
        if value and ("{path}" not in value or not value.startswith(("https://", "http://"))):
            raise ValueError("expected an address with {path} in it")
        return value


@dataclass(frozen=True, slots=True)
class GitFeed:
    """One repository; the cursor is the commit that was read last."""

    options: GitOptions
    how: Reading
    repository: Repository

    def events(self, memory: Memory) -> Iterator[Event]:
        """What moved, then every readable file below the folder."""
        commit = self.repository.fetched(self.options.ref)
        before = str(memory.cursor.get("commit", ""))
        if commit == before:
            yield Rest("")
            return
        tree = self.repository.checked_out(commit)
        folder = (tree / self.options.folder).resolve()
        if not folder.is_dir() or not folder.is_relative_to(tree.resolve()):
            raise SourceError(f"Expected a folder {self.options.folder!r} in {commit[:12]}, found none.", retry=False)
        yield from self._moved(before, commit)
        _forget_times(folder)
        for item in FileSource(folder, self.how.defaults).items():
            yield self._linked(item)
        yield Mark({"commit": commit})
        shutil.rmtree(tree, ignore_errors=True)

    def _moved(self, before: str, commit: str) -> Iterator[Moved]:
        prefix = f"{self.options.folder}/" if self.options.folder else ""
        for old, new in self.repository.renamed(before, commit):
            if old.startswith(prefix) and new.startswith(prefix):
                yield Moved(old[len(prefix) :], new[len(prefix) :])

    def _linked(self, item: Item) -> Item:
        def load() -> Document:
            found = item.load()
            changed = found.updated_at if found.updated_at and found.updated_at.timestamp() > 0 else None
            return replace(found, url=found.url or self._address(item.key), updated_at=changed, revision=revision)

        revision = self.how.revision(item.revision, self._address(item.key))
        return replace(item, revision=revision, load=load)

    def _address(self, key: str) -> str:
        path = f"{self.options.folder}/{key}" if self.options.folder else key
        return self.options.link.replace("{path}", quote(path.partition("#")[0]))


def _forget_times(folder: Path) -> None:
    """A file's time would be that of the checkout; when a document changed, one commit alone cannot say."""
    for root, _, names in os.walk(folder):
        for name in names:
            os.utime(Path(root) / name, (0, 0), follow_symlinks=False)
