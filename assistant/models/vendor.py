"""A chat model as its LangChain integration gives it, bounded: one call in, one whole message out.

With `failures` and `talk` the only home of langchain, which is imported when a model is built.
"""

from __future__ import annotations

import socket
import sys
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from threading import Event
from typing import TYPE_CHECKING, Any, Final, Literal

from assistant.answering.prompts import SCHEMA, Prompt
from assistant.domain import Usage
from assistant.errors import ChatModelError
from assistant.models.failures import CallFailed

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage, BaseMessage

Method = Literal["json_schema", "function_calling", "json_mode", "text"]
"""How the schema is given: as structured output of one of three kinds, or spelled out in the prompt."""

METHODS: Final[tuple[Method, ...]] = ("json_schema", "function_calling", "json_mode", "text")
Hear = Callable[[str], None]
"""Takes the reply piece by piece as it is written."""
Invoke = Callable[[Sequence["BaseMessage"], Hear | None], Any]
"""One call to the model: whole, or heard while it is written."""

_MOST_BYTES = 4_000_000  # a draft has some kilobytes; more is a fault or an attack
_OPENAI_PROTOCOL = frozenset({"openai", "azure_openai"})
_CHARS_PER_TOKEN = 4


@dataclass(frozen=True, slots=True)
class Prices:
    """USD a million tokens read and written, for a vendor that tells no cost; 0 for both is not known."""

    read: float = 0.0
    written: float = 0.0

    def on(self, usage: Usage) -> Usage:
        """The usage with its cost: the vendor's own where it told one.

        >>> Prices(2.0, 10.0).on(Usage(120, 30, 1)).cost, Prices().on(Usage(120, 30, 1)).cost
        (0.00054, None)
        """
        if usage.cost is not None or not (self.read or self.written):
            return usage
        return replace(usage, cost=(usage.input_tokens * self.read + usage.output_tokens * self.written) / 1_000_000)


@dataclass(slots=True)
class Line:
    """The line to the vendor during one call: until when it may last, and a way to cut it from another thread."""

    ends: float = float("inf")
    is_cut: Event = field(default_factory=Event)
    _socket: socket.socket | None = None

    def cut(self) -> None:
        """End the call: at once while it reads a reply, otherwise when the vendor next sends something."""
        self.is_cut.set()
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def opened(self, response: Any) -> None:
        """Remember the socket behind a response whose body is about to be read."""
        stream = response.extensions.get("network_stream")
        found = stream.get_extra_info("socket") if stream is not None else None
        self._socket = found if isinstance(found, socket.socket) else None

    def check(self) -> None:
        """Refuse to go on when the call is over."""
        if self.is_cut.is_set():
            raise CallFailed("nobody waits for the reply any more", retry=False)
        if time.monotonic() > self.ends:
            raise CallFailed("no complete reply within the deadline", retry=False)


line_of_call: ContextVar[Line | None] = ContextVar("line_of_call", default=None)
"""The line of the call that this thread makes; read by the HTTP hooks."""


# --- building ------------------------------------------------------------------------------------------------


def built(name: str, provider: str, options: Mapping[str, Any], deadline_s: float) -> Any:
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


def warm(model: Any) -> None:
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
        def __init__(self, stream: Any, line: Line) -> None:
            self._stream = stream
            self._line = line

        def __iter__(self) -> Any:
            size = 0
            for piece in self._stream:
                size += len(piece)
                if size > _MOST_BYTES:
                    raise CallFailed(f"the reply is larger than {_MOST_BYTES // 1_000_000} MB", retry=False)
                self._line.check()
                yield piece

        def close(self) -> None:
            self._stream.close()

    def limit_time(request: Any) -> None:
        line = line_of_call.get() or Line()
        line.check()
        left_s = max(0.05, min(deadline_s, line.ends - time.monotonic()))
        request.extensions = {
            **request.extensions,
            "timeout": dict.fromkeys(("connect", "read", "write", "pool"), left_s),
        }
        request.headers["accept-encoding"] = "identity"

    def limit_size(response: Any) -> None:
        if response.headers.get("content-encoding", "identity") != "identity":
            raise CallFailed("the reply came compressed, which was not asked for", retry=False)
        line = line_of_call.get() or Line()
        line.opened(response)
        response.stream = Bounded(response.stream, line)

    return openai.DefaultHttpxClient(
        timeout=deadline_s, follow_redirects=False, event_hooks={"request": [limit_time], "response": [limit_size]}
    )


def messages_of(prompt: Prompt) -> list[BaseMessage]:
    """The prompt as LangChain's messages."""
    from langchain_core.messages import HumanMessage, SystemMessage

    return [SystemMessage(prompt.system), HumanMessage(prompt.user)]


def invoker(model: Any, method: Method, schema: dict[str, Any]) -> Invoke:
    """Asks for the model's message by `schema`; nothing is traced to a third party, whatever the environment says."""
    from langsmith.run_helpers import tracing_context

    strict = {} if method == "json_mode" else {"strict": True}

    def invoke(messages: Sequence[BaseMessage], hear: Hear | None) -> Any:
        with tracing_context(enabled=False), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            asked = model
            if method != "text":
                asked = model.with_structured_output(schema, method=method, include_raw=True, **strict)
            if hear is not None:
                return _heard(asked, messages, hear)
            answer = asked.invoke(list(messages))
        return answer if method == "text" else answer["raw"]

    return invoke


def _heard(asked: Any, messages: Sequence[BaseMessage], hear: Hear) -> Any:
    """The message, put together from its pieces. Structured output keeps them back, a callback hears each."""
    from langchain_core.callbacks import BaseCallbackHandler

    class Ear(BaseCallbackHandler):
        raise_error = True

        def on_llm_new_token(self, token: Any, *, chunk: Any = None, **_: Any) -> None:
            message = getattr(chunk, "message", None)
            arguments = "".join(call.get("args") or "" for call in getattr(message, "tool_call_chunks", ()))
            piece = (text_of(message) if message is not None else str(token)) or arguments
            if piece:
                hear(piece)

    whole: Any = None
    for piece in asked.stream(list(messages), config={"callbacks": [Ear()]}):
        raw = piece.get("raw") if isinstance(piece, Mapping) else piece
        if raw is not None:
            whole = raw if whole is None else whole + raw
    return whole


def complete(message: Any, method: Method) -> AIMessage:
    """The message, when it is a whole one of the kind that was asked for."""
    from langchain_core.messages import AIMessage

    if not isinstance(message, AIMessage):
        raise CallFailed("the chat model answered with no message", retry=True)
    calls = [*message.tool_calls, *message.invalid_tool_calls]
    if any(call["name"] != SCHEMA["title"] for call in calls) or (calls and method != "function_calling"):
        raise CallFailed("the model called a tool, and none was offered", retry=False)
    if message.additional_kwargs.get("refusal"):
        raise CallFailed("the model refused to write a reply", retry=False)
    finished = message.response_metadata.get("finish_reason") or message.response_metadata.get("stop_reason")
    if finished in ("length", "max_tokens"):
        raise CallFailed("the model's reply was cut at its token limit", retry=False)
    if finished == "content_filter":
        raise CallFailed("the vendor's content filter withheld the reply", retry=False)
    return message


def text_of(message: AIMessage) -> str:
    """The message's text; content in blocks is joined."""
    content = message.content
    if isinstance(content, str):
        return content
    return "".join(part if isinstance(part, str) else str(part.get("text", "")) for part in content)


def usage_of(message: Any, asked: Sequence[BaseMessage]) -> Usage:
    """What the vendor counted for this message; nonsense counts as nothing.

    A vendor that counts nothing, as many do for a streamed reply, is taken at one token for four characters: a
    limit on spending must not be blind to it.
    """
    counted = getattr(message, "usage_metadata", None)
    if not counted:
        written = sum(len(str(one.content)) for one in asked)
        return Usage(-(-written // _CHARS_PER_TOKEN), -(-len(str(getattr(message, "content", ""))) // _CHARS_PER_TOKEN))
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
