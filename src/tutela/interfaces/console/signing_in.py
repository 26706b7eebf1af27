"""`/sign-in`: password and code, passkey, or the organisation's own sign-in; and out again."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field, SecretStr
from starlette.responses import Response

from tutela.interfaces.console import forms, shell
from tutela.interfaces.console.forms import Fields, Form
from tutela.interfaces.console.shell import (
    COOKIE,
    apart,
    database_of,
    for_anyone,
    in_stage,
    local,
    page,
    see_other,
    site_of,
    visitor_of,
)
from tutela.people import passkeys, sessions
from tutela.people.passwords import LONGEST
from tutela.people.sessions import Stage
from tutela.people.signing_in import Result, SigningIn

Password = Annotated[SecretStr, Field(max_length=LONGEST)]
Next = Annotated[str, Field(max_length=4096)]
Credential = Annotated[str, Field(max_length=passkeys.LONGEST)]

router = APIRouter()


class Named(Fields):
    """Who wants to come in."""

    name: Annotated[str, Field(max_length=64)]
    password: Password
    next: Next = ""


class Coded(Fields):
    """A code of an authenticator app."""

    code: Annotated[str, Field(max_length=16)]
    next: Next = ""


class Signed(Fields):
    """What an authenticator signed, as JSON."""

    credential: Credential
    next: Next = ""


@router.get("/sign-in")
def ask(request: Request) -> Response:
    visitor = visitor_of(request)
    if visitor is not None and visitor.stage is Stage.OPEN:
        raise shell.Elsewhere(local(request.query_params.get("next")))
    return asked(request, forms.shown(next=request.query_params.get("next", "")))


@router.post("/sign-in")
@for_anyone
@apart
def with_password(request: Request, form: Annotated[Form[Named], forms.form(Named)]) -> Response:
    if form.value is None:
        return asked(request, form, 422)
    given, database = form.value, database_of(request)
    with database.writing() as session:
        result = signing_in_of(request).with_password(
            session, database.now(), given.name, given.password.get_secret_value(),
            *browser(request),
        )  # fmt: skip
    if result.refused is not None:
        return asked(request, refused(form, result), 401)
    return onward(result, given.next)


@router.post("/sign-in/passkey/options")
@for_anyone
def passkey_options(request: Request) -> Response:
    """What the browser's authenticator is to sign."""
    database, visitor = database_of(request), visitor_of(request)
    with database.writing() as session:
        text = passkeys.signing_in_options(
            session, database.now(), site_of(request), visitor.opened.person if visitor else None
        )
    return Response(text, media_type="application/json")


@router.post("/sign-in/passkey")
@for_anyone
def with_passkey(request: Request, form: Annotated[Form[Signed], forms.form(Signed)]) -> Response:
    """All of it, or the second step of the session that there is."""
    if form.value is None:
        return asked(request, form, 422)
    given, database = form.value, database_of(request)
    with database.writing() as session:
        result = signing_in_of(request).with_passkey(
            session, database.now(), site_of(request), given.credential, *browser(request),
            secret=request.cookies.get(COOKIE, ""),
        )  # fmt: skip
    if result.refused is not None:
        visitor = visitor_of(request)
        if visitor is not None and visitor.stage is Stage.SECOND_FACTOR:
            return _second(request, refused(form, result), 401)
        return asked(request, refused(form, result), 401)
    return onward(result, given.next)


@router.get("/sign-in/code")
def ask_code(request: Request) -> Response:
    """The second step."""
    in_stage(request, Stage.SECOND_FACTOR)
    return _second(request, forms.shown(next=request.query_params.get("next", "")))


@router.post("/sign-in/code")
def with_code(request: Request, form: Annotated[Form[Coded], forms.form(Coded)]) -> Response:
    in_stage(request, Stage.SECOND_FACTOR)
    if form.value is None:
        return _second(request, form, 422)
    given, database = form.value, database_of(request)
    with database.writing() as session:
        result = signing_in_of(request).with_code(
            session, database.now(), request.cookies[COOKIE], given.code, address_of(request)
        )
    if result.refused is not None:
        return _second(request, refused(form, result), 401)
    return onward(result, given.next)


@router.post("/sign-out")
def sign_out(request: Request) -> Response:
    database = database_of(request)
    with database.writing() as session:
        sessions.sign_out(session, database.now(), request.cookies[COOKIE])
    answer = see_other(shell.SIGN_IN, "signed.out")
    answer.delete_cookie(COOKIE, "/", secure=True, httponly=True, samesite="lax")
    answer.headers["clear-site-data"] = '"cache", "storage"'
    return answer


def signing_in_of(request: Request) -> SigningIn:
    """The flow of this process: it remembers how often strangers failed."""
    found: SigningIn | None = getattr(request.app.state, "signing_in", None)
    if found is None:
        found = shell.state_of(request).running.app.signing_in()
        request.app.state.signing_in = found
    return found


def browser(request: Request) -> tuple[str, str]:
    """What browser asks, from where."""
    return request.headers.get("user-agent", ""), address_of(request)


def address_of(request: Request) -> str:
    return request.client.host if request.client else ""


def onward(result: Result, back: str) -> Response:
    """To the step that is next, or to the page that was asked for first, with the session."""
    back = local(back)
    if result.stage is None or result.stage is Stage.OPEN:
        answer = see_other(back)
    else:
        answer = see_other(
            shell.STEPS[result.stage], **({} if back == shell.ROOT else {"next": back})
        )
    keep(answer, result.secret)
    return answer


def keep(answer: Response, secret: str) -> None:
    """Have the browser keep the secret of a session, until it is closed."""
    answer.set_cookie(COOKIE, secret, path="/", secure=True, httponly=True, samesite="lax")


def refused(form: Form[Any], result: Result) -> Form[Any]:
    """The form, with why nobody was let in."""
    return form if result.refused is None else form.refuse(result.refused)


def asked(request: Request, form: Form[Any], status: int = 200) -> Response:
    chosen = shell.state_of(request).running.app.settings
    return page(
        request, None, "signing_in/ask.html", status, form=form, oidc=bool(chosen.oidc.issuer)
    )


def _second(request: Request, form: Form[Any], status: int = 200) -> Response:
    visitor = in_stage(request, Stage.SECOND_FACTOR)
    with database_of(request).reading() as session:
        keys = passkeys.count(session, visitor.opened.person)
    return page(
        request, visitor, "signing_in/second.html", status, form=form, passkeys=keys,
        totp=visitor.opened.person.totp is not None,
    )  # fmt: skip
