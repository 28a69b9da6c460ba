"""One mail as plain values: who wrote to whom, in answer to what, and the text that a person wrote."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email import policy
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.parser import BytesHeaderParser, BytesParser
from email.utils import getaddresses, parsedate_to_datetime
from typing import Any

from assistant.cleaning import cleaned
from assistant.errors import UnreadableItem
from ingest.formats.mail_html import reply_text

MAX_PARTS = 1000
MAX_HEADER = 262_144
MAX_DEPTH = 30
_MAX_VALUE = 20_000
_ID = re.compile(r"<[^<>\s]{1,900}>")
_POLICY = policy.default.clone(raise_on_defect=False)


def head(raw: bytes) -> dict[str, Any]:
    """Ids, people, subject and date, from the header alone.

    Raises:
        UnreadableItem: it is no mail.
    """
    end = min((at for at in (raw.find(b"\n\n"), raw.find(b"\r\n\r\n")) if at >= 0), default=len(raw))
    if end > MAX_HEADER:
        raise UnreadableItem(f"expected a mail whose header has at most {MAX_HEADER:,} bytes, found {end:,}.")
    return _head(BytesHeaderParser(policy=policy.compat32).parsebytes(raw[: end + 4]))


def whole(raw: bytes) -> dict[str, Any]:
    """The same with `text`: the plain part, else the HTML part without what it quotes.

    Raises:
        UnreadableItem: it is no mail, nests too deeply or has too many parts.
    """
    found = head(raw)
    if raw.count(b"\n--") > 4 * MAX_PARTS:
        raise UnreadableItem(f"expected a mail of at most {MAX_PARTS} parts, found more.")
    try:
        message = BytesParser(policy=_POLICY).parsebytes(raw)
    except (MessageError, ValueError, LookupError) as error:
        raise UnreadableItem(f"expected a mail, found {error}.") from error
    assert isinstance(message, EmailMessage)
    _refuse_monster(message)
    return {**found, "text": _text(message)}


def _head(message: Any) -> dict[str, Any]:
    values = {name: _header(message, name) for name in ("From", "To", "Cc", "Subject", "Date", "Message-ID")}
    if not (values["From"] or values["Message-ID"] or values["Date"]):
        raise UnreadableItem("expected a mail with From, Date or Message-ID, found none of them.")
    references = _ID.findall(f"{_header(message, 'References')} {_header(message, 'In-Reply-To')}")
    own = _ID.search(values["Message-ID"])
    return {
        "id": own[0] if own else "",
        "references": references,
        "from": _people(values["From"])[:1],
        "to": _people(values["To"], values["Cc"]),
        "subject": " ".join(cleaned(values["Subject"]).split())[:2000],
        "at": _moment(values["Date"]),
        "automatic": _is_automatic(message),
    }


def _header(message: Any, name: str) -> str:
    """A header's value, decoded; one that cannot be is as it stands, and none is longer than anybody writes.

    The modern header parser takes seconds for a thousand addresses, so the old one is used.
    """
    value = " ".join(str(message.get(name, "") or "")[:_MAX_VALUE].split())
    try:
        return str(make_header(decode_header(value)))
    except (MessageError, ValueError, LookupError):
        return value


def _people(*values: str) -> list[list[str]]:
    found = getaddresses([cleaned(value) for value in values])
    return [[name.strip()[:200], address.strip().lower()[:320]] for name, address in found if "@" in address][:200]


def _moment(value: str) -> str:
    try:
        found = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return ""
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC).isoformat() if _sane(found) else ""


def _sane(found: datetime) -> bool:
    return 1970 <= found.year < 9000


def _is_automatic(message: Any) -> bool:
    """Whether a machine says that it wrote it (RFC 3834), or that it could not be delivered."""
    submitted = _header(message, "Auto-Submitted").strip().lower()
    kind = _header(message, "Content-Type").lower()
    return (submitted not in ("", "no")) or kind.startswith("multipart/report") or bool(_header(message, "X-Autoreply"))


def _refuse_monster(message: EmailMessage) -> None:
    waiting: list[tuple[Any, int]] = [(message, 1)]
    parts = 0
    while waiting:
        part, depth = waiting.pop()
        parts += 1
        if depth > MAX_DEPTH or parts > MAX_PARTS:
            raise UnreadableItem(
                f"expected at most {MAX_PARTS} parts and {MAX_DEPTH} levels, found more: it is made to do harm."
            )
        if part.is_multipart():
            waiting += [(child, depth + 1) for child in part.get_payload() if hasattr(child, "is_multipart")]


def _text(message: EmailMessage) -> str:
    for kind in ("plain", "html"):
        try:
            part: Any = message.get_body(preferencelist=(kind,))
        except (MessageError, ValueError, LookupError, AttributeError, KeyError):
            part = None
        text = _content(part) if part is not None else ""
        if text.strip():
            return text if kind == "plain" else reply_text(text)
    return ""


def _content(part: Any) -> str:
    """The part's text by its own charset; one that does not exist is read as UTF-8."""
    raw = part.get_payload(decode=True) or b""
    for charset in (part.get_content_charset() or "utf-8", "utf-8"):
        try:
            return cleaned(raw.decode(charset, "replace"))
        except (LookupError, ValueError):
            continue
    return ""
