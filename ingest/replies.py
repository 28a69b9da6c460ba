"""One message of a conversation without what is not its own: quoted history, signatures, automatic replies.

Careful rather than complete: where a rule is in doubt the text stays, because a lost sentence of the
problem costs more than a kept signature. If nothing would be left, the message stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

# "On 1 May 2024, Ann wrote:" as mail programs in nine languages write it, or a bare "Ann <ann@example.org> wrote:".
_WROTE = re.compile(
    r">*\s*(?:"
    r"On\b.{4,200}\bwrote"
    r"|Am\b.{4,200}\bschrieb(?:\s.{1,100})?"
    r"|Le\b.{4,200}\ba \u00e9crit"
    r"|El\b.{4,200}\bescribi\u00f3"
    r"|Il\b.{4,200}\bha scritto"
    r"|Op\b.{4,200}\bschreef(?:\s.{1,100})?"
    r"|Em\b.{4,200}\bescreveu"
    r"|Den\b.{4,200}\bskrev.{0,100}"
    r"|.{3,100}<[^<>\s]+@[^<>\s]+>\s*(?:wrote|schrieb|a \u00e9crit|escribi\u00f3|ha scritto)"
    # A time of day and an address at the end: in whatever language the word between them and the colon is.
    r"|.{0,80}\d{1,2}[:.]\d\d\b.{1,120}<\s*[^<>\s]+@[^<>\s]+\s*>\s*[^\s\d]{0,14}"
    r")\s*:"
)
_WROTE_START = re.compile(
    r">*\s*(?:On|Am|Le|El|Il|Op|Em|Den)\s.*\d|\D{0,30}\d{1,4}[./-]\d{1,2}[./-]\d{2,4},? \d{1,2}:\d\d"
)
_SEPARATOR = re.compile(
    r"-{2,}\s*(?:Original Message|Original-Nachricht|Urspr\u00fcngliche Nachricht|Message d'origine|Mensaje original"
    r"|Forwarded message|Reply message|Oorspronkelijk bericht)\s*-*",
    re.IGNORECASE,
)
_HEADER = re.compile(
    r"\*?(?:From|Sent|To|Cc|Date|Subject|Reply-To|Von|Gesendet|An|Datum|Betreff|De|Envoy\u00e9|\u00c0|Objet|Para|Asunto"
    r"|\u041e\u0442|\u041a\u043e\u043c\u0443|\u041e\u0442\u043f\u0440\u0430\u0432\u043b\u0435\u043d\u043e|\u0414\u0430\u0442\u0430|\u0422\u0435\u043c\u0430)"
    r"\s?:\*?\s+\S"
)
_FORUM_QUOTE = re.compile(r"\S.{0,60}\b(?:said|wrote)\s*:?")
_DASHES = re.compile(r"--|\u2014|__+")
_DEVICE = re.compile(
    r"Sent (?:from|via|with) (?:my|the|a|Yahoo|Mail|Outlook|ProtonMail|Proton|Samsung)\b[^,]{0,60}|Sent on the .{2,40}"
    r"|Get Outlook for .{0,40}|Von meinem .{2,40} gesendet|Gesendet von .{2,40}|Envoy\u00e9 de(?:puis)? mon .{2,40}"
    r"|Enviado desde mi .{2,40}|Inviato da .{2,40}"
)
_CLOSING = re.compile(
    r"(?:(?:with\s+)?(?:many|kind|best|warm|kindest|warmest)?\s*(?:regards|wishes)|best|cheers|respectfully"
    r"|sincerely(?: yours)?|yours (?:truly|sincerely|faithfully)|(?:many )?thanks(?: again| in advance)?"
    r"|thank you(?: in advance)?|mit freundlichen gr\u00fc\u00dfen|viele gr\u00fc\u00dfe|cordialement|saludos)"
    r"\s*[,.!]*",
    re.IGNORECASE,
)
_DASHED_NAME = re.compile(r"[-\u2013~]\s?[^\W\d_a-z][\w'.\u2019-]*(?:\s[^\W\d_a-z][\w'.\u2019-]*){0,3}")
_SENTENCE_END = re.compile(r"(?:[?!:]|(?<![.]\w)[.])$")  # "Ph.D." ends no sentence
_RULE = re.compile(r"[-_=*]{5,}")
_CONTACT = re.compile(r"@\w|\bwww\.|https?://|\(?\+?\d[\d ().-]{6,}\d")
_DISCLAIMER = re.compile(
    r"\W*(?:confidentiality notice|disclaimer)\b"
    r"|this (?:e-?mail|message|communication)(?: \w+| \(.{0,60}\)|,){0,8}"
    r" (?:is|are|may be|contains?|may contain) .{0,60}(?:confidential|privileged|intended (?:only|solely))"
    r"|the information (?:contained )?in this (?:e-?mail|message)|if you are not the intended recipient",
    re.IGNORECASE,
)
_REPLY_ABOVE = re.compile(r"\W*(?:please )?(?:type|write|add) your reply above this line\W*", re.IGNORECASE)
_AUTOMATIC = re.compile(
    r"\W*(?:this is an automat(?:ic|ed) (?:reply|response|message|e-?mail)"
    r"|auto(?:matic)?[- ]?(?:reply|response)\b"
    r"|i(?:'m| am) (?:currently )?(?:out of (?:the )?office|on (?:annual |parental |sick )?leave|on vacation|away from)"
    r"|out of office\b"
    r"|thank you for (?:contacting|your (?:e-?mail|message|request)).{0,120}"
    r"(?:has been received|will get back|will respond|ticket (?:number|id))"
    r"|your (?:request|ticket|message)\b.{0,60}has been (?:received|created|registered))",
    re.IGNORECASE | re.DOTALL,
)
_MAX_AUTOMATIC = 800
_MAX_LINES = 5000
_MAX_LINE = 400
_MIN_HEADERS = 3
_MAX_HEADERS = 12
_MAX_NESTED = 20
_MAX_SIGNATURES = 4
_MAX_SIGNATURE_LINES = 24
_MAX_SIGNATURE_LINE = 100
_MAX_NAMES = 5
_MIN_QUOTED = 20


def own_text(message: str, earlier: str = "", writer: Sequence[str] = ()) -> str:
    r"""What the writer of `message` wrote.

    `earlier` is the conversation before it with single spaces, to recognise quotations in; `writer` are the spellings
    of the writer's own name, to recognise a signature by.

    >>> own_text("It works now.\n\nOn 1 May 2024, Ann wrote:\n> Try safe mode.\n> Does it help?", "Try safe mode.")
    'It works now.'
    >>> own_text("Joe said\nMy mail is gone since Monday. Did you look in Archive?", "My mail is gone since Monday.")
    'Did you look in Archive?'
    """
    lines = message.split("\n")
    if len(lines) > _MAX_LINES:
        return message.strip()
    kept = _without_history(_without_forum_quotes(lines, earlier), earlier)
    kept = [line for line in kept if not _REPLY_ABOVE.fullmatch(_bare(line))]
    kept = _without_name(_without_signature(_without_disclaimer(kept)), writer)
    text = "\n".join(kept).strip()
    return text or message.strip()


def _bare(line: str) -> str:
    """The line as the patterns read it: none of what they look for is long, or starts with spaces."""
    return line.strip() if len(line) <= _MAX_LINE else ""


def is_automatic(message: str) -> bool:
    """Whether a machine wrote it: an absence notice or a confirmation of receipt."""
    return len(message) <= _MAX_AUTOMATIC and bool(_AUTOMATIC.match(message.strip()))


def _without_history(lines: Sequence[str], earlier: str) -> list[str]:
    """Cuts at the first header of a quoted message; quoted lines without one go only if they were said before."""
    bare = [_bare(line) for line in lines]
    last_marked = max((at for at, line in enumerate(lines) if _is_marked(line)), default=-1)
    last_own = max((at for at, line in enumerate(lines) if line.strip() and not _is_marked(line)), default=-1)
    kept: list[str] = []
    under_header = False
    at = 0
    while at < len(lines):
        size = _history_header(bare, at)
        if size:
            if last_marked < at + size and any(line.strip() for line in kept):
                return kept
            under_header = True
            at += size
            continue
        if at > last_own and _is_quoted_mail(lines, at) and any(line.strip() for line in kept):
            return kept
        if not (_is_marked(lines[at]) and (under_header or _was_said(lines[at], earlier))):
            kept.append(lines[at])
        at += 1
    return kept


def _is_quoted_mail(lines: Sequence[str], at: int) -> bool:
    """Whether the header of a mail that is marked as quoted starts at `at`."""
    headers = sum(bool(_HEADER.match(line.lstrip("> "))) for line in lines[at : at + 8])
    return _is_marked(lines[at]) and headers >= _MIN_HEADERS


def _is_marked(line: str) -> bool:
    return line.lstrip().startswith(">")


def _was_said(line: str, earlier: str) -> bool:
    words = " ".join(line.lstrip(" >").split())
    return not words or words in earlier


def _history_header(bare: Sequence[str], at: int) -> int:
    """How many lines from `at` introduce a quoted message; 0 when they do not."""
    if _SEPARATOR.fullmatch(bare[at]):
        return 1
    if _HEADER.match(bare[at]):
        headers = 1
        while headers < _MAX_HEADERS and at + headers < len(bare) and _HEADER.match(bare[at + headers]):
            headers += 1
        return headers if headers >= _MIN_HEADERS else 0
    if _WROTE.fullmatch(bare[at]):
        return 1
    if _WROTE_START.match(bare[at]):
        for size in (2, 3):
            if _WROTE.fullmatch(" ".join(bare[at : at + size])):
                return size
    return 0


def _without_forum_quotes(lines: Sequence[str], earlier: str) -> list[str]:
    """Forum quotations: a line "NAME said", then words of an earlier message, often run into the answer."""
    if not earlier:
        return list(lines)
    opens = [len(line.split(maxsplit=5)) <= 5 and bool(_FORUM_QUOTE.fullmatch(_bare(line))) for line in lines]
    kept: list[str] = []
    quoting = False
    for at, line in enumerate(lines):
        if opens[at]:
            nested = range(at + 1, min(at + _MAX_NESTED, len(lines)))
            following = next((lines[later] for later in nested if not opens[later]), "")
            if _quoted_length(following, earlier):
                quoting = True
                continue
        quoted = _quoted_length(line, earlier) if quoting else 0
        if quoted < len(line.rstrip()):
            quoting = quoting and not line.strip()
            kept.append(line[quoted:].lstrip() if quoted else line)
    return kept


def _quoted_length(line: str, earlier: str) -> int:
    """Characters at the start of `line` that occur word for word in `earlier`, 0 if fewer than 20."""
    ends = [match.end() for match in re.finditer(r"\S+", line)]
    low, high = 0, len(ends)
    while low < high:
        middle = (low + high + 1) // 2
        if " ".join(line[: ends[middle - 1]].split()) in earlier:
            low = middle
        else:
            high = middle - 1
    length = ends[low - 1] if low else 0
    return length if length >= min(_MIN_QUOTED, len(line.strip())) else 0


def _without_disclaimer(lines: Sequence[str]) -> list[str]:
    for at, line in enumerate(lines):
        starts_paragraph = at > 0 and (not lines[at - 1].strip() or at >= len(lines) - 2)
        if starts_paragraph and _DISCLAIMER.match(line.strip()[:_MAX_LINE]):
            return list(lines[:at])
    return list(lines)


def _without_signature(lines: Sequence[str]) -> list[str]:
    """Cuts signatures off the end: after dashes, after a closing formula, or a device's own line."""
    kept = _stripped_end(lines)
    for _ in range(_MAX_SIGNATURES):
        end = _signature_start(kept)
        if end == len(kept):
            break
        kept = _stripped_end(kept[:end])
    return kept


def _signature_start(lines: Sequence[str]) -> int:
    """The line that the last signature starts at, the number of lines when there is none."""
    if lines and _DEVICE.fullmatch(_bare(lines[-1])):
        return len(lines) - 1
    for at in range(len(lines) - 1, max(0, len(lines) - 1 - _MAX_SIGNATURE_LINES), -1):
        bare, rest = _bare(lines[at]), lines[at + 1 :]
        if at == len(lines) - 1 and at and _DASHED_NAME.fullmatch(bare):
            return at
        if _RULE.fullmatch(bare) and _is_card(rest):
            return at
        if _DASHES.fullmatch(bare) and all(len(line) <= _MAX_SIGNATURE_LINE for line in rest):
            return at
        if _CLOSING.fullmatch(bare) and len(rest) <= _MAX_NAMES and all(_is_name_or_title(line) for line in rest):
            return at
    return _card_start(lines)


def _card_start(lines: Sequence[str]) -> int:
    """Where the last paragraph starts if it is a calling card: names, titles, two ways or more to reach somebody."""
    start = len(lines)
    while start and lines[start - 1].strip():
        start -= 1
    card = lines[start:]
    reached = sum(bool(_CONTACT.search(_bare(line))) for line in card)
    return start if start and len(card) >= 3 and reached >= 2 and _is_card(card) else len(lines)


def _is_card(lines: Sequence[str]) -> bool:
    """Names, titles, addresses and numbers, and somewhere a way to reach whose they are."""
    said = [line for line in lines if line.strip()]
    return bool(said) and all(map(_is_name_or_title, said)) and any(_CONTACT.search(_bare(line)) for line in said)


def _without_name(lines: Sequence[str], writer: Sequence[str]) -> list[str]:
    """Takes off the writer's own name where it stands alone at the end, with what stands below it."""
    names = {name.casefold() for spelt in writer for name in (spelt, *spelt.split()) if len(name) > 1}
    for at in range(max(len(lines) - _MAX_SIGNATURE_LINES, 1), len(lines)):
        below = [line for line in lines[at + 1 :] if line.strip()]
        if lines[at].strip(" \t,.-\u2013").casefold() in names and all(map(_is_name_or_title, below)):
            return _stripped_end(lines[:at])
    return list(lines)


def _is_name_or_title(line: str) -> bool:
    """Short, and no sentence: a name, a title, an address or a number."""
    return len(line) <= 60 and len(line.split()) <= 8 and not _SENTENCE_END.search(line.rstrip())


def _stripped_end(lines: Sequence[str]) -> list[str]:
    end = len(lines)
    while end and not lines[end - 1].strip(" \t-_=*"):
        end -= 1
    return list(lines[:end])
