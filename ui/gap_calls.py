"""What the page of single gaps asks of the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from ui.client import ApiError, Client
from ui.gap_pages import STATUSES, Json

PAGE = 50
MOST = 500
"""The API's own limit for one list."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Which gaps to list; empty fields do not restrict."""

    status: str = ""
    reason: str = ""
    channel: str = ""
    text: str = ""

    @property
    def restrict(self) -> bool:
        """Whether any is set."""
        return bool(self.status or self.reason or self.channel or self.text)

    def parameters(self, status: str | None = None) -> dict[str, str]:
        """For the query, `status` instead of the own one when given."""
        own = self.status if status is None else status
        return {"status": own, "reason": self.reason, "channel": self.channel, "text": self.text}


@dataclass(frozen=True, slots=True)
class GapOpened:
    """One gap with the documents nearest to it; `refusal` says why this visitor may not change it."""

    gap: Json
    nearest: tuple[Json, ...]
    refusal: str


def listed(client: Client, filters: Filters, limit: int) -> tuple[Sequence[Json], int]:
    """The gaps that fit, most frequent first, and how many there are in all."""
    found = client.get("/v1/gaps", {**filters.parameters(), "limit": limit})
    return found["gaps"], int(found["total"])


def counts_by_status(client: Client, filters: Filters) -> Mapping[str, int]:
    """How many gaps fit the other filters, by status; under "" all of them."""
    found = {}
    for status in ("", *(value for _, value in STATUSES)):
        found[status] = int(client.get("/v1/gaps", {**filters.parameters(status), "limit": 1})["total"])
    return found


def channels(client: Client) -> list[str]:
    """The channels that gaps came through."""
    rows, _ = listed(client, Filters(), MOST)
    return sorted({name for row in rows for name in row["channels"] if name != "unknown"})


def opened(client: Client, gap_id: str) -> GapOpened:
    """The gap, its documents, and whether this visitor may change it."""
    gap = client.get(f"/v1/gaps/{quote(gap_id, safe='')}")
    near = (_document(client, document_id) for document_id in gap["nearest"])
    return GapOpened(gap, tuple(document for document in near if document), _refusal(client, gap_id))


def changed(client: Client, gap_id: str, field: str, value: str) -> Json:
    """The gap with `field` set."""
    gap: Json = client.patch(f"/v1/gaps/{quote(gap_id, safe='')}", {field: value})
    return gap


def _refusal(client: Client, gap_id: str) -> str:
    """Why the visitor may not change gaps, empty when they may: a change of nothing changes nothing and tells."""
    try:
        client.patch(f"/v1/gaps/{quote(gap_id, safe='')}", {})
    except ApiError as error:
        if error.status == 403:
            return str(error)
        raise
    return ""


def _document(client: Client, document_id: str) -> Json | None:
    try:
        found: Json = client.get(f"/v1/documents/{quote(document_id)}")
    except ApiError as error:
        if error.status == 404:
            return None
        raise
    return found
