"""The digest as one HTML file: nothing is fetched, no script, light and dark, made for a phone too."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from assistant.gaps import wording as w
from assistant.gaps.digest.style import STYLE
from assistant.gaps.digest.summary import headline, highlights, theme_facts
from assistant.gaps.records import Digest, Quoted, Retested, ThemeView, WeekOfTheme
from assistant.plots import Week, sparkline, timeline

_QUOTES = 3
_GAPS = 10
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"


def as_html(digest: Digest) -> str:
    """The whole page."""
    title = f"What people wrote about, {w.days(digest.period)}"
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer">'
        f"<title>{_text(title)}</title><style>{STYLE}</style></head><body><main>\n"
        f"<header><p class='week'>{_text(digest.desk)} · {_text(digest.week)}</p><h1>{_text(title)}</h1>"
        f"<p>{_text(headline(digest))}</p></header>\n{_highlights(digest)}\n{_list(digest)}\n"
        f"{''.join(_theme(theme, digest.currency) for theme in digest.themes)}"
        f"{_retests('Answered now', 'Gaps that a retest closed this week.', digest.answered_now)}"
        f"{_retests('Answered no longer', 'The knowledge answered these before.', digest.regressed)}"
        "</main></body></html>\n"
    )


def _text(text: str, most_words: int | None = None) -> str:
    """Text from outside, on one line and escaped for content and for attributes."""
    return escape(w.one_line(text, most_words), quote=True)


def _highlights(digest: Digest) -> str:
    rows = "".join(
        f'<li class="is-{h.kind}"><strong>{_text(h.name)}</strong> {_text(h.text)}</li>' for h in highlights(digest)
    )
    return f'<ul class="highlights">{rows}</ul>'


def _list(digest: Digest) -> str:
    if not digest.themes:
        return "<p>No theme had a contact this week.</p>"
    rows = "".join(_row(theme, digest.currency) for theme in digest.themes)
    return f'<h2>The list</h2><ol class="list">{rows}</ol>'


def _row(theme: ThemeView, currency: str) -> str:
    moved = "new" if theme.moved is None else "up" if theme.moved > 0 else "down" if theme.moved < 0 else "same"
    people = f" · {w.counted(theme.people, 'person', 'people')}" if theme.people is not None else ""
    return (
        f'<li><a href="#{_text(theme.state.id)}"><span class="rank">{theme.rank}</span>'
        f'<span class="what"><strong>{_text(theme.state.name)}</strong>'
        f'<span class="about"><span class="moved is-{moved}">{w.movement(theme.moved)}</span> · '
        f"{w.counted(theme.contacts, 'contact')}{people} · {_text(w.money(theme.cost, currency))}</span></span>"
        f'<span class="trend">{sparkline(_weeks(theme.weeks))}</span>{_cause(theme)}</a></li>'
    )


def _cause(theme: ThemeView) -> str:
    label = theme.cause.label
    known = label if label in w.CAUSES else "unclear"
    return f'<span class="cause is-{known}">{_text(w.judged(theme.cause))}</span>'


def _theme(theme: ThemeView, currency: str) -> str:
    facts = "".join(f"<p>{_text(fact)}</p>" for fact in theme_facts(theme, currency))
    quotes = "".join(_quote(quote) for quote in theme.quotes[:_QUOTES])
    return (
        f'<section id="{_text(theme.state.id)}"><h2><span class="rank">{theme.rank}</span> '
        f"{_text(theme.state.name)}</h2>"
        f'{facts}<div class="weeks">{timeline(_weeks(theme.weeks))}</div>{quotes}</section>\n'
    )


def _quote(quote: Quoted) -> str:
    rating = f", rated {quote.rating:g} of 5" if quote.rating is not None else ""
    return (
        f"<figure><blockquote>“{_text(quote.text, w.QUOTE_WORDS)}”</blockquote>"
        f"<figcaption>{_text(w.channel_name(quote.channel))}, {w.day(quote.at.date())}{rating}</figcaption></figure>"
    )


def _retests(title: str, said: str, gaps: Sequence[Retested]) -> str:
    if not gaps:
        return ""
    rows = "".join(f"<li>{_text(gap.question, w.QUOTE_WORDS)}</li>" for gap in gaps[:_GAPS])
    more = f"<p>and {len(gaps) - _GAPS} more</p>" if len(gaps) > _GAPS else ""
    return f'<section><h2>{title}</h2><p>{said}</p><ul class="gaps">{rows}</ul>{more}</section>\n'


def _weeks(weeks: Sequence[WeekOfTheme]) -> list[Week]:
    return [Week(week.week, week.contacts, week.low, week.high, week.spike) for week in weeks]
