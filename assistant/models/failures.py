"""What a chat model's failure means: whether another call may help, and how long to wait before it.

Texts of a vendor may hold anything, so that none of them goes into a reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite

_BACKOFF_S = 0.5
_LONGEST_BACKOFF_S = 8.0
_RETRIED = frozenset({408, 409, 425, 429})
_UNREACHED = ("timeout", "connect", "readerror", "writeerror", "protocolerror", "networkerror", "closederror")


class CallFailed(Exception):
    """One call failed; `retry` says whether another may succeed, `wait_s` what the vendor asked for."""

    def __init__(self, reason: str, *, retry: bool, wait_s: float | None = None) -> None:
        super().__init__(reason)
        self.retry = retry
        self.wait_s = wait_s


def pause_s(attempt: int, asked_s: float | None, uniform: Callable[[float, float], float]) -> float:
    """Seconds before the next call: full jitter below a doubling cap, on top of what the vendor asked for.

    >>> pause_s(2, None, lambda low, high: high), pause_s(1, 3.0, lambda low, high: low), pause_s(1, 0.0, max)
    (1.0, 3.0, 0.0)
    """
    if asked_s == 0.0:
        return 0.0
    return (asked_s or 0.0) + uniform(0.0, min(_LONGEST_BACKOFF_S, _BACKOFF_S * 2 ** (attempt - 1)))


def classified(error: BaseException, now: datetime) -> CallFailed:
    """The failure that an integration's exception stands for; vendor texts, which may hold anything, stay out."""
    if isinstance(error, CallFailed):
        return error
    chain = list(_chain(error))
    own = next((link for link in chain if isinstance(link, CallFailed)), None)
    if own is not None:
        return own
    status = next((code for link in chain if (code := _status(link)) is not None), None)
    if status is not None:
        return _by_status(status, retry_after_s(_headers(chain), now))
    names = " ".join(cls.__name__.lower() for link in chain for cls in type(link).__mro__)
    if "lengthfinishreason" in names:
        return CallFailed("the model's reply was cut at its token limit", retry=False)
    if "contentfilter" in names:
        return CallFailed("the vendor's content filter withheld the reply", retry=False)
    if "timeout" in names:
        return CallFailed("the chat model did not answer in time", retry=True)
    if isinstance(error, (ConnectionError, OSError)) or any(word in names for word in _UNREACHED):
        return CallFailed("the connection to the chat model failed or was cut", retry=True)
    return CallFailed(f"the chat model's answer could not be understood ({type(error).__name__})", retry=True)


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


def _by_status(status: int, wait_s: float | None) -> CallFailed:
    reasons = {
        400: "refused the request", 401: "refused the key", 403: "denied access", 404: "does not know the model",
        408: "timed out", 413: "found the request too large", 429: "is limiting the rate",
    }  # fmt: skip
    if 300 <= status < 400:
        return CallFailed(
            f"the chat model's address redirects elsewhere ({status}); set base_url to the final one", retry=False
        )
    reason = reasons.get(status, "failed" if status >= 500 else "refused the request")
    return CallFailed(
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
