"""One frozen tree of settings, built once at the entrance; unknown keys are refused.

Read from `waypost.toml` in the data directory (or `--config FILE`) and from the environment, which
wins: `WAYPOST_ANSWERING__ANSWER_THRESHOLD=0.6`. Logic receives values, never this tree.
"""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from assistant.domain import Length, Tone
from assistant.errors import SettingsError
from assistant.redaction.rules import REGIONS, Rules

FILE_NAME = "waypost.toml"
_NOT_SETTINGS = {"WAYPOST_DATA", "WAYPOST_BENCH", "WAYPOST_ALLOW_MODEL_DOWNLOAD", "WAYPOST_API_KEY", "WAYPOST_URL"}
"""Environment variables with our prefix that are read elsewhere."""

Share = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    """A frozen group of settings that refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Models(Section):
    """Which models run."""

    embedder: str = "all-MiniLM-L6-v2"
    threads: int = Field(0, ge=0, le=256, description="Threads of the embedder; 0 is one per core.")
    chat: str | None = Field(None, description="A LangChain chat model, 'provider:model'; none drafts extractively.")
    chat_options: dict[str, Any] = Field(default_factory=dict, description="Passed to init_chat_model, e.g. base_url.")
    chat_deadline_s: float = Field(30.0, gt=0, le=600)
    chat_attempts: int = Field(3, ge=1, le=10)
    chat_tone: Tone = Field("friendly", description="friendly, neutral or formal; a request may ask for another.")
    chat_length: Length = Field("normal", description="short, normal or detailed; a request may ask for another.")
    chat_wording: Literal["own", "copied"] = Field(
        "own", description="copied: the model chooses sentences of the passages and writes none; for small models."
    )
    chat_passages: int = Field(10, ge=1, le=10, description="Most passages a chat model is shown.")
    chat_opinion: float | None = Field(
        None,
        gt=0.2,
        le=0.95,
        description="Asks the chat model why each contact was made, and takes it to be right so often; none does not.",
    )
    chat_daily_tokens: int | None = Field(None, ge=0, description="Most tokens a day (UTC); beyond, extractive drafts.")
    chat_daily_cost: float | None = Field(None, ge=0, description="Most USD a day (UTC); beyond, extractive drafts.")
    chat_input_price: float = Field(0.0, ge=0, description="USD a million tokens read, where the vendor gives no cost.")
    chat_output_price: float = Field(0.0, ge=0, description="USD a million tokens written, likewise.")


class Answering(Section):
    """When to answer, and in whose words."""

    answer_threshold: Share | None = Field(None, description="Confidence for 'answered'; none takes the shipped one.")
    partial_threshold: Share | None = Field(None, description="Confidence for 'partial'; none takes the shipped one.")
    wrong_to_missing: float | None = Field(
        None, gt=0, le=1_000, description="What a wrong draft costs, counted in missing ones; sets the threshold."
    )
    refused_share: Share = Field(
        0.1, description="Of questions with an answer, the share that `tune` may leave to silence."
    )
    greeting: str = "Hello {name},"
    greeting_without_name: str = "Hello,"
    closing: str = Field(
        "Read more:\n{links}\n\nKind regards,\n{desk}",
        description="A paragraph with {links} is left out where no public article is cited.",
    )
    stale_after_days: int = Field(730, ge=1)
    protected_texts: tuple[str, ...] = Field((), description="Texts that no draft may ever contain.")
    known_hosts: tuple[Annotated[str, Field(pattern=r"^([a-z0-9-]+\.)+[a-z0-9-]{2,}$")], ...] = Field(
        (), description="Hosts of others that a draft may name although fewer than three articles do."
    )


class IndexSection(Section):
    """The disposable index."""

    deadline_s: float = Field(5.0, gt=0, description="Longest wait for one call to the vector index.")
    probe_s: float = Field(30.0, gt=0, description="Longest wait for the vector index to open.")


class Server(Section):
    """The HTTP faces."""

    host: str = "127.0.0.1"
    port: int = Field(8321, ge=0, le=65535)
    allowed_origins: tuple[str, ...] = ()
    max_body_bytes: int = Field(2_000_000, ge=1_000)


class Desk(Section):
    """The support desk itself."""

    name: str = "The support team"
    minutes_per_contact: tuple[float, float] = (6.0, 14.0)
    cost_per_hour: tuple[float, float] = (28.0, 45.0)
    currency: str = "EUR"
    addresses: tuple[str, ...] = Field(
        (), description="The desk's own mail addresses or hosts: who writes from there is an agent."
    )


class SourcesSection(Section):
    """Sources over the network."""

    private_hosts: tuple[str, ...] = Field((), description="Hosts of your own network that sources may be read from.")
    macros: Literal["public", "internal"] = Field(
        "internal", description="Audience of macros that all agents share; public lets replies quote them."
    )


class Redaction(Section):
    """What is taken out of tickets, mail and questions besides what always is."""

    patterns: dict[Annotated[str, Field(pattern=r"^[a-z][a-z ]{0,30}$")], str] = Field(
        default_factory=dict, description="Regular expressions by the placeholder's word: order = 'ORD-[0-9]{6}'."
    )
    keep: tuple[str, ...] = Field((), description="Product and company names that are never taken for a person's.")
    regions: tuple[Annotated[str, Field(pattern="^[A-Z]{2}$")], ...] = Field(
        REGIONS, description="Countries whose phone numbers are written without a country code."
    )
    name_model: str = Field(
        "", max_length=400, description="A spaCy pipeline that finds names nobody told: a package or a folder."
    )

    @field_validator("patterns")
    @classmethod
    def _compile(cls, patterns: dict[str, str]) -> dict[str, str]:
        for kind, pattern in patterns.items():
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"expected a regular expression for {kind!r}, but {error}") from error
        return patterns

    def rules(self) -> Rules:
        """As redaction takes them."""
        return Rules(tuple(sorted(self.patterns.items())), self.keep, self.regions)


class WebhookTarget(Section):
    """Where events are sent to; no events named means all of them."""

    url: Annotated[str, Field(pattern=r"^https?://\S+$", max_length=2000)]
    format: Literal["standard", "slack"] = "standard"
    secret_env: str = Field("", description="The environment variable that holds the signing secret, 'whsec_...'.")
    events: tuple[Literal["theme.spiked", "gap.closed", "fix.measured", "digest.ready"], ...] = ()


class MailTarget(Section):
    """Who gets the weekly digest by mail, and by which server."""

    host: str
    port: int = Field(587, ge=1, le=65535)
    tls: Literal["starttls", "tls", "none"] = "starttls"
    sender: str
    recipients: tuple[str, ...]
    user: str = ""
    password_env: str = Field("", description="The environment variable that holds the password.")


class Gaps(Section):
    """How the gap log tells contacts apart."""

    finer_stages: dict[str, tuple[Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,39}$")], ...]] = Field(
        default_factory=dict, description="Stages in place of a coarse one: get = ['learn', 'order', 'refund']."
    )
    answer_factor: float = Field(
        2.0, ge=1, le=10, description="How much an answer's outcome weighs for a contact's cause; 1 is nothing."
    )
    stage_examples: dict[str, tuple[Annotated[str, Field(min_length=3, max_length=400)], ...]] = Field(
        default_factory=dict, description="Sentences that people at a stage of the desk's own typically write."
    )


class Notify(Section):
    """Telling people outside."""

    webhooks: tuple[WebhookTarget, ...] = ()
    mail: MailTarget | None = None
    private_hosts: tuple[str, ...] = Field((), description="Hosts of your own network that may be told.")


class Settings(BaseSettings):
    """The whole tree."""

    model_config = SettingsConfigDict(env_prefix="WAYPOST_", env_nested_delimiter="__", frozen=True, extra="forbid")

    database: str | None = Field(None, description="A SQLAlchemy URL; none keeps SQLite in the data directory.")
    models: Models = Models()
    answering: Answering = Answering()
    index: IndexSection = IndexSection()
    server: Server = Server()
    desk: Desk = Desk()
    sources: SourcesSection = SourcesSection()
    redaction: Redaction = Redaction()
    gaps: Gaps = Gaps()
    notify: Notify = Notify()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file."""
        return env_settings, init_settings


def load_settings(data: Path, config: Path | None = None) -> Settings:
    """The settings of the data directory `data`, or of the file `config`.

    Raises:
        SettingsError: unreadable file, unknown key, or a value out of range; names the key and the remedy.
    """
    path = config or data / FILE_NAME
    if config is not None and not config.is_file():
        raise SettingsError(f"Expected a settings file at {config}, found none. Create it or leave --config out.")
    try:
        values = tomllib.loads(path.read_text("utf-8")) if path.is_file() else {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise SettingsError(f"{path} is not readable as TOML: {error}. Correct that line, or move the file.") from error
    _refuse_unknown_variables()
    try:
        return Settings(**values)
    except ValidationError as error:
        raise SettingsError(_explained(error, path)) from error


def _refuse_unknown_variables() -> None:
    known = {f"WAYPOST_{name.upper()}" for name in Settings.model_fields}
    for name in os.environ:
        if name.upper().startswith("WAYPOST_") and name.upper() not in _NOT_SETTINGS:
            section = name.upper().split("__")[0]
            if section not in known:
                raise SettingsError(
                    f"Unknown environment variable {name}: expected one of {', '.join(sorted(known | _NOT_SETTINGS))} "
                    "(sections continue with '__', as in WAYPOST_SERVER__PORT). Unset or correct it."
                )


def _explained(error: ValidationError, path: Path) -> str:
    """One line per problem: the key, what was expected, what was found."""
    lines = []
    for problem in error.errors():
        key = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            lines.append(f"unknown key {key!r}")
        else:
            lines.append(f"{key}: {problem['msg']}, found {problem['input']!r}")
    return f"Settings from {path} and the environment are refused: {'; '.join(lines)}. See docs/settings.md."
