"""A theme's id as people say it ("T12") and as the tables hold it (12)."""

from __future__ import annotations

import re
from typing import overload

from assistant.errors import NotFound

_SHOWN = re.compile(r"^[Tt]?([1-9][0-9]{0,17})$")


@overload
def theme_id(number: int) -> str: ...
@overload
def theme_id(number: int | None) -> str | None: ...
def theme_id(number: int | None) -> str | None:
    """The id that people see; None stays None.

    >>> theme_id(12)
    'T12'
    """
    return None if number is None else f"T{number}"


def theme_number(shown: str) -> int:
    """The number behind a shown id; the letter may be left out.

    >>> theme_number("T12")
    12

    Raises:
        NotFound: it cannot be the id of a theme.
    """
    found = _SHOWN.match(shown.strip())
    if found is None:
        raise NotFound(
            f"No theme {shown[:40]!r}. A theme's id looks like T12; `waypost gaps list --themes` shows them."
        )
    return int(found[1])
