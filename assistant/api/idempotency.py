"""Idempotency-Key on POST (draft-ietf-httpapi-idempotency-key-header): the same key gets the same reply."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Header, HTTPException, Request
from fastapi.responses import Response
from pydantic import BaseModel
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from assistant.store.database import Database
from assistant.store.tables import IdempotentReply

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
    return None if key is None else _stored(database, *_names(request, caller, key, body))


def keep(database: Database, request: Request, caller: str, key: str | None, body: BaseModel, made: str) -> str:
    """Keep the reply under the key; returns it, or the one that a request beside this one kept first."""
    if key is None:
        return made
    name, asked = _names(request, caller, key, body)
    try:
        with database.write() as connection:
            connection.execute(
                insert(IdempotentReply).values(
                    key=name, request_hash=asked, status=200, body=made, at=datetime.now(UTC)
                )
            )
    except IntegrityError:
        # Two requests with one key ran side by side: both get the reply of the one that was stored first.
        return _stored(database, name, asked) or made
    return made


def _names(request: Request, caller: str, key: str, body: BaseModel) -> tuple[str, str]:
    """Hashes of the key in its place, and of what was asked."""
    name = hashlib.sha256(f"{caller}|{request.method}|{request.url.path}|{key}".encode()).hexdigest()
    return name, hashlib.sha256(body.model_dump_json().encode()).hexdigest()


def _stored(database: Database, name: str, asked: str) -> str | None:
    with database.read() as connection:
        row = connection.execute(select(IdempotentReply).where(IdempotentReply.key == name)).first()
    if row is None:
        return None
    if row.request_hash != asked:
        raise HTTPException(422, "This Idempotency-Key was used for another request. Use a new key for a new request.")
    return str(row.body)


def _response(body: str, *, replayed: bool = False) -> Response:
    headers = {"Idempotent-Replayed": "true"} if replayed else {}
    return Response(body, media_type="application/json", headers=headers)
