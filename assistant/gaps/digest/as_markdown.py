"""The digest as Markdown that reads well as it stands, in a mail, a wiki or a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from assistant.gaps import wording as w
from assistant.gaps.digest.summary import headline, highlights, theme_facts
from assistant.gaps.records import Digest, Quoted, Retested, ThemeView

_QUOTES = 3
_GAPS = 10
_CALLS = re.compile(r"(@(?=\w)|#(?=\d))")  # people and issues that a tracker would call; a word joiner keeps it from it
_SPECIAL = re.compile(r"([\\`*_\[\]{}|~#])")


def as_markdown(digest: Digest) -> str:
    """The whole digest."""
    return "\n".join(_lines(digest)).rstrip() + "\n"


def words(text: str, most_words: int | None = None) -> str:
    r"""Text from outside as Markdown that shows it and does nothing else: no tags, emphasis, links, tables or mentions.

    >>> words("<b>*hi*</b> see http://x.example")
    '&lt;b&gt;\\*hi\\*&lt;/b&gt; see http&#58;//x.example'
    >>> words("@team sees #12")
    '@&#8288;team sees \\#&#8288;12'
    """
    line = w.one_line(text, most_words).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    line = _CALLS.sub(r"\1&#8288;", _SPECIAL.sub(r"\\\1", line))
    return re.sub(r"(?i)\bwww\.", lambda m: m.group()[:3] + "&#46;", line.replace("://", "&#58;//"))


def _lines(digest: Digest) -> Iterator[str]:
    yield f"# What people wrote about, {w.days(digest.period)}"
    yield ""
    yield f"Week {digest.week} at {words(digest.desk)}. {headline(digest)}"
    yield ""
    for highlight in highlights(digest):
        yield f"- **{words(highlight.name)}** {words(highlight.text)}"
    yield ""
    if digest.themes:
        yield from _list(digest)
        for theme in digest.themes:
            yield from _theme(theme, digest.currency)
    else:
        yield "No theme had a contact this week."
        yield ""
    yield from _retests("Answered now", "Gaps that a retest closed this week.", digest.answered_now)
    yield from _retests("Answered no longer", "The knowledge answered these before.", digest.regressed)


def _list(digest: Digest) -> Iterator[str]:
    yield "## The list"
    yield ""
    yield f"| # | Since last week | Theme | Contacts | People | Cost in {words(digest.currency)} | Cause | Stage |"
    yield "| --: | --- | --- | --: | --: | --: | --- | --- |"
    for theme in digest.themes:
        cells = (
            str(theme.rank),
            w.movement(theme.moved),
            words(theme.state.name),
            f"{theme.contacts:,}",
            f"{theme.people:,}" if theme.people is not None else "unknown",
            f"{w.two_figures(theme.cost.low)} to {w.two_figures(theme.cost.high)}" if theme.cost else "none",
            words(w.judged(theme.cause)),
            words(w.stage_name(theme.stage.label)) or "not judged yet",
        )
        yield f"| {' | '.join(cells)} |"
    yield ""


def _theme(theme: ThemeView, currency: str) -> Iterator[str]:
    yield f"### {theme.rank}. {words(theme.state.name)} ({words(theme.state.id)})"
    yield ""
    yield words(" ".join(theme_facts(theme, currency)))
    yield ""
    for quote in theme.quotes[:_QUOTES]:
        yield from _quote(quote)


def _quote(quote: Quoted) -> Iterator[str]:
    rating = f", rated {quote.rating:g} of 5" if quote.rating is not None else ""
    yield f"> “{words(quote.text, w.QUOTE_WORDS)}”"
    yield f"> — {words(w.channel_name(quote.channel))}, {w.day(quote.at.date())}{rating}"
    yield ""


def _retests(title: str, said: str, gaps: Sequence[Retested]) -> Iterator[str]:
    if not gaps:
        return
    yield f"## {title}"
    yield ""
    yield said
    yield ""
    for gap in gaps[:_GAPS]:
        yield f"- {words(gap.question, w.QUOTE_WORDS)}"
    if len(gaps) > _GAPS:
        yield f"- and {len(gaps) - _GAPS} more"
    yield ""
