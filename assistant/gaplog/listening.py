"""Contacts of one theme for somebody who wants to hear people: a varied sample, and what was listened to already."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from assistant.gaps.sampling import Voice, varied
from assistant.records import Contact
from assistant.store.contact_rows import ContactFilter
from assistant.store.contacts import Contacts
from assistant.store.database import Database
from assistant.store.listened import Listened

_FROM = 500
"""The latest contacts of a theme that a sample is drawn from."""


@dataclass(frozen=True)
class Listening:
    """One theme as `reader` listens to it; `model_id` names the model that tells contacts apart."""

    database: Database
    model_id: str
    theme_id: str
    reader: str

    @property
    def total(self) -> int:
        """How many contacts the theme has."""
        return Contacts(self.database).count(ContactFilter(theme_id=self.theme_id))

    @property
    def read(self) -> int:
        """How many of them the reader listened to."""
        unread = ContactFilter(theme_id=self.theme_id, unread_by=self.reader)
        return self.total - Contacts(self.database).count(unread)

    def page(self, limit: int, offset: int, *, unread: bool) -> list[Contact]:
        """Contacts, latest first."""
        wanted = ContactFilter(theme_id=self.theme_id, unread_by=self.reader if unread else "")
        return Contacts(self.database).page(wanted, limit=limit, offset=offset)

    def sampled(self, count: int, *, unread: bool) -> list[Contact]:
        """At most `count` contacts, the first typical, each next one unlike those before it."""
        vectors = Contacts(self.database).vectors(self.model_id, [c.id for c in self._latest])
        known = [c for c in self._latest if c.id in vectors]
        if not known:
            return self.page(count, 0, unread=unread)
        readers = Listened(self.database).readers([c.id for c in known]) if unread else {}
        heard = [row for row, c in enumerate(known) if self.reader in readers.get(c.id, ())]
        rows = np.stack([vectors[c.id] for c in known])
        return [known[row] for row in varied(rows, [Voice(c.channel, c.at) for c in known], count=count, heard=heard)]

    @cached_property
    def _latest(self) -> list[Contact]:
        return Contacts(self.database).page(ContactFilter(theme_id=self.theme_id), limit=_FROM)
