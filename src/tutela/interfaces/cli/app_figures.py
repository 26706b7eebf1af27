"""What commands there are for figures, and what they take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tutela.interfaces.cli.acting import Commands
from tutela.interfaces.cli.app_banks import SETTINGS, Json

figures = Commands("tutela figures", help="Figures, and what can be said of them.", **SETTINGS)


@figures.command(needs=None)
def estimate(
    file: Annotated[
        Path, typer.Argument(metavar="TABLE.csv", help="Columns of 0 and 1, a list each; count.")
    ],
    population: Annotated[
        str, typer.Option(metavar="TEXT", help="Which people, accounts or incidents these are.")
    ] = "",
    place: Annotated[str, typer.Option(metavar="TEXT", help="Where.")] = "",
    period: Annotated[str, typer.Option(metavar="TEXT", help="When.")] = "",
    resamples: Annotated[
        int,
        typer.Option(min=100, max=100_000, help="Of the bootstrap: fewer are quicker, and vary."),
    ] = 5_000,
    seed: Annotated[
        int,
        typer.Option(min=0, max=2**31 - 1, help="Of the random numbers: same seed, same result."),
    ] = 1,
    page: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a page with charts there, too.")
    ] = None,
    json: Json = False,
) -> None:
    """Estimate how many are on no list, from how lists overlap; or say why one cannot. It ends with
    1 if there is no figure to publish."""
    from tutela.estimation.account import About
    from tutela.interfaces.cli import figures as run

    about = About(population, place, period)
    raise typer.Exit(run.estimate(file, about, resamples, seed, page, as_json=json))


@figures.command(needs=None)
def overlaps(
    file: Annotated[
        Path, typer.Argument(metavar="OVERLAPS.csv", help="Columns one, other and people.")
    ],
    union: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="How many are on any list, if known.")
    ] = None,
    json: Json = False,
) -> None:
    """Estimate from the sizes of lists and how many each two share, where nobody may see who."""
    from tutela.interfaces.cli import figures as run

    raise typer.Exit(run.overlaps(file, union, as_json=json))


@figures.command(needs=None)
def linkage(
    records: Annotated[
        Path, typer.Argument(metavar="RECORDS.csv", help="Columns record and list.")
    ],
    links: Annotated[
        Path, typer.Argument(metavar="LINKS.csv", help="Columns one, other and probability.")
    ],
    draws: Annotated[
        int, typer.Option(min=100, max=10_000, help="Of the links: fewer are quicker, and vary.")
    ] = 500,
    seed: Annotated[
        int,
        typer.Option(min=0, max=2**31 - 1, help="Of the random numbers: same seed, same result."),
    ] = 1,
    json: Json = False,
) -> None:
    """Estimate from records whose links are only probable, and say what the links alone leave
    open."""
    from tutela.interfaces.cli import figures as run

    raise typer.Exit(run.linkage(records, links, draws, seed, as_json=json))
