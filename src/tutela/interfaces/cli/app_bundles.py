"""What commands there are for bundles and those who are given them, and what they take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tutela.interfaces.cli.acting import Commands
from tutela.interfaces.cli.app_banks import SETTINGS, Json
from tutela.interfaces.cli.app_evidence import evidence
from tutela.people.permissions import Permission

receiver = Commands("tutela receiver", help="Who can be given bundles.", **SETTINGS)


@evidence.command(needs=Permission.EXPORT)
def bundle(
    subject: Annotated[
        str, typer.Argument(metavar="CASE|REPORT", help="A case, case_…, or a report, rpt_….")
    ],
    to: Annotated[str, typer.Option(metavar="NAME", help="The receiver.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="A new file, for the bundle.")],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; it is logged, and told.")],
    with_files: Annotated[
        bool, typer.Option("--with-files", help="With the files themselves, where a law says so.")
    ] = False,
    categories: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The receiver's table of categories: YAML."),
    ] = None,
    key_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Your key, in place of TUTELA_KEY.")
    ] = None,
    json: Json = False,
) -> None:
    """Make a bundle of what stands confirmed: signed, and sealed for its receiver."""
    from tutela.interfaces.cli import bundles as run

    run.make(
        subject, to, out, reason, categories, key_file, with_files=with_files, as_json=json
    )  # fmt: skip


@evidence.command(needs=None)
def verify(
    file: Annotated[Path, typer.Argument(metavar="BUNDLE", help="Sealed, or opened with age.")],
    identity: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The age identity that opens it.")
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The signer's public key, which you had before."),
    ] = None,
    extract: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="A new folder for what is in it, if all is well."),
    ] = None,
    json: Json = False,
) -> None:
    """Check a bundle, on any machine: it needs no database and no installation."""
    from tutela.interfaces.cli import bundles as run

    raise typer.Exit(run.verify(file, identity, key, extract, as_json=json))


@receiver.command("list", needs=Permission.ADMIN)
def list_(json: Json = False) -> None:
    """List who can be given bundles, and until when their keys are good."""
    from tutela.interfaces.cli import bundles as run

    run.list_receivers(as_json=json)


@receiver.command(needs=Permission.ADMIN)
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What you call them.")],
    recipient: Annotated[str, typer.Argument(metavar="RECIPIENT", help="Their key, age1….")],
    expires: Annotated[str, typer.Option(metavar="DAY", help="The last day it is good.")],
    country: Annotated[str, typer.Option(metavar="XX", help="Where they are: ISO 3166.")],
    authority: Annotated[
        str, typer.Option(metavar="NAME", help="What law packs call them, if any does.")
    ] = "",
    note: Annotated[str, typer.Option(metavar="TEXT", help="Who they are.")] = "",
) -> None:
    """Add someone who can be given bundles."""
    from tutela.interfaces.cli import bundles as run

    run.add_receiver(name, recipient, expires, country, authority, note)


@receiver.command(needs=Permission.ADMIN)
def remove(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The receiver.")],
) -> None:
    """Take someone off the list: nothing more is sealed for them."""
    from tutela.interfaces.cli import bundles as run

    run.remove_receiver(name)
