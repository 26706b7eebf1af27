"""`tutela person …`"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.text import Text
from sqlalchemy import select

from tutela.app import App
from tutela.interfaces.cli import output
from tutela.interfaces.cli.acting import opened
from tutela.people import accounts, callers, links, passkeys
from tutela.people.models import Key, Person
from tutela.people.permissions import Permission
from tutela.storage import Session


def list_people(containing: str, after: str, limit: int, *, as_json: bool) -> None:
    with opened() as app, app.database.reading() as session:
        found = accounts.listed(session, after, limit + 1, containing)
        records = [record(session, app.database.now(), one) for one in found[:limit]]
    if as_json:
        for one in records:
            output.line(one)
        return
    table = output.table("person", "shown as", "roles", "state")
    for one in records:
        shown = Text(output.printable(one["shown_as"]))
        table.add_row(one["person"], shown, " ".join(one["roles"]), one["state"])
    output.console().print(table)
    if len(found) > limit:
        print(f"\nThere are more: tutela person list --after {found[limit - 1].name}")


def show(name: str, *, as_json: bool) -> None:
    with opened() as app, app.database.reading() as session:
        person = accounts.named(session, name)
        shown = record(session, app.database.now(), person) | {
            "permissions": sorted(accounts.caller(session, person).permissions),
            "keys": [key.name for key in _keys(session, person)],
        }
    if as_json:
        output.line(shown)
        return
    table = output.table("", "")
    table.show_header = False
    for field, value in shown.items():
        text = " ".join(value) if isinstance(value, list) else str("" if value is None else value)
        table.add_row(field, Text(output.printable(text)))
    output.console().print(table)


def invite(name: str, shown_as: str, roles: Sequence[str], *, as_json: bool) -> None:
    with opened() as app:
        with app.database.writing() as session:
            _, secret = accounts.invite(
                session, app.database.now(), app.caller, name, shown_as, roles
            )
        _show_link(app, name, secret, as_json=as_json)


def recover(name: str, *, as_json: bool) -> None:
    with opened() as app:
        with app.database.writing() as session:
            secret = accounts.recover(session, app.database.now(), app.caller, name)
        _show_link(app, name, secret, as_json=as_json)


def disable(name: str, *, as_json: bool) -> None:
    with opened() as app, app.database.writing() as session:
        person = accounts.disable(session, app.database.now(), app.caller, name)
        left = [key.name for key in _keys(session, person) if key.revoked_at is None]
    if as_json:
        output.line({"person": name, "state": "disabled", "keys": left})
        return
    print(f"{name} is shut out.")
    if left:
        print(
            f"Keys that they made still open what programs need: {', '.join(left)}."
            " End them with: tutela key revoke NAME"
        )


def enable(name: str, *, as_json: bool) -> None:
    with opened() as app, app.database.writing() as session:
        person = accounts.enable(session, app.database.now(), app.caller, name)
        state = _state(session, app.database.now(), person)
    if as_json:
        output.line({"person": name, "state": state})
    else:
        print(f"{name} may sign in again.")


def set_roles(
    name: str, roles: Sequence[str], key_file: Path | None, why: str, *, as_json: bool
) -> None:
    wanted = sorted(set(roles))
    with opened(key_file) as app:

        def do(session: Session, _: str = "") -> None:
            accounts.set_roles(session, app.database.now(), app.caller, name, wanted)

        with app.database.reading() as session:
            two = accounts.needs_two(session, app.caller, name, wanted)
        if two:
            app.with_two(
                app.caller, Permission.ADMIN, "person.roles", f"person:{name}",
                {"roles": " ".join(wanted)}, do, why=why,
            )  # fmt: skip
        else:
            with app.database.writing() as session:
                do(session)
    if as_json:
        output.line({"person": name, "roles": wanted})
    else:
        print(f"{name} has {', '.join(wanted) or 'no role'} now.")


def record(session: Session, now: datetime, person: Person) -> dict[str, Any]:
    """Everything a program may want to know of someone: docs/commands.md."""
    return {
        "person": person.name, "shown_as": person.shown_as,
        "roles": [role.name for role in accounts.roles_of(session, person)],
        "state": _state(session, now, person), "totp": person.totp is not None,
        "passkeys": passkeys.count(session, person), "oidc": person.oidc_subject is not None,
        "created_at": person.created_at.isoformat(),
        "disabled_at": person.disabled_at.isoformat() if person.disabled_at else None,
    }  # fmt: skip


def _state(session: Session, now: datetime, person: Person) -> str:
    if person.disabled_at is not None:
        return "disabled"
    if links.stands(session, now, person.id):
        return "invited" if person.password is None else "recovering"
    return "on" if person.password is not None else "never signed in"


def _keys(session: Session, person: Person) -> Sequence[Key]:
    """Keys that they are behind."""
    behind = callers.PERSON + person.name
    return session.scalars(select(Key).where(Key.made_by == behind).order_by(Key.name)).all()


def _show_link(app: App, name: str, secret: str, *, as_json: bool) -> None:
    link = f"{app.settings.console.site(app.settings.service.port).origin}/console/welcome/{secret}"
    if as_json:
        output.line({"person": name, "link": link})
        return
    output.complain(f"the link for {name}, shown this once, within {links.VALID.days} days:")
    print(link)
