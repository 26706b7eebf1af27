"""`tutela role …` and `tutela access explain`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.text import Text

from tutela.errors import TutelaError
from tutela.interfaces.cli import output
from tutela.interfaces.cli.acting import opened
from tutela.people import refusals, roles
from tutela.people.errors import NoSuchRole
from tutela.people.models import Role
from tutela.people.permissions import BY_NAME, RESTRICTED, Permission
from tutela.storage import Session


def list_roles(after: str, limit: int, *, as_json: bool) -> None:
    with opened() as app, app.database.reading() as session:
        found = [record(session, role) for role in roles.listed(session, after, limit)]
    if as_json:
        for one in found:
            output.line(one)
        return
    table = output.table("role", "people", "permissions", "note", numbers=("people",))
    for one in found:
        note = Text(output.printable(one["note"]))
        table.add_row(one["role"], str(one["people"]), " ".join(one["permissions"]), note)
    output.console().print(table)


def show(name: str, *, as_json: bool) -> None:
    with opened() as app, app.database.reading() as session:
        shown = record(session, roles.named(session, name))
    if as_json:
        output.line(shown)
        return
    print(
        f"{shown['role']}: {output.printable(shown['note'])}\n{shown['people']} people have it.\n"
    )
    table = output.table("permission", "to", "restricted")
    for one in (BY_NAME[name] for name in shown["permissions"]):
        table.add_row(one, one.what, "yes" if one in RESTRICTED else "")
    output.console().print(table)


def set_role(
    name: str,
    permissions: list[str] | None,
    note: str | None,
    key_file: Path | None,
    why: str,
    *,
    as_json: bool,
) -> None:
    """Make a role, or change what is not None of one that is there."""
    with opened(key_file) as app:
        with app.database.reading() as session:
            try:
                before = roles.named(session, name)
            except NoSuchRole:
                before = None
            wanted = sorted(set(permissions or (before.permissions.split() if before else ())))
            said = note if note is not None else before.note if before else ""
            two = before is not None and roles.needs_two(session, app.caller, name, wanted)

        def do(session: Session, agreed: bool) -> None:
            now = app.database.now()
            if before is None:
                roles.create(session, now, app.caller, name, said, wanted)
            else:
                roles.change(
                    session, now, app.caller, name, note=said, permissions=wanted, agreed=agreed
                )

        if two:
            app.with_two(
                app.caller, Permission.ADMIN, "role.change", f"role:{name}",
                {"permissions": " ".join(wanted), "note": said},
                lambda session, _: do(session, True), why=why,
            )  # fmt: skip
        else:
            with app.database.writing() as session:
                do(session, False)
        with app.database.reading() as session:
            shown = record(session, roles.named(session, name))
    if as_json:
        output.line(shown)
    else:
        print(f"The role {name} is {'changed' if before else 'made'}: {' '.join(wanted)}")


def delete(name: str, *, as_json: bool) -> None:
    with opened() as app, app.database.writing() as session:
        roles.delete(session, app.database.now(), app.caller, name)
    if as_json:
        output.line({"role": name, "deleted": True})
    else:
        print(f"The role {name} is deleted.")


def explain(actor: str, permission: str, *, as_json: bool) -> int:
    wanted = BY_NAME.get(permission)
    if wanted is None:
        raise TutelaError(
            f"{output.printable(permission)!r} is not a permission.",
            f"Permissions are {', '.join(Permission)}.",
        )
    with opened() as app, app.database.reading() as session:
        found = refusals.explain(session, actor, wanted)
    if as_json:
        output.line({
            "actor": output.printable(actor), "permission": found.permission, "may": found.may,
            "through": found.through, "roles": found.roles, "has": found.has,
            "explanation": list(found.sentences),
        })  # fmt: skip
    else:
        for sentence in found.sentences:
            print(output.printable(sentence))
    return 0 if found.may else 1


def record(session: Session, role: Role) -> dict[str, Any]:
    """Everything a program may want to know of a role: docs/commands.md."""
    return {
        "role": role.name, "permissions": role.permissions.split(), "note": role.note,
        "people": roles.holders(session, role),
    }  # fmt: skip
