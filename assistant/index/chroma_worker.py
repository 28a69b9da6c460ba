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
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from filelock import FileLock

from assistant.index.vectors import SAME, SHELVES

_BATCH = 500
_DEEPEST = 5_000_000
_LOOK_S = 0.2
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

    def add(self, shelf: str, ids: Sequence[str], vectors: Any) -> int:
        """Add new ids; an id that is there keeps its vector, which is the same since ids name content."""
        for at in range(0, len(ids), _BATCH):
            piece = slice(at, at + _BATCH)
            self._collections[shelf].add(ids=list(ids[piece]), embeddings=vectors[piece])
        return len(ids)

    def delete(self, shelf: str, ids: Sequence[str]) -> int:
        """Delete ids; unknown ones are ignored."""
        for at in range(0, len(ids), _BATCH):
            self._collections[shelf].delete(ids=list(ids[at : at + _BATCH]))
        return len(ids)

    def query(self, shelf: str, vectors: Any, k: int) -> tuple[list[list[str]], list[list[float]]]:
        """Nearest ids and cosine similarities per row of `vectors`; fewer than `k` where there are fewer."""
        found = self._collections[shelf].query(query_embeddings=vectors, n_results=k, include=["distances"])
        distances = found["distances"] or []
        return found["ids"], [[1.0 - float(d) for d in row] for row in distances]

    def deep(self, shelf: str, probe: Any) -> tuple[int, Any, Any]:
        """How many ids the shelf counts, those that one query as deep names, and their cosines to `probe`, `(d,)`."""
        total = self._collections[shelf].count()
        if not 0 < total <= _DEEPEST:
            return total, np.zeros(0, np.int64), np.zeros(0, np.float32)
        ids, scores = self.query(shelf, probe[None, :], total)
        return total, np.array([int(i) for i in ids[0]], np.int64), np.array(scores[0], np.float32)

    def own(self, shelf: str, ids: Sequence[str], vectors: Any, seen: Sequence[bool]) -> dict[str, float]:
        """Cosine of each id's vector to what is stored under it, of those ids that are among their ten nearest.

        Twins crowd each other out: an id that is not there is looked for among its hundred nearest, and where
        these are all twins of it, having been `seen` by a deep query is enough.
        """
        found: dict[str, float] = {}
        for k in (10, 100):
            rows = [row for row, i in enumerate(ids) if i not in found]
            for at in range(0, len(rows), 200):
                piece = rows[at : at + 200]
                near, scores = self.query(shelf, vectors[piece], k)
                for row, names, cosines in zip(piece, near, scores, strict=True):
                    own = dict(zip(names, cosines, strict=True)).get(ids[row])
                    crowded = seen[row] and len(cosines) == k and min(cosines) > 1 - SAME
                    if own is not None or crowded:
                        found[ids[row]] = 1.0 if own is None else own
        return found

    def close(self) -> None:
        """Let Chroma write what it holds."""
        # Stops the client's background work, which writes what is pending.
        getattr(self._client, "close", lambda: None)()


def serve(folder: Path, requests: BinaryIO, replies: BinaryIO) -> None:
    """Answer requests until the pipe closes; the first reply says whether the folder opened."""
    try:
        lock = _alone_in(folder)
        shelves = Shelves(folder)
    except BaseException as error:  # noqa: BLE001 - pyo3's PanicException derives from BaseException
        send(replies, ("error", f"{type(error).__name__}: {error}"))
        return
    send(replies, ("ok", None))
    calls: dict[str, Callable[..., Any]] = {
        name: getattr(shelves, name) for name in ("add", "delete", "query", "deep", "own")
    }
    while (request := receive(requests)) is not None:
        name, arguments = request
        if name == "close":
            shelves.close()
            lock.release()
            send(replies, ("ok", None))
            return
        try:
            send(replies, ("ok", calls[name](*arguments)))
        except BaseException as error:  # noqa: BLE001 - as above; the parent decides what to do
            send(replies, ("error", f"{type(error).__name__}: {error}"))


def _alone_in(folder: Path) -> FileLock:
    """Wait until no other process has the folder: two writers ruin it, and an orphan may still be finishing."""
    lock = FileLock(str(folder / "worker.lock"), thread_local=False)
    lock.acquire()
    return lock


def _end_with(parent: int) -> None:
    """End this process soon after `parent` did, however it ended."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK_S)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


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
    """Entry of the child: the folder and the parent's process id as arguments, frames on stdin and stdout."""
    _end_with(int(sys.argv[2]))
    os.environ["ANONYMIZED_TELEMETRY"] = "False"
    # Whatever a library prints must not end up between frames.
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    np.set_printoptions(threshold=10)
    serve(Path(sys.argv[1]), sys.stdin.buffer, replies)


if __name__ == "__main__":
    main()
