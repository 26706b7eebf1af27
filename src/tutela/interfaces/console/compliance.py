"""`/compliance`: what laws want of the service, who signed which rule, and what is late."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import Field
from starlette.responses import Response

from tutela.errors import TutelaError
from tutela.interfaces.console import forms
from tutela.interfaces.console.forms import Fields, Form
from tutela.interfaces.console.shell import (
    Visitor,
    database_of,
    may,
    page,
    see_other,
)
from tutela.law import library, overview, signing, watching
from tutela.people.errors import NotPermitted
from tutela.people.permissions import Permission

Administrator = Annotated[Visitor, Depends(may(Permission.ADMIN))]
HERE = "/console/compliance"
NAME = "^[a-z0-9-]{1,64}$"

router = APIRouter()


class Rule(Fields):
    """A rule of a pack."""

    pack: Annotated[str, Field(pattern=NAME)]
    rule: Annotated[str, Field(pattern=NAME)]


class Signing(Rule):
    """A rule, and what whoever signs it checked."""

    why: Annotated[str, Field(max_length=signing.LONGEST)]


@router.get("/compliance")
def show_compliance(request: Request, visitor: Administrator) -> Response:
    """How the installation stands with the law."""
    return _shown(request, visitor, forms.shown())


@router.post("/compliance/sign")
def sign(
    request: Request, visitor: Administrator, form: Annotated[Form[Signing], forms.form(Signing)]
) -> Response:
    """Sign a rule as it is now."""
    return _do(request, visitor, form, signing.sign, "law.signed", "pack", "rule", "why")


@router.post("/compliance/withdraw")
def withdraw(
    request: Request, visitor: Administrator, form: Annotated[Form[Rule], forms.form(Rule)]
) -> Response:
    """Take back what was signed of a rule."""
    return _do(request, visitor, form, signing.withdraw, "law.withdrawn", "pack", "rule")


@router.post("/compliance/reviewed")
def review(
    request: Request, visitor: Administrator, form: Annotated[Form[Signing], forms.form(Signing)]
) -> Response:
    """Record that what a rule wants looked at again was."""
    return _do(request, visitor, form, signing.review, "law.reviewed", "pack", "rule", "why")


def _do(
    request: Request,
    visitor: Visitor,
    form: Form[Any],
    act: Callable[..., object],
    said: str,
    *names: str,
) -> Response:
    if form.value is None:
        return _shown(request, visitor, form, 422)
    database = database_of(request)
    try:
        with database.writing() as session:
            given = [getattr(form.value, name) for name in names]
            act(session, database.now(), visitor.caller, *given)
    except NotPermitted:
        raise
    except TutelaError as error:
        return _shown(request, visitor, form.refuse(error), 409)
    return see_other(HERE, said)


def _shown(request: Request, visitor: Visitor, form: Form[Any], status: int = 200) -> Response:
    database = database_of(request)
    now = database.now()
    with database.reading() as session:
        options = signing.options_of(session)
        found = library.library(options)
        reviews, asks = overview.reviews(session, now)
        values: dict[str, Any] = {
            "used": found.in_use(options),
            "faults": found.faults,
            "unsigned": signing.unsigned(session, found),
            "signatures": [one for one in signing.listed(session) if one.withdrawn_at is None],
            "digests": {rule.digest for pack in found.packs.values() for rule in pack.rules},
            "wanted": overview.wanted(session, now),
            "late": overview.late(session, now, visitor.caller),
            "keeping": watching.keeping(session),
            "clocks": overview.clocks(session, now),
            "reviews": reviews,
            "asks": asks,
            "not_ready": signing.not_ready(session),
        }
    return page(request, visitor, "compliance/page.html", status, form=form, now=now, **values)
