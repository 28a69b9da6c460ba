"""A talk with a chat model inside one deadline: calls, waits, one repair; a typed outcome, nothing raised.

Between `chat`, which knows what is asked for, and `vendor`, which makes one call.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Protocol

from assistant.answering.prompts import REPAIR, Prompt
from assistant.answering.written import Reply, ReplyError, read_reply, reply_from
from assistant.domain import Usage
from assistant.errors import ChatModelError, SettingsError
from assistant.models.failures import CallFailed, classified, pause_s
from assistant.models.vendor import (
    METHODS,
    Invoke,
    Line,
    Method,
    Prices,
    built,
    complete,
    invoker,
    line_of_call,
    messages_of,
    text_of,
    usage_of,
    warm,
)

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage, BaseMessage

log = logging.getLogger(__name__)

_MOST_OVERDUE = 16
_LOOK_S = 0.2  # how often a talk that is heard looks whether anybody still listens


class Hearer(Protocol):
    """Follows a reply while it is written."""

    @property
    def is_gone(self) -> bool:
        """Nobody waits for the reply any more."""
        ...

    def hear(self, piece: str) -> bool:
        """Take the next piece; returns whether something of the reply was passed on, so that no other may follow."""
        ...

    def again(self) -> None:
        """The reply failed before anything was passed on; another one begins."""
        ...


@dataclass(frozen=True, slots=True)
class Clock:
    """Time and chance, so that tests need to wait for neither."""

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    uniform: Callable[[float, float], float] = random.uniform


@dataclass(frozen=True, slots=True)
class Said:
    """A reply that could be read, or None with the reason in `notice`; `usage` counts every call either way."""

    reply: Reply | None
    notice: str = ""
    usage: Usage = field(default_factory=Usage)


@dataclass(slots=True)
class _Talk:
    """The state of one talk: its messages, its deadline and what was spent; `last` is the largest number to cite."""

    invoke: Invoke
    messages: list[BaseMessage]
    ends: float
    last: int
    hearer: Hearer | None = None
    usage: Usage = field(default_factory=Usage)
    repaired: bool = False
    passed_on: bool = False


class ChatModel:
    """The chat model `name` ("provider:model"), asked within `deadline_s` seconds and `attempts` calls.

    `options` go to langchain's `init_chat_model` (`base_url`, `temperature`, ...), except `structured_output`,
    one of `METHODS`: without it the schema is used where langchain's profile of the model says that it can be.
    The deadline covers calls and waits, not the import of langchain at the first talk (see `load`).
    """

    def __init__(
        self,
        name: str,
        options: Mapping[str, Any] | None,
        deadline_s: float,
        attempts: int,
        clock: Clock = Clock(),
        prices: Prices = Prices(),
    ) -> None:
        """Keep the settings; nothing is imported or opened yet.

        Raises:
            SettingsError: `name` is not "provider:model", or `structured_output` is unknown.
        """
        provider, _, model = name.partition(":")
        if not provider or not model:
            raise SettingsError(f"Expected a chat model as 'provider:model', found {name!r}. Correct models.chat.")
        chosen = dict(options or {})
        method = chosen.pop("structured_output", None)
        if method is not None and method not in METHODS:
            raise SettingsError(
                f"Expected structured_output to be one of {', '.join(METHODS)}, found {method!r}. "
                "Correct models.chat_options."
            )
        self.name = name
        self._provider = provider
        self._options = chosen
        self._method: Method | None = method
        self._deadline_s = deadline_s
        self._attempts = max(1, attempts)
        self._clock = clock
        self._prices = prices
        self._loading = threading.Lock()
        self._model: Any = None
        self._overdue: list[threading.Thread] = []

    def load(self) -> None:
        """Import langchain and build the model now, for a server's start and for `doctor`.

        Raises:
            ChatModelError: the integration's package or its key is missing, or an option is refused.
        """
        with self._loading:
            if self._model is None:
                model = built(self.name, self._provider, self._options, self._deadline_s)
                if self._method is None:
                    profile = getattr(model, "profile", None) or {}
                    self._method = "json_schema" if profile.get("structured_output") else "text"
                warm(model)
                self._model = model

    def ask(self, prompt: Callable[[bool], Prompt], last: int, hearer: Hearer | None = None) -> Said:
        """The model's reply, whatever happens.

        `prompt` is given whether the schema has to be spelled out; passages are numbered from 1 to `last`. Once the
        hearer passed something on, no other reply is asked for.
        """
        talk: _Talk | None = None
        try:
            self.load()
            asked = prompt(self._method in ("text", "json_mode"))
            invoke = invoker(self._model, self._method or "text", asked.schema)
            talk = _Talk(invoke, messages_of(asked), self._clock.monotonic() + self._deadline_s, last, hearer)
            return Said(self._reply(talk), usage=talk.usage)
        except (ChatModelError, CallFailed) as failure:
            return Said(None, str(failure), talk.usage if talk else Usage())

    # --- attempts ----------------------------------------------------------------------------------------

    def _reply(self, talk: _Talk) -> Reply:
        """The first readable reply within deadline and attempts; an unreadable one is sent back once."""
        for attempt in range(1, self._attempts + 1):
            try:
                message = self._called(talk)
                return self._read(message, talk)
            except CallFailed as failure:
                if not failure.retry or talk.passed_on:
                    raise
                if attempt == self._attempts:
                    raise CallFailed(f"{failure} (calls made: {attempt})", retry=False) from failure
                self._wait(failure, attempt, talk)
        raise CallFailed("no call was made", retry=False)

    def _wait(self, failure: CallFailed, attempt: int, talk: _Talk) -> None:
        wait_s = pause_s(attempt, failure.wait_s, self._clock.uniform)
        left_s = talk.ends - self._clock.monotonic()
        if wait_s >= left_s:
            told = f"; the next try in {wait_s:.0f} s" if failure.wait_s else ""
            raise CallFailed(f"{failure}{told}, with {max(0.0, left_s):.1f} s left until the deadline", retry=False)
        if talk.hearer is not None:
            talk.hearer.again()
        self._clock.sleep(wait_s)

    def _read(self, message: AIMessage, talk: _Talk) -> Reply:
        try:
            return _reply_of(message, self._method or "text")
        except ReplyError as error:
            if talk.passed_on:
                raise CallFailed(f"the model's reply could not be read to its end: {error}", retry=False) from error
            if talk.repaired:
                raise CallFailed(f"the model's reply could not be read twice: {error}", retry=False) from error
            talk.repaired = True
            talk.messages = _with_repair(talk.messages, message, str(error), talk.last)
            raise CallFailed(f"the model's reply could not be read: {error}", retry=True, wait_s=0.0) from error

    def _called(self, talk: _Talk) -> AIMessage:
        """One call in its own thread: an integration that ignores time-outs cannot hold the deadline up."""
        if talk.ends <= self._clock.monotonic():
            raise CallFailed(f"the deadline of {self._deadline_s:g} s passed", retry=False)
        self._overdue = [thread for thread in self._overdue if thread.is_alive()]
        if len(self._overdue) >= _MOST_OVERDUE:
            raise CallFailed(f"{len(self._overdue)} earlier calls are still hanging after their deadline", retry=False)
        call = _Call(Line(time.monotonic() + talk.ends - self._clock.monotonic()), talk.hearer is not None)
        messages = list(talk.messages)
        thread = threading.Thread(target=call.run, args=(talk.invoke, messages), name="chat-model", daemon=True)
        thread.start()
        talk.usage = talk.usage.plus(Usage(calls=1))
        try:
            result = self._outcome(call, talk)
        except CallFailed:
            call.line.cut()
            self._overdue.append(thread)
            raise
        if isinstance(result, BaseException):
            log.debug("chat model call failed", exc_info=result)
            raise classified(result, self._clock.now()) from result
        talk.usage = talk.usage.plus(self._prices.on(usage_of(result, messages)))
        return complete(result, self._method or "text")

    def _outcome(self, call: _Call, talk: _Talk) -> Any:
        """The call's message or exception; its pieces are passed on meanwhile, in this thread."""
        while (left_s := talk.ends - self._clock.monotonic()) > 0:
            if talk.hearer is not None and talk.hearer.is_gone:
                raise CallFailed("nobody waits for the reply any more", retry=False)
            try:
                kind, said = call.heard.get(timeout=min(left_s, _LOOK_S) if talk.hearer else left_s)
            except Empty:
                continue
            if kind == "end":
                return said
            assert talk.hearer is not None
            talk.passed_on = talk.hearer.hear(said) or talk.passed_on
        raise CallFailed(f"no complete reply within the deadline of {self._deadline_s:g} s", retry=False)


@dataclass(slots=True)
class _Call:
    """One call as it runs in its own thread: `heard` gets ("piece", text) and then ("end", message or exception)."""

    line: Line
    is_heard: bool
    heard: SimpleQueue[tuple[str, Any]] = field(default_factory=SimpleQueue)

    def run(self, invoke: Invoke, messages: Sequence[BaseMessage]) -> None:
        line_of_call.set(self.line)
        try:
            hear = (lambda piece: self.heard.put(("piece", piece))) if self.is_heard else None
            self.heard.put(("end", invoke(messages, hear)))
        except BaseException as error:  # noqa: BLE001  any integration may raise anything; it is classified by the caller
            self.heard.put(("end", error))


def _with_repair(messages: Sequence[BaseMessage], message: AIMessage, problem: str, last: int) -> list[BaseMessage]:
    from langchain_core.messages import AIMessage, HumanMessage

    said = text_of(message)[:4_000] or "(nothing)"
    asked = REPAIR.format(problem=problem, first=1, last=last)
    return [*messages[:2], AIMessage(said), HumanMessage(asked)]


def _reply_of(message: AIMessage, method: Method) -> Reply:
    if method == "function_calling" and message.tool_calls:
        return reply_from(message.tool_calls[0]["args"])
    return read_reply(text_of(message))
