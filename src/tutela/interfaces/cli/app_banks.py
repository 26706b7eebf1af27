"""What commands there are for banks, keys and the audit log, and what they take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tutela.interfaces.cli.acting import Commands
from tutela.people.permissions import Permission

SETTINGS: dict[str, Any] = {"no_args_is_help": True, "rich_markup_mode": None}
bank = Commands("tutela bank", help="Banks of known signals.", **SETTINGS)
key = Commands("tutela key", help="Keys of people and programs.", **SETTINGS)
audit = Commands("tutela audit", help="The log of every privileged act.", **SETTINGS)

Json = Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the bank.")]
Limit = Annotated[int, typer.Option(min=1, max=10_000, help="How many to show.")]
After = Annotated[int, typer.Option(min=0, max=2**63 - 1, help="Show those after this number.")]
Why = Annotated[
    str,
    typer.Option(
        metavar="TEXT", help="A reason, where one person does what takes two, or there is danger."
    ),
]
KeyFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="File with your key; default the variable TUTELA_KEY."),
]
Purpose = Annotated[
    str,
    typer.Option(
        help="known-csea, survivor-request, adult-intimate, never-match or test: for good."
    ),
]
Distance = Annotated[
    int | None,
    typer.Option(min=0, max=64, help="Largest distance that matches; default the type's own."),
]
Rollout = Annotated[float, typer.Option(help="Share of items that it is asked for, 0 to 1.")]
Note = Annotated[str, typer.Option(help="What to know of it.")]
Licence = Annotated[str, typer.Option(help="Name of the licence.")]
Labels = Annotated[str, typer.Option(help="Codes that all get, separated by commas.")]
Allowed = Annotated[bool, typer.Option(help="Whether the licence says so.")]
MaybeAllowed = Annotated[bool | None, typer.Option(help="Whether the licence says so.")]


@bank.command(needs=Permission.BANKS_WRITE)
def create(
    name: Name,
    purpose: Purpose,
    source: Annotated[str, typer.Option(help="Who its signals come from.")] = "own",
    note: Note = "",
    distance: Distance = None,
    rollout: Rollout = 1.0,
    licence: Licence = "",
    may_export: Allowed = False,
    may_publish: Allowed = False,
    may_seed: Allowed = False,
    delete_on_leaving: Allowed = False,
) -> None:
    """Make a bank. Its licence allows nothing but what is said here."""
    from tutela.banks.service import Licence as Rules
    from tutela.interfaces.cli import bank as run

    rules = Rules(licence, may_export, may_publish, may_seed, delete_on_leaving)
    run.create(
        name, purpose, source=source, note=note, distance=distance, rollout=rollout, licence=rules
    )


@bank.command("list", needs=Permission.BANKS_READ)
def list_(
    purpose: Annotated[str | None, typer.Option(help="Only banks of this purpose.")] = None,
    containing: Annotated[str, typer.Option(help="Part of a name or a source.")] = "",
    after: Annotated[str, typer.Option(help="Show those after this name.")] = "",
    limit: Limit = 100,
    json: Json = False,
) -> None:
    """List banks by name."""
    from tutela.interfaces.cli import bank as run

    run.list_banks(purpose, containing, after, limit, as_json=json)


@bank.command(needs=Permission.BANKS_READ)
def show(
    name: Name,
    signals: Annotated[bool, typer.Option("--signals", help="Its signals, a page.")] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Compute its root anew from its signals.")
    ] = False,
    after: After = 0,
    limit: Limit = 100,
    json: Json = False,
) -> None:
    """Show a bank, or the signals in it."""
    from tutela.interfaces.cli import bank as run

    if signals:
        run.show_signals(name, after, limit, as_json=json)
    else:
        raise typer.Exit(run.show(name, verify=verify, as_json=json))


@bank.command(needs=Permission.BANKS_READ)
def find(
    value: Annotated[str, typer.Argument(metavar="VALUE", help="A value in hexadecimal.")],
    type: Annotated[str, typer.Option(help="Its signal type.")] = "pdq",  # noqa: A002
    distance: Distance = None,
    after: After = 0,
    limit: Limit = 100,
    json: Json = False,
) -> None:
    """Say which banks know a value, or one near it, and from whom."""
    from tutela.interfaces.cli import bank as run

    raise typer.Exit(run.find(value, type, distance, after, limit, as_json=json))


@bank.command(needs=Permission.BANKS_WRITE)
def add(
    name: Name,
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Files or folders.")],
    labels: Labels = "",
) -> None:
    """Hash files of your own, and add their signals. The files are not kept."""
    from tutela.interfaces.cli import bank as run

    raise typer.Exit(run.add(name, files, labels))


@bank.command("import", needs=Permission.BANKS_WRITE)
def import_(
    name: Name,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The list; - reads the input.")],
    type: Annotated[  # noqa: A002
        str | None, typer.Option(help="Signal type of values whose line does not say.")
    ] = None,
    csv: Annotated[
        bool | None, typer.Option("--csv/--plain", help="Default: by the file's ending.")
    ] = None,
    map: Annotated[  # noqa: A002
        list[str] | None,
        typer.Option(
            metavar="FIELD=COLUMN",
            help="Column of a field or signal type; of a VICS file, CATEGORY=LABEL. Repeat it.",
        ),
    ] = None,
    delimiter: Annotated[str, typer.Option(help="Between columns; \\t for a tab.")] = ",",
    member: Annotated[str, typer.Option(help="Who gave the list to its source.")] = "",
    hashed_by: Annotated[str, typer.Option(help="What the values were made with.")] = "",
    labels: Labels = "",
    seeded_from: Annotated[
        str | None, typer.Option(metavar="BANK", help="The bank that the list was taken from.")
    ] = None,
    rejects: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="For rejected lines; default FILE.rejected.csv."),
    ] = None,
    format: Annotated[  # noqa: A002
        str, typer.Option(help="lines, or vics: a VICS hash set of any size.")
    ] = "lines",
    json: Json = False,
) -> None:
    """Read a list into a bank. Interrupted, the same command goes on where it ended."""
    from tutela.interfaces.cli import bank_import as run

    if format != "lines":
        raise typer.Exit(run.run_vics(
            format, name, file, map or [], seeded_from, rejects, as_json=json,
            plain=not (type or csv), member=member, hashed_by=hashed_by, labels=labels,
        ))  # fmt: skip
    form = run.form_of(
        file, type, map or [], csv=csv, delimiter=delimiter,
        member=member, hashed_by=hashed_by, labels=labels,
    )  # fmt: skip
    raise typer.Exit(run.run(name, file, form, seeded_from, rejects, as_json=json))


@bank.command(needs=Permission.EXPORT)
def export(
    name: Name,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file.")],
    format: Annotated[  # noqa: A002
        str, typer.Option(help="csv, stix (2.1) or misp.")
    ] = "csv",
    key_file: KeyFile = None,
    why: Why = "",
) -> None:
    """Write a bank to a file, if its licence lets it. Takes two people."""
    from tutela.interfaces.cli import bank as run

    run.export(name, file, key_file, why, format)


@bank.command(needs=Permission.BANKS_WRITE)
def change(
    name: Name,
    note: Annotated[str | None, typer.Option(help="What to know of it.")] = None,
    distance: Annotated[
        int | None, typer.Option(min=-1, max=64, help="As of create; -1 for the type's own.")
    ] = None,
    rollout: Annotated[float | None, typer.Option(help="As of create.")] = None,
    licence: Annotated[str | None, typer.Option(help="Name of the licence.")] = None,
    purpose: Annotated[str | None, typer.Option(help="Takes two people.")] = None,
    may_export: MaybeAllowed = None,
    may_publish: MaybeAllowed = None,
    may_seed: MaybeAllowed = None,
    delete_on_leaving: MaybeAllowed = None,
    key_file: KeyFile = None,
    why: Why = "",
    danger: Annotated[
        bool,
        typer.Option("--danger", help="Imminent danger: do it at once; another reviews it."),
    ] = False,
) -> None:
    """Change a bank. Its purpose and what its licence allows take two people."""
    from tutela.interfaces.cli import bank as run

    values = {
        "note": note, "distance": distance, "rollout": rollout, "licence": licence,
        "purpose": purpose, "may_export": may_export, "may_publish": may_publish,
        "may_seed": may_seed, "delete_on_leaving": delete_on_leaving,
    }  # fmt: skip
    given = {k: v for k, v in values.items() if v is not None}
    run.change(name, given, key_file, why, danger=danger)


@bank.command(needs=Permission.BANKS_WRITE)
def remove(
    name: Name,
    value: Annotated[str, typer.Argument(metavar="VALUE", help="A value in hexadecimal.")],
    type: Annotated[str, typer.Option(help="Its signal type.")] = "pdq",  # noqa: A002
) -> None:
    """Take a value out of a bank, whoever gave it."""
    from tutela.interfaces.cli import bank as run

    run.remove(name, value, type)


@bank.command(needs=Permission.BANKS_WRITE)
def disable(
    name: Name,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="In ISO 8601; default for good.")
    ] = None,
) -> None:
    """From now on nothing matches in the bank."""
    from tutela.interfaces.cli import bank as run

    run.disable(name, until)


@bank.command(needs=Permission.BANKS_WRITE)
def enable(name: Name) -> None:
    """What is in the bank matches again."""
    from tutela.interfaces.cli import bank as run

    run.enable(name)


@bank.command(needs=Permission.BANKS_WRITE)
def delete(
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete a bank and all that it holds."""
    from tutela.interfaces.cli import bank as run

    run.delete(name, yes=yes)


@bank.command(needs=Permission.BANKS_WRITE)
def leave(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="Whose membership ended.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete a source's banks where their licence says so, and disable the others."""
    from tutela.interfaces.cli import bank as run

    run.leave(source, yes=yes)


@key.command("create", needs=Permission.ADMIN)
def key_create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who will have it.")],
    scope: Annotated[list[str], typer.Option(help="What it may do; repeat it.")],
    rate: Annotated[
        int | None,
        typer.Option(min=1, max=1 << 20, help="Requests a second; default as the settings say."),
    ] = None,
) -> None:
    """Make a key. Its secret is printed this once, on the output alone."""
    from tutela.interfaces.cli import keys as run

    run.create(name, scope, rate)


@key.command("list", needs=Permission.ADMIN)
def key_list(
    after: Annotated[str, typer.Option(help="Show those after this name.")] = "",
    limit: Limit = 100,
    json: Json = False,
) -> None:
    """List keys, without their secrets."""
    from tutela.interfaces.cli import keys as run

    run.list_keys(after, limit, as_json=json)


@key.command("revoke", needs=Permission.ADMIN)
def key_revoke(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the key.")],
) -> None:
    """From now on the key opens nothing."""
    from tutela.interfaces.cli import keys as run

    run.revoke(name)


@audit.command("verify", needs=Permission.AUDIT)
def audit_verify(
    public_key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Default: the public half of our own.")
    ] = None,
    checkpoints: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            exists=True,
            file_okay=False,
            help="Default: those of the data directory.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Find any change, removal or cut tail, and say where."""
    from tutela.interfaces.cli import audit as run

    raise typer.Exit(run.verify(public_key, checkpoints, as_json=json))


@audit.command("show", needs=Permission.AUDIT)
def audit_show(after: After = 0, limit: Limit = 100, json: Json = False) -> None:
    """Show entries in their order."""
    from tutela.interfaces.cli import audit as run

    run.show(after, limit, as_json=json)


@audit.command("checkpoint", needs=Permission.AUDIT)
def audit_checkpoint() -> None:
    """Sign the log as it is."""
    from tutela.interfaces.cli import audit as run

    run.checkpoint()
