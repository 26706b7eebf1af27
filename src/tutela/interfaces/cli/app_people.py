"""What commands there are for people, roles and what they may do, and what they take."""

from __future__ import annotations

from typing import Annotated

import typer

from tutela.interfaces.cli.acting import Commands
from tutela.interfaces.cli.app_banks import SETTINGS, After, Json, KeyFile, Limit, Why
from tutela.people.permissions import Permission

person = Commands("tutela person", help="People with an account.", **SETTINGS)
role = Commands("tutela role", help="What people may do, by role.", **SETTINGS)
access = Commands("tutela access", help="Why someone may or may not do something.", **SETTINGS)
know = Commands("tutela know", help="Who needs to know of a queue or a case.", **SETTINGS)

ADMIN = Permission.ADMIN
Name = Annotated[str, typer.Argument(metavar="NAME", help="Name to sign in with.")]
RoleName = Annotated[str, typer.Argument(metavar="ROLE", help="Name of the role.")]
AfterName = Annotated[str, typer.Option(help="Show those after this name.")]
Roles = Annotated[list[str] | None, typer.Option("--role", help="A role; repeat it.")]
Kind = Annotated[str, typer.Argument(metavar="KIND", help="queue or case.")]
Subject = Annotated[
    str, typer.Argument(metavar="SUBJECT", help="Name of the queue, id of the case.")
]
Actor = Annotated[str, typer.Argument(metavar="ACTOR", help="person:NAME or key:NAME.")]


@person.command("list", needs=ADMIN)
def list_(
    containing: Annotated[str, typer.Option(help="Part of a name.")] = "",
    after: AfterName = "",
    limit: Limit = 100,
    json: Json = False,
) -> None:
    """List people by name, those disabled too."""
    from tutela.interfaces.cli import people as run

    run.list_people(containing, after, limit, as_json=json)


@person.command(needs=ADMIN)
def show(name: Name, json: Json = False) -> None:
    """Show someone: roles, permissions, what they sign in with, and their keys."""
    from tutela.interfaces.cli import people as run

    run.show(name, as_json=json)


@person.command(needs=ADMIN)
def invite(
    name: Name,
    shown_as: Annotated[str, typer.Option(metavar="TEXT", help="Name that others see.")] = "",
    role: Roles = None,
    json: Json = False,
) -> None:
    """Make an account. The link with which its owner begins is printed this once."""
    from tutela.interfaces.cli import people as run

    run.invite(name, shown_as, role or [], as_json=json)


@person.command(needs=ADMIN)
def disable(name: Name, json: Json = False) -> None:
    """From now on they are shut out. Their account stays, for the log names it."""
    from tutela.interfaces.cli import people as run

    run.disable(name, as_json=json)


@person.command(needs=ADMIN)
def enable(name: Name, json: Json = False) -> None:
    """They may sign in again."""
    from tutela.interfaces.cli import people as run

    run.enable(name, as_json=json)


@person.command("roles", needs=ADMIN)
def roles_(
    name: Name,
    role: Roles = None,
    key_file: KeyFile = None,
    why: Why = "",
    json: Json = False,
) -> None:
    """Give someone just these roles; none takes all. To give oneself what is restricted takes two
    people."""
    from tutela.interfaces.cli import people as run

    run.set_roles(name, role or [], key_file, why, as_json=json)


@person.command(needs=ADMIN)
def recover(name: Name, json: Json = False) -> None:
    """Let someone in again who lost what they sign in with, by a link that is printed this once."""
    from tutela.interfaces.cli import people as run

    run.recover(name, as_json=json)


@role.command("list", needs=ADMIN)
def role_list(after: AfterName = "", limit: Limit = 100, json: Json = False) -> None:
    """List roles by name."""
    from tutela.interfaces.cli import roles as run

    run.list_roles(after, limit, as_json=json)


@role.command("show", needs=ADMIN)
def role_show(name: RoleName, json: Json = False) -> None:
    """Show a role, and what its permissions mean."""
    from tutela.interfaces.cli import roles as run

    run.show(name, as_json=json)


@role.command("set", needs=ADMIN)
def role_set(
    name: RoleName,
    permission: Annotated[
        list[str] | None, typer.Option(help="What it lets do; repeat it. Default as it was.")
    ] = None,
    note: Annotated[str | None, typer.Option(help="What it is for.")] = None,
    key_file: KeyFile = None,
    why: Why = "",
    json: Json = False,
) -> None:
    """Make a role, or change it: who has it has what it gives at once. To give oneself what is
    restricted takes two people."""
    from tutela.interfaces.cli import roles as run

    run.set_role(name, permission, note, key_file, why, as_json=json)


@role.command("delete", needs=ADMIN)
def role_delete(name: RoleName, json: Json = False) -> None:
    """Delete a role that nobody has."""
    from tutela.interfaces.cli import roles as run

    run.delete(name, as_json=json)


@access.command(needs=ADMIN)
def explain(
    actor: Annotated[
        str, typer.Argument(metavar="ACTOR", help="person:NAME, key:NAME or shell:USER.")
    ],
    permission: Annotated[
        str, typer.Argument(metavar="PERMISSION", help="What they want to do, such as media.")
    ],
    json: Json = False,
) -> None:
    """Say why someone may or may not do something. It ends with 1 if they may not."""
    from tutela.interfaces.cli import roles as run

    raise typer.Exit(run.explain(actor, permission, as_json=json))


@know.command("list", needs=ADMIN)
def know_list(
    kind: Annotated[str | None, typer.Option(help="Only of queues, or only of cases.")] = None,
    subject: Annotated[str | None, typer.Option(help="Only of this queue or case.")] = None,
    actor: Annotated[str | None, typer.Option(help="Only of this person or key.")] = None,
    after: After = 0,
    limit: Limit = 100,
    json: Json = False,
) -> None:
    """List who is named for which queue or case, or walled off from it."""
    from tutela.interfaces.cli import know as run

    run.list_needs(kind, subject, actor, after, limit, as_json=json)


@know.command("name", needs=ADMIN)
def know_name(
    kind: Kind,
    subject: Subject,
    actor: Actor,
    wall: Annotated[
        bool, typer.Option("--wall", help="They are never to see it, whatever else is said.")
    ] = False,
    json: Json = False,
) -> None:
    """Name someone for a queue or case: those named alone see it. Or wall them off from it."""
    from tutela.interfaces.cli import know as run

    run.name(kind, subject, actor, allowed=not wall, as_json=json)


@know.command("forget", needs=ADMIN)
def know_forget(kind: Kind, subject: Subject, actor: Actor, json: Json = False) -> None:
    """Say nothing more of someone and a queue or case."""
    from tutela.interfaces.cli import know as run

    run.forget(kind, subject, actor, as_json=json)
