"""What commands there are for test servers, and what they take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tutela.interfaces.cli.acting import Commands
from tutela.interfaces.cli.app_banks import SETTINGS

testserver = Commands("tutela testserver", **SETTINGS)


@testserver.callback()
def group() -> None:
    """Servers that stand in for an authority, to try things with."""


@testserver.command(needs=None)
def cybertipline(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Where it listens; 0 takes one that is free.")
    ] = 8391,
    host: Annotated[str, typer.Option(help="Address that it listens at.")] = "127.0.0.1",
    user: Annotated[str, typer.Option(help="Whom it admits.")] = "bicycle",
    password_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="File with the password; default the word rain."),
    ] = None,
    misbehave: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=RATE", help="How likely it misbehaves so, 0 to 1; repeat it."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Another seed misbehaves at other times.")] = 0,
    data: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where it keeps its state, and goes on from it."),
    ] = None,
) -> None:
    """Run a server that speaks the CyberTipline's API until ^C. It is not the authority's."""
    from tutela.interfaces.cli import testserver as run

    run.cybertipline(host, port, user, password_file, misbehave or [], seed, data)


@testserver.command(needs=None)
def nca(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Where it listens; 0 takes one that is free.")
    ] = 8392,
    host: Annotated[str, typer.Option(help="Address that it listens at.")] = "127.0.0.1",
    user: Annotated[str, typer.Option(help="Whom it admits.")] = "bicycle",
    password_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="File with the password; default the word rain."),
    ] = None,
    down: Annotated[
        bool, typer.Option("--down", help="Answer everything as in an outage.")
    ] = False,
) -> None:
    """Run a stand-in for an interface of the UK's NCA until ^C. It is not the agency's."""
    from tutela.interfaces.cli import testserver as run

    run.nca(host, port, user, password_file, down=down)
