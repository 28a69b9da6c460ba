"""The list of single gaps and one gap's page as markup, from what the API returns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ui.rendering import GAP_REASONS, Html, counted, day, days, element, first_words, joined, link, share_bar

Json = Mapping[str, Any]
"""A body of the API as the contract has it."""

STATUSES = (
    ("New", "new"),
    ("Accepted", "accepted"),
    ("In progress", "in_progress"),
    ("Shipped", "shipped"),
    ("Measured", "measured"),
    ("Dismissed", "dismissed"),
)
_CONTACTS_SHOWN = 6
_STATUS_NAMES = {value: name for name, value in STATUSES}


def status_name(status: str) -> str:
    """A status in words."""
    return _STATUS_NAMES.get(status, status)


def channel_name(channel: str) -> str:
    """A channel in words."""
    return channel.replace("_", " ") or "channel unknown"


def gap_list(rows: Sequence[Json], total: int, *, filtered: bool, extendable: bool) -> Html:
    """The ranked list, or what its emptiness means."""
    if not rows:
        return _nothing_found() if filtered else _empty()
    most = max(row["count"] for row in rows)
    contacts = sum(row["count"] for row in rows)
    shown_rows = f"{counted(total, 'gap')}" if total == len(rows) else f"{len(rows)} of {total:,} gaps"
    return element(
        "section",
        element("p", f"{shown_rows}, {counted(contacts, 'contact')}, most frequent first.", class_="quiet"),
        element(
            "div",
            *(element("span", name) for name in ("", "Contacts", "Question", "Seen", "Status")),
            class_="gaps-head",
            aria_hidden="true",
        ),
        element("ol", *(_row(rank, row, most) for rank, row in enumerate(rows, 1)), class_="gaps"),
        data_more="yes" if extendable and len(rows) < total else None,
    )


def gap_page(gap: Json, nearest: Sequence[Json]) -> Html:
    """What is known about one gap: its question, the customers' words, the documents that came nearest."""
    short, sentence = reason_words(gap["reason"])
    question = gap["question"] if gap["question"] != gap["title"] else ""
    return element(
        "article",
        element("a", "All gaps", href="/gaps", data_open="all", class_="back"),
        element("h1", gap["title"]),
        element("p", question, class_="question") if question else None,
        element(
            "p",
            element("strong", counted(gap["count"], "contact")),
            element("span", "first seen ", day(gap["first_seen_at"])),
            element("span", "last seen ", day(gap["last_seen_at"])),
            element("span", _channels(gap["channels"])),
            class_="facts",
        ),
        element("p", element("strong", f"{short}. "), sentence, class_="reason"),
        _words(gap["occurrences"], gap["count"]),
        _nearest(nearest),
        class_="gap-page",
    )


def history_list(history: Sequence[Json]) -> Html:
    """Who changed what, latest first."""
    if not history:
        return element("p", "Nothing was changed yet.", class_="quiet")
    return element("ol", *(_change(event) for event in reversed(history)), class_="history")


def reason_words(reason: str) -> tuple[str, str]:
    """Why nothing was drafted: a short form and a sentence."""
    return GAP_REASONS.get(reason, (reason, ""))


def _row(rank: int, row: Json, most: int) -> Html:
    return element(
        "li",
        element(
            "a",
            element("span", str(rank), class_="rank", aria_hidden="true"),
            element(
                "span",
                element("strong", f"{row['count']:,}"),
                share_bar(row["count"] / most) if most > 1 else None,
                class_="contacts",
                title=counted(row["count"], "contact"),
            ),
            element(
                "span",
                element("strong", row["title"]),
                element("span", first_words(row["question"], 140)) if row["question"] != row["title"] else None,
                element("small", f"{reason_words(row['reason'])[0]} · {_channels(row['channels'])}"),
                class_="what",
            ),
            element("span", days(row["first_seen_at"], row["last_seen_at"]), class_="seen"),
            element("span", status_name(row["status"]), class_=f"status is-{row['status']}"),
            href=f"?gap={row['id']}",
            data_open=row["id"],
        ),
    )


def _words(occurrences: Sequence[Json], count: int) -> Html:
    """Each wording once, with the contacts that used it, latest first."""
    said: dict[str, list[Json]] = {}
    for occurrence in occurrences:
        said.setdefault(" ".join(occurrence["question"].split()).lower(), []).append(occurrence)
    quotes = (
        element(
            "li",
            element("blockquote", first_words(same[0]["question"], 600)),
            element("p", *(_contact(o) for o in same[:_CONTACTS_SHOWN]), _and_more(same), class_="about"),
        )
        for same in said.values()
    )
    more = f", the latest {len(occurrences)}" if len(occurrences) < count else ""
    return element("section", element("h2", f"In customers' words{more}"), element("ul", *quotes, class_="words"))


def _contact(occurrence: Json) -> Html:
    draft = occurrence["draft_id"]
    told = joined([channel_name(occurrence["channel"]), " ", day(occurrence["at"])])
    return element("a", told, href=f"/desk?draft={draft}", title="Open its draft") if draft else element("span", told)


def _and_more(same: Sequence[Json]) -> Html | None:
    hidden = len(same) - _CONTACTS_SHOWN
    return element("span", f"and {hidden} more") if hidden > 0 else None


def _nearest(documents: Sequence[Json]) -> Html:
    if not documents:
        return element("section", element("h2", "Nearest documents"), element("p", "None came near.", class_="quiet"))
    rows = (
        element(
            "li",
            link(document["url"], document["title"] or document["document_id"]),
            element("span", "Internal", class_="badge is-internal") if document["audience"] == "internal" else None,
            day(document["updated_at"]),
        )
        for document in documents
    )
    return element(
        "section",
        element("h2", "Nearest documents"),
        element(
            "p", "They came up, but do not answer it. One of them may be where the answer belongs.", class_="quiet"
        ),
        element("ol", *rows, class_="nearest"),
    )


def _change(event: Json) -> Html:
    if event["field"] == "status":
        words: Iterable[str] = (
            "Status from ",
            element("strong", status_name(event["old"])),
            " to ",
            element("strong", status_name(event["new"])),
        )
    else:
        words = ("Note: ", element("em", first_words(event["new"], 120) or "emptied"))
    return element(
        "li",
        element("p", *words),
        element("p", element("span", event["actor"]), day(event["at"]), class_="about"),
    )


def _channels(channels: Mapping[str, int]) -> str:
    ranked = sorted(channels.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{channel_name(name)} {count}" for name, count in ranked) or "channel unknown"


def _empty() -> Html:
    return element(
        "div",
        element("h2", "No gaps yet"),
        element(
            "p",
            "Every question that the knowledge cannot answer lands here, with the customer's own words. Repeats join "
            "the same gap, so the top of this list is what makes most people write in.",
        ),
        element("p", "Ask something on the ", element("a", "desk", href="/desk"), " to see how it works."),
        class_="empty",
    )


def _nothing_found() -> Html:
    return element(
        "div",
        element("h2", "No gap fits these filters"),
        element("p", "Widen them, or ", element("a", "show all gaps", href="/gaps"), "."),
        class_="empty",
    )
