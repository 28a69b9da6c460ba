"""Work that the running server takes over from a command: it alone may write to the index."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

from assistant.errors import DirectoryInUse

_TIMEOUT_S = 6 * 3600.0


def handed_over(folder: Path, route: str, body: Mapping[str, Any], error: DirectoryInUse) -> list[dict[str, Any]]:
    """The summaries that the server's `route` answers with.

    Raises:
        DirectoryInUse: who holds the directory is no server. ApiError: the server could not do it.
    """
    from assistant.index.lock import holder_of

    holder = holder_of(folder)
    if holder is None or not holder.url:
        raise error
    from ui.client import Client

    typer.echo(f"Handing over to the running server ({holder.command}, process {holder.pid}).", err=True)
    with Client(holder.url, holder.token, timeout_s=_TIMEOUT_S) as client:
        found: list[dict[str, Any]] = client.post(route, body)["summaries"]
        return found
