"""Contacts into themes: the nightly pass that reconsiders, and the places that new contacts are put by, by day.

Third step of the gap log. What a person put together or apart stays so: those contacts are pinned. A theme keeps its
number as long as a group holds enough of its contacts, and where it ends its heir is known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assistant.gaplog.hearing import Hearing
from assistant.gaplog.labelling import Labelling
from assistant.gaps.themes import NONE, Match, cluster, match, name_themes
from assistant.gaps.themes.neighbours import normalised
from assistant.seams import Embedder, Progress, Vectors
from assistant.store.contacts import Contacts
from assistant.store.database import Database
from assistant.store.log_state import LogState
from assistant.store.themes import FoundTheme, Night, StoredPlace, Themes

_SCALE = "theme_scale"
_RESCALE_AT = 1.25  # measured again when there are a quarter more contacts
_ATTEMPTS = 3
_EDGE = 0.1

Labels = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Pass:
    """What a nightly pass came to, in themes and contacts."""

    contacts: int
    themes: int
    new: int
    ended: int
    unthemed: int


@dataclass(frozen=True, slots=True)
class Grouping:
    """Groups the contacts of one database."""

    database: Database
    embedder: Embedder

    def regroup(self, progress: Progress | None = None) -> Pass:
        """Group all contacts anew, with yesterday's themes as memory; what people change meanwhile is respected."""
        Labelling(self.database, self.embedder).embed_new(progress=progress)
        for _ in range(_ATTEMPTS):
            night, result = self._night()
            if Themes(self.database).settle(night):
                return result
        return Pass(0, len(Themes(self.database).all()), 0, 0, 0)

    def move_places(self, themes: Sequence[str]) -> None:
        """Say anew where these themes lie, after people changed who is in them."""
        members = Themes(self.database).members()
        for theme in themes:
            ids = [i for i, (of, _) in members.items() if of == theme]
            vectors = self._vectors(ids)
            lies = _place(np.stack(list(vectors.values()))) if vectors else None
            Themes(self.database).move_place(theme, self.embedder.model_id, lies)

    def _vectors(self, ids: Sequence[int]) -> dict[int, Vectors]:
        return Contacts(self.database).vectors(self.embedder.model_id, ids)

    def _night(self) -> tuple[Night, Pass]:
        themes = Themes(self.database)
        change, members = themes.last_change(), themes.members()
        known = self._vectors(list(members))
        ids = [i for i in members if i in known]
        texts = [contact.full_text for contact in Contacts(self.database).many(ids)]
        before = [members[i][0] for i in ids]
        pins = [members[i][0] if members[i][1] else None for i in ids]
        vectors = np.stack([known[i] for i in ids]) if ids else np.zeros((0, 1), np.float32)
        found = cluster(vectors, texts, previous=_numbers(before), pinned=_numbers(pins), scale=self._scale(len(ids)))
        self._keep_scale(found.scale, len(ids))
        kept = match(found, before, Hearing(self.database, self.embedder).places())
        groups = settled(found.labels, kept, before, pins)
        names = name_themes(texts, _labels_of(groups, len(ids)))
        night = Night(
            model_id=self.embedder.model_id, seen=tuple(ids), change=change,
            themes=tuple(
                FoundTheme(g.theme_id, n.name, n.words, _place(vectors[list(g.rows)]), tuple(ids[r] for r in g.rows))
                for g, n in zip(groups, names, strict=True)
            ),
            heirs=_heirs(groups, before),
        )  # fmt: skip
        return night, _summary(night)

    def _scale(self, count: int) -> int | None:
        kept = LogState(self.database).get(_SCALE)
        return kept["scale"] if kept and count <= _RESCALE_AT * kept["contacts"] else None

    def _keep_scale(self, scale: int, count: int) -> None:
        if scale and self._scale(count) is None:
            LogState(self.database).set(_SCALE, {"scale": scale, "contacts": count})


@dataclass(frozen=True, slots=True)
class Group:
    """A theme of tonight by the rows of its contacts; `theme_id` is None for a new one."""

    theme_id: str | None
    rows: tuple[int, ...]


def settled(labels: Labels, kept: Match, before: Sequence[str | None], pins: Sequence[str | None]) -> tuple[Group, ...]:
    """Tonight's groups with their themes, after what people pinned has been put right.

    `before` and `pins` hold each row's theme before and the theme that a person put it into. A group with pinned rows
    is that theme, unless another group holds more of it; a pinned row is in its theme whatever the grouping said; a
    group that would be new takes over the theme that ended in it.
    """
    rows = {g: [int(r) for r in np.flatnonzero(labels == g)] for g in range(len(kept.theme_ids))}
    themes: dict[int, str | None] = dict(enumerate(kept.theme_ids))
    for theme in sorted({pin for pin in pins if pin is not None}):
        group = _group_of(theme, labels, themes, before, pins)
        group = max([*rows, NONE]) + 1 if group is None else group
        themes = {g: None if found == theme else found for g, found in themes.items()}
        rows.setdefault(group, [])
        themes[group] = theme
    _take_over(themes, kept, before)
    for r, pin in enumerate(pins):
        if pin is not None and themes.get(int(labels[r])) != pin:
            rows = {g: [x for x in found if x != r] for g, found in rows.items()}
            rows[next(g for g, found in themes.items() if found == pin)].append(r)
    return tuple(Group(themes[g], tuple(sorted(found))) for g, found in sorted(rows.items()) if found)


def _group_of(
    theme: str,
    labels: Labels,
    themes: Mapping[int, str | None],
    before: Sequence[str | None],
    pins: Sequence[str | None],
) -> int | None:
    """The group that a theme with pinned rows is tonight; None where all of them are in no group.

    That is the group with most pinned rows. But one odd contact that a person put in does not carry the theme away
    from the many that it is about: the group that it would be by itself stays, while nothing else is pinned there.
    """
    pinned = Counter(int(labels[r]) for r, pin in enumerate(pins) if pin == theme and labels[r] != NONE)
    matched = next((g for g, found in themes.items() if found == theme), None)
    others = {int(labels[r]) for r, pin in enumerate(pins) if pin not in (None, theme)}
    if matched is not None and matched not in others:
        pinned[matched] = max(pinned[matched], sum(b == theme and labels[r] == matched for r, b in enumerate(before)))
    return pinned.most_common(1)[0][0] if pinned else None


def _take_over(themes: dict[int, str | None], kept: Match, before: Sequence[str | None]) -> None:
    """Give groups that would be new the largest theme that ended in them."""
    size = Counter(theme for theme in before if theme is not None)
    taken = set(themes.values())
    ended = sorted(zip(kept.ended, kept.heirs, strict=True), key=lambda pair: -size[pair[0]])
    for theme, heir in ended:
        if heir is not None and themes.get(heir) is None and theme not in taken:
            themes[heir] = theme
            taken.add(theme)


def _heirs(groups: Sequence[Group], before: Sequence[str | None]) -> dict[str, int | None]:
    """For each theme that no group is any more, the group that holds most of its contacts; None: most are in none."""
    alive = {group.theme_id for group in groups}
    found: dict[str, int | None] = {}
    for theme in sorted({t for t in before if t is not None} - alive):
        rows = {r for r, was in enumerate(before) if was == theme}
        shares = [len(rows.intersection(group.rows)) for group in groups]
        best = int(np.argmax(shares)) if shares else 0
        found[theme] = best if shares and sum(shares) * 2 >= len(rows) and shares[best] else None
    return found


def _place(vectors: Vectors) -> StoredPlace:
    """Where members with these vectors, shape `(m, d)`, lie: nine in ten of them are within reach.

    Each member is held against the centre of the others: held against its own, a member of a small theme looks nearer
    than any newcomer can be.
    """
    total = vectors.sum(axis=0)
    others = total - vectors if len(vectors) > 1 else vectors
    cosine = np.einsum("md,md->m", vectors, normalised(others))
    centre = normalised(total[None, :])[0]
    return StoredPlace(centre, float(np.quantile(cosine, _EDGE)))


def _numbers(themes: Sequence[str | None]) -> Labels:
    """Themes as numbers from 0, -1 for none."""
    order = {theme: n for n, theme in enumerate(dict.fromkeys(t for t in themes if t is not None))}
    return np.asarray([NONE if theme is None else order[theme] for theme in themes], np.int64)


def _labels_of(groups: Sequence[Group], count: int) -> Labels:
    labels = np.full(count, NONE, np.int64)
    for number, group in enumerate(groups):
        labels[list(group.rows)] = number
    return labels


def _summary(night: Night) -> Pass:
    placed = sum(len(theme.contact_ids) for theme in night.themes)
    new = sum(theme.id is None for theme in night.themes)
    return Pass(len(night.seen), len(night.themes), new, len(night.heirs), len(night.seen) - placed)
