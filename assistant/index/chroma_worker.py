"""The only code that imports chromadb: a child process that owns one generation's vectors.

Chroma can wedge, panic past `except Exception`, hang on a locked file, or take the process down with
a segmentation fault (measured; docs/decisions/0002). In a child each of these is a closed pipe or a
missed deadline, and the parent goes on with exact search. Requests and replies are pickled tuples in
length-prefixed frames; both ends are this program under this user.
"""

from __future__ import annotations

import os
import pickle
import struct
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from assistant.index.vectors import SHELVES

_BATCH = 500
_DEEPEST = 50_000
_HNSW: Any = {"space": "cosine", "ef_construction": 100, "ef_search": 200, "max_neighbors": 24}


class Shelves:
    """The collections of one generation folder."""

    def __init__(self, folder: Path) -> None:
        import chromadb
        from chromadb.config import Settings

        self._client = chromadb.PersistentClient(
            path=str(folder), settings=Settings(anonymized_telemetry=False, allow_reset=False, is_persistent=True)
        )
        self._collections = {
            name: self._client.get_or_create_collection(
                f"waypost-{name}", embedding_function=None, configuration={"hnsw": _HNSW}
            )
            for name in SHELVES
        }

    def add(self, shelf: str, ids: Sequence[str], kinds: Sequence[str], vectors: Any) -> int:
        """Add new ids; an id that is there keeps its vector, which is the same since ids name content."""
        for at in range(0, len(ids), _BATCH):
            piece = slice(at, at + _BATCH)
            self._collections[shelf].add(
                ids=list(ids[piece]), embeddings=vectors[piece], metadatas=[{"kind": kind} for kind in kinds[piece]]
            )
        return len(ids)

    def delete(self, shelf: str, ids: Sequence[str]) -> int:
        """Delete ids; unknown ones are ignored."""
        for at in range(0, len(ids), _BATCH):
            self._collections[shelf].delete(ids=list(ids[at : at + _BATCH]))
        return len(ids)

    def ids(self, shelf: str) -> list[str]:
        """Every id that the collection's own table holds, which says nothing of whether a query reaches it."""
        found: list[str] = []
        while True:
            page = self._collections[shelf].get(include=[], limit=_BATCH, offset=len(found))["ids"]
            found.extend(page)
            if len(page) < _BATCH:
                return found

    def query(
        self, shelf: str, vectors: Any, k: int, kinds: Sequence[str]
    ) -> tuple[list[list[str]], list[list[float]]]:
        """Nearest ids and cosine similarities per row of `vectors`."""
        collection = self._collections[shelf]
        k = min(k, collection.count())
        if k == 0:
            return [[] for _ in vectors], [[] for _ in vectors]
        where: Any = {"kind": {"$in": list(kinds)}} if kinds else None
        found = collection.query(query_embeddings=vectors, n_results=k, where=where, include=["distances"])
        distances = found["distances"] or []
        return found["ids"], [[1.0 - float(d) for d in row] for row in distances]

    def reachable(self, shelf: str, vectors: Any) -> list[str]:
        """Ids that queries return: one as deep as the shelf; where that falls short, each one's neighbourhood."""
        total = self._collections[shelf].count()
        seen: set[str] = set()
        if 0 < total <= _DEEPEST and len(vectors):
            seen.update(self.query(shelf, vectors[:1], total, ())[0][0])
        if len(seen) < total:
            for at in range(0, len(vectors), 200):
                ids, _ = self.query(shelf, vectors[at : at + 200], 10, ())
                seen.update(i for row in ids for i in row)
        return sorted(seen)

    def close(self) -> None:
        """Let Chroma write what it holds."""
        # Stops the client's background work, which writes what is pending.
        getattr(self._client, "close", lambda: None)()


def serve(folder: Path, requests: BinaryIO, replies: BinaryIO) -> None:
    """Answer requests until the pipe closes; the first reply says whether the folder opened."""
    try:
        shelves = Shelves(folder)
    except BaseException as error:  # noqa: BLE001 - pyo3's PanicException derives from BaseException
        send(replies, ("error", f"{type(error).__name__}: {error}"))
        return
    send(replies, ("ok", None))
    calls: dict[str, Callable[..., Any]] = {
        name: getattr(shelves, name) for name in ("add", "delete", "ids", "query", "reachable")
    }
    while (request := receive(requests)) is not None:
        name, arguments = request
        if name == "close":
            shelves.close()
            send(replies, ("ok", None))
            return
        try:
            send(replies, ("ok", calls[name](*arguments)))
        except BaseException as error:  # noqa: BLE001 - as above; the parent decides what to do
            send(replies, ("error", f"{type(error).__name__}: {error}"))


def send(stream: BinaryIO, message: object) -> None:
    """Write one frame: eight bytes of length, then the pickled message."""
    frame = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    stream.write(struct.pack("<Q", len(frame)) + frame)
    stream.flush()


def receive(stream: BinaryIO) -> Any:
    """Read one frame; None at the end of the stream."""
    header = stream.read(8)
    if len(header) < 8:
        return None
    (size,) = struct.unpack("<Q", header)
    frame = stream.read(size)
    return pickle.loads(frame) if len(frame) == size else None  # noqa: S301 - our own parent's pipe


def main() -> None:
    """Entry of the child: folder as the only argument, frames on stdin and stdout."""
    os.environ["ANONYMIZED_TELEMETRY"] = "False"
    # Whatever a library prints must not end up between frames.
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    np.set_printoptions(threshold=10)
    serve(Path(sys.argv[1]), sys.stdin.buffer, replies)


if __name__ == "__main__":
    main()
