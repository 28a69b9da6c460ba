"""People told apart without being known: only a keyed hash of whoever wrote is stored, under the desk's own key."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from sqlalchemy import Connection

from assistant.store.log_state import read_state, write_state

_KEY = "person_key"


def tells_apart(person: str) -> bool:
    """Whether the words name one person: a first name alone ("Sam", for the greeting) would count many as one."""
    return "@" in person or any(sign.isdigit() for sign in person) or len(person.split()) > 1


def hashed_person(connection: Connection, person: str) -> str:
    """HMAC-SHA256 under the desk's own key: tells people apart here and means nothing elsewhere; "" for nobody."""
    known = " ".join(person.casefold().split())
    return hmac.new(_key(connection).encode(), known.encode(), hashlib.sha256).hexdigest() if known else ""


def _key(connection: Connection) -> str:
    key = read_state(connection, _KEY)
    if key is None:
        key = secrets.token_hex(32)
        write_state(connection, _KEY, key)
    return str(key)
