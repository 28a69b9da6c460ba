"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[
    Path | None,
    typer.Option("--data", help="Data directory. Default: WAYPOST_DATA, else the platform's user data folder."),
]
Config = Annotated[
    Path | None, typer.Option("--config", help="Settings file. Default: waypost.toml in the data directory.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Batch = Annotated[Path | None, typer.Option("--batch", help='JSON Lines in: {"id", "text", "title"?} a line.')]
Out = Annotated[Path | None, typer.Option("--out", help="JSON Lines out, one line for each line in. Default: stdout.")]
