"""`/people`: who has an account; invited, given roles, shut out, let in again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import Field
from starlette.responses import Response

from tutela.errors import TutelaError
from tutela.interfaces.api.json_bodies import NO_ZERO, AfterName
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
    site_of,
    state_of,
)
from tutela.people import accounts, links, passkeys, roles, sessions
from tutela.people.errors import SecondPersonNeeded
from tutela.people.keys import NAME
from tutela.people.models import Person
from tutela.people.permissions import Permission
from tutela.storage import Session

Administrator = Annotated[Visitor, Depends(may(Permission.ADMIN))]
PersonName = Annotated[str, Path(pattern=f"^{NAME.pattern}$")]
MOST_ROLES = 200
"""Roles that are offered: more than a service has."""

ACTS = ("person.roles",)

router = APIRouter()


class NewPerson(Fields):
    """Someone to be invited."""

    name: Annotated[str, Field(pattern=f"^{NAME.pattern}$")]
    shown_as: Annotated[str, Field(max_length=accounts.LONGEST_SHOWN)] = ""
    roles: tuple[str, ...] = ()


class Chosen(Asking):
    """The roles that someone is to have."""

    roles: tuple[str, ...] = ()


class Described(Fields):
    """How someone is shown."""

    shown_as: Annotated[str, Field(max_length=accounts.LONGEST_SHOWN)] = ""


@router.get("/people")
def show_people(
    request: Request,
    visitor: Administrator,
    containing: Annotated[str, Query(max_length=128, pattern=NO_ZERO)] = "",
    after: AfterName = "",
) -> Response:
    """People by name."""
    database = database_of(request)
    with database.reading() as session:
        now = database.now()
        found = accounts.listed(session, after, SHOWN + 1, containing.strip())
        rows = [
            (person, accounts.roles_of(session, person), standing(session, now, person))
            for person in found
        ]
    return page(
        request, visitor, "people/list.html",
        people=listed(
            "/console/people", {"containing": containing, "after": after}, rows,
            lambda row: row[0].name,
        ),
        filtered=bool(containing),
    )  # fmt: skip


@router.get("/new-person")
def new_person(request: Request, visitor: Administrator) -> Response:
    """A form to invite someone. No person stands in its way: names are below `/people`."""
    return _new(request, visitor, forms.shown())


@router.post("/new-person")
def invite(
    request: Request,
    visitor: Administrator,
    form: Annotated[Form[NewPerson], forms.form(NewPerson)],
) -> Response:
    """The link is on the page that answers, once: a redirect would have to keep it."""
    if form.value is not None:
        new, database = form.value, database_of(request)
        try:
            with database.writing() as session:
                person, secret = accounts.invite(
                    session, database.now(), visitor.caller, new.name, new.shown_as, new.roles
                )
            return _link(request, visitor, person, secret, "invited")
        except TutelaError as error:
            form.refuse(error)
    return _new(request, visitor, form, 422)


@router.get("/people/{name}")
def show_person(request: Request, visitor: Administrator, name: PersonName) -> Response:
    return _person(request, visitor, name)


@router.post("/people/{name}/shown-as")
def describe(
    request: Request,
    visitor: Administrator,
    name: PersonName,
    form: Annotated[Form[Described], forms.form(Described)],
) -> Response:
    """How they are shown."""
    if form.value is None:
        return _person(request, visitor, name, form=form)
    database = database_of(request)
    with database.writing() as session:
        accounts.describe(session, database.now(), visitor.caller, name, form.value.shown_as)
    return see_other(f"/console/people/{name}", "person.described")


@router.post("/people/{name}/roles")
def set_roles(
    request: Request,
    visitor: Administrator,
    name: PersonName,
    form: Annotated[Form[Chosen], forms.form(Chosen)],
) -> Response:
    """Give them just these roles; restricted permissions for oneself take two people."""
    if form.value is None:
        return _person(request, visitor, name, roles_form=form)
    app, wanted = state_of(request).running.app, sorted(set(form.value.roles))

    def do(session: Session) -> None:
        accounts.set_roles(session, app.database.now(), visitor.caller, name, wanted)

    try:
        with app.database.reading() as session:
            two = accounts.needs_two(session, visitor.caller, name, wanted)
        if two:
            app.with_two(
                visitor.caller, Permission.ADMIN, "person.roles", f"person:{name}",
                {"roles": " ".join(wanted)}, lambda session, _: do(session), why=form.value.why,
            )  # fmt: skip
        else:
            with app.database.writing() as session:
                do(session)
    except SecondPersonNeeded:
        return see_other(f"/console/people/{name}", "second.asked")
    except accounts.LastAdministrator as error:
        return _person(request, visitor, name, roles_form=form.fail("roles", error.what))
    return see_other(f"/console/people/{name}", "roles.set")


@router.post("/people/{name}/disable")
def disable(request: Request, visitor: Administrator, name: PersonName) -> Response:
    _act(request, lambda session, now: accounts.disable(session, now, visitor.caller, name))
    return see_other(f"/console/people/{name}", "person.disabled")


@router.post("/people/{name}/enable")
def enable(request: Request, visitor: Administrator, name: PersonName) -> Response:
    _act(request, lambda session, now: accounts.enable(session, now, visitor.caller, name))
    return see_other(f"/console/people/{name}", "person.enabled")


@router.post("/people/{name}/recover")
def recover(request: Request, visitor: Administrator, name: PersonName) -> Response:
    """A link to begin anew with. For someone who never signed in, another invitation."""
    database = database_of(request)
    with database.writing() as session:
        secret = accounts.recover(session, database.now(), visitor.caller, name)
        person = accounts.named(session, name)
    how = "invited" if person.password is None else "recovered"
    return _link(request, visitor, person, secret, how)


@router.post("/people/{name}/withdraw")
def withdraw(request: Request, visitor: Administrator, name: PersonName) -> Response:
    """End the link of an invitation or a recovery."""
    _act(request, lambda session, now: accounts.withdraw(session, now, visitor.caller, name))
    return see_other(f"/console/people/{name}", "link.withdrawn")


@router.post("/people/{name}/sessions")
def end_sessions(request: Request, visitor: Administrator, name: PersonName) -> Response:
    """End all their sessions, as after a laptop was lost."""

    def do(session: Session, now: Any) -> None:
        person = accounts.named(session, name)
        sessions.end_all(session, now, visitor.caller.actor, person, "ended by an administrator")

    _act(request, do)
    return see_other(f"/console/people/{name}", "person.sessions")


def standing(session: Session, now: Any, person: Person) -> str:
    """How an account stands, in a word that templates know."""
    if person.disabled_at is not None:
        return "disabled"
    if links.stands(session, now, person.id):
        return "invited" if person.password is None else "recovering"
    if person.password is None and not passkeys.of(session, person):
        return "lapsed"
    return "active"


def role_choices(session: Session) -> list[tuple[str, str, str]]:
    """Roles to choose from: name, name as shown, what it is for."""
    return [(role.name, role.name, role.note) for role in roles.listed(session, limit=MOST_ROLES)]


def _act(request: Request, do: Callable[[Session, Any], object]) -> None:
    database = database_of(request)
    with database.writing() as session:
        do(session, database.now())


def _new(request: Request, visitor: Visitor, form: Form[Any], status: int = 200) -> Response:
    with database_of(request).reading() as session:
        choices = role_choices(session)
    return page(request, visitor, "people/new.html", status, form=form, choices=choices)


def _person(
    request: Request,
    visitor: Visitor,
    name: str,
    form: Form[Any] | None = None,
    roles_form: Form[Any] | None = None,
) -> Response:
    database = database_of(request)
    now = database.now()
    with database.reading() as session:
        person = accounts.named(session, name)
        has = [role.name for role in accounts.roles_of(session, person)]
        values: dict[str, Any] = {
            "person": person,
            "has": has,
            "choices": role_choices(session),
            "standing": standing(session, now, person),
            "permissions": sorted(accounts.caller(session, person).permissions),
            "passkeys": passkeys.of(session, person),
            "sessions": sessions.listed(session, now, person),
            "waiting": second.waiting(session, now, visitor, ACTS, f"person:{name}"),
        }
    wrong = form or roles_form
    return page(
        request, visitor, "people/one.html", 422 if wrong else 200,
        form=form or forms.shown(shown_as=person.shown_as),
        roles_form=roles_form or forms.shown(roles=has), what=Permission, **values,
    )  # fmt: skip


def _link(request: Request, visitor: Visitor, person: Person, secret: str, how: str) -> Response:
    link = f"{site_of(request).origin}/console/welcome/{secret}"
    return page(
        request, visitor, "people/link.html", person=person, link=link, how=how,
        days=links.VALID.days,
    )  # fmt: skip
