"""`waypost serve` and `waypost demo`."""

from __future__ import annotations

from typing import Annotated

import typer

from ui.commands.options import Config, Data


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on. Default: from the settings.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port. Default: from the settings.")] = None,
    data: Data = None,
    config: Config = None,
) -> None:
    """API, desk and board in one process."""
    from ui.serve import run

    run(data, config, host=host, port=port)


def demo(
    once: Annotated[bool, typer.Option("--once", help="Do the whole job in the terminal and end.")] = False,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port.")] = None,
    data: Data = None,
) -> None:
    """The sample helpdesk, in its own data directory."""
    from ui.demo import run

    run(data, once=once, host=host, port=port)
