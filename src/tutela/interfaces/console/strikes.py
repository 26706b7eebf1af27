"""`/strikes`: what counts against accounts, since when and until when."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import Field
from starlette.responses import Response

from tutela.decisions import strikes
from tutela.decisions.errors import DecisionRefused
from tutela.interfaces.api.json_bodies import NO_ZERO
from tutela.interfaces.console import forms
from tutela.interfaces.console.forms import Fields, Form
from tutela.interfaces.console.paging import SHOWN, listed
from tutela.interfaces.console.rendering import with_query
from tutela.interfaces.console.shell import (
    Visitor,
    database_of,
    fragment,
    may,
    page,
    see_other,
)
from tutela.people.permissions import Permission

Worker = Annotated[Visitor, Depends(may(Permission.CASES))]
Senior = Annotated[Visitor, Depends(may(Permission.RELEASE))]
Account = Annotated[str, Query(max_length=256, pattern=NO_ZERO)]
Number = Annotated[int, Path(ge=1, le=2**63 - 1)]

router = APIRouter()


class Ended(Fields):
    """Why a strike counts no more."""

    why: Annotated[str, Field(max_length=1000)]
    account: Annotated[str, Field(max_length=256)] = ""


@router.get("/strikes")
def show_strikes(request: Request, visitor: Worker, after: Account = "") -> Response:
    """Accounts against which something counts now."""
    database = database_of(request)
    with database.reading() as session:
        found = strikes.listed(session, database.now(), visitor.caller, after, SHOWN + 1)
    rows = listed("/console/strikes", {"after": after}, found, lambda one: one.account)
    return page(request, visitor, "strikes/list.html", accounts=rows)


@router.get("/strikes/account")
def show_account(request: Request, visitor: Worker, account: Account = "") -> Response:
    """The strikes of one account; a part of its page, or a page of its own."""
    return _shown(request, visitor, account, forms.shown())


@router.post("/strikes/{number}/end")
def end(
    request: Request,
    visitor: Senior,
    number: Number,
    form: Annotated[Form[Ended], forms.form(Ended)],
) -> Response:
    """A strike counts no more, for a reason."""
    account = str(form.get("account"))
    if form.value is None:
        return _shown(request, visitor, account, form, 422)
    database = database_of(request)
    try:
        with database.writing() as session:
            strikes.end(session, database.now(), visitor.caller, number, form.value.why)
    except DecisionRefused as error:
        form.refuse(error)
        return _shown(request, visitor, account, form, 422)
    return see_other(with_query("/console/strikes/account", {}, account=account), "strike.ended")


def _shown(
    request: Request, visitor: Visitor, account: str, form: Form[Ended], status: int = 200
) -> Response:
    database = database_of(request)
    with database.reading() as session:
        now = database.now()
        rows = strikes.of_account(session, visitor.caller, account)
        spared = strikes.spared(session, account)
        weight = strikes.weight(session, now, account)
    values: dict[str, Any] = {
        "account": account, "strikes": rows, "spared": spared, "weight": weight, "form": form,
        "ends": visitor.may(Permission.RELEASE),
    }  # fmt: skip
    if "hx-request" in request.headers:
        return fragment(request, visitor, "strikes/part.html", status, **values)
    return page(request, visitor, "strikes/account.html", status, **values)
