"""The parts of a chat model's reply while it is being written, each as soon as it is complete.

Beside `written`, which reads the whole reply at its end and has the last word: what is read here is a prefix of that.
"""

from __future__ import annotations

import json
import re

from assistant.answering.written import ReplyError, ReplyPart, reply_part

# Only a reply that says first that it answers can be believed before its end.
_BEGIN = re.compile(r'^[^{]*\{\s*"answered"\s*:\s*true\s*,\s*"parts"\s*:\s*\[')
_MOST_BEGIN_CHARS = 2_000
_MOST_WAITING_CHARS = 20_000


class HeardParts:
    """Takes a reply piece by piece and gives each part once.

    >>> heard = HeardParts()
    >>> heard.feed('{"answered": true, "parts": [{"text": "Open it.", "cita')
    []
    >>> heard.feed('tions": [1], "step": null}, {"te')[0].text
    'Open it.'
    """

    def __init__(self) -> None:
        self._waiting = ""
        self._begun = False
        self._over = False
        self._decoder = json.JSONDecoder()

    def feed(self, piece: str) -> list[ReplyPart]:
        """The parts that this piece completes, in order; none any more after anything that cannot be read."""
        if self._over:
            return []
        self._waiting += piece
        if not self._begun:
            self._begin()
        if len(self._waiting) > (_MOST_WAITING_CHARS if self._begun else _MOST_BEGIN_CHARS):
            self._over = True
        parts: list[ReplyPart] = []
        # An object can only be complete where a brace came in: anything else need not be looked at again.
        while self._begun and not self._over and "}" in self._waiting:
            part = self._next()
            if part is None:
                break
            parts.append(part)
        return parts

    def _begin(self) -> None:
        match = _BEGIN.match(self._waiting)
        if match:
            self._begun = True
            self._waiting = self._waiting[match.end() :]

    def _next(self) -> ReplyPart | None:
        rest = self._waiting.lstrip(" \n\r\t,")
        if not rest.startswith("{"):
            self._over = True
            return None
        try:
            value, end = self._decoder.raw_decode(rest)
            part = reply_part(value)
        except ReplyError:
            self._over = True
            return None
        except (ValueError, RecursionError):
            return None
        self._waiting = rest[end:]
        return part
