"""What evaluation is given of the product: its commands, its knowledge, its tickets, itself over less knowledge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

from assistant.answering.pipeline import Assistant
from assistant.answering.shapes import answer_json, hits_json
from assistant.domain import Audience, Kind, Passage, Question
from assistant.seams import Knowledge
from eval.make_cases import TicketRecord
from eval.systems import CountingEmbedder, Source
from ui.home import Home, open_home
from ui.intake import Intake

AGENT: tuple[Audience, ...] = ("public", "internal")


class HomeProduct:
    """Data directories made, filled and opened as the commands do it."""

    @contextmanager
    def open(self, data: Path | None) -> Iterator[HomeWorkbench]:
        """The workbench of a data directory."""
        home = open_home(data)
        try:
            yield HomeWorkbench(home)
        finally:
            home.close()

    def ingest(
        self, data: Path, sources: Sequence[Path], embedder: CountingEmbedder | None = None
    ) -> list[dict[str, Any]]:
        """Bring the sources in and the index up to date; the summaries of `waypost ingest --json`."""
        home = open_home(data, create=True)
        if embedder is not None:
            vars(home)["embedder"] = embedder  # before its first use: takes the place of the one that settings name
        ownership = home.own("waypost eval")
        intake = Intake(home, home.owned_index())
        try:
            return intake.run([str(source.absolute()) for source in sources])
        finally:
            intake.close()
            ownership.release()
            home.close()

    @contextmanager
    def serve(self, data: Path) -> Iterator[Examined]:
        """The product as the server runs it: owner of the directory, its index brought up and verified."""
        home = open_home(data)
        ownership = home.own("waypost eval")
        index = home.owned_index()
        try:
            index.bring_up()
            yield Examined(home.assistant(index, lambda: index.name))
        finally:
            index.close()
            ownership.release()
            home.close()

    def embedder(self) -> CountingEmbedder:
        """The default embedder."""
        from assistant.models.embedder import load_embedder

        return load_embedder()


class Without:
    """Knowledge as if some documents and tickets had never been there: the store's last word, with words left out."""

    def __init__(self, knowledge: Knowledge, absent: frozenset[str]) -> None:
        self._knowledge = knowledge
        self._absent = absent

    def passages(self, chunk_ids: Sequence[int], *, audiences: Sequence[Audience]) -> dict[int, Passage]:
        """As the store has them, less the absent."""
        found = self._knowledge.passages(chunk_ids, audiences=audiences)
        return {chunk_id: p for chunk_id, p in found.items() if p.document_key not in self._absent}

    def resolving_articles(self, ticket_keys: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """As the store has them, less the absent."""
        found = self._knowledge.resolving_articles([key for key in ticket_keys if key not in self._absent])
        left = {key: tuple(a for a in articles if a not in self._absent) for key, articles in found.items()}
        return {key: articles for key, articles in left.items() if articles}

    def link_counts(self) -> Mapping[str, int]:
        """As the store has them, less the absent."""
        return {key: n for key, n in self._knowledge.link_counts().items() if key not in self._absent}

    def chunks_of(self, document_keys: Sequence[str]) -> dict[str, tuple[int, ...]]:
        """As the store has them, less the absent."""
        return self._knowledge.chunks_of([key for key in document_keys if key not in self._absent])

    def chunks_in_scope(self, question: Question, kinds: Sequence[Kind], *, most: int) -> Sequence[int]:
        """As the store has them; the absent are filtered when they are read."""
        return self._knowledge.chunks_in_scope(question, kinds, most=most)

    def whole(self, passages: Sequence[Passage]) -> dict[tuple[str, int], Passage]:
        """As the store has them; absent ones never get this far."""
        return self._knowledge.whole(passages)

    def live_keys(self, document_keys: Sequence[str]) -> set[str]:
        """As the store has them, less the absent."""
        return self._knowledge.live_keys(document_keys) - self._absent


@dataclass(frozen=True, slots=True)
class Examined:
    """The product as evaluation asks it: the contract's JSON, and no log."""

    pipeline: Assistant

    def search(self, question: Question, k: int) -> Mapping[str, object]:
        """Articles and FAQs, best first."""
        found = self.pipeline.search(question, audiences=AGENT)
        return {"id": question.id, "hits": hits_json(found, kinds=("doc", "faq"), k=k)}

    def ask(self, question: Question) -> Mapping[str, object]:
        """The answer, partial answer or gap, and beside it what it was made from."""
        answer = self.pipeline.ask(question, audiences=AGENT)
        documents = list(dict.fromkeys(candidate.passage.document_key for candidate in answer.considered))
        scores = [candidate.dense for candidate in answer.considered]
        made_from = {
            "signals": dict(answer.features),
            "drafted_from": documents,
            "top_score": max(scores, default=None),
        }
        return answer_json(answer) | made_from


class HomeWorkbench:
    """One opened data directory as `eval` sees it."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def sources(self) -> Iterator[Source]:
        """Every live document that is not a ticket."""
        for stored in self._home.knowledge.documents(("doc", "faq")):
            yield Source(stored.document_key, stored.title, stored.text)

    def tickets(self) -> Iterator[TicketRecord]:
        """Every resolved ticket: its subject, what the customer first wrote, and the live articles agents linked."""
        for stored in self._home.knowledge.documents(("ticket",)):
            links = self._home.knowledge.resolving_articles([stored.document_key])
            if stored.created_at is None:
                continue
            opening = takewhile(lambda block: block.kind != "agent", stored.blocks)
            said = [stored.text[block.start : block.end] for block in opening if block.kind == "customer"]
            yield TicketRecord(
                id=stored.document_key,
                title=stored.title,
                text="\n".join(said),
                created=stored.created_at,
                articles=links.get(stored.document_key, ()),
            )

    @contextmanager
    def assistant(self, *, without: frozenset[str] = frozenset(), prepared: bool = False) -> Iterator[Examined]:
        """The pipeline over the knowledge less `without`; `prepared`, it has looked through its articles."""
        index = self._home.reader_index()
        pipeline = self._home.assistant(index, lambda: index.name, Without(self._home.knowledge, without))
        if prepared:
            pipeline.look_through([source.id for source in self.sources()])
        yield Examined(pipeline)

    def stamp(self) -> Mapping[str, str]:
        """Settings, model and generation behind the numbers."""
        live = self._home.generations.live()
        settings: Any = self._home.settings.model_dump_json(exclude={"models": {"chat_options"}, "database": True})
        return {
            "settings": settings,
            "model": self._home.embedder.model_id,
            "generation": live.name if live else "none",
        }
