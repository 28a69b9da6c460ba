"""Passwords, tokens and keys: by what stands before them, by their issuers' shapes, or by looking like nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from assistant.redaction.rules import Span
from assistant.redaction.vocabulary import NO_SECRETS, SECRET_NAMES

URL = re.compile(
    r"(?:https?|ftp|imaps?|smtps?|mongodb|postgres(?:ql)?|redis|mysql)://[^\s<>\"'`\u201c\u201d\u00ab\u00bb]{1,4000}",
    re.I,
)
_USERINFO = re.compile(r"://([^\s/@?#]{1,256})@")
_QUERY_VALUE = re.compile(
    r"[?&#;](?:[\w.-]{0,40}(?:token|secret|passw(?:or)?d|pwd|signature|apikey|api_key|credential|session|otp)[\w.-]{0,20}"
    r"|sig|key|auth|code|sid|jwt|pass|hash|invite|reset)=([^&#\s]{4,2000})",
    re.IGNORECASE,
)
_NAME = re.compile(
    "|".join(sorted(map(str.lower, SECRET_NAMES), key=len, reverse=True))
)  # of lower case: four times faster
_VALUE = re.compile(
    r"(?![^\W_])(?P<between>[^\S\n]*(?:[:=]|->|=>)[^\S\n]*|[^\S\n]+(?:is|was|ist|war|est|es|è)[^\S\n]*:?[^\S\n]+)"
    r"(?P<quote>[\"'`\u201c\u2018\u00ab]?)(?P<value>(?!https?:)[^\s\"'`\u201d\u00bb<>]{3,200})",
    re.IGNORECASE,
)
_BEARER = re.compile(r"\b(?:bearer|basic)\s+([\w.~+/=-]{16,4000})", re.IGNORECASE)
_LONG = re.compile(r"(?<![\w.-])[\w-][\w.-]{13,}")
_ISSUED = re.compile(
    r"(?:sk|pk|rk|ak)[-_](?:live[-_]|test[-_]|proj[-_]|ant[-_])?[\w-]{16,200}"
    r"|(?:ghp|gho|ghu|ghs|ghr)_[A-Za-z0-9]{20,100}|github_pat_\w{20,120}|glpat-[\w-]{16,60}"
    r"|xox[abeoprs]-[\w-]{10,200}|(?:AKIA|ASIA)[0-9A-Z]{16}(?!\w)|AIza[\w-]{30,45}"
    r"|ey[JK][\w-]{10,4000}\.[\w-]{5,4000}(?:\.[\w-]{5,4000})?|SG\.[\w-]{16,40}\.[\w-]{16,80}"
    r"|(?:hf|npm|pypi|dop_v1|shpat|whsec|rk_live)_[\w-]{16,200}"
)
_KEY_BLOCK = re.compile(
    r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.{0,20000}?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|\Z)", re.S
)
_DENSE = re.compile(
    r"(?<![\w/.@#=+-])(?=[\w+=-]*\d)(?=[\w+=-]*[a-z])(?=[\w+=-]*[A-Z])[A-Za-z0-9+_-]{28,512}={0,2}(?![\w/.@-])"
)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_MIN_RANDOM = 16


def url_secrets(text: str) -> Iterator[Span]:
    """What addresses carry before their host and in their queries."""
    for url in URL.finditer(text) if "://" in text else ():
        for pattern in (_USERINFO, _QUERY_VALUE):
            for match in pattern.finditer(text, url.start(), url.end()):
                yield _span(match, 1)


def secrets(text: str) -> Iterator[Span]:
    """Secrets after their names, in issuers' shapes, or at random; UUIDs, hashes and versions are none."""
    urls = list(URL.finditer(text)) if "://" in text else []
    for match in _KEY_BLOCK.finditer(text):
        yield _span(match, 0)
    for match in _BEARER.finditer(text):
        yield _span(match, 1)
    for token in _LONG.finditer(text):
        issued = _ISSUED.match(text, token.start())
        if issued:
            yield _span(issued, 0)
    lower = text.lower()
    for match in _NAME.finditer(lower if len(lower) == len(text) else text):
        value = _VALUE.match(text, match.end())
        inside_url = any(url.start() < match.start() < url.end() for url in urls)
        if value and not inside_url and not text[max(0, match.start() - 1) : match.start()].isalnum():
            yield from _named(value)
    for match in _DENSE.finditer(text):
        if not _UUID.search(match[0]) and _is_random(match[0]):
            yield _span(match, 0)


def _span(match: re.Match[str], group: int) -> Span:
    return Span(*match.span(group), "secret", match[group])


def _named(match: re.Match[str]) -> Iterator[Span]:
    value = match["value"]
    core = value.rstrip(".,;:!?)]}")
    if len(core) < 3 or core.casefold() in NO_SECRETS:
        return
    sure = bool(match["quote"]) or any(char.isdigit() for char in core) or any(c in "!@#$%^&*+=?~_" for c in core)
    assigned = any(sign in match["between"] for sign in ":=>")
    # "password: sunshine" tells one at the end of its line; "Password: enter it twice" does not.
    alone = not match.string[match.end() :].split("\n", 1)[0].strip(" .,;)\"'")
    if sure or (assigned and alone):
        yield Span(match.start("value"), match.start("value") + len(core), "secret", core)


def _is_random(token: str) -> bool:
    """Whether a part of it has letters and digits alternate as words with numbers between them do not.

    >>> _is_random("dGhpc0lzQVNlY3JldDEyMzQ1Njc4OTA"), _is_random("Thunderbird_115_Release_Notes_2023")
    (True, False)
    """
    return any(len(part) >= _MIN_RANDOM and _alternates(part) for part in re.split(r"[_=+-]+", token))


def _alternates(part: str) -> bool:
    kinds = ["d" if c.isdigit() else "u" if c.isupper() else "l" for c in part]
    return 3 * sum(a != b for a, b in pairwise(kinds)) >= len(part)
