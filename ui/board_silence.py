"""The map of the knowledge: which articles carry the desk, and which need a writer."""

from __future__ import annotations

from assistant.wording import counted, share
from ui.board_words import Json
from ui.rendering import Html, day, element, link

_SHOWN = 200
_FINDINGS = {
    "contradictory": "Another article gives another figure for the same thing. One of them is wrong.",
    "edited away": "It is cited, and agents rewrite or discard what comes of it.",
    "never cited": "People ask about its subject, and it is never the answer.",
    "duplicated": "Another article says nearly the same. Keep one.",
    "stale": "Nobody has touched it for longer than the desk allows.",
    "cited often": "It carries many answers. Keep it right first.",
    "unread": "Nobody asks about it and nobody reads it.",
    "quiet": "Nobody asks about it and people do read it: it seems to work.",
    "unknown": "Nobody asks about its subject. That may be good or bad: only usage data says which.",
}


def silence_page(found: Json, finding: str) -> Html:
    """The whole page, only articles with `finding` where one is chosen."""
    articles = [a for a in found["articles"] if not finding or finding in a["findings"]]
    if not found["articles"]:
        return element(
            "div",
            element("h1", "No articles yet"),
            element("p", "Ingest your help centre first: ", element("kbd", "waypost ingest FOLDER"), "."),
            class_="empty",
        )
    return element(
        "article",
        element(
            "div",
            element("h1", "How the knowledge is used"),
            element("p", f"{counted(len(found['articles']), 'article')}. Those that need work come first."),
            class_="introduction",
        ),
        element("button", "Spreadsheet (CSV)", type="button", class_="small-button", data_download="silence/csv"),
        _choices(found, finding),
        element("p", _FINDINGS[finding], class_="quiet") if finding in _FINDINGS else None,
        element("ul", *(_article(article) for article in articles[:_SHOWN]), class_="articles"),
        element("p", f"and {len(articles) - _SHOWN} more", class_="quiet") if len(articles) > _SHOWN else None,
        class_="silence-page",
    )


def _choices(found: Json, finding: str) -> Html:
    named = [("", "All", len(found["articles"]))]
    named += [(name, name.capitalize(), found["counts"].get(name, 0)) for name in _FINDINGS]
    buttons = (
        element(
            "button",
            words,
            element("span", f"{count:,}", class_="count"),
            type="button",
            data_set=f"finding={name}",
            aria_pressed="true" if name == finding else "false",
        )
        for name, words, count in named
        if count or not name
    )
    return element("div", *buttons, class_="segments", role="group", aria_label="Finding")


def _article(article: Json) -> Html:
    against = [element("p", _against(each), class_="against") for each in article["against"]]
    return element(
        "li",
        element(
            "div",
            element("h2", link(article["url"], article["title"] or article["document_id"])),
            element(
                "p",
                *(element("span", name, class_=f"finding is-{name.replace(' ', '-')}") for name in article["findings"]),
                element("span", "Internal", class_="badge is-internal") if article["audience"] == "internal" else None,
                element("span", "changed ", day(article["updated_at"])) if article["updated_at"] else None,
                class_="about",
            ),
            _rewritten(article),
            *against,
        ),
        element(
            "dl",
            *(
                element("div", element("dt", name), element("dd", f"{article[key]:,}"))
                for name, key in (("asked", "contacts"), ("cited", "cited"), ("edited", "edited"))
            ),
            class_="uses",
        ),
    )


def _rewritten(article: Json) -> Html | None:
    """How far agents went from what was drafted from it."""
    if not article["rewritten"]:
        return None
    many, far = counted(article["rewritten"], "draft"), share(article["edit_distance"])
    words = f"Agents rewrote {many} that cite it: {far} of the words changed on average."
    return element("p", words, class_="against")


def _against(other: Json) -> str:
    title = other["title"] or other["document_id"]
    if other["likeness"] is not None:
        return f"Nearly the same as “{title}” (likeness {other['likeness']:.2f})."
    return f"Against “{title}”: {other['said']}"
