"""What commands there are for exchanges with partners, and what they take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tutela.interfaces.cli.acting import Commands
from tutela.interfaces.cli.app_banks import SETTINGS, Json, KeyFile, Limit, Why
from tutela.people.permissions import Permission

exchange = Commands("tutela exchange", help="Lists of partners, and what they hear.", **SETTINGS)

READ, WRITE, ADMIN = Permission.BANKS_READ, Permission.BANKS_WRITE, Permission.ADMIN
Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the exchange.")]


@exchange.command(needs=ADMIN)
def add(
    name: Name,
    partner: Annotated[str, typer.Option(metavar="PARTNER", help="See tutela exchange partners.")],
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="A setting of the partner; repeat it."),
    ] = None,
    every: Annotated[
        int | None, typer.Option(metavar="SECONDS", help="Between fetches; default the partner's.")
    ] = None,
    json: Json = False,
) -> None:
    """Add an exchange with a partner, and the banks that it fills."""
    from tutela.interfaces.cli import exchanges as run

    run.add(name, partner, set_ or [], every, as_json=json)


@exchange.command("list", needs=READ)
def list_(
    after: Annotated[str, typer.Option(help="Show those after this name.")] = "",
    limit: Limit = 100,
    json: Json = False,
) -> None:
    """List exchanges: how fresh they are, and what is wrong."""
    from tutela.interfaces.cli import exchanges as run

    run.list_exchanges(after, limit, as_json=json)


@exchange.command(needs=READ)
def show(
    name: Name,
    before: Annotated[int, typer.Option(min=0, help="Runs before this number.")] = 0,
    limit: Limit = 10,
    json: Json = False,
) -> None:
    """Show an exchange: its banks, what of them cannot be matched here, and its last runs."""
    from tutela.interfaces.cli import exchanges as run

    run.show(name, before, limit, as_json=json)


@exchange.command(needs=ADMIN)
def secrets(
    name: Name,
    file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A JSON object of them; - reads the input."),
    ] = None,
    json: Json = False,
) -> None:
    """Set how you sign in at the partner. Asked for at the terminal; never in the command."""
    from tutela.interfaces.cli import exchanges as run

    run.set_secrets(name, file, as_json=json)


@exchange.command(needs=WRITE)
def fetch(
    name: Name,
    all_: Annotated[
        bool, typer.Option("--all", help="From the start; what is not listed any more goes.")
    ] = False,
    json: Json = False,
) -> None:
    """Fetch now, and wait for the end. It ends with 1 if it does not come to one."""
    from tutela.interfaces.cli import exchanges as run

    raise typer.Exit(run.fetch(name, anew=all_, as_json=json))


@exchange.command(needs=WRITE)
def pause(name: Name, json: Json = False) -> None:
    """Fetch nothing until it is resumed. What was fetched still matches."""
    from tutela.interfaces.cli import exchanges as run

    run.pause(name, as_json=json)


@exchange.command(needs=WRITE)
def resume(name: Name, json: Json = False) -> None:
    """Fetch again."""
    from tutela.interfaces.cli import exchanges as run

    run.resume(name, as_json=json)


@exchange.command(needs=WRITE)
def release(name: Name, key_file: KeyFile = None, why: Why = "", json: Json = False) -> None:
    """Let the deletions pass that an exchange is held for. It takes two people."""
    from tutela.interfaces.cli import exchanges as run

    run.release(name, key_file, why, as_json=json)


@exchange.command(needs=ADMIN)
def leave(
    name: Name,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where the statement goes; default NAME-left.json."),
    ] = None,
    key_file: KeyFile = None,
    why: Why = "",
    json: Json = False,
) -> None:
    """Leave a programme: delete what its licence says, and write a signed statement of it. It
    takes two people."""
    from tutela.interfaces.cli import exchanges as run

    run.leave(name, out, key_file, why, as_json=json)


@exchange.command(needs=READ)
def partners(json: Json = False) -> None:
    """List the partners that are installed, and what they take."""
    from tutela.interfaces.cli import exchanges as run

    run.partners(as_json=json)


@exchange.command(needs=READ)
def told(
    name: Name,
    before: Annotated[int, typer.Option(min=0, help="Those before this number.")] = 0,
    limit: Limit = 100,
    json: Json = False,
) -> None:
    """List what the partner was told, or will be, the last first."""
    from tutela.interfaces.cli import exchanges as run

    run.told(name, before, limit, as_json=json)
