"""What commands there are, and what they take."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tutela.interfaces.cli.acting import Commands
from tutela.interfaces.cli.app_banks import audit, bank, key
from tutela.interfaces.cli.app_bundles import receiver
from tutela.interfaces.cli.app_cases import appeal, case, queue
from tutela.interfaces.cli.app_evidence import evidence
from tutela.interfaces.cli.app_exchanges import exchange
from tutela.interfaces.cli.app_figures import figures
from tutela.interfaces.cli.app_handing import report
from tutela.interfaces.cli.app_law import pack
from tutela.interfaces.cli.app_migrate import migrate
from tutela.interfaces.cli.app_people import access, know, person, role
from tutela.interfaces.cli.app_policy import policy
from tutela.interfaces.cli.app_preservation import preservation
from tutela.interfaces.cli.app_records import record
from tutela.interfaces.cli.app_testserver import testserver
from tutela.interfaces.cli.app_webhooks import alarm, webhook
from tutela.people.permissions import Permission

app = Commands(
    name="tutela",
    help="Find, remove and report known child sexual abuse material.",
    no_args_is_help=True,
    add_completion=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

app.add_typer(bank, name="bank")
app.add_typer(key, name="key")
app.add_typer(audit, name="audit")
app.add_typer(policy, name="policy")
app.add_typer(evidence, name="evidence")
app.add_typer(receiver, name="receiver")
app.add_typer(preservation, name="preservation")
app.add_typer(case, name="case")
app.add_typer(queue, name="queue")
app.add_typer(appeal, name="appeal")
app.add_typer(report, name="report")
app.add_typer(pack, name="pack")
app.add_typer(record, name="record")
app.add_typer(exchange, name="exchange")
app.add_typer(migrate, name="migrate")
app.add_typer(webhook, name="webhook")
app.add_typer(alarm, name="alarm")
app.add_typer(person, name="person")
app.add_typer(role, name="role")
app.add_typer(access, name="access")
app.add_typer(know, name="know")
app.add_typer(figures, name="figures")
app.add_typer(testserver, name="testserver")

Json = Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")]


@app.callback(invoke_without_command=True)
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and leave.")
    ] = False,
) -> None:
    if version:
        from tutela import __version__

        typer.echo(f"tutela {__version__}")
        raise typer.Exit


@app.command(needs=None)
def init(
    preset: Annotated[
        str | None,
        typer.Option(
            help="Write the policy and the limits of small-forum, image-host, file-storage, hotline"
            " or police-unit, explained line by line."
        ),
    ] = None,
    country: Annotated[
        str | None,
        typer.Option(metavar="XX", help="Whose law the policy speaks of: two letters, ISO 3166."),
    ] = None,
    new_link: Annotated[
        bool,
        typer.Option("--new-link", help="Make another link for the first administrator."),
    ] = False,
) -> None:
    """Make the data directory, the database and the keys, or bring them up to date."""
    from tutela.interfaces.cli.init import run

    run(preset, country, new_link=new_link)


class Role(StrEnum):
    """A process of the service."""

    WEB = "web"
    WORKER = "worker"
    VAULT = "vault"
    CLAMD = "clamd"


@app.command(needs=None)
def serve(
    workers: Annotated[
        int | None,
        typer.Option(min=1, max=256, help="Web processes; default the setting service.workers."),
    ] = None,
    role: Annotated[
        Role | None,
        typer.Option(help="Run one role only, where others run elsewhere; default all."),
    ] = None,
) -> None:
    """Run the service until it is told to stop: web, worker, vault and decoders."""
    from tutela.interfaces.cli.serve import run

    raise typer.Exit(run(workers, role.value if role else None))


@app.command(needs=None)
def approve(
    number: Annotated[
        int | None,
        typer.Argument(
            metavar="NUMBER", min=1, max=2**31 - 1, help="The request; none lists those that wait."
        ),
    ] = None,
    key_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="File with your key; default the variable TUTELA_KEY."),
    ] = None,
    refuse: Annotated[
        bool, typer.Option("--refuse", help="Say no to it; with --review, that it was wrong.")
    ] = False,
    review: Annotated[
        bool,
        typer.Option(
            "--review", help="Say that you looked at what was done at once because of danger."
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Approve what another person asked for and cannot do alone."""
    from tutela.interfaces.cli.approve import run

    run(number, key_file, refuse=refuse, review=review, as_json=json)


@app.command(needs=Permission.MATCH_DETAIL)
def screen(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Files to screen.")],
    against: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            exists=True,
            file_okay=False,
            help="Files that are known, in this folder and those below; default the banks.",
        ),
    ] = None,
    distance: Annotated[
        int | None,
        typer.Option(min=0, max=256, help="Largest distance that matches; default 31 for PDQ."),
    ] = None,
    json: Json = False,
) -> None:
    """Compare files with the banks, or with those in a folder: allow, review or block."""
    from tutela.interfaces.cli.screen import run

    raise typer.Exit(run(files, against, distance, as_json=json))


@app.command(needs=None)
def demo(
    keep: Annotated[
        bool, typer.Option("--keep", help="Let the service go on, and print a line to try it.")
    ] = False,
    json: Json = False,
) -> None:
    """Run the service on benign photographs: altered copies are found, others let through."""
    from tutela.interfaces.cli.demo import run

    raise typer.Exit(run(keep=keep, as_json=json))


@app.command(needs=None)
def selftest(json: Json = False) -> None:
    """Check this installation: kernel, decoders, formats, and every door of the service."""
    from tutela.interfaces.cli.selftest import run

    raise typer.Exit(run(as_json=json))
