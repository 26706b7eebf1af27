"""What commands there are for policies, and what they take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tutela.interfaces.cli.acting import Commands
from tutela.interfaces.cli.app_banks import SETTINGS, After, Json, Limit, Why
from tutela.people.permissions import Permission

policy = Commands("tutela policy", help="What is decided about matches.", **SETTINGS)

File = Annotated[Path, typer.Argument(metavar="FILE", help="A policy, YAML.")]


@policy.command(needs=None)
def check(file: File, json: Json = False) -> None:
    """Say what is wrong with a policy, and where; or that nothing is."""
    from tutela.interfaces.cli import policy as run

    raise typer.Exit(run.check(file, as_json=json))


@policy.command(needs=Permission.POLICY)
def test(
    file: File,
    recorded: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Decisions, one JSON object a line; default our own."),
    ] = None,
    limit: Limit = 100,
    json: Json = False,
) -> None:
    """Say what a policy would have decided otherwise of what was decided before."""
    from tutela.interfaces.cli import policy_replay as run

    run.test(file, recorded, limit, as_json=json)


@policy.command(needs=Permission.POLICY)
def explain(
    what: Annotated[str, typer.Argument(metavar="FILE|ITEM", help="A policy, or an item: itm_…")],
    recorded: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Decisions to find the item in; default our own."),
    ] = None,
    json: Json = False,
) -> None:
    """Say in sentences what a policy does, or why an item was decided as it was."""
    from tutela.interfaces.cli import policy_replay as run

    run.explain(what, recorded, as_json=json)


@policy.command(needs=Permission.POLICY)
def show(
    number: Annotated[
        int | None,
        typer.Argument(
            metavar="NUMBER", min=1, max=2**63 - 1, help="Of the history; default the last."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Print the policy that decides, or one that did."""
    from tutela.interfaces.cli import policy as run

    run.show(number, as_json=json)


@policy.command(needs=Permission.POLICY)
def apply(file: File, why: Why = "", json: Json = False) -> None:
    """From now on this policy decides. With a key, it takes two people."""
    from tutela.interfaces.cli import policy as run

    run.apply(file, why, as_json=json)


@policy.command(needs=Permission.POLICY)
def history(after: After = 0, limit: Limit = 100, json: Json = False) -> None:
    """List which policies decided, since when, and who applied them."""
    from tutela.interfaces.cli import policy as run

    run.history(after, limit, as_json=json)
