"""What commands there are for holds and requests of law enforcement, and what they take."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tutela.interfaces.cli.acting import Commands
from tutela.interfaces.cli.app_banks import SETTINGS, Json, Limit
from tutela.people.permissions import Permission

preservation = Commands(
    "tutela preservation", help="Holds and requests of law enforcement.", **SETTINGS
)
REPORTS = Permission.REPORTS
RequestId = Annotated[str, typer.Argument(metavar="REQUEST", help="Id of the request, prq_….")]
Why = Annotated[str, typer.Option(metavar="TEXT", help="Why: it is kept with the request.")]


class Asked(StrEnum):
    """What is asked for."""

    HOLD = "hold"
    PRESERVE = "preserve"
    EXTEND = "extend"
    PRODUCE = "produce"
    DESTROY = "destroy"


@preservation.command("list", needs=REPORTS)
def list_(
    case: Annotated[str, typer.Option(metavar="CASE", help="Those about a case.")] = "",
    running: Annotated[
        bool, typer.Option("--running", help="Those that keep something, or wait to destroy it.")
    ] = False,
    after: Annotated[str, typer.Option(metavar="REQUEST", help="Those after this one.")] = "",
    limit: Limit = 100,
    json: Json = False,
) -> None:
    """List holds and requests in the order in which they were recorded."""
    from tutela.interfaces.cli import preservation as run

    run.list_requests(case, after, limit, only_running=running, as_json=json)


@preservation.command(needs=REPORTS)
def show(request: RequestId, json: Json = False) -> None:
    """Show a request, its papers, and what one to destroy waits for."""
    from tutela.interfaces.cli import preservation as run

    run.show(request, as_json=json)


@preservation.command(needs=REPORTS)
def record(
    case: Annotated[str, typer.Argument(metavar="CASE", help="Id of the case.")],
    kind: Annotated[
        Asked, typer.Argument(metavar="KIND", help="hold, preserve, extend, produce or destroy.")
    ],
    basis: Annotated[
        str, typer.Option(metavar="TEXT", help="The law or order that the paper names.")
    ],
    agency: Annotated[str, typer.Option(metavar="TEXT", help="Who asks.")] = "",
    reference: Annotated[str, typer.Option(metavar="TEXT", help="As they call it.")] = "",
    note: Annotated[str, typer.Option(metavar="TEXT", help="What to know of it.")] = "",
    until: Annotated[
        str, typer.Option(metavar="DAY", help="Its last day, YYYY-MM-DD; default the usual term.")
    ] = "",
    extends: Annotated[
        str, typer.Option(metavar="REQUEST", help="The request that is extended.")
    ] = "",
    paper: Annotated[
        list[Path] | None,
        typer.Option("--paper", metavar="FILE", help="A paper, to be sealed; repeat it."),
    ] = None,
    gave: Annotated[
        list[str] | None,
        typer.Option("--gave", metavar="EVIDENCE", help="What was given to them; repeat it."),
    ] = None,
    json: Json = False,
) -> None:
    """Record a hold or request about a case with its papers, and do what it asks for."""
    from tutela.interfaces.cli import preservation as run

    run.record(
        case, kind.value, agency, reference, basis, note, until, extends, paper or [], gave or [],
        as_json=json,
    )  # fmt: skip


@preservation.command(needs=REPORTS)
def end(request: RequestId, why: Why, json: Json = False) -> None:
    """Lift a hold, end a request to preserve, or recall one to destroy."""
    from tutela.interfaces.cli import preservation as run

    run.end(request, why, as_json=json)


@preservation.command(needs=REPORTS)
def release(request: RequestId, why: Why, json: Json = False) -> None:
    """End the time after a report on what is to be destroyed: it goes before that is over."""
    from tutela.interfaces.cli import preservation as run

    run.release(request, why, as_json=json)


@preservation.command(needs=REPORTS)
def clocks(
    subject: Annotated[str, typer.Argument(metavar="SUBJECT", help="A case, or evidence.")],
    ended: Annotated[bool, typer.Option("--ended", help="Those too that ran out.")] = False,
    json: Json = False,
) -> None:
    """List the clocks that run on a file, or on the files of a case."""
    from tutela.interfaces.cli import preservation as run

    run.list_clocks(subject, ended=ended, as_json=json)
