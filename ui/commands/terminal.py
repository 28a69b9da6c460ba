"""An answer, a partial answer or a gap in the terminal, with its `[1]` marks and sources."""

from __future__ import annotations

import textwrap
from dataclasses import asdict

from rich.console import Console
from rich.text import Text

from assistant.answering.matter import is_matter
from assistant.domain import Answer
from ui.rendering import usage_words

_LABELS = {
    "answered": ("Draft", "bold green"),
    "partial": ("Partial draft", "bold yellow"),
    "gap": ("Gap: nothing to cite", "bold red"),
}
_REASONS = {
    "nothing_found": "nothing in the knowledge is about this",
    "weak_evidence": "what was found does not answer it well enough",
    "unsupported": "no sentence could be proven from the sources",
    "declined": "the chat model found no answer in the sources",
}


def show_answer(answer: Answer, console: Console | None = None) -> None:
    """Print the reply as an agent would check it."""
    out = console or Console(highlight=False, soft_wrap=False)
    label, style = _LABELS[answer.verdict]
    if answer.gap is not None and not is_matter(answer.question):
        label, style = "No draft", "bold yellow"
    out.print(Text(label, style), Text(f"confidence {answer.confidence:.0%}", "dim"))
    out.print()
    if answer.gap is not None and is_matter(answer.question):
        out.print(f"Logged as a gap: {_REASONS[answer.gap.reason]}.")
        if answer.gap.nearest:
            out.print(Text("Nearest: " + ", ".join(answer.gap.nearest), "dim"))
    elif answer.gap is None:
        _show_reply(answer, out)
    for warning in answer.warnings:
        out.print(Text(f"! {warning}", "yellow"))
    if answer.usage is not None and answer.usage.calls:
        out.print(Text(f"Drafted by {answer.model}; chat model: {usage_words(asdict(answer.usage))}", "dim"))
    for text in answer.follow_ups:
        out.print(Text(f"Ask the customer: {text}"))
    for suggestion in answer.suggestions:
        out.print(Text(f"From ticket {suggestion.document_key} (internal):", "dim"))
        out.print(Text(textwrap.indent(textwrap.fill(suggestion.text, out.width - 4), "  "), "dim"))


def _show_reply(answer: Answer, out: Console) -> None:
    if answer.greeting:
        out.print(Text(answer.greeting))
        out.print()
    for part in answer.parts:
        marks = "".join(f"[{n}]" for n in part.citations)
        lead = f"{part.step}. " if part.step else ""
        out.print(Text.assemble(lead, part.text, " ", (marks, "cyan")))
    if answer.uncovered:
        out.print()
        out.print(Text("Not covered by the knowledge:", "yellow"))
        for asked in answer.uncovered:
            out.print(Text(f"  - {asked}", "yellow"))
    if answer.closing:
        out.print()
        out.print(Text(answer.closing))
    out.print()
    for source in answer.sources:
        internal = ", internal" if source.audience == "internal" else ""
        out.print(Text.assemble((f"[{source.n}] ", "cyan"), source.title, (f"  {source.url}{internal}", "dim")))
        out.print(Text(textwrap.shorten(f"    “{' '.join(source.quote.split())}”", 240), "dim"))
