"""Any LangChain chat model as a drafter: one question, numbered passages, a deadline, and a typed outcome.

The only home of langchain, which is imported at the first draft. Whatever the vendor does ends as a draft
that passed `assistant.answering.written`, or as a notice; nothing is raised. `assistant.answering.phrase` guards it.
"""

from __future__ import annotations

import logging
import random
import sys
import threading
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Final, Literal

from assistant.answering.prompts import (
    PROMPT_VERSION,
    REPAIR,
    SCHEMA,
    Offer,
    Prompt,
    Style,
    offered,
    prompt,
)
from assistant.answering.written import Reply, ReplyError, draft_from, read_reply, reply_from
from assistant.domain import Candidate, Draft, Question, Usage
from assistant.errors import ChatModelError, SettingsError
from assistant.seams import Written

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage, BaseMessage

log = logging.getLogger(__name__)

Method = Literal["json_schema", "function_calling", "json_mode", "text"]
"""How the schema is given: as structured output of one of three kinds, or spelled out in the prompt."""

METHODS: Final[tuple[Method, ...]] = ("json_schema", "function_calling", "json_mode", "text")
_MOST_BYTES = 4_000_000  # a draft has some kilobytes; more is a fault or an attack
_BACKOFF_S = 0.5
_LONGEST_BACKOFF_S = 8.0
_MOST_OVERDUE = 16
_RETRIED = frozenset({408, 409, 425, 429})
_UNREACHED = ("timeout", "connect", "readerror", "writeerror", "protocolerror", "networkerror", "closederror")
_OPENAI_PROTOCOL = frozenset({"openai", "azure_openai"})

_ends: ContextVar[float] = ContextVar("ends", default=float("inf"))
"""When the running call must be over, on the monotonic clock; read by the HTTP hooks in the same thread."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Time and chance, so that tests need to wait for neither."""

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    uniform: Callable[[float, float], float] = random.uniform


class _Failure(Exception):
    """One call failed; `retry` says whether another may succeed, `wait_s` what the vendor asked for."""

    def __init__(self, reason: str, *, retry: bool, wait_s: float | None = None) -> None:
        super().__init__(reason)
        self.retry = retry
        self.wait_s = wait_s


@dataclass(slots=True)
class _Talk:
    """The state of one draft: its messages, its deadline and what was spent."""

    messages: list[BaseMessage]
    ends: float
    usage: Usage = field(default_factory=Usage)
    repaired: bool = False


class LangChainDrafter:
    """Drafts with the chat model `name` ("provider:model") within `deadline_s` seconds and `attempts` calls.

    `options` go to langchain's `init_chat_model` (`base_url`, `temperature`, ...), except `structured_output`,
    one of `METHODS`: without it the schema is used where langchain's profile of the model says that it can be.
    The deadline covers calls and waits, not the import of langchain at the first draft (see `load`).
    """

    def __init__(
        self,
        name: str,
        options: Mapping[str, Any] | None = None,
        deadline_s: float = 30.0,
        attempts: int = 3,
        *,
        style: Style = Style(),
        clock: Clock = Clock(),
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
        self._name = name
        self._provider = provider
        self._options = chosen
        self._method: Method | None = method
        self._deadline_s = deadline_s
        self._attempts = max(1, attempts)
        self._style = style
        self._clock = clock
        self._loading = threading.Lock()
        self._invoke: Callable[[Sequence[BaseMessage]], Any] | None = None
        self._overdue: list[threading.Thread] = []

    def load(self) -> None:
        """Import langchain and build the model now, for a server's start and for `doctor`.

        Raises:
            ChatModelError: the integration's package or its key is missing, or an option is refused.
        """
        with self._loading:
            if self._invoke is None:
                model = _built(self._name, self._provider, self._options, self._deadline_s)
                if self._method is None:
                    profile = getattr(model, "profile", None) or {}
                    self._method = "json_schema" if profile.get("structured_output") else "text"
                _warm(model)
                self._invoke = _invoker(model, self._method)

    def draft(self, question: Question, candidates: Sequence[Candidate]) -> Written:
        """A draft, not yet guarded; an empty one when the model declined; none, with a notice, when anything failed."""
        offer = offered(candidates)
        if not offer.passages:
            return self._without("no passage could be shown to the model")
        talk: _Talk | None = None
        try:
            self.load()
            talk = _Talk(_messages(self._prompt(question, offer)), self._clock.monotonic() + self._deadline_s)
            reply = self._reply(talk, offer)
        except (ChatModelError, _Failure) as failure:
            return self._without(str(failure), talk.usage if talk else Usage())
        return self._mapped(reply, offer, talk.usage)

    def _prompt(self, question: Question, offer: Offer) -> Prompt:
        return prompt(question, offer, self._style, json_only=self._method in ("text", "json_mode"))

    def _without(self, notice: str, usage: Usage = Usage()) -> Written:
        return Written(None, self._name, PROMPT_VERSION, notice, usage=usage)

    def _mapped(self, reply: Reply, offer: Offer, usage: Usage) -> Written:
        if not reply.answered:
            notice = "declined: the model found no answer in the passages"
            return Written(Draft(()), self._name, PROMPT_VERSION, notice, declined=True, usage=usage)
        mapped = draft_from(reply, offer)
        notice = "; ".join(mapped.notices)
        if not mapped.draft.parts:
            return self._without(f"nothing usable in the model's reply{f' ({notice})' if notice else ''}", usage)
        return Written(mapped.draft, self._name, PROMPT_VERSION, notice, usage=usage)

    # --- attempts ----------------------------------------------------------------------------------------

    def _reply(self, talk: _Talk, offer: Offer) -> Reply:
        """The first readable reply within deadline and attempts; an unreadable one is sent back once."""
        for attempt in range(1, self._attempts + 1):
            try:
                message = self._called(talk)
                return self._read(message, talk, offer)
            except _Failure as failure:
                if not failure.retry:
                    raise
                if attempt == self._attempts:
                    raise _Failure(f"{failure} (calls made: {attempt})", retry=False) from failure
                self._wait(failure, attempt, talk)
        raise _Failure("no call was made", retry=False)

    def _wait(self, failure: _Failure, attempt: int, talk: _Talk) -> None:
        wait_s = pause_s(attempt, failure.wait_s, self._clock.uniform)
        left_s = talk.ends - self._clock.monotonic()
        if wait_s >= left_s:
            told = f"; the next try in {wait_s:.0f} s" if failure.wait_s else ""
            raise _Failure(f"{failure}{told}, with {max(0.0, left_s):.1f} s left until the deadline", retry=False)
        self._clock.sleep(wait_s)

    def _read(self, message: AIMessage, talk: _Talk, offer: Offer) -> Reply:
        try:
            return _reply_of(message, self._method or "text")
        except ReplyError as error:
            if talk.repaired:
                raise _Failure(f"the model's reply could not be read twice: {error}", retry=False) from error
            talk.repaired = True
            talk.messages = _with_repair(talk.messages, message, str(error), len(offer.passages))
            raise _Failure(f"the model's reply could not be read: {error}", retry=True, wait_s=0.0) from error

    def _called(self, talk: _Talk) -> AIMessage:
        """One call in its own thread: an integration that ignores time-outs cannot hold the deadline up."""
        left_s = talk.ends - self._clock.monotonic()
        if left_s <= 0:
            raise _Failure(f"the deadline of {self._deadline_s:g} s passed", retry=False)
        self._overdue = [thread for thread in self._overdue if thread.is_alive()]
        if len(self._overdue) >= _MOST_OVERDUE:
            raise _Failure(f"{len(self._overdue)} earlier calls are still hanging after their deadline", retry=False)
        outcome: SimpleQueue[Any] = SimpleQueue()
        thread = threading.Thread(
            target=self._work, args=(list(talk.messages), talk.ends, outcome), name="chat-model", daemon=True
        )
        thread.start()
        talk.usage = talk.usage.plus(Usage(calls=1))
        try:
            result = outcome.get(timeout=left_s)
        except Empty:
            self._overdue.append(thread)
            raise _Failure(f"no complete reply within the deadline of {self._deadline_s:g} s", retry=False) from None
        if isinstance(result, BaseException):
            log.debug("chat model call failed", exc_info=result)
            raise classified(result, self._clock.now()) from result
        talk.usage = talk.usage.plus(_usage(result))
        return _complete(result, self._method or "text")

    def _work(self, messages: Sequence[BaseMessage], ends: float, outcome: SimpleQueue[Any]) -> None:
        _ends.set(ends)
        try:
            assert self._invoke is not None
            outcome.put(self._invoke(messages))
        except BaseException as error:  # noqa: BLE001  any integration may raise anything; it is classified by the caller
            outcome.put(error)


def pause_s(attempt: int, asked_s: float | None, uniform: Callable[[float, float], float]) -> float:
    """Seconds before the next call: full jitter below a doubling cap, on top of what the vendor asked for.

    >>> pause_s(2, None, lambda low, high: high), pause_s(1, 3.0, lambda low, high: low), pause_s(1, 0.0, max)
    (1.0, 3.0, 0.0)
    """
    if asked_s == 0.0:
        return 0.0
    return (asked_s or 0.0) + uniform(0.0, min(_LONGEST_BACKOFF_S, _BACKOFF_S * 2 ** (attempt - 1)))


# --- what an exception means ---------------------------------------------------------------------------------


def classified(error: BaseException, now: datetime) -> _Failure:
    """The failure that an integration's exception stands for; vendor texts, which may hold anything, stay out."""
    if isinstance(error, _Failure):
        return error
    chain = list(_chain(error))
    own = next((link for link in chain if isinstance(link, _Failure)), None)
    if own is not None:
        return own
    status = next((code for link in chain if (code := _status(link)) is not None), None)
    if status is not None:
        return _by_status(status, retry_after_s(_headers(chain), now))
    names = " ".join(cls.__name__.lower() for link in chain for cls in type(link).__mro__)
    if "lengthfinishreason" in names:
        return _Failure("the model's reply was cut at its token limit", retry=False)
    if "contentfilter" in names:
        return _Failure("the vendor's content filter withheld the reply", retry=False)
    if "timeout" in names:
        return _Failure("the chat model did not answer in time", retry=True)
    if isinstance(error, (ConnectionError, OSError)) or any(word in names for word in _UNREACHED):
        return _Failure("the connection to the chat model failed or was cut", retry=True)
    return _Failure(f"the chat model's answer could not be understood ({type(error).__name__})", retry=True)


def _chain(error: BaseException) -> list[BaseException]:
    """The exception and its causes, outermost first, at most eight."""
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and len(chain) < 8 and link not in chain:
        chain.append(link)
        link = link.__cause__ or link.__context__
    return chain


def _status(error: BaseException) -> int | None:
    for value in (getattr(error, "status_code", None), getattr(getattr(error, "response", None), "status_code", None)):
        if isinstance(value, int) and value >= 300:
            return value
    return None


def _headers(chain: Sequence[BaseException]) -> Mapping[str, str]:
    for error in chain:
        headers = getattr(getattr(error, "response", None), "headers", None)
        if headers is not None:
            return {str(name).lower(): str(value) for name, value in headers.items()}
    return {}


def _by_status(status: int, wait_s: float | None) -> _Failure:
    reasons = {
        400: "refused the request", 401: "refused the key", 403: "denied access", 404: "does not know the model",
        408: "timed out", 413: "found the request too large", 429: "is limiting the rate",
    }  # fmt: skip
    if 300 <= status < 400:
        return _Failure(
            f"the chat model's address redirects elsewhere ({status}); set base_url to the final one", retry=False
        )
    reason = reasons.get(status, "failed" if status >= 500 else "refused the request")
    return _Failure(
        f"the chat model's vendor {reason} ({status})", retry=status >= 500 or status in _RETRIED, wait_s=wait_s
    )


def retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds to wait by the `Retry-After` header (lower-case names), in seconds or as a date; None if unusable.

    >>> retry_after_s({"retry-after": "7"}, datetime(2026, 1, 1, tzinfo=UTC))
    7.0
    >>> retry_after_s({"retry-after": "Thu, 01 Jan 2026 00:00:09 GMT"}, datetime(2026, 1, 1, tzinfo=UTC))
    9.0
    """
    text = headers.get("retry-after", "").strip()[:64]
    try:
        seconds = float(text)
    except ValueError:
        try:
            at = parsedate_to_datetime(text)
        except (ValueError, TypeError, IndexError):
            return None
        seconds = ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds()
    return max(0.001, seconds) if isfinite(seconds) else None


# --- langchain -------------------------------------------------------------------------------------------------


def _built(name: str, provider: str, options: Mapping[str, Any], deadline_s: float) -> Any:
    """The chat model, without retries of its own: they would know nothing of our deadline."""
    try:
        from langchain.chat_models import init_chat_model

        chosen = {"timeout": deadline_s, "max_retries": 0, **options}
        if provider in _OPENAI_PROTOCOL and not {"http_client", "openai_proxy"} & set(options):
            chosen["http_client"] = _bounded_client(deadline_s)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return init_chat_model(name, **chosen)
    except Exception as error:  # each integration has its own errors for a missing key or option
        raise ChatModelError(
            f"Expected the chat model {name!r} to start, but it failed ({type(error).__name__}). Install the package "
            f"of its LangChain integration (langchain-{provider.replace('_', '-')}), set its key, and check "
            "models.chat_options."
        ) from error


def _warm(model: Any) -> None:
    """Import what openai's client imports at its first call: seconds on a busy machine, which no draft should pay."""
    client = getattr(model, "root_client", None)
    for path in ("chat.completions.with_raw_response", "beta.chat.completions"):
        part = client
        for name in path.split("."):
            part = getattr(part, name, None)


def _bounded_client(deadline_s: float) -> Any:
    """An HTTP client that follows no redirect, reads no compressed body, and stops at the deadline or `_MOST_BYTES`."""
    import openai

    # The package that the installed openai speaks HTTP with: httpx, or httpx2 since 3.x.
    http = sys.modules[openai.DefaultHttpxClient.__mro__[1].__module__.partition(".")[0]]

    class Bounded(http.SyncByteStream):  # type: ignore[misc, name-defined]  # the base is only known here
        def __init__(self, stream: Any, ends: float) -> None:
            self._stream = stream
            self._ends = ends

        def __iter__(self) -> Any:
            size = 0
            for piece in self._stream:
                size += len(piece)
                if size > _MOST_BYTES:
                    raise _Failure(f"the reply is larger than {_MOST_BYTES // 1_000_000} MB", retry=False)
                if time.monotonic() > self._ends:
                    raise _Failure("no complete reply within the deadline", retry=False)
                yield piece

        def close(self) -> None:
            self._stream.close()

    def limit_time(request: Any) -> None:
        left_s = max(0.05, min(deadline_s, _ends.get() - time.monotonic()))
        request.extensions = {
            **request.extensions,
            "timeout": dict.fromkeys(("connect", "read", "write", "pool"), left_s),
        }
        request.headers["accept-encoding"] = "identity"

    def limit_size(response: Any) -> None:
        if response.headers.get("content-encoding", "identity") != "identity":
            raise _Failure("the reply came compressed, which was not asked for", retry=False)
        response.stream = Bounded(response.stream, _ends.get())

    return openai.DefaultHttpxClient(
        timeout=deadline_s, follow_redirects=False, event_hooks={"request": [limit_time], "response": [limit_size]}
    )


def _messages(prompt: Prompt) -> list[BaseMessage]:
    from langchain_core.messages import HumanMessage, SystemMessage

    return [SystemMessage(prompt.system), HumanMessage(prompt.user)]


def _with_repair(messages: Sequence[BaseMessage], message: AIMessage, problem: str, last: int) -> list[BaseMessage]:
    from langchain_core.messages import AIMessage, HumanMessage

    said = _text(message)[:4_000] or "(nothing)"
    asked = REPAIR.format(problem=problem, first=1, last=last)
    return [*messages[:2], AIMessage(said), HumanMessage(asked)]


def _invoker(model: Any, method: Method) -> Callable[[Sequence[BaseMessage]], Any]:
    """Asks for the model's message; nothing is traced to a third party, whatever the environment says."""
    from langsmith.run_helpers import tracing_context

    strict = {} if method == "json_mode" else {"strict": True}
    asked = (
        model if method == "text" else model.with_structured_output(SCHEMA, method=method, include_raw=True, **strict)
    )

    def invoke(messages: Sequence[BaseMessage]) -> Any:
        with tracing_context(enabled=False), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            answer = asked.invoke(list(messages))
        return answer if method == "text" else answer["raw"]

    return invoke


def _complete(message: Any, method: Method) -> AIMessage:
    """The message, when it is a whole one of the kind that was asked for."""
    from langchain_core.messages import AIMessage

    if not isinstance(message, AIMessage):
        raise _Failure("the chat model answered with no message", retry=True)
    calls = [*message.tool_calls, *message.invalid_tool_calls]
    if any(call["name"] != SCHEMA["title"] for call in calls) or (calls and method != "function_calling"):
        raise _Failure("the model called a tool, and none was offered", retry=False)
    if message.additional_kwargs.get("refusal"):
        raise _Failure("the model refused to write a reply", retry=False)
    finished = message.response_metadata.get("finish_reason") or message.response_metadata.get("stop_reason")
    if finished in ("length", "max_tokens"):
        raise _Failure("the model's reply was cut at its token limit", retry=False)
    if finished == "content_filter":
        raise _Failure("the vendor's content filter withheld the reply", retry=False)
    return message


def _reply_of(message: AIMessage, method: Method) -> Reply:
    if method == "function_calling" and message.tool_calls:
        return reply_from(message.tool_calls[0]["args"])
    return read_reply(_text(message))


def _text(message: AIMessage) -> str:
    """The message's text; content in blocks is joined."""
    content = message.content
    if isinstance(content, str):
        return content
    return "".join(part if isinstance(part, str) else str(part.get("text", "")) for part in content)


def _usage(message: Any) -> Usage:
    """What the vendor counted for this message; nonsense counts as nothing."""
    counted = getattr(message, "usage_metadata", None) or {}
    metadata = getattr(message, "response_metadata", None) or {}
    told = metadata.get("token_usage") or {}
    cost = told.get("cost") if isinstance(told, Mapping) else None
    return Usage(
        _count(counted.get("input_tokens")),
        _count(counted.get("output_tokens")),
        cost=float(cost) if isinstance(cost, (int, float)) and 0 <= cost < 1e6 else None,
    )


def _count(value: object) -> int:
    return value if isinstance(value, int) and 0 <= value < 10**9 else 0
