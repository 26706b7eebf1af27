"""`/authorities`: how each authority is reached: credentials, schemas, and whether for real."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from pydantic import Field, SecretStr
from starlette.responses import Response

from tutela.interfaces import reports
from tutela.interfaces.api.approvals import MOST
from tutela.interfaces.console import forms, second
from tutela.interfaces.console.forms import Fields, Form
from tutela.interfaces.console.second import Asked
from tutela.interfaces.console.shell import (
    Visitor,
    database_of,
    may,
    page,
    see_other,
    state_of,
)
from tutela.law.errors import NotSigned
from tutela.people import approvals
from tutela.people.errors import SecondPersonNeeded
from tutela.people.permissions import Permission
from tutela.reporting import authorities, credentials, production, reaching, schemas
from tutela.reporting.authorities import Authority, Environment
from tutela.reporting.errors import NotConfigured
from tutela.reporting.models import Credentials, Reached, Schema

Administrator = Annotated[Visitor, Depends(may(Permission.ADMIN))]
Name = Annotated[str, Path(pattern="^[a-z0-9-]{1,32}$")]
Number = Annotated[int, Path(ge=1, le=MOST)]
HERE = "/console/authorities"

router = APIRouter()


class SigningIn(Fields):
    """How we sign in somewhere."""

    environment: Environment
    user: Annotated[str, Field(max_length=256)]
    password: Annotated[SecretStr, Field(max_length=4096)]


class Pinning(Fields):
    """A schema that is accepted."""

    environment: Environment
    digest: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class Allowing(Fields):
    """Why reports are to go to the authority itself."""

    why: Annotated[str, Field(max_length=approvals.LONGEST_REASON)] = ""


@dataclass(frozen=True, slots=True)
class Way:
    """An authority in one of its two places."""

    environment: Environment
    address: str
    credentials: Credentials | None
    reached: Reached | None
    schemas: Sequence[Schema]


@dataclass(frozen=True, slots=True)
class Known:
    """An authority, and all that is known of reaching it."""

    authority: Authority
    ways: Sequence[Way]
    allowed: bool
    asked: Sequence[Asked]


@router.get("/authorities")
def show_authorities(request: Request, visitor: Administrator) -> Response:
    """All of them."""
    return _shown(request, visitor, forms.shown())


@router.post("/authorities/{name}/credentials")
def set_credentials(
    request: Request,
    visitor: Administrator,
    name: Name,
    form: Annotated[Form[SigningIn], forms.form(SigningIn)],
) -> Response:
    """Set how we sign in. The password is shown to nobody."""
    authorities.named(name)
    if form.value is None:
        return _shown(request, visitor, form, 422, name)
    app, asked = state_of(request).running.app, form.value
    sealing = app.reporting_sealing()
    try:
        with app.database.writing() as session:
            credentials.put(
                session, app.database.now(), visitor.caller, sealing, name, asked.environment,
                asked.user, asked.password.get_secret_value(),
            )  # fmt: skip
    except NotConfigured as error:
        return _shown(request, visitor, form.refuse(error), 422, name)
    return see_other(HERE, "credentials.set")


@router.post("/authorities/{name}/schema")
def pin(
    request: Request,
    visitor: Administrator,
    name: Name,
    form: Annotated[Form[Pinning], forms.form(Pinning)],
) -> Response:
    """Accept a schema that the authority serves."""
    authorities.named(name)
    if form.value is None:
        return _shown(request, visitor, form, 422, name)
    database, asked = database_of(request), form.value
    try:
        with database.writing() as session:
            schemas.pin(
                session, database.now(), visitor.caller, name, asked.environment, asked.digest
            )
    except NotConfigured as error:
        return _shown(request, visitor, form.refuse(error), 422, name)
    return see_other(HERE, "schema.pinned")


@router.post("/authorities/{name}/production")
def allow(
    request: Request,
    visitor: Administrator,
    name: Name,
    form: Annotated[Form[Allowing], forms.form(Allowing)],
) -> Response:
    """Let reports go to the authority itself, once another administrator agreed."""
    if form.value is None:
        return _shown(request, visitor, form, 422, name)
    app = state_of(request).running.app
    try:
        reports.allow_production(app, visitor.caller, name, form.value.why)
    except SecondPersonNeeded:
        return see_other(HERE, "second.asked")
    except NotSigned as error:
        return _shown(request, visitor, form.refuse(error), 409, name)
    return see_other(HERE, "production.allowed")


@router.post("/authorities/{name}/requests/{number}")
def do_allow(request: Request, visitor: Administrator, name: Name, number: Number) -> Response:
    """Do what was asked for and agreed to."""
    asked = second.mine(database_of(request), visitor, (production.ACT,), name, number)
    app = state_of(request).running.app
    try:
        reports.allow_production(app, visitor.caller, name, asked.why)
    except SecondPersonNeeded:
        return see_other(HERE, "second.waits")
    return see_other(HERE, "production.allowed")


@router.post("/authorities/{name}/stop")
def stop(request: Request, visitor: Administrator, name: Name) -> Response:
    """From now on nothing goes to the authority itself."""
    database = database_of(request)
    with database.writing() as session:
        production.stop(session, database.now(), visitor.caller.actor, authorities.named(name).name)
    return see_other(HERE, "production.stopped")


def _shown(
    request: Request, visitor: Visitor, form: Form[Any], status: int = 200, wrong: str = ""
) -> Response:
    app = state_of(request).running.app
    options = app.settings.reporting
    with app.database.reading() as session:
        now = app.database.now()
        held = {(one.authority, one.environment): one for one in credentials.listed(session)}
        reached = {(one.authority, one.environment): one for one in reaching.listed(session)}
        served = schemas.listed(session)
        known = [
            Known(
                one,
                [
                    Way(
                        environment, _address(one, environment, options.test_addresses()),
                        held.get((name, environment)), reached.get((name, environment)),
                        [s for s in served if (s.authority, s.environment) == (name, environment)],
                    )
                    for environment in Environment
                ],
                production.is_allowed(session, name),
                second.waiting(session, now, visitor, (production.ACT,), name),
            )
            for name, one in authorities.all_().items()
        ]  # fmt: skip
    return page(
        request, visitor, "authorities/list.html", status, known=known, form=form, wrong=wrong,
        environment=options.environment,
    )  # fmt: skip


def _address(authority: Authority, environment: Environment, tests: dict[str, str]) -> str:
    """Where reports would go: in a test, where the settings say."""
    own = authority.addresses[environment]
    return tests.get(authority.name, own) if environment == Environment.TEST else own
