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


PORT = typer.Option(min=0, max=65535, help="Where it listens; 0 takes one that is free.")
HOST = typer.Option(help="Address that it listens at.")
USER = typer.Option(help="Whom it admits.")
PASSWORD_FILE = typer.Option(metavar="FILE", help="File with the password; default the word rain.")
KEYS_FILE = typer.Option(
    metavar="FILE", help="File with its two keys, a line each; default the words hail and thunder."
)
MISBEHAVE = typer.Option(
    metavar="NAME=RATE", help="How likely it misbehaves so, 0 to 1; repeat it."
)
SEED = typer.Option(help="Another seed makes other entries, and misbehaves at other times.")
ENTRIES = typer.Option(min=0, max=1_000_000, help="Random entries that it has.")
TRAFFIC = typer.Option(min=0, max=1_000, help="Random changes that it makes each second.")


@testserver.command(needs=None, name="ncmec-hashes")
def ncmec_hashes(
    port: Annotated[int, PORT] = 8393,
    host: Annotated[str, HOST] = "127.0.0.1",
    user: Annotated[str, USER] = "bicycle",
    password_file: Annotated[Path | None, PASSWORD_FILE] = None,
    misbehave: Annotated[list[str] | None, MISBEHAVE] = None,
    seed: Annotated[int, SEED] = 0,
    entries: Annotated[int, ENTRIES] = 1_000,
    traffic: Annotated[int, TRAFFIC] = 0,
) -> None:
    """Run a stand-in for NCMEC's hash sharing until ^C, with random digests. It is not NCMEC's."""
    from tutela.interfaces.cli import testserver_hashes as run

    how = run.How(port, host, misbehave or [], seed, entries, traffic)
    run.ncmec(how, user, password_file)


@testserver.command(needs=None)
def stopncii(
    port: Annotated[int, PORT] = 8394,
    host: Annotated[str, HOST] = "127.0.0.1",
    keys_file: Annotated[Path | None, KEYS_FILE] = None,
    misbehave: Annotated[list[str] | None, MISBEHAVE] = None,
    seed: Annotated[int, SEED] = 0,
    entries: Annotated[int, ENTRIES] = 1_000,
    traffic: Annotated[int, TRAFFIC] = 0,
) -> None:
    """Run a stand-in for StopNCII's interface until ^C, with random digests. It is not theirs."""
    from tutela.interfaces.cli import testserver_hashes as run

    run.stopncii(run.How(port, host, misbehave or [], seed, entries, traffic), keys_file)


@testserver.command(needs=None)
def hma(
    port: Annotated[int, PORT] = 8396,
    host: Annotated[str, HOST] = "127.0.0.1",
    misbehave: Annotated[list[str] | None, MISBEHAVE] = None,
    seed: Annotated[int, SEED] = 0,
    entries: Annotated[int, ENTRIES] = 1_000,
    traffic: Annotated[int, TRAFFIC] = 0,
) -> None:
    """Run a stand-in for HMA 2 until ^C, with random contents, to move from. It is not HMA."""
    from tutela.interfaces.cli import testserver_hashes as run

    run.hma(run.How(port, host, misbehave or [], seed, entries, traffic))


@testserver.command(needs=None)
def arachnid(
    port: Annotated[int, PORT] = 8395,
    host: Annotated[str, HOST] = "127.0.0.1",
    user: Annotated[str, USER] = "bicycle",
    password_file: Annotated[Path | None, PASSWORD_FILE] = None,
    misbehave: Annotated[list[str] | None, MISBEHAVE] = None,
    seed: Annotated[int, SEED] = 0,
    known: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="What it knows: a PDQ value, a class and exact or near on each line.",
        ),
    ] = None,
) -> None:
    """Run a stand-in for Arachnid Shield's check of PDQ values until ^C. It is not theirs."""
    from tutela.interfaces.cli import testserver_hashes as run

    how = run.How(port, host, misbehave or [], seed, 0, 0)
    run.arachnid(how, user, password_file, known)


@testserver.command(needs=None)
def photodna(
    port: Annotated[int, PORT] = 8397,
    host: Annotated[str, HOST] = "127.0.0.1",
    key_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="File with the key; default the word rain."),
    ] = None,
    misbehave: Annotated[list[str] | None, MISBEHAVE] = None,
    seed: Annotated[int, SEED] = 0,
    known: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="What it knows: an edge hash on each line."),
    ] = None,
) -> None:
    """Run a stand-in for PhotoDNA's check of edge hashes until ^C. It is not theirs."""
    from tutela.interfaces.cli import testserver_hashes as run

    run.photodna(run.How(port, host, misbehave or [], seed, 0, 0), key_file, known)
