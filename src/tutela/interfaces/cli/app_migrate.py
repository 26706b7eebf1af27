"""What commands there are for moving here from HMA, and what they take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tutela.interfaces.cli.acting import Commands
from tutela.interfaces.cli.app_banks import SETTINGS, After, Json, Limit
from tutela.people.permissions import Permission

migrate = Commands("tutela migrate", help="Moving here from HMA.", **SETTINGS)

ADMIN, READ = Permission.ADMIN, Permission.BANKS_READ
URL = typer.Argument(metavar="URL", help="The base of the HMA's own routes.")
Called = Annotated[
    str, typer.Option("--name", help="What you call that HMA; another one needs another name.")
]
Private = Annotated[bool, typer.Option("--private", help="It is at an address of the own network.")]
Rate = Annotated[int, typer.Option(min=0, max=100_000, help="Requests a second; 0: any.")]


@migrate.command(needs=ADMIN)
def hma(
    url: Annotated[str | None, URL] = None,
    database: Annotated[
        str | None,
        typer.Option(metavar="URL", help="HMA's Postgres, instead of its routes."),
    ] = None,
    name: Called = "hma",
    purpose: Annotated[
        list[str] | None,
        typer.Option(
            metavar="BANK=PURPOSE", help="Why a bank is kept; repeat it. Default hma.purpose."
        ),
    ] = None,
    join: Annotated[
        list[str] | None,
        typer.Option(metavar="BANK", help="Add to a bank that is here already; repeat it."),
    ] = None,
    private: Private = False,
    gap: Annotated[
        int,
        typer.Option(
            min=1, max=100_000_000, help="Ids in a row that are not there, after which none is."
        ),
    ] = 1_000,
    rate: Rate = 200,
    each_bank: Annotated[
        bool,
        typer.Option("--each-bank", help="Ask for each id in each bank, where HMA minds it."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be copied, and write nothing.")
    ] = False,
    json: Json = False,
) -> None:
    """Copy the banks, contents and exchanges of an HMA 2. Again, it goes on where it ended."""
    from tutela.interfaces.cli import migrate as run

    how = run.How(url, database, name, private, gap, rate, each_bank)
    raise typer.Exit(run.copy(how, purpose or [], join or [], dry=dry_run, as_json=json))


@migrate.command(needs=READ)
def ids(
    name: Called = "hma",
    after: Annotated[int, typer.Option(min=0, help="Those after this id of HMA's.")] = 0,
    json: Json = False,
) -> None:
    """Print the id here of each content that was copied, as CSV."""
    from tutela.interfaces.cli import migrate as run

    run.ids(name, after, as_json=json)


@migrate.command(needs=READ)
def compare(
    url: Annotated[str, URL],
    file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Values to ask for, one a line; - reads the input."),
    ] = None,
    bank: Annotated[
        list[str] | None,
        typer.Option(
            metavar="BANK", help="Ask for the values of this bank; repeat it. Default all copied."
        ),
    ] = None,
    name: Called = "hma",
    private: Private = False,
    rate: Rate = 200,
    json: Json = False,
) -> None:
    """Ask both for the same values, and print each difference. Ends with 1 if there is one."""
    from tutela.interfaces.cli import migrate_compare as run

    raise typer.Exit(
        run.compare(url, file, bank or [], name, private=private, rate=rate, as_json=json)
    )


@migrate.command(needs=READ)
def differences(
    after: After = 0,
    limit: Limit = 100,
    json: Json = False,
) -> None:
    """List lookups that HMA answered otherwise while both were asked (setting hma.beside.url)."""
    from tutela.interfaces.cli import migrate_compare as run

    run.differences(after, limit, as_json=json)
