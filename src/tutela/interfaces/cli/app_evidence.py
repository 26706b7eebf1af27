"""What commands there are for sealed evidence, and what they take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tutela.interfaces.cli.acting import Commands
from tutela.interfaces.cli.app_banks import SETTINGS, Json, Limit
from tutela.people.permissions import Permission

evidence = Commands("tutela evidence", help="Sealed evidence.", **SETTINGS)
recipients = Commands("tutela evidence recipients", help="Who can open what is sealed.", **SETTINGS)
evidence.add_typer(recipients, name="recipients")

Files = Annotated[list[str] | None, typer.Argument(metavar="EVIDENCE", help="Sealed files, ev_….")]
All = Annotated[bool, typer.Option("--all", help="All whose bytes are kept.")]


@evidence.command("list", needs=Permission.ADMIN)
def list_(
    kept: Annotated[bool, typer.Option("--kept", help="Only those whose bytes are kept.")] = False,
    after: Annotated[str, typer.Option(metavar="EVIDENCE", help="Show those after this.")] = "",
    limit: Limit = 100,
    json: Json = False,
) -> None:
    """List sealed files in the order in which they were sealed."""
    from tutela.interfaces.cli import evidence as run

    run.list_files(after, limit, only_kept=kept, as_json=json)


@evidence.command(needs=Permission.ADMIN)
def show(
    name: Annotated[str, typer.Argument(metavar="EVIDENCE", help="The sealed file, ev_….")],
    json: Json = False,
) -> None:
    """Show what is known of a sealed file, and of its clocks; of a deleted one, its tombstone."""
    from tutela.interfaces.cli import evidence as run

    run.show(name, as_json=json)


@evidence.command(needs=Permission.ADMIN)
def check(files: Files = None, all_: All = False, json: Json = False) -> None:
    """Have the vault open files and compare them with what was sealed. Nothing leaves it."""
    from tutela.interfaces.cli import evidence as run

    raise typer.Exit(run.check(files or [], all_files=all_, as_json=json))


@evidence.command(needs=Permission.EXPORT)
def export(
    name: Annotated[str, typer.Argument(metavar="EVIDENCE", help="The sealed file, ev_….")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file, for its bytes.")],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; it is logged.")],
) -> None:
    """Have the vault open a file, and write its bytes, no longer sealed."""
    from tutela.interfaces.cli import evidence as run

    run.export(name, file, reason)


@evidence.command(needs=Permission.ADMIN)
def reseal(files: Files = None, all_: All = False, json: Json = False) -> None:
    """Have the vault seal files anew, for those who are recipients now."""
    from tutela.interfaces.cli import evidence as run

    raise typer.Exit(run.reseal(files or [], all_files=all_, as_json=json))


@evidence.command(needs=Permission.ADMIN)
def sweep(
    yes: Annotated[
        bool, typer.Option("--yes", help="Delete what is not recorded, however much it is.")
    ] = False,
    json: Json = False,
) -> None:
    """Delete stored files that are not recorded, and find recorded ones that are missing."""
    from tutela.interfaces.cli import evidence as run

    raise typer.Exit(run.sweep(however_many=yes, as_json=json))


@recipients.command("list", needs=Permission.ADMIN)
def recipients_list(json: Json = False) -> None:
    """List for whom evidence is sealed."""
    from tutela.interfaces.cli import evidence as run

    run.list_recipients(as_json=json)


@recipients.command("add", needs=Permission.ADMIN)
def recipients_add(
    recipient: Annotated[str, typer.Argument(metavar="RECIPIENT", help="Its public key, age1….")],
    note: Annotated[str, typer.Option(metavar="TEXT", help="Whose it is.")] = "",
) -> None:
    """Seal for one more, from the next start of the service on."""
    from tutela.interfaces.cli import evidence as run

    run.add_recipient(recipient, note)
