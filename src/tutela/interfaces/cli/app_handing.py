"""What commands there are for reports that a person files by hand, and what they take."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from tutela.interfaces.cli.app_banks import Json
from tutela.interfaces.cli.app_reports import REPORTS, ReportId, report

__all__ = ["report"]

FORMATS = ["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M%z"]


@report.command(needs=REPORTS)
def answer(
    report: ReportId,
    answers: Annotated[
        list[str],
        typer.Argument(
            metavar="FIELD=ANSWER", help="A value, n/a, or `not held: why`; empty takes it back."
        ),
    ],
    json: Json = False,
) -> None:
    """Answer what a form asks besides: its fields are those of the sheet."""
    from tutela.interfaces.cli import handing as run

    run.answer(report, answers, as_json=json)


@report.command(needs=REPORTS)
def declare(
    report: ReportId,
    yes: Annotated[
        bool, typer.Option("--yes", help="All that is reasonably available is in it: you say so.")
    ] = False,
    json: Json = False,
) -> None:
    """Declare, in your name, that a report is complete as it is. A change takes it away again."""
    from tutela.interfaces.cli import handing as run

    run.declare(report, yes=yes, as_json=json)


@report.command(needs=REPORTS)
def sheet(report: ReportId, json: Json = False) -> None:
    """Show what to copy into an authority's form, in its order, and what to know."""
    from tutela.interfaces.cli import handing as run

    run.sheet(report, as_json=json)


@report.command(needs=REPORTS)
def package(
    report: ReportId,
    out: Annotated[Path, typer.Option(metavar="FILE", help="A new ZIP; more get numbers.")],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; it is logged.")],
) -> None:
    """Write the files of a report to ZIPs, no longer sealed, to be uploaded by hand: it needs the
    permission to export too."""
    from tutela.interfaces.cli import handing as run

    run.package(report, out, reason)


@report.command(needs=REPORTS)
def recorded(
    report: ReportId,
    reference: Annotated[
        str, typer.Argument(metavar="REFERENCE", help="The reference that the authority gave.")
    ],
    repeat: Annotated[str, typer.Option(metavar="REFERENCE", help="The same, typed again.")],
    at: Annotated[
        datetime | None,
        typer.Option(
            metavar="TIME", formats=FORMATS, help="When, as 2026-01-31T12:00:00+0000; default now."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Record that a report was filed by hand, or mend the reference that was recorded."""
    from tutela.interfaces.cli import handing as run

    run.recorded(report, reference, repeat, at, as_json=json)
