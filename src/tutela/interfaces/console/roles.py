"""`/roles`: named sets of permissions. A change holds at once for all who have the role."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from pydantic import Field
from starlette.responses import Response

from tutela.errors import TutelaError
from tutela.interfaces.api.json_bodies import AfterName
from tutela.interfaces.console import forms, second
from tutela.interfaces.console.forms import Fields, Form
from tutela.interfaces.console.paging import SHOWN, listed
from tutela.interfaces.console.second import Asking
from tutela.interfaces.console.shell import (
    Visitor,
    database_of,
    may,
    page,
    see_other,
    state_of,
)
from tutela.people import roles
from tutela.people.accounts import LastAdministrator
from tutela.people.errors import SecondPersonNeeded
from tutela.people.keys import NAME
from tutela.people.permissions import RESTRICTED, Permission
from tutela.storage import Session

Administrator = Annotated[Visitor, Depends(may(Permission.ADMIN))]
RoleName = Annotated[str, Path(pattern=f"^{NAME.pattern}$")]
ACTS = ("role.change",)

router = APIRouter()


class NewRole(Fields):
    """A role to be made."""

    name: Annotated[str, Field(pattern=f"^{NAME.pattern}$")]
    note: Annotated[str, Field(max_length=roles.LONGEST_NOTE)] = ""
    permissions: Annotated[list[Permission], Field(min_length=1)]


class Changed(Asking):
    """What a role is to be."""

    note: Annotated[str, Field(max_length=roles.LONGEST_NOTE)] = ""
    permissions: Annotated[list[Permission], Field(min_length=1)]


@router.get("/roles")
def show_roles(request: Request, visitor: Administrator, after: AfterName = "") -> Response:
    """Roles by name."""
    with database_of(request).reading() as session:
        found = roles.listed(session, after, SHOWN + 1)
        rows = [(role, role.permissions.split(), roles.holders(session, role)) for role in found]
    return page(
        request, visitor, "roles/list.html", restricted=RESTRICTED,
        roles=listed("/console/roles", {"after": after}, rows, lambda row: row[0].name),
    )  # fmt: skip


@router.get("/new-role")
def new_role(request: Request, visitor: Administrator) -> Response:
    return _new(request, visitor, forms.shown())


@router.post("/new-role")
def create(
    request: Request, visitor: Administrator, form: Annotated[Form[NewRole], forms.form(NewRole)]
) -> Response:
    if form.value is not None:
        new, database = form.value, database_of(request)
        try:
            with database.writing() as session:
                roles.create(
                    session, database.now(), visitor.caller, new.name, new.note, new.permissions
                )
            return see_other(f"/console/roles/{new.name}", "role.saved")
        except TutelaError as error:
            form.refuse(error)
    return _new(request, visitor, form, 422)


@router.get("/roles/{name}")
def show_role(request: Request, visitor: Administrator, name: RoleName) -> Response:
    return _role(request, visitor, name)


@router.post("/roles/{name}")
def change(
    request: Request,
    visitor: Administrator,
    name: RoleName,
    form: Annotated[Form[Changed], forms.form(Changed)],
) -> Response:
    """Change a role. What gives oneself something restricted takes two people."""
    if form.value is None:
        return _role(request, visitor, name, form)
    app, wanted = state_of(request).running.app, form.value
    permissions = sorted(set(wanted.permissions))

    def do(session: Session, agreed: bool) -> None:
        roles.change(
            session, app.database.now(), visitor.caller, name, note=wanted.note,
            permissions=permissions, agreed=agreed,
        )  # fmt: skip

    try:
        with app.database.reading() as session:
            two = roles.needs_two(session, visitor.caller, name, permissions)
        if two:
            app.with_two(
                visitor.caller, Permission.ADMIN, "role.change", f"role:{name}",
                {"permissions": " ".join(permissions), "note": wanted.note},
                lambda session, _: do(session, True), why=wanted.why,
            )  # fmt: skip
        else:
            with app.database.writing() as session:
                do(session, False)
    except SecondPersonNeeded:
        return see_other(f"/console/roles/{name}", "second.asked")
    except LastAdministrator as error:
        return _role(request, visitor, name, form.fail("permissions", error.what))
    return see_other(f"/console/roles/{name}", "role.saved")


@router.post("/roles/{name}/delete")
def delete(request: Request, visitor: Administrator, name: RoleName) -> Response:
    database = database_of(request)
    with database.writing() as session:
        roles.delete(session, database.now(), visitor.caller, name)
    return see_other("/console/roles", "role.deleted")


def permission_choices() -> list[tuple[str, str, str]]:
    """Permissions to choose from: name, name as shown, what it is to do."""
    return [(str(one), str(one), one.what) for one in Permission]


def _new(request: Request, visitor: Visitor, form: Form[Any], status: int = 200) -> Response:
    return page(request, visitor, "roles/new.html", status, form=form, choices=permission_choices())


def _role(request: Request, visitor: Visitor, name: str, form: Form[Any] | None = None) -> Response:
    database = database_of(request)
    with database.reading() as session:
        role = roles.named(session, name)
        holders = roles.holders(session, role)
        waiting = second.waiting(session, database.now(), visitor, ACTS, f"role:{name}")
    return page(
        request, visitor, "roles/one.html", 422 if form else 200, role=role, holders=holders,
        form=form or forms.shown(note=role.note, permissions=role.permissions.split()),
        choices=permission_choices(), waiting=waiting,
    )  # fmt: skip
