"""What commands there are for reports to authorities, and what they take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tutela.interfaces.cli.acting import Commands
from tutela.interfaces.cli.app_banks import SETTINGS, Json, KeyFile, Limit, Why
from tutela.people.permissions import Permission

report = Commands("tutela report", help="Reports to authorities.", **SETTINGS)
credentials = Commands(
    "tutela report credentials", help="How you sign in at an authority.", **SETTINGS
)
schema = Commands("tutela report schema", help="Schemas that authorities serve.", **SETTINGS)
report.add_typer(credentials, name="credentials")
report.add_typer(schema, name="schema")

REPORTS, ADMIN = Permission.REPORTS, Permission.ADMIN
ReportId = Annotated[str, typer.Argument(metavar="REPORT", help="Id of the report, rpt_….")]
CaseId = Annotated[str, typer.Argument(metavar="CASE", help="Id of the case.")]
AuthorityName = Annotated[str, typer.Argument(metavar="AUTHORITY", help="As ncmec.")]
MaybeAuthority = Annotated[
    str, typer.Option(metavar="AUTHORITY", help="As ncmec; default the first of the settings.")
]
Incident = Annotated[
    str, typer.Option(metavar="CODE", help="What it is about, where that does not show: media ….")
]
Place = Annotated[
    str, typer.Option(metavar="NAME", help="test or production; default as the settings say.")
]
Reason = Annotated[str, typer.Option(metavar="TEXT", help="Why; colleagues read it.")]


@report.command("list", needs=REPORTS)
def list_(
    state: Annotated[
        str, typer.Option(metavar="STATE", help="draft, queued, halted, filed or withdrawn.")
    ] = "",
    authority: Annotated[str, typer.Option(metavar="AUTHORITY", help="To this one only.")] = "",
    case: Annotated[str, typer.Option(metavar="CASE", help="About this case only.")] = "",
    after: Annotated[str, typer.Option(metavar="REPORT", help="Those after this report.")] = "",
    limit: Limit = 100,
    json: Json = False,
) -> None:
    """List reports, the last first."""
    from tutela.interfaces.cli import reports as run

    run.list_reports(state, authority, case, after, limit, as_json=json)


@report.command(needs=REPORTS)
def draft(
    case: CaseId, authority: MaybeAuthority = "", incident: Incident = "", json: Json = False
) -> None:
    """Draft a report of what is known of a case. Nothing is sent."""
    from tutela.interfaces.cli import report_acts as run

    run.draft(case, authority, incident, as_json=json)


@report.command(needs=REPORTS)
def show(report: ReportId, json: Json = False) -> None:
    """Show a report: how it stands, what it holds, what is missing."""
    from tutela.interfaces.cli import reports as run

    run.show(report, as_json=json)


@report.command(needs=REPORTS)
def preview(report: ReportId, json: Json = False) -> None:
    """Show a report as who receives it will read it, and what does not fit."""
    from tutela.interfaces.cli import reports as run

    run.preview(report, as_json=json)


@report.command(needs=REPORTS)
def check(report: ReportId, json: Json = False) -> None:
    """Say what is wrong with a report as it is. It ends with 1 if anything is."""
    from tutela.interfaces.cli import reports as run

    raise typer.Exit(run.check(report, as_json=json))


@report.command(needs=REPORTS)
def edit(
    report: ReportId,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="A field; repeat it. Empty: none."),
    ] = None,
    file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="All that it holds, as show --json has it.")
    ] = None,
    why: Annotated[
        list[str] | None,
        typer.Option(metavar="FIELD=REASON", help="Why a field is not held; repeat it."),
    ] = None,
    leave_out: Annotated[
        list[str] | None, typer.Option(metavar="EVIDENCE", help="A file that is not to go.")
    ] = None,
    attach: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="A paper that goes along, as a log of a conversation."),
    ] = None,
    gather: Annotated[
        bool, typer.Option("--gather", help="First gather anew what the records have.")
    ] = False,
    version: Annotated[
        int | None, typer.Option(min=1, max=2**31 - 1, help="Only if it is still this version.")
    ] = None,
    json: Json = False,
) -> None:
    """Change a draft, or a report that halted. All of it, or nothing."""
    from tutela.interfaces.cli import report_acts as run

    run.edit(
        report, set_ or [], file, why or [], leave_out or [], attach or [], version,
        gather=gather, as_json=json,
    )  # fmt: skip


@report.command(needs=REPORTS)
def send(
    report: ReportId,
    danger: Annotated[
        bool, typer.Option("--danger", help="Its field danger says why a child is in danger now.")
    ] = False,
    key_file: KeyFile = None,
    why: Why = "",
    json: Json = False,
) -> None:
    """Queue a report to be sent. The queue of its case says whether that takes two people."""
    from tutela.interfaces.cli import report_acts as run

    run.send(report, key_file, why, danger=danger, as_json=json)


@report.command(needs=REPORTS)
def follow(
    report: ReportId,
    watch: Annotated[
        bool, typer.Option("--watch", help="Go on until it is filed, or a person is needed.")
    ] = False,
    json: Json = False,
) -> None:
    """Show the calls that were made for a report, and when it is tried next. With --watch it ends
    with 1 if a person is needed."""
    from tutela.interfaces.cli import reports as run

    raise typer.Exit(run.follow(report, watch=watch, as_json=json))


@report.command(needs=REPORTS)
def again(
    report: ReportId, key_file: KeyFile = None, why: Why = "", json: Json = False
) -> None:  # fmt: skip
    """Put a report that halted back into the queue. One that was changed may take two people."""
    from tutela.interfaces.cli import report_acts as run

    run.again(report, key_file, why, as_json=json)


@report.command(needs=REPORTS)
def withdraw(report: ReportId, why: Reason, json: Json = False) -> None:
    """Withdraw a report that was not filed. What is open at the authority is taken back there."""
    from tutela.interfaces.cli import report_acts as run

    run.withdraw(report, why, as_json=json)


@report.command(needs=REPORTS)
def supplement(report: ReportId, incident: Incident = "", json: Json = False) -> None:
    """Draft a report that adds to one that was filed."""
    from tutela.interfaces.cli import report_acts as run

    run.supplement(report, incident, as_json=json)


@report.command(needs=REPORTS)
def receipt(
    report: ReportId,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="A new file for the exact last call and reply: it needs export."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Show what the authority gave for a report."""
    from tutela.interfaces.cli import reports as run

    run.receipt(report, out, as_json=json)


@credentials.command("set", needs=ADMIN)
def set_credentials(
    authority: AuthorityName,
    user: Annotated[str, typer.Option(metavar="NAME", help="As the authority calls you.")],
    environment: Place = "",
    password_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="File with the password; default it is asked for."),
    ] = None,
    json: Json = False,
) -> None:
    """Set how you sign in at an authority. The password is sealed, and shown to nobody."""
    from tutela.interfaces.cli import authorities as run

    run.set_credentials(authority, user, environment, password_file, as_json=json)


@credentials.command("check", needs=ADMIN)
def check_credentials(
    authority: AuthorityName, environment: Place = "", json: Json = False
) -> None:
    """Ask an authority whether it takes them, before a report depends on it."""
    from tutela.interfaces.cli import authorities as run

    run.check_credentials(authority, environment, as_json=json)


@credentials.command("list", needs=ADMIN)
def list_credentials(json: Json = False) -> None:
    """List how each authority is reached: credentials, the last answer, production."""
    from tutela.interfaces.cli import authorities as run

    run.list_credentials(as_json=json)


@schema.command("list", needs=ADMIN)
def list_schemas(json: Json = False) -> None:
    """List the schemas that authorities served, and which is pinned."""
    from tutela.interfaces.cli import authorities as run

    run.list_schemas(as_json=json)


@schema.command(needs=ADMIN)
def pin(
    authority: AuthorityName,
    digest: Annotated[str, typer.Argument(metavar="DIGEST", help="SHA-256, as listed.")],
    environment: Place = "",
    json: Json = False,
) -> None:
    """Accept a schema that an authority serves."""
    from tutela.interfaces.cli import authorities as run

    run.pin(authority, digest, environment, as_json=json)


@report.command("allow-production", needs=ADMIN)
def allow_production(
    authority: AuthorityName, key_file: KeyFile = None, why: Why = "", json: Json = False
) -> None:
    """Let reports go to the authority itself. It takes two people, once."""
    from tutela.interfaces.cli import authorities as run

    run.allow_production(authority, key_file, why, as_json=json)


@report.command("stop-production", needs=ADMIN)
def stop_production(authority: AuthorityName, json: Json = False) -> None:
    """From now on nothing goes to the authority itself, until two people allow it again."""
    from tutela.interfaces.cli import authorities as run

    run.stop_production(authority, as_json=json)
