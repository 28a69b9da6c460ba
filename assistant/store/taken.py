"""Drafts that agents took as their reply, with the articles that are still cited in what was sent.

What agents do with drafts comes in as events and ratings; `tune` reads here what that says of articles.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from assistant.domain import Question
from assistant.store import tables as t
from assistant.store.corpus import pieces
from assistant.store.database import Database
from assistant.store.draft_signals import HEAVY_EDIT

_TAKING = ("inserted", "copied", "edited", "sent")
_RUN = 3
_SAID = 0.5


@dataclass(frozen=True, slots=True)
class TakenDraft:
    """The question as it is kept, dated by its draft, and the live articles and FAQs cited in what was sent.

    `question.id` is the ticket's, empty where none was named.
    """

    draft_id: str
    question: Question
    articles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Deed:
    """What an agent did with a draft; the text and how far it is from the draft, in [0, 1], where it was given."""

    kind: str
    final_text: str | None = None
    edit_distance: float | None = None


class TakenDrafts:
    """Reads them from the log of drafts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[TakenDraft]:
        """Every draft that was taken and still cites a live article, oldest first."""
        taken = select(t.DraftEvent.draft_id).where(t.DraftEvent.kind.in_(_TAKING)).distinct()
        with self._database.read() as connection:
            ids = list(connection.scalars(taken))
        found: list[tuple[Any, TakenDraft]] = []
        for piece in pieces(ids):
            with self._database.read() as connection:
                found += _read(connection, piece)
        return [draft for _, draft in sorted(found, key=lambda pair: (pair[0], pair[1].draft_id))]


def is_taken(deeds: Sequence[Deed], rating: str) -> bool:
    """Whether the draft was used much as it was: `deeds` oldest first, `rating` the latest, empty without one.

    A discard takes back what was done before, until the draft is shown again or used again.

    >>> is_taken([Deed("copied"), Deed("sent", "Press the red button.", 0.25)], "")
    True
    >>> is_taken([Deed("sent", "Something else.", 0.9)], "")
    False
    >>> is_taken([Deed("copied"), Deed("discarded")], "")
    False
    """
    taken = gone = False
    distance = 0.0
    for deed in deeds:
        gone = deed.kind == "discarded"
        taken = taken or deed.kind in _TAKING
        distance = distance if deed.edit_distance is None else deed.edit_distance
    return taken and not gone and rating != "down" and distance < HEAVY_EDIT


def is_said(part: str, sent: str) -> bool:
    """Whether at least half of the part's runs of three words are in what was sent.

    >>> is_said("Press the red button twice.", "Please press the red button. Yours, Ann")
    True
    >>> is_said("Press the red button twice.", "Please hold the button. Yours, Ann")
    False
    """
    size = min(_RUN, len(_words(part)))
    runs = _runs(part, size)
    return bool(runs) and len(runs & _runs(sent, size)) >= _SAID * len(runs)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def _runs(text: str, size: int) -> set[tuple[str, ...]]:
    words = _words(text)
    return {tuple(words[at : at + size]) for at in range(len(words) - size + 1)} if size else set()


def _read(connection: Connection, ids: Sequence[str]) -> list[tuple[Any, TakenDraft]]:
    """Those of the drafts that count, each with its moment."""
    deeds, ratings, cited = _deeds(connection, ids), _ratings(connection, ids), _cited(connection, ids)
    found = []
    for row in connection.execute(select(t.Draft).where(t.Draft.id.in_(ids))):
        if not is_taken(deeds[row.id], ratings.get(row.id, "")):
            continue
        sent = next((deed.final_text for deed in reversed(deeds[row.id]) if deed.final_text is not None), None)
        articles = [key for text, key in cited.get(row.id, ()) if sent is None or is_said(text, sent)]
        if articles:
            question = Question(
                row.question, title=row.title, id=row.ticket_id or "", channel=row.channel, locale=row.locale,
                created=row.created_at,
            )  # fmt: skip
            found.append((row.created_at, TakenDraft(row.id, question, tuple(dict.fromkeys(articles)))))
    return found


def _deeds(connection: Connection, ids: Sequence[str]) -> Mapping[str, list[Deed]]:
    columns = (t.DraftEvent.draft_id, t.DraftEvent.kind, t.DraftEvent.final_text, t.DraftEvent.edit_distance)
    query = select(*columns).where(t.DraftEvent.draft_id.in_(ids)).order_by(t.DraftEvent.id)
    found: dict[str, list[Deed]] = defaultdict(list)
    for draft_id, kind, text, distance in connection.execute(query):
        found[draft_id].append(Deed(kind, text, distance))
    return found


def _ratings(connection: Connection, ids: Sequence[str]) -> dict[str, str]:
    """The latest rating of each."""
    query = select(t.Feedback.draft_id, t.Feedback.rating).where(t.Feedback.draft_id.in_(ids)).order_by(t.Feedback.id)
    return {row.draft_id: row.rating for row in connection.execute(query)}


def _cited(connection: Connection, ids: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
    """The text of each part with each live article that it cites, in the order of the draft."""
    query = (
        select(t.Citation.draft_id, t.DraftPart.text, t.Document.key)
        .join(t.DraftPart, (t.DraftPart.draft_id == t.Citation.draft_id) & (t.DraftPart.ordinal == t.Citation.part))
        .join(t.Version, t.Version.id == t.Citation.version_id)
        .join(t.Document, t.Document.id == t.Version.document_id)
        .where(t.Citation.draft_id.in_(ids), t.Document.deleted_at.is_(None), t.Document.kind.in_(("doc", "faq")))
        .order_by(t.Citation.id)
    )
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for draft_id, text, key in connection.execute(query):
        found[draft_id].append((text, key))
    return found
