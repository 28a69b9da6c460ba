"""Who is asking: an API key in `Authorization: Bearer` or `X-API-Key`. Deny by default.

A key's role says what it may do: agents ask and give feedback, designers also work the gap log, admins
also ingest. The browser pages carry the key in an HttpOnly cookie that only they accept, never the API.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Depends, HTTPException, Request
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from assistant.domain import Audience
from assistant.store.keys import Keys

Right = Literal["ask", "gaps", "ingest"]
RIGHTS: dict[str, frozenset[Right]] = {
    "agent": frozenset({"ask"}),
    "designer": frozenset({"ask", "gaps"}),
    "admin": frozenset({"ask", "gaps", "ingest"}),
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody known."""

    name: str
    role: str

    def may(self, right: Right) -> bool:
        """Whether the role includes the right."""
        return right in RIGHTS[self.role]

    def audiences(self, wanted: str) -> tuple[Audience, ...]:
        """What a reply for `wanted` ("agent" or "customer") may draw on."""
        return ("public",) if wanted == "customer" else ("public", "internal")


class Doorkeeper:
    """Checks keys; `local_token` is the running server's own, for the command line of the same user."""

    def __init__(self, keys: Keys, local_token: str) -> None:
        self._keys = keys
        self._local_token = local_token

    def caller(self, key: str) -> Caller | None:
        """Who holds the key, or None."""
        if hmac.compare_digest(key.encode(), self._local_token.encode()):
            return Caller("local command line", "admin")
        found = self._keys.check(key)
        return Caller(found.name, found.role) if found else None


_bearer = HTTPBearer(auto_error=False, description="An API key: `waypost keys create NAME`.")
_header = APIKeyHeader(name="X-API-Key", auto_error=False)


def known(
    request: Request,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    header: Annotated[str | None, Depends(_header)],
) -> Caller:
    """The caller of this request, or 401."""
    key = bearer.credentials if bearer else header
    doorkeeper: Doorkeeper = request.app.state.doorkeeper
    caller = doorkeeper.caller(key) if key else None
    if caller is None:
        found = "none" if not key else "one that is unknown or revoked"
        raise HTTPException(
            401,
            f"Expected an API key in 'Authorization: Bearer ...', found {found}. `waypost keys create NAME` makes one.",
            headers={"WWW-Authenticate": "Bearer"},
        )
    return caller


KnownCaller = Annotated[Caller, Depends(known)]


def _needs(right: Right) -> object:
    def check(caller: KnownCaller) -> Caller:
        if not caller.may(right):
            raise HTTPException(403, f"The key of {caller.name!r} has the role {caller.role}, which may not do this.")
        return caller

    return Depends(check)


Asker = Annotated[Caller, _needs("ask")]
GapWorker = Annotated[Caller, _needs("gaps")]
Ingester = Annotated[Caller, _needs("ingest")]
