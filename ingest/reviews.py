"""Reviews and survey comments: not knowledge, but people who told something. One record becomes one contact."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from assistant.cleaning import cleaned
from assistant.errors import UnreadableItem
from assistant.records import NewContact
from assistant.redaction import Known, Person, Rules, redacted_together
from ingest.tickets import instant

_TEXT = ("text", "review", "comment", "body", "content", "feedback", "message")
_RATING = ("rating", "stars", "score", "star_rating", "nps")
_WHEN = ("created", "created_at", "at", "date", "submitted", "updated_at", "time")
_WHO = ("author", "user", "username", "reviewer", "name", "email", "user_id", "person")
_WHERE = ("channel", "source", "store", "platform")
_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)?")
_MAX_TEXT = 100_000


def is_review(names: Mapping[str, Any] | list[str]) -> bool:
    """Whether a record with these fields, or a table with these columns, is a review: a rating and a text."""
    found = {str(name).strip().lower() for name in names}
    articles = {"answer", "messages", "html", "markdown"}
    return bool(found & set(_RATING)) and bool(found & set(_TEXT)) and not found & articles


def review_contact(record: Mapping[str, Any], rules: Rules, *, origin: str, top: float = 5.0) -> NewContact:
    """The contact of a review; `origin` names the channel where the record does not, `top` is the best rating.

    Raises:
        UnreadableItem: it has no text, or its rating is no number.
    """
    fields = {str(name).strip().lower(): value for name, value in record.items()}
    title, text = _text(fields, ("title", "subject", "headline")), _text(fields, _TEXT)
    if not (title or text):
        raise UnreadableItem("expected a review with a text, found none.")
    who, channel = _text(fields, _WHO), _text(fields, _WHERE) or origin
    known = Known((Person((who,)),) if who and "@" not in who else ())
    kept = redacted_together([title, text], known, rules)
    name = _text(fields, ("id",)) or hashlib.sha256(f"{title}|{text}|{who}".encode()).hexdigest()[:16]
    kind = "survey" if _text(fields, ("kind", "type")).lower() == "survey" or "nps" in fields else "review"
    return NewContact(
        token=f"review:{channel}/{name}", kind="survey" if kind == "survey" else "review", channel=channel[:100],
        at=_moment(fields), title=kept[0].text, text=kept[1].text, person=who, rating=_rating(fields, top),
    )  # fmt: skip


def rating_in(record: Mapping[str, Any]) -> float | None:
    """The number that a record's rating is, on its own scale: `4`, `4/5`, `4 out of 5`, `★★★★`."""
    fields = {str(name).strip().lower(): value for name, value in record.items()}
    given = next((fields[name] for name in _RATING if fields.get(name) not in (None, "")), None)
    if given is None:
        return None
    if isinstance(given, str) and "★" in given:
        return float(given.count("★"))
    found = _NUMBER.search(str(given))
    if found is None:
        raise UnreadableItem(f"expected a rating as a number, found {str(given)[:40]!r}.")
    return float(found[0].replace(",", "."))


def _rating(fields: Mapping[str, Any], top: float) -> float | None:
    """On the scale of 1 to 5.

    >>> _rating({"rating": "4/5"}, 5.0), _rating({"nps": 9}, 10.0), _rating({"score": 50}, 100.0)
    (4.0, 4.6, 3.0)
    """
    found = rating_in(fields)
    if found is None:
        return None
    if top > 5:
        return round(1 + 4 * min(max(found, 0.0), top) / top, 2)
    return min(max(found, 1.0), 5.0)


def top_rating(ratings: list[float]) -> float:
    """The best rating that a scale has, by the best that was given: 5, 10 or 100."""
    best = max(ratings, default=5.0)
    return 5.0 if best <= 5 else 10.0 if best <= 10 else 100.0


def _text(fields: Mapping[str, Any], names: tuple[str, ...]) -> str:
    found = next((fields[name] for name in names if isinstance(fields.get(name), str | int) and fields[name] != ""), "")
    return cleaned(str(found)).strip()[:_MAX_TEXT]


def _moment(fields: Mapping[str, Any]) -> datetime:
    given = next((fields[name] for name in _WHEN if fields.get(name)), None)
    if given is None:
        return datetime.now(UTC)
    try:
        return instant(given)
    except ValueError:
        raise UnreadableItem(f"expected a time such as 2024-07-01T12:13:00Z, found {str(given)[:40]!r}.") from None
