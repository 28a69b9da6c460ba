"""First step after a source's bytes: bytes to text, whatever their encoding."""

from __future__ import annotations

import re

from assistant.errors import UnreadableItem

_SAMPLE = 65_536
_BOMS = (
    (b"\xff\xfe\x00\x00", "utf-32-le"),  # before UTF-16, whose mark is the first half of it
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_BINARY_STARTS = (
    b"%PDF-",
    b"PK\x03\x04",
    b"\x89PNG",
    b"GIF8",
    b"\xff\xd8\xff",
    b"\x1f\x8b",
    b"\x7fELF",
    b"\xd0\xcf\x11\xe0",
)
_DECLARED = re.compile(
    rb"""<(?:meta|\?xml)[^>]{0,200}?(?:charset|encoding)\s*=\s*["']?([\w.:-]{1,40})""", re.IGNORECASE
)
_CONTROL_BYTES = bytes(set(range(32)) - {8, 9, 10, 12, 13, 27})
_MAX_CONTROL_SHARE = 0.05

_ASCII_HIDDEN = re.compile("[\x00-\x08\x0e-\x1f\x7f]")


def decoded(raw: bytes) -> str:
    """The text of `raw`: by its byte order mark, as UTF-8, as it declares itself, or as guessed.

    Not yet `cleaned`. UTF-8 with a few broken bytes stays UTF-8, the broken bytes become U+FFFD.

    Raises:
        UnreadableItem: the bytes are not text.
    """
    for mark, encoding in _BOMS:
        if raw.startswith(mark):
            return raw[len(mark) :].decode(encoding, "replace")
    wide = _wide_encoding(raw[:_SAMPLE])
    if wide:
        return raw.decode(wide, "replace")
    _refuse_binary(raw)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return _not_clean_utf8(raw)


def _wide_encoding(sample: bytes) -> str:
    """UTF-16 without a mark: in Latin text every second byte is zero, and the others make a text."""
    half = len(sample) // 2
    if half < 2:
        return ""
    even, odd = sample[0::2].count(0) / half, sample[1::2].count(0) / half
    if odd > 0.4 and even < 0.05:
        encoding = "utf-16-le"
    elif even > 0.4 and odd < 0.05:
        encoding = "utf-16-be"
    else:
        return ""
    controls = len(_ASCII_HIDDEN.findall(sample.decode(encoding, "replace")))
    return encoding if controls <= _MAX_CONTROL_SHARE * half else ""


def _refuse_binary(raw: bytes) -> None:
    sample = raw[:_SAMPLE]
    controls = len(sample) - len(sample.translate(None, _CONTROL_BYTES))
    if raw.startswith(_BINARY_STARTS) or controls > _MAX_CONTROL_SHARE * len(sample):
        raise UnreadableItem(
            f"Expected text, found binary data ({len(raw):,} bytes starting with {raw[:8]!r}, {controls:,} control "
            f"bytes in the first {len(sample):,}). Give the file its proper extension, or convert it to text."
        )


def _not_clean_utf8(raw: bytes) -> str:
    declared = _DECLARED.search(raw[:2048])
    if declared:
        try:
            return raw.decode(declared[1].decode("ascii"))
        except (LookupError, UnicodeDecodeError):
            pass  # a wrong declaration is common; the bytes decide
    lenient = raw.decode("utf-8", "replace")
    broken = lenient.count("\ufffd")
    foreign = sum(1 for character in lenient[:_SAMPLE] if character > "\x7f")
    if broken * 10 <= foreign:
        return lenient
    return raw.decode(_guessed(raw[:_SAMPLE]), "replace")


def _guessed(sample: bytes) -> str:
    from charset_normalizer import from_bytes

    best = from_bytes(sample).best()
    return best.encoding if best else "cp1252"
