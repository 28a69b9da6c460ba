"""The composition root: turns a data directory and its settings into opened, wired objects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.answering.costs import least_confidence
from assistant.errors import DataDirectoryError
from assistant.settings import Settings, load_settings
from assistant.store.database import Database, open_database, sqlite_url
from ui.unchanged import data_folder

if TYPE_CHECKING:
    from assistant.answering.pipeline import Assistant
    from assistant.desk import Desk
    from assistant.gaplog.hearing import Hearing
    from assistant.gaplog.labelling import SecondOpinion
    from assistant.gaplog.log import GapLog
    from assistant.gaplog.mining import Mining
    from assistant.gaplog.retest import Retest
    from assistant.gaps.triage import Finer
    from assistant.index.generation import OwnedIndex
    from assistant.index.lock import Ownership
    from assistant.index.reader import ReaderIndex
    from assistant.models.chat import LangChainDrafter
    from assistant.models.embedder import OnnxMiniLM, SentenceTransformerEmbedder
    from assistant.redaction import Redactor
    from assistant.seams import Drafter, Knowledge, PassageIndex
    from assistant.store.corpus import Corpus
    from assistant.store.drafts import Drafts
    from assistant.store.gaps import Gaps
    from assistant.store.generations import Generations
    from assistant.store.keys import Keys
    from assistant.store.knowledge import StoredKnowledge
    from assistant.store.spending import Spending
    from assistant.store.tunings import Tuned
    from ingest.engine import CountingEmbedder


@dataclass(frozen=True)
class Home:
    """One opened data directory. Its parts are made at first use, so that a command pays for what it uses."""

    folder: Path
    settings: Settings
    database: Database

    @cached_property
    def corpus(self) -> Corpus:
        """Writes documents."""
        from assistant.store.corpus import Corpus

        return Corpus(self.database)

    @cached_property
    def knowledge(self) -> StoredKnowledge:
        """Reads documents."""
        from assistant.store.knowledge import StoredKnowledge

        return StoredKnowledge(self.database)

    @cached_property
    def generations(self) -> Generations:
        """The index's view of the store."""
        from assistant.store.generations import Generations

        return Generations(self.database)

    @cached_property
    def redactor(self) -> Redactor:
        """Takes out of contacts what must not be kept."""
        from assistant.redaction import Redactor

        rules, model = self.settings.redaction.rules(), self.settings.redaction.name_model
        if not model:
            return Redactor(rules)
        from assistant.models.names import SpacyNames

        finder = SpacyNames(model)
        return Redactor(replace(rules, finder=finder, finder_id=finder.version))

    @cached_property
    def drafts(self) -> Drafts:
        """Stored drafts."""
        from assistant.store.drafts import Drafts

        return Drafts(self.database)

    @cached_property
    def gaps(self) -> Gaps:
        """The gap log."""
        from assistant.store.gaps import Gaps

        return Gaps(self.database)

    @cached_property
    def gap_log(self) -> GapLog:
        """Contacts, their reasons, their themes."""
        from assistant.gaplog.board import prices
        from assistant.gaplog.log import GapLog

        desk = self.settings.desk
        ranges = prices(desk.minutes_per_contact, desk.cost_per_hour)
        return GapLog(
            self.database,
            self.embedder,
            ranges,
            desk.currency,
            desk.name,
            self._second_opinion,
            self.finer_stages,
            self.settings.gaps.answer_factor,
        )

    def mining(self, index: PassageIndex) -> Mining:
        """Asks old tickets of the knowledge alone."""
        from assistant.gaplog.mining import Mining

        def pipeline(knowledge: Knowledge) -> Assistant:
            return self.assistant(index, lambda: "mining", knowledge)

        return Mining(self.database, self.knowledge, self.embedder, self.searcher.model_id, pipeline)

    def retest(self, index: PassageIndex) -> Retest:
        """Asks open gaps again."""
        from assistant.gaplog.retest import Retest

        pipeline = self.assistant(index, lambda: "retest")
        return Retest(self.database, pipeline, self.searcher.model_id)

    @cached_property
    def hearing(self) -> Hearing:
        """Makes contacts of what is asked and ingested."""
        from assistant.gaplog.hearing import Hearing

        return Hearing(self.database, self.embedder)

    @cached_property
    def keys(self) -> Keys:
        """API keys."""
        from assistant.store.keys import Keys

        return Keys(self.database)

    @cached_property
    def embedder(self) -> OnnxMiniLM | SentenceTransformerEmbedder:
        """The embedder that the settings name."""
        from assistant.models.embedder import load_embedder

        return load_embedder(self.settings.models.embedder, threads=self.settings.models.threads)

    @cached_property
    def tuned(self) -> Tuned | None:
        """What `waypost tune` learned and is in use."""
        from assistant.store.tunings import Tunings

        return Tunings(self.database).active()

    @cached_property
    def searcher(self) -> OnnxMiniLM | SentenceTransformerEmbedder:
        """The encoder that passages are found with: the one trained on this desk's tickets, or the settings' own."""
        from assistant.models.trained import load_trained

        return load_trained(self.encoders, self.tuned.encoder) if self.tuned and self.tuned.encoder else self.embedder

    @cached_property
    def chat_model(self) -> LangChainDrafter | None:
        """The chat model that the settings name, not loaded yet; None drafts extractively."""
        models = self.settings.models
        if models.chat is None:
            return None
        from assistant.domain import Style
        from assistant.models.chat import LangChainDrafter, Manner
        from assistant.models.vendor import Prices

        return LangChainDrafter(
            models.chat, models.chat_options, deadline_s=models.chat_deadline_s, attempts=models.chat_attempts,
            manner=Manner(Style(models.chat_tone, models.chat_length), models.chat_wording, models.chat_passages),
            prices=Prices(models.chat_input_price, models.chat_output_price),
        )  # fmt: skip

    @property
    def spending(self) -> Spending:
        """What chat models have cost, and what they may."""
        from assistant.store.spending import Budget, Spending

        return Spending(self.database, Budget.of(self.settings.models.model_dump()))

    @property
    def _drafter(self) -> Drafter | None:
        """The chat model inside its budget."""
        if self.chat_model is None:
            return None
        from assistant.models.limited import LimitedDrafter

        return LimitedDrafter(self.chat_model, self.chat_model.model.name, self.spending.exceeded)

    @property
    def finer_stages(self) -> Finer:
        """The journey stages that the desk wants in place of coarse ones.

        Raises:
            SettingsError: a stage is unknown, named twice, or has no example sentences.
        """
        from assistant.gaps.triage import finer_stages

        return finer_stages(self.settings.gaps.finer_stages, self.settings.gaps.stage_examples)

    @property
    def _second_opinion(self) -> SecondOpinion | None:
        """The chat model inside its budget, as a judge of causes, where the settings want one."""
        trust = self.settings.models.chat_opinion
        if self.chat_model is None or trust is None:
            return None
        from assistant.gaplog.labelling import SecondOpinion
        from assistant.models.judging import LangChainJudge, LimitedJudge

        return SecondOpinion(LimitedJudge(LangChainJudge(self.chat_model.model), self.spending.exceeded), trust)

    def searcher_recipe(self) -> Callable[[], CountingEmbedder]:
        """How another process opens the same searcher, on one thread."""
        from functools import partial

        from assistant.models.embedder import load_embedder
        from assistant.models.trained import load_trained

        if self.tuned and self.tuned.encoder:
            return partial(load_trained, self.encoders, self.tuned.encoder)
        return partial(load_embedder, self.settings.models.embedder, threads=1)

    @property
    def thresholds(self) -> tuple[float | None, float | None]:
        """Confidence for an answer and for a part of one, None for the shipped one.

        The settings' thresholds come first, then what mistakes cost the desk, then what `tune` learned.
        """
        learned = (self.tuned.thresholds if self.tuned else None) or {}
        answering = self.settings.answering
        if answering.answer_threshold is not None or answering.partial_threshold is not None:
            return answering.answer_threshold, answering.partial_threshold
        if answering.wrong_to_missing is not None:
            least = least_confidence(answering.wrong_to_missing)
            return (max(learned["answer"], least) if "answer" in learned else None), least
        return learned.get("answer"), learned.get("partial")

    @property
    def encoders(self) -> Path:
        """Where trained encoders live."""
        return self.folder / "encoders"

    @property
    def index_folder(self) -> Path:
        """Where generations live."""
        return self.folder / "index"

    def own(self, command: str) -> Ownership:
        """Take the directory for this process, or say who has it."""
        from assistant.index.lock import own

        return own(self.folder, command)

    def owned_index(self) -> OwnedIndex:
        """The index, for the process that owns the directory."""
        from assistant.index.generation import OwnedIndex

        section = self.settings.index
        return OwnedIndex(
            self.generations, self.index_folder, self.searcher, deadline_s=section.deadline_s, probe_s=section.probe_s
        )

    def reader_index(self) -> ReaderIndex:
        """The index, for a process that only reads."""
        from assistant.index.reader import ReaderIndex

        return ReaderIndex(self.generations, self.index_folder, self.searcher.model_id)

    def assistant(
        self, index: PassageIndex, generation: Callable[[], str], knowledge: Knowledge | None = None
    ) -> Assistant:
        """The pipeline over `index`, and over another view of the knowledge where one is given."""
        from assistant.answering.decide import load_decider
        from assistant.answering.fuse import FusionWeights, weights_from
        from assistant.answering.pipeline import Assistant, Policy
        from assistant.answering.remembering import Remembering
        from assistant.answering.reply import Wording
        from assistant.answering.rerank import reranker_from
        from assistant.vouching import KnowledgeRails

        answering = self.settings.answering
        wording = Wording(
            answering.greeting, answering.greeting_without_name, answering.closing, self.settings.desk.name
        )
        embedder = Remembering(self.embedder)
        decide = load_decider(*self.thresholds, embedder)
        weights = weights_from(self.tuned.weights) if self.tuned else FusionWeights()
        reranker = reranker_from(self.tuned.reranker) if self.tuned else None
        policy = Policy(wording, weights, answering.stale_after_days, reranker)
        rails = KnowledgeRails(
            self.knowledge, self.generations.last_seq, answering.protected_texts, answering.known_hosts
        )
        return Assistant(
            embedder, index, knowledge or self.knowledge, decide, policy, self._drafter, generation, rails,
            embedder if self.searcher is self.embedder else self.searcher,
        )  # fmt: skip

    def desk(self, assistant: Assistant) -> Desk:
        """The pipeline with its logs."""
        from assistant.desk import Desk

        settings = self.settings.model_dump(mode="json", exclude={"models": {"chat_options"}, "database": True})
        return Desk(assistant, self.drafts, self.gaps, self.hearing, self.searcher, settings, self.redactor)

    def close(self) -> None:
        """Close the database."""
        self.database.close()


def open_home(data: Path | None, config: Path | None = None, *, create: bool = False) -> Home:
    """The data directory at `data`, opened.

    Raises:
        DataDirectoryError: there is none and `create` is false, it is not a folder, not writable, or damaged.
        SettingsError: its settings are refused.
    """
    folder = data_folder(data)
    _refuse_unreachable(folder)
    if not folder.exists() and not create:
        raise DataDirectoryError(
            f"There is no data directory at {folder} yet. Run `waypost ingest SOURCE` to make one, or `waypost demo` "
            "to look around; another place is given with --data or WAYPOST_DATA."
        )
    if folder.exists() and not folder.is_dir():
        raise DataDirectoryError(f"Expected a folder at {folder}, found a file. Give another place with --data.")
    settings = load_settings(folder, config)
    if create:
        _make(folder)
    url = settings.database or sqlite_url(folder)
    has_database = settings.database is not None or (folder / "waypost.sqlite").is_file()
    if not has_database and not create:
        raise DataDirectoryError(f"{folder} holds no Waypost data yet. Run `waypost ingest SOURCE` to fill it.")
    return Home(folder, settings, open_database(url, create=create))


def _refuse_unreachable(folder: Path) -> None:
    try:
        folder.exists()
    except OSError as error:
        raise DataDirectoryError(
            f"The data directory {folder} cannot be looked at: {error.strerror}. Check the path and its permissions, "
            "or give another one with --data."
        ) from error


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise DataDirectoryError(
            f"The data directory {folder} cannot be written: {error.strerror}. Check its owner and permissions, or "
            "give another one with --data."
        ) from error
