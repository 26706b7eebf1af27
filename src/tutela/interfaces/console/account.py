"""`/account`: one's own password, factors, sessions and zone. Changing a factor takes a fresh proof
of who one is: a session that was left open must not be enough."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from pydantic import Field
from starlette.responses import Response

from tutela.errors import TutelaError
from tutela.interfaces.console import forms, shell
from tutela.interfaces.console.forms import Fields, Form
from tutela.interfaces.console.shell import (
    COOKIE,
    SignedIn,
    Visitor,
    apart,
    database_of,
    here,
    local,
    page,
    see_other,
    site_of,
    state_of,
)
from tutela.interfaces.console.signing_in import (
    Coded,
    Credential,
    Next,
    Password,
    Signed,
    address_of,
    browser,
    keep,
    refused,
    signing_in_of,
)
from tutela.interfaces.console.texts import gettext as _
from tutela.interfaces.console.welcome import grouped, qr
from tutela.people import accounts, factors, passkeys, sessions, totp
from tutela.people.models import Person
from tutela.people.passwords import SHORTEST
from tutela.people.signing_in import Result
from tutela.storage import Session

ACCOUNT = "/console/account"
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
SessionNumber = Annotated[int, Path(ge=1, le=2**63 - 1)]

router = APIRouter()


class OtherPassword(Fields):
    """A password in place of another."""

    old: Password
    new: Password
    again: Password


class Zoned(Fields):
    """The zone that times are shown in."""

    zone: Annotated[str, Field(max_length=64)] = ""


class Proof(Fields):
    """The password, to show that it is still the same person."""

    password: Password
    next: Next = ""


class OtherPasskey(Fields):
    """What an authenticator made."""

    credential: Credential
    label: Annotated[str, Field(max_length=passkeys.LONGEST_NAME)] = ""


async def proved_lately(request: Request) -> Visitor:
    """A dependency: someone who has just shown who they are; others are asked to."""
    visitor = await shell.signed_in(request)
    if not visitor.opened.proved_lately(database_of(request).now()):
        back = here(request) if request.method == "GET" else ACCOUNT
        raise shell.Elsewhere(f"{ACCOUNT}/prove?next={shell.quoted(back)}")
    return visitor


Proved = Annotated[Visitor, Depends(proved_lately)]


@router.get("/account")
def show_account(request: Request, visitor: SignedIn) -> Response:
    return _account(request, visitor)


@router.post("/account/zone")
def set_zone(
    request: Request, visitor: SignedIn, form: Annotated[Form[Zoned], forms.form(Zoned)]
) -> Response:
    if form.value is None:
        return _account(request, visitor, form)
    given = form.value.zone
    try:
        _change(request, visitor, lambda session, _, me: accounts.set_zone(session, me, given))
    except TutelaError as error:
        return _account(request, visitor, form.refuse(error, "zone"))
    return see_other(ACCOUNT, "zone.changed")


@router.get("/account/password")
def ask_password(request: Request, visitor: SignedIn) -> Response:
    return page(request, visitor, "account/password.html", form=forms.shown(), shortest=SHORTEST)


@router.post("/account/password")
@apart
def change_password(
    request: Request,
    visitor: SignedIn,
    form: Annotated[Form[OtherPassword], forms.form(OtherPassword)],
) -> Response:
    """All other sessions end with it."""
    given, database = form.value, database_of(request)
    if given is not None and given.new != given.again:
        form.fail("again", _("It differs from the first."))
    elif given is not None:
        with database.writing() as session:
            result = signing_in_of(request).change_password(
                session, database.now(), request.cookies[COOKIE], given.old.get_secret_value(),
                given.new.get_secret_value(), address_of(request),
            )  # fmt: skip
        if result.refused is None:
            answer = see_other(ACCOUNT, "password.changed")
            keep(answer, result.secret)
            return answer
        refused(form, result)
    return page(request, visitor, "account/password.html", 422, form=form, shortest=SHORTEST)


@router.get("/account/prove")
def ask_proof(request: Request, visitor: SignedIn) -> Response:
    """Show again who one is, before something that a stolen session must not do."""
    return _proving(request, visitor, forms.shown(next=request.query_params.get("next", "")))


@router.post("/account/prove")
@apart
def prove(
    request: Request, visitor: SignedIn, form: Annotated[Form[Proof], forms.form(Proof)]
) -> Response:
    if form.value is None:
        return _proving(request, visitor, form, 422)
    given, database = form.value, database_of(request)
    with database.writing() as session:
        result = signing_in_of(request).prove(
            session, database.now(), request.cookies[COOKIE], given.password.get_secret_value(),
            address_of(request),
        )  # fmt: skip
    return _proved(request, visitor, form, result, given.next)


@router.post("/account/prove/passkey")
def prove_by_passkey(
    request: Request, visitor: SignedIn, form: Annotated[Form[Signed], forms.form(Signed)]
) -> Response:
    if form.value is None:
        return _proving(request, visitor, form, 422)
    given, database = form.value, database_of(request)
    with database.writing() as session:
        result = signing_in_of(request).with_passkey(
            session, database.now(), site_of(request), given.credential, *browser(request),
            secret=request.cookies[COOKIE],
        )  # fmt: skip
    return _proved(request, visitor, form, result, given.next)


@router.get("/account/totp")
def ask_totp(request: Request, visitor: Proved) -> Response:
    return _totp(request, visitor, forms.shown())


@router.post("/account/totp")
def add_totp(
    request: Request, visitor: Proved, form: Annotated[Form[Coded], forms.form(Coded)]
) -> Response:
    """Another app takes the place of the one there was."""
    if form.value is None:
        return _totp(request, visitor, form, 422)
    code, sealing = form.value.code, state_of(request).running.app.people_sealing()
    result = _factor(
        request,
        lambda session, now, secret: factors.confirm_totp(session, now, sealing, secret, code),
    )
    if result.refused is not None:
        return _totp(request, visitor, form.refuse(result.refused, "code"), 422)
    return _kept(result, "totp.added")


@router.post("/account/totp/remove")
def remove_totp(request: Request, _visitor: Proved) -> Response:
    return _kept(_factor(request, factors.remove_totp), "totp.removed")


@router.get("/account/passkey")
def ask_passkey(request: Request, visitor: Proved) -> Response:
    return page(request, visitor, "account/passkey.html", form=forms.shown())


@router.post("/account/passkey")
def add_passkey(
    request: Request, visitor: Proved, form: Annotated[Form[OtherPasskey], forms.form(OtherPasskey)]
) -> Response:
    if form.value is not None:
        given, site = form.value, site_of(request)
        result = _factor(
            request,
            lambda session, now, secret: factors.add_passkey(
                session, now, site, secret, given.label, given.credential
            ),
        )
        if result.refused is None:
            return _kept(result, "passkey.added")
        form.refuse(result.refused)
    return page(request, visitor, "account/passkey.html", 422, form=form)


@router.post("/account/passkeys/{number}/remove")
def remove_passkey(request: Request, _visitor: Proved, number: Number) -> Response:
    result = _factor(
        request, lambda session, now, secret: factors.remove_passkey(session, now, secret, number)
    )
    return _kept(result, "passkey.removed")


@router.post("/account/sessions/{number}/end")
def end_session(request: Request, visitor: SignedIn, number: SessionNumber) -> Response:
    actor = visitor.caller.actor
    _change(
        request, visitor, lambda session, now, me: sessions.end(session, now, actor, me, number)
    )
    return see_other(ACCOUNT, "session.ended")


@router.post("/account/sessions/end")
def end_others(request: Request, visitor: SignedIn) -> Response:
    """All but this one."""
    _change(
        request, visitor,
        lambda session, now, me: sessions.end_all(
            session, now, visitor.caller.actor, me, "ended", but=visitor.session
        ),
    )  # fmt: skip
    return see_other(ACCOUNT, "sessions.ended")


def _change(
    request: Request, visitor: Visitor, do: Callable[[Session, datetime, Person], object]
) -> None:
    """Change something of the visitor's own account, whose row is locked meanwhile."""
    database = database_of(request)
    with database.writing() as session:
        do(session, database.now(), accounts.named(session, visitor.name, lock=True))


def _factor(request: Request, do: Callable[[Session, datetime, str], Result]) -> Result:
    """Change a factor; the session then goes on under another secret."""
    database = database_of(request)
    with database.writing() as session:
        return do(session, database.now(), request.cookies[COOKIE])


def _kept(result: Result, told: str) -> Response:
    """Back to the account, with the session as it now is. Raises why it was not done."""
    if result.refused is not None:
        raise result.refused
    answer = see_other(ACCOUNT, told)
    keep(answer, result.secret)
    return answer


def _proved(
    request: Request, visitor: Visitor, form: Form[Any], result: Result, back: str
) -> Response:
    if result.refused is not None:
        return _proving(request, visitor, refused(form, result), 401)
    answer = see_other(local(back) if back else ACCOUNT)
    keep(answer, result.secret)
    return answer


def _proving(request: Request, visitor: Visitor, form: Form[Any], status: int = 200) -> Response:
    with database_of(request).reading() as session:
        count = passkeys.count(session, visitor.opened.person)
    return page(request, visitor, "account/prove.html", status, form=form, passkeys=count)


def _totp(request: Request, visitor: Visitor, form: Form[Any], status: int = 200) -> Response:
    database, sealing = database_of(request), state_of(request).running.app.people_sealing()
    with database.writing() as session:
        begun = totp.enrol_begin(session, database.now(), sealing, visitor.opened.person)
    return page(
        request, visitor, "account/totp.html", status, form=form, qr=qr(begun.uri),
        secret=grouped(begun.secret),
    )  # fmt: skip


def _account(request: Request, visitor: Visitor, form: Form[Any] | None = None) -> Response:
    database, me = database_of(request), visitor.opened.person
    now = database.now()
    with database.reading() as session:
        values: dict[str, Any] = {
            "passkeys": passkeys.of(session, me),
            "sessions": sessions.listed(session, now, me),
        }
    chosen = state_of(request).running.app.settings
    return page(
        request, visitor, "account/show.html", 422 if form else 200, me=me,
        form=form or forms.shown(zone=me.zone), zones=_zones(),
        oidc=chosen.oidc.issuer, **values,
    )  # fmt: skip


@cache
def _zones() -> list[tuple[str, str]]:
    """Zones to choose from."""
    return [("", "UTC"), *((name, name) for name in sorted(zoneinfo.available_timezones()))]
