"""What commands there are for records, and what they take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tutela.interfaces.cli.acting import Commands
from tutela.interfaces.cli.app_banks import SETTINGS, Json, KeyFile, Limit
from tutela.people.permissions import Permission

record = Commands("tutela record", help="Records that the service fills itself.", **SETTINGS)
ADMIN, CASES = Permission.ADMIN, Permission.CASES

Since = Annotated[str, typer.Option(metavar="DAY", help="From this day on, as 2031-05-01, UTC.")]
Until = Annotated[str, typer.Option(metavar="DAY", help="Before this day.")]
Out = Annotated[
    Path | None, typer.Option(metavar="FILE", help="A new file; default standard output.")
]
SecondId = Annotated[
    int, typer.Argument(metavar="NUMBER", min=1, max=2**31 - 1, help="Number of the second look.")
]


@record.command(needs=ADMIN)
def performance(
    since: Since = "",
    until: Until = "",
    by: Annotated[
        list[str] | None, typer.Option(metavar="WHAT", help="Split by media, by month, or both.")
    ] = None,
    json: Json = False,
) -> None:
    """Say how often what matched was what the bank says, with intervals."""
    from tutela.interfaces.cli import records as run

    run.performance(since, until, by or [], as_json=json)


@record.command(needs=ADMIN)
def processing(out: Out = None, json: Json = False) -> None:
    """Write the record of processing, as far as settings say it."""
    from tutela.interfaces.cli import records as run

    run.processing(out, as_json=json)


@record.command(needs=ADMIN)
def dpia(out: Out = None, json: Json = False) -> None:
    """Write a data protection impact assessment for people to finish."""
    from tutela.interfaces.cli import records as run

    run.dpia(out, as_json=json)


@record.command(needs=ADMIN)
def changes(
    since: Since = "",
    until: Until = "",
    before: Annotated[str, typer.Option(metavar="CHANGE", help="Those before this one.")] = "",
    limit: Limit = 100,
    json: Json = False,
) -> None:
    """List changes of the configuration: who, why, and who approved; the last first."""
    from tutela.interfaces.cli import records as run

    run.changes(since, until, before, limit, as_json=json)


@record.command(needs=ADMIN)
def explain(
    change: Annotated[str, typer.Argument(metavar="CHANGE", help="As record changes lists it.")],
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="Why it was changed.")],
    key_file: KeyFile = None,
    json: Json = False,
) -> None:
    """Say why something was changed, where nobody did."""
    from tutela.interfaces.cli import records as run

    run.explain(change, why, key_file, as_json=json)


@record.command(needs=ADMIN)
def samples(
    open_only: Annotated[
        bool, typer.Option("--open", help="Those alone that nobody decided about.")
    ] = False,
    after: Annotated[int, typer.Option(metavar="NUMBER", min=0, help="Those after this one.")] = 0,
    limit: Limit = 100,
    json: Json = False,
) -> None:
    """List matches that were drawn for people, and how far they are."""
    from tutela.interfaces.cli import records as run

    run.samples(after, limit, open_only=open_only, as_json=json)


second = Commands(
    "tutela record second", help="Look at what was decided, as a second person.", **SETTINGS
)
record.add_typer(second, name="second")


@second.command(needs=CASES)
def take(key_file: KeyFile = None, json: Json = False) -> None:
    """Take the next item that a second person is to look at."""
    from tutela.interfaces.cli import records as run

    run.take(key_file, as_json=json)


@second.command(needs=CASES)
def conclude(
    number: SecondId,
    conclusion: Annotated[
        str, typer.Argument(metavar="CONCLUSION", help="confirmed, no-match or cannot-tell.")
    ],
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="Why.")],
    key_file: KeyFile = None,
    json: Json = False,
) -> None:
    """Say what you conclude. Nothing follows from it by itself."""
    from tutela.interfaces.cli import records as run

    run.conclude(number, conclusion, why, key_file, as_json=json)


@second.command("give-back", needs=CASES)
def give_back(number: SecondId, key_file: KeyFile = None, json: Json = False) -> None:
    """Give it back: someone else is asked. It needs no reason."""
    from tutela.interfaces.cli import records as run

    run.give_back(number, key_file, as_json=json)
