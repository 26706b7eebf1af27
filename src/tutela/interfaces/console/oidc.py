"""`/oidc`: there to the organisation's own sign-in, and back; and linking an account to it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from tutela.interfaces.console import forms, shell
from tutela.interfaces.console.account import ACCOUNT, proved_lately
from tutela.interfaces.console.oidc_driving import Came, Driving, Gone
from tutela.interfaces.console.shell import (
    COOKIE,
    Visitor,
    database_of,
    local,
    page,
    see_other,
    site_of,
    state_of,
    visitor_of,
)
from tutela.interfaces.console.signing_in import asked, browser, keep, onward, signing_in_of
from tutela.interfaces.console.texts import gettext as _
from tutela.people import factors
from tutela.people.challenges import LASTS
from tutela.people.oidc import OidcRefused
from tutela.people.sessions import Stage

STATE = "__Host-tutela-oidc"
"""The cookie that says that this browser was sent to the provider. SameSite=Lax: it comes back from
another site."""

LINK = "link"
AT_ONCE = 4
"""Who may wait for a provider at a time: one that is slow must not hold all threads."""

Proved = Annotated[Visitor, Depends(proved_lately)]
router = APIRouter()
_places = threading.BoundedSemaphore(AT_ONCE)


@router.get("/sign-in/oidc")
def go(request: Request) -> Response:
    """To the provider, to sign in."""
    back = local(request.query_params.get("next"))
    try:
        with _place():
            gone = _driving(request).begin(site_of(request), back=back)
    except OidcRefused as error:
        return asked(request, forms.shown(next=back).refuse(error), 401)
    answer = RedirectResponse(gone.url, 303)
    _remember(answer, gone)
    return answer


@router.post("/account/oidc")
def link(request: Request, visitor: Proved) -> Response:
    """To the provider, to link an account of it to this one. By a page, since a form may not lead
    out of the console (`form-action`)."""
    with _place():
        gone = _driving(request).begin(
            site_of(request), LINK, ACCOUNT, person_id=visitor.opened.person.id
        )
    answer = page(request, visitor, "account/oidc.html", url=gone.url)
    _remember(answer, gone)
    return answer


@router.post("/account/oidc/unlink")
def unlink(request: Request, _visitor: Proved) -> Response:
    database = database_of(request)
    with database.writing() as session:
        result = factors.unlink_oidc(session, database.now(), request.cookies[COOKIE])
    if result.refused is not None:
        raise result.refused
    answer = see_other(ACCOUNT, "oidc.unlinked")
    keep(answer, result.secret)
    return answer


@router.get("/oidc/back")
def back(request: Request) -> Response:
    """From the provider: it changes something, and so takes the state that it was sent with."""
    try:
        with _place():
            came = _driving(request).came(
                site_of(request), request.query_params, request.cookies.get(STATE, "")
            )
        answer = _linked(request, came) if came.purpose == LINK else _signed_in(request, came)
    except OidcRefused as error:
        visitor = visitor_of(request)
        if visitor is not None and visitor.stage is Stage.OPEN:
            raise
        answer = asked(request, forms.shown().refuse(error), 401)
    answer.delete_cookie(STATE, "/", secure=True, httponly=True, samesite="lax")
    return answer


def _signed_in(request: Request, came: Came) -> Response:
    database = database_of(request)
    with database.writing() as session:
        result = signing_in_of(request).with_oidc(
            session, database.now(), came.claims, *browser(request)
        )
    if result.refused is not None:
        return asked(request, forms.shown(next=came.back).refuse(result.refused), 401)
    return onward(result, came.back)


def _linked(request: Request, came: Came) -> Response:
    visitor = shell.in_stage(request, Stage.OPEN)
    if visitor.opened.person.id != came.person_id:
        raise OidcRefused(
            _("Someone else began this in the same browser."), _("Begin again, as yourself.")
        )
    database = database_of(request)
    with database.writing() as session:
        result = factors.link_oidc(session, database.now(), request.cookies[COOKIE], came.claims)
    if result.refused is not None:
        raise result.refused
    answer = see_other(ACCOUNT, "oidc.linked")
    keep(answer, result.secret)
    return answer


def _remember(answer: Response, gone: Gone) -> None:
    answer.set_cookie(
        STATE, gone.state, max_age=int(LASTS.total_seconds()), path="/", secure=True,
        httponly=True, samesite="lax",
    )  # fmt: skip


def _driving(request: Request) -> Driving:
    """That of this process: it remembers what the provider said of itself."""
    found: Driving | None = getattr(request.app.state, "oidc_driving", None)
    if found is None:
        found = request.app.state.oidc_driving = Driving(state_of(request).running.app)
    return found


@contextmanager
def _place() -> Iterator[None]:
    """Raises `OidcRefused` if too many wait."""
    if not _places.acquire(blocking=False):
        raise OidcRefused(_("Too many sign in there at once."), _("Try again in a moment."))
    try:
        yield
    finally:
        _places.release()
