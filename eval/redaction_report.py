"""How well redaction finds what it must and leaves what it must: `python -m eval.redaction_report [--tickets 1200]`.

Recall of a kind is the share of its marks that the replaced spans cover whole; precision the share of replaced
spans that overlap a personal mark; a product is kept when nothing of it was replaced.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from assistant.models.names import SpacyNames
from assistant.redaction import Finding, Known, Person, Rules, redacted_together
from eval.marked_tickets import Mark, Marked, marked_tickets

GOALS = {"email": 0.995, "card": 0.995, "iban": 0.995, "phone": 0.97, "person": 0.98}


@dataclass
class Tally:
    """Counts over all tickets; `missed` and `wrong` keep the first examples, of generated text only."""

    marks: Counter[str] = field(default_factory=Counter)
    covered: Counter[str] = field(default_factory=Counter)
    findings: int = 0
    right: int = 0
    missed: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def add(self, text: str, marks: Sequence[Mark], found: Sequence[Finding]) -> None:
        """Count one text."""
        for mark in marks:
            self.marks[mark.kind] += 1
            whole = _is_untouched(mark, found) if mark.kind == "product" else _is_covered(text, mark, found)
            self.covered[mark.kind] += whole
            if not whole:
                self.missed.append(f"{mark.kind}: {text[max(0, mark.start - 30) : mark.end + 20]!r}")
        personal = [mark for mark in marks if mark.kind != "product"]
        for finding in found:
            is_right = any(finding.start < mark.end and finding.end > mark.start for mark in personal)
            self.findings += 1
            self.right += is_right
            if not is_right:
                self.wrong.append(f"{finding.kind}: {text[max(0, finding.start - 30) : finding.end + 20]!r}")

    def as_dict(self) -> dict[str, object]:
        """Recall per kind, precision, share of product names kept."""
        recall = {kind: round(self.covered[kind] / self.marks[kind], 4) for kind in sorted(self.marks)}
        kept = recall.pop("product")
        counts = dict(sorted(self.marks.items()))
        return {"recall": recall, "precision": round(self.right / self.findings, 4), "kept": kept, "marks": counts}


def _is_covered(text: str, mark: Mark, found: Iterable[Finding]) -> bool:
    """Whether every letter and digit of the mark was replaced."""
    left = set(range(mark.start, mark.end))
    for finding in found:
        left -= set(range(finding.start, finding.end))
    return not any(text[at].isalnum() for at in left)


def _is_untouched(mark: Mark, found: Iterable[Finding]) -> bool:
    return not any(finding.start < mark.end and finding.end > mark.start for finding in found)


def measured(tickets: Iterable[Marked], rules: Rules = Rules(), *, told: bool = True) -> tuple[Tally, float]:
    """The tally over `tickets`, and milliseconds per ticket; `told` is whether the record names who takes part."""
    tally, spent, count = Tally(), 0.0, 0
    for ticket in tickets:
        people = (Person((ticket.requester,), (ticket.requester_email,)), Person((ticket.agent,)))
        known = Known(people if told else (), (), ticket.locale)
        begin = time.perf_counter()
        results = redacted_together(ticket.texts, known, rules)
        spent += time.perf_counter() - begin
        count += 1
        for text, marks, result in zip(ticket.texts, ticket.marks, results, strict=True):
            tally.add(text, marks, result.found)
    return tally, 1000 * spent / max(count, 1)


def main() -> None:
    """Print the figures as JSON, with `--examples` what was missed or taken wrongly."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=1200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--examples", type=int, default=0)
    parser.add_argument("--strangers", action="store_true", help="Nobody says who takes part.")
    parser.add_argument("--name-model", default="", help="A spaCy pipeline that finds names.")
    parser.add_argument("--language", default="", help="Tickets of this language alone, such as en.")
    options = parser.parse_args()
    drawn = (t for t in marked_tickets(options.tickets, options.seed) if t.locale.startswith(options.language))
    rules = Rules(finder=SpacyNames(options.name_model)) if options.name_model else Rules()
    tally, milliseconds = measured(drawn, rules, told=not options.strangers)
    print(
        json.dumps({"tickets": options.tickets, **tally.as_dict(), "ms_per_ticket": round(milliseconds, 2)}, indent=1)
    )
    for example in (
        [*tally.missed[: options.examples], "--", *tally.wrong[: options.examples]] if options.examples else ()
    ):
        print(example)


if __name__ == "__main__":
    main()
