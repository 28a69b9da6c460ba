"""Idempotency-Key on POST (draft-ietf-httpapi-idempotency-key-header): the same key gets the same reply.

A reply quotes tickets and may repeat the question, which is kept redacted everywhere else. So a reply is kept sealed
under the key and the request together, neither of which is stored: only who sends both again can read it.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from fastapi import Header, HTTPException, Request
from fastapi.responses import Response
from pydantic import BaseModel
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from assistant.store.database import Database
from assistant.store.tables import IdempotentReply

_ONCE = bytes(12)
"""The nonce: a secret seals one reply alone, since a key is stored once, so it is never used for two texts."""

IdempotencyKey = Annotated[
    str | None, Header(max_length=255, description="Repeat a request safely: the same key gets the same reply.")
]


def once(
    database: Database, request: Request, caller: str, key: str | None, body: BaseModel, reply: Callable[[], BaseModel]
) -> Response:
    """The reply to this request, made now or, under a key that was used before, the one given then.

    Raises:
        HTTPException: 422 when the key was used for another request.
    """
    before = kept_reply(database, request, caller, key, body)
    if before is not None:
        return _response(before, replayed=True)
    made = reply().model_dump_json()
    told = keep(database, request, caller, key, body, made)
    return _response(told, replayed=told is not made)


def kept_reply(database: Database, request: Request, caller: str, key: str | None, body: BaseModel) -> str | None:
    """The reply given to this request before under this key; None without a key or a reply.

    Raises:
        HTTPException: 422 when the key was used for another request.
    """
    return None if key is None else _stored(database, _named(request, caller, key, body))


def keep(database: Database, request: Request, caller: str, key: str | None, body: BaseModel, made: str) -> str:
    """Keep the reply under the key; returns it, or the one that a request beside this one kept first."""
    if key is None:
        return made
    names = _named(request, caller, key, body)
    try:
        with database.write() as connection:
            connection.execute(
                insert(IdempotentReply).values(
                    key=names.key,
                    request_hash=names.request,
                    status=200,
                    body=b64encode(AESGCM(names.secret).encrypt(_ONCE, made.encode(), None)).decode(),
                    at=datetime.now(UTC),
                )
            )
    except IntegrityError:
        # Two requests with one key ran side by side: both get the reply of the one that was stored first.
        return _stored(database, names) or made
    return made


@dataclass(frozen=True, slots=True)
class _Names:
    """What a request is stored under, what tells it from another under the same key, and what seals its reply."""

    key: str
    request: str
    secret: bytes


def _named(request: Request, caller: str, key: str, body: BaseModel) -> _Names:
    place = f"{caller}|{request.method}|{request.url.path}|{key}"
    whole = f"{place}|{body.model_dump_json()}"
    name, asked, secret = (
        hashlib.sha256(f"{use}|{of}".encode()) for use, of in (("name", place), ("request", whole), ("seal", whole))
    )
    return _Names(name.hexdigest(), asked.hexdigest(), secret.digest())


def _stored(database: Database, names: _Names) -> str | None:
    with database.read() as connection:
        row = connection.execute(select(IdempotentReply).where(IdempotentReply.key == names.key)).first()
    if row is None:
        return None
    if row.request_hash != names.request:
        raise HTTPException(422, "This Idempotency-Key was used for another request. Use a new key for a new request.")
    try:
        return AESGCM(names.secret).decrypt(_ONCE, b64decode(row.body), None).decode()
    except (InvalidTag, ValueError):
        return None  # kept before replies were sealed, or damaged: the reply is made anew


def _response(body: str, *, replayed: bool = False) -> Response:
    headers = {"Idempotent-Replayed": "true"} if replayed else {}
    return Response(body, media_type="application/json", headers=headers)
