# ruff: noqa: T201 (a report prints)
"""How exactly quoted history and signatures are taken off real mails: `python -m ingest.email_report` (WAYPOST_BENCH).

Families of the public test corpora of talon and email-reply-parser. A mail counts when exactly the words remain
that its writer wrote for it, whitespace aside; beside ours, mail-parser-reply alone.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.cleaning import cleaned
from ingest.formats.mail import whole
from ingest.formats.mail_html import reply_text
from ingest.replies import own_text

# Lines of each file that its writer wrote for it, from 1; read by a person. No text of the corpus is kept here.
_ZAPIER = {
    "correct_sig": [(1, 1)], "email_1_1": [(1, 5)], "email_1_2": [(1, 1), (9, 34)], "email_1_3": [(1, 3)],
    "email_1_4": [(1, 1)], "email_1_5": [(1, 99)], "email_1_6": [(1, 1)], "email_1_7": [(1, 1)],
    "email_1_8": [(13, 13), (19, 19)], "email_2_1": [(1, 1)], "email_2_2": [(1, 1)], "email_2_3": [(1, 1)],
    "email_BlackBerry": [(1, 1)], "email_bullets": [(1, 9)], "email_gmail": [(1, 1)],
    "email_headers_no_delimiter": [(1, 1)], "email_iPhone": [(1, 1)],
    "email_multi_word_sent_from_my_mobile_device": [(1, 1)], "email_one_is_not_on": [(1, 5)],
    "email_partial_quote_header": [(1, 6)], "email_sent_from_my_not_signature": [(1, 3)],
    "email_sig_delimiter_in_middle_of_line": [(1, 7)], "greedy_on": [(1, 6)], "pathological": [(1, 2)],
}  # fmt: skip
_STANDARD = "Hello"
_HTML = "Hi. I am fine. Thanks, Alex"
_HTML_WITHOUT_SIGNATURE = "Hi. I am fine."


@dataclass(frozen=True, slots=True)
class Case:
    """One mail: its plain text, who wrote it, and the texts of which one must remain."""

    family: str
    name: str
    text: str
    writer: tuple[str, ...]
    expected: tuple[str, ...]


def cases(folder: Path) -> Iterator[Case]:
    """Every mail of the corpora below `folder`."""
    yield from _standard(folder / "talon" / "standard_replies")
    yield from _html(folder / "talon" / "html_replies")
    yield from _signatures(folder / "talon" / "signature" / "emails" / "stripped")
    yield from _zapier(folder / "zapier" / "emails")


def _standard(folder: Path) -> Iterator[Case]:
    for path in sorted(folder.glob("*.eml")):
        yield Case("talon: standard replies", path.name, str(whole(_dated(path))["text"]), (), (_STANDARD,))


def _dated(path: Path) -> bytes:
    """The file's bytes; one without any header of a mail gets a date, since ours refuses what is none."""
    return b"Date: Mon, 1 Jan 2024 00:00:00 +0000\n" + path.read_bytes().lstrip()


def _html(folder: Path) -> Iterator[Case]:
    for path in sorted(folder.glob("*.html")):
        raw = path.read_bytes().decode("utf-8", "replace")
        yield Case("talon: html replies", path.name, raw, (), (_HTML, _HTML_WITHOUT_SIGNATURE))


def _signatures(folder: Path) -> Iterator[Case]:
    for path in sorted(folder.glob("*_body")):
        text = cleaned(path.read_text("utf-8", "replace"))
        signature = cleaned(
            path.with_name(path.name.replace("_body", "_signature")).read_text("utf-8", "replace")
        ).strip()
        sender = path.with_name(path.name.replace("_body", "_sender")).read_text("utf-8", "replace").strip()
        body = text[: text.rindex(signature)] if signature and signature in text else text
        yield Case("talon: signatures", path.name, text.replace("#sig#", ""), (sender,), (body.replace("#sig#", ""),))


def _zapier(folder: Path) -> Iterator[Case]:
    for name, spans in _ZAPIER.items():
        text = cleaned((folder / f"{name}.txt").read_text("utf-8", "replace"))
        lines = text.split("\n")
        own = "\n".join(line for first, last in spans for line in lines[first - 1 : last])
        yield Case("zapier", name, text, (), (own,))


def ours(case: Case) -> str:
    """What Waypost keeps of the mail."""
    if case.family == "talon: html replies":
        return own_text(reply_text(case.text))
    return own_text(case.text, writer=case.writer)


def mail_parser_reply(case: Case) -> str:
    """What mail-parser-reply calls the body of the latest reply."""
    from mailparser_reply import EmailReplyParser

    text = case.text
    if case.family == "talon: html replies":
        text = re.sub(r"<(?:br|p|div|blockquote)[^>]*>", "\n", text)
        text = re.sub(r"<(?:style|head)\b.*?</(?:style|head)>|<[^>]+>", " ", text, flags=re.DOTALL)
    replies = EmailReplyParser(languages=["en", "de", "fr", "es", "it", "nl", "pl"]).read(text=text).replies
    return str(replies[0].body) if replies else ""


def shares(folder: Path, examples: bool = False) -> dict[str, dict[str, Any]]:
    """Exact matches of each system by family, with the names of what it misses."""
    found: dict[str, dict[str, Any]] = {}
    systems: dict[str, Callable[[Case], str]] = {"waypost": ours, "mail-parser-reply": mail_parser_reply}
    for case in cases(folder):
        row = found.setdefault(case.family, {"mails": 0, **dict.fromkeys(systems, 0), "missed": []})
        row["mails"] += 1
        for name, strip in systems.items():
            kept = _bare(strip(case))
            right = kept in {_bare(text) for text in case.expected}
            row[name] += right
            if name == "waypost" and not right:
                row["missed"].append(case.name)
                if examples:
                    print(f"{case.name}: {kept[:300]!r}", file=sys.stderr)
    return found


def _bare(text: str) -> str:
    return " ".join(text.split())


def main() -> None:
    """Print the table as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", action="store_true", help="show on stderr what remains where it is wrong")
    options = parser.parse_args()
    bench = os.environ.get("WAYPOST_BENCH", "")
    if not (Path(bench) / "email").is_dir() or not bench:
        sys.exit("WAYPOST_BENCH names no folder with email/: there is nothing to measure.")
    print(json.dumps(shares(Path(bench) / "email", options.examples), indent=1))


if __name__ == "__main__":
    main()
