"""What commands there are for law packs, and what they take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tutela.interfaces.cli.acting import Commands
from tutela.interfaces.cli.app_banks import SETTINGS, Json, KeyFile
from tutela.people.permissions import Permission

pack = Commands("tutela pack", help="Law packs: who must be told, by when.", **SETTINGS)
REPORTS, ADMIN = Permission.REPORTS, Permission.ADMIN
PackName = Annotated[str, typer.Argument(metavar="PACK", help="Name of the pack, as us.")]
RuleId = Annotated[str, typer.Argument(metavar="RULE", help="Id of the rule in its pack.")]
CaseId = Annotated[str, typer.Argument(metavar="CASE", help="Id of the case.")]
Note = Annotated[
    str, typer.Option("--why", metavar="TEXT", help="What you checked, and against what.")
]


@pack.command("list", needs=REPORTS)
def list_(json: Json = False) -> None:
    """List all packs, which are in use, and what is wrong with any."""
    from tutela.interfaces.cli import law as run

    run.list_packs(as_json=json)


@pack.command(needs=REPORTS)
def show(pack: PackName, json: Json = False) -> None:
    """Show the rules of a pack, with their sources and who signed them."""
    from tutela.interfaces.cli import law as run

    run.show(pack, as_json=json)


@pack.command(needs=REPORTS)
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A pack of your own.")],
    json: Json = False,
) -> None:
    """Say what is wrong with a pack, each fault with its place. It ends with 2 if anything is."""
    from tutela.interfaces.cli import law as run

    run.check(file, as_json=json)


@pack.command(needs=REPORTS)
def explain(case: CaseId, json: Json = False) -> None:
    """Say which duties apply to a case and why, what is not known, and what contradicts."""
    from tutela.interfaces.cli import law as run

    run.explain(case, as_json=json)


@pack.command(needs=ADMIN)
def sign(
    pack: PackName, rule: RuleId, why: Note, key_file: KeyFile = None, json: Json = False
) -> None:
    """Sign a rule that you checked against its source, as it is now."""
    from tutela.interfaces.cli import law as run

    run.sign(pack, rule, why, key_file, as_json=json)


@pack.command(needs=ADMIN)
def withdraw(
    pack: PackName, rule: RuleId, key_file: KeyFile = None, json: Json = False
) -> None:  # fmt: skip
    """Take back what was signed of a rule."""
    from tutela.interfaces.cli import law as run

    run.withdraw(pack, rule, key_file, as_json=json)


@pack.command(needs=ADMIN)
def reviewed(
    pack: PackName,
    what: Annotated[
        str, typer.Argument(metavar="WHAT", help="What the pack wants reviewed, as matching.")
    ],
    why: Annotated[
        str, typer.Option("--why", metavar="TEXT", help="What was found, and what follows.")
    ],
    key_file: KeyFile = None,
    json: Json = False,
) -> None:
    """Record that what a law wants looked at again was, today."""
    from tutela.interfaces.cli import law as run

    run.review(pack, what, why, key_file, as_json=json)
