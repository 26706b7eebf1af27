"""`/welcome`: links that let someone in once; and the second factor that everyone then adds."""

from __future__ import annotations

from typing import Annotated, Any

import segno
from fastapi import APIRouter, Path, Request
from markupsafe import Markup
from pydantic import Field
from starlette.responses import Response

from tutela.errors import TutelaError
from tutela.interfaces.console import forms
from tutela.interfaces.console.forms import Fields, Form
from tutela.interfaces.console.shell import (
    COOKIE,
    Visitor,
    apart,
    database_of,
    for_anyone,
    in_stage,
    page,
    site_of,
    state_of,
)
from tutela.interfaces.console.signing_in import (
    Coded,
    Credential,
    Next,
    Password,
    browser,
    onward,
    signing_in_of,
)
from tutela.interfaces.console.texts import gettext as _
from tutela.people import accounts, factors, invitations, passkeys, totp
from tutela.people.keys import NAME
from tutela.people.passwords import SHORTEST
from tutela.people.sessions import Stage

Secret = Annotated[str, Path(pattern="^[A-Za-z0-9_-]{1,128}$")]
router = APIRouter()


class Joining(Fields):
    """Someone who uses a link. The names are for the first administrator."""

    name: Annotated[str, Field(pattern=f"^{NAME.pattern}$")] = ""
    shown_as: Annotated[str, Field(max_length=accounts.LONGEST_SHOWN)] = ""
    password: Password
    again: Password


class NewPasskey(Fields):
    """What an authenticator made, as JSON, and what its owner calls it."""

    credential: Credential
    label: Annotated[str, Field(max_length=passkeys.LONGEST_NAME)] = ""
    next: Next = ""


@router.get("/welcome/{secret}")
def greet(request: Request, secret: Secret) -> Response:
    """What the link is for. Looking uses nothing up: previews of links do."""
    return _greeted(request, secret, forms.shown())


@router.post("/welcome/{secret}")
@for_anyone
@apart
def join(
    request: Request, secret: Secret, form: Annotated[Form[Joining], forms.form(Joining)]
) -> Response:
    if form.value is None:
        return _greeted(request, secret, form, 422)
    given, database = form.value, database_of(request)
    if given.password != given.again:
        return _greeted(request, secret, form.fail("again", _("It differs from the first.")), 422)
    try:
        with database.writing() as session:
            result = signing_in_of(request).with_link(
                session, database.now(), secret, given.password.get_secret_value(), given.name,
                given.shown_as, *browser(request),
            )  # fmt: skip
    except TutelaError as error:
        return _greeted(request, secret, form.refuse(error, "password"), 422)
    return onward(result, "")


@router.get("/enrol")
def ask_factor(request: Request) -> Response:
    """Everyone has a second factor before anything else."""
    visitor = in_stage(request, Stage.ENROL)
    return _enrolling(request, visitor, forms.shown(next=request.query_params.get("next", "")))


@router.post("/enrol/totp")
def add_totp(request: Request, form: Annotated[Form[Coded], forms.form(Coded)]) -> Response:
    visitor = in_stage(request, Stage.ENROL)
    if form.value is None:
        return _enrolling(request, visitor, form, 422)
    given, database = form.value, database_of(request)
    sealing = state_of(request).running.app.people_sealing()
    with database.writing() as session:
        result = factors.confirm_totp(
            session, database.now(), sealing, request.cookies[COOKIE], given.code
        )
    if result.refused is not None:
        form.refuse(result.refused, "code")
        return _enrolling(request, visitor, form, 422)
    return onward(result, given.next)


@router.post("/enrol/passkey/options")
def passkey_options(request: Request) -> Response:
    """What the browser's authenticator is to make: while enrolling, or on the account's page."""
    visitor = in_stage(request, Stage.ENROL, Stage.OPEN)
    database = database_of(request)
    with database.writing() as session:
        text = passkeys.registration_options(
            session, database.now(), site_of(request), visitor.opened.person
        )
    return Response(text, media_type="application/json")


@router.post("/enrol/passkey")
def add_passkey(
    request: Request, form: Annotated[Form[NewPasskey], forms.form(NewPasskey)]
) -> Response:
    visitor = in_stage(request, Stage.ENROL)
    if form.value is None:
        return _enrolling(request, visitor, form, 422)
    given, database = form.value, database_of(request)
    with database.writing() as session:
        result = factors.add_passkey(
            session, database.now(), site_of(request), request.cookies[COOKIE], given.label,
            given.credential,
        )  # fmt: skip
    if result.refused is not None:
        form.refuse(result.refused)
        return _enrolling(request, visitor, form, 422)
    return onward(result, given.next)


def qr(uri: str) -> Markup:
    """The picture that an authenticator app scans: plain SVG, black on white in any scheme."""
    made = segno.make(uri, error="m", micro=False)
    svg = made.svg_inline(scale=4, border=2, omitsize=True, dark="#000", light="#fff")
    return Markup(svg)  # noqa: S704 - made by segno, of squares alone


def grouped(secret: str) -> str:
    """Base32 in fours, to be typed."""
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))


def _greeted(request: Request, secret: str, form: Form[Any], status: int = 200) -> Response:
    database = database_of(request)
    with database.reading() as session:
        invited = invitations.read(session, database.now(), secret)
    if invited is None:
        return page(request, None, "signing_in/gone.html", 404)
    return page(
        request, None, "signing_in/welcome.html", status, form=form, invited=invited,
        secret=secret, shortest=SHORTEST,
    )  # fmt: skip


def _enrolling(request: Request, visitor: Visitor, form: Form[Any], status: int = 200) -> Response:
    database = database_of(request)
    sealing = state_of(request).running.app.people_sealing()
    with database.writing() as session:
        begun = totp.enrol_begin(session, database.now(), sealing, visitor.opened.person)
    return page(
        request, visitor, "signing_in/enrol.html", status, form=form, qr=qr(begun.uri),
        secret=grouped(begun.secret),
    )  # fmt: skip
