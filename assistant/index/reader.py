"""Search for a process that does not own the data directory: it changes nothing and trusts little."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from assistant.domain import Kind, Role
from assistant.errors import IndexUnavailable
from assistant.index.exact import StoreSearch
from assistant.index.files import digest
from assistant.index.keywords import Keywords
from assistant.seams import Vectors
from assistant.store.generations import GenerationRecord, Generations


class ReaderIndex:
    """Exact vectors from the store and the generation's keyword file; the store alone where that file is doubtful."""

    def __init__(self, generations: Generations, folder: Path, model_id: str) -> None:
        self._store = StoreSearch(generations, model_id)
        self._keywords: Keywords | None = None
        self.notice = ""
        record = generations.live()
        self.name = record.name if record else "none"
        if record is None:
            return
        if record.model_id != model_id and (missing := generations.count_unembedded(model_id)):
            self.notice = (
                f"{missing} texts have no vector of model {model_id} yet, so only keywords find them. "
                "Run `waypost index rebuild`, which embeds them."
            )
        if generations.pending(record.applied_seq).add:
            self.notice = "The keyword index lags behind the store; it is rebuilt in memory for this command."
            return
        try:
            self._keywords = _opened(record, folder / record.name / "keywords.sqlite")
        except (IndexUnavailable, OSError) as error:
            self.notice = f"{error} This command answers straight from the store."

    def dense(
        self, vector: Vectors, *, kinds: Sequence[Kind], roles: Sequence[Role], k: int
    ) -> list[tuple[int, float]]:
        """Nearest live chunks, exactly."""
        return self._store.dense(vector, kinds=kinds, roles=roles, k=k)

    def similarities(self, vector: Vectors, chunk_ids: Sequence[int]) -> dict[int, float]:
        """Cosine of `vector` to each of the chunks, from the stored vectors."""
        return self._store.similarities(vector, chunk_ids)

    def keyword(self, text: str, *, kinds: Sequence[Kind], roles: Sequence[Role], k: int) -> list[tuple[int, float]]:
        """Best chunks by BM25."""
        if self._keywords is not None:
            try:
                return self._keywords.search(text, kinds=kinds, roles=roles, k=k)
            except IndexUnavailable as error:
                self._keywords, self.notice = None, str(error)
        return self._store.keyword(text, kinds=kinds, roles=roles, k=k)


def _opened(record: GenerationRecord, path: Path) -> Keywords:
    """The keyword file of `record`, checked.

    Raises:
        IndexUnavailable: it is missing, damaged, or not the file that was closed last.
    """
    if not path.is_file():
        raise IndexUnavailable(f"The keyword file of {record.name} is missing.")
    expected = record.report.get("files", {}).get(path.name)
    if record.clean and expected and digest(path) != expected:
        raise IndexUnavailable(f"The keyword file of {record.name} was changed since it was closed.")
    keywords = Keywords(path, read_only=True)
    keywords.check()
    return keywords
