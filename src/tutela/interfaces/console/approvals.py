"""`/approvals`: acts that take two people: those that wait, and those that could not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from sqlalchemy import and_
from starlette.responses import Response

from tutela.interfaces.api.json_bodies import After
from tutela.interfaces.console import forms
from tutela.interfaces.console.forms import Fields, Form
from tutela.interfaces.console.paging import SHOWN, listed
from tutela.interfaces.console.shell import SignedIn, Visitor, database_of, page, see_other
from tutela.people import approvals
from tutela.people.models import Approval
from tutela.reporting import requests

MOST = 2**31 - 1
"""The largest number that the database gives a request."""

Number = Annotated[int, Path(ge=1, le=MOST)]

router = APIRouter()


class Judged(Fields):
    """What someone says of an act that was done at once."""

    agreed: bool


@router.get("/approvals")
def show_waiting(request: Request, visitor: SignedIn, after: After = "0") -> Response:
    """Requests that the visitor may agree to, and their own."""
    database, only = database_of(request), requests.known(visitor.caller)
    with database.reading() as session:
        found = approvals.waiting(
            session, database.now(), min(int(after), MOST), SHOWN + 1, visitor.caller,
            and_(only, requests.waits()),
        )  # fmt: skip
        overdue = len(approvals.to_review(session, 0, SHOWN, visitor.caller, only))
    return _shown(request, visitor, "approvals/waiting.html", found, after, to_review=overdue)


@router.get("/approvals/review")
def show_to_review(request: Request, visitor: SignedIn, after: After = "0") -> Response:
    """What was done at once because of danger, and waits for a review."""
    database = database_of(request)
    with database.reading() as session:
        found = approvals.to_review(
            session, min(int(after), MOST), SHOWN + 1, visitor.caller,
            requests.known(visitor.caller),
        )  # fmt: skip
    return _shown(
        request, visitor, "approvals/review.html", found, after, to_review=min(len(found), SHOWN)
    )


@router.post("/approvals/{number}/approve")
def approve(request: Request, visitor: SignedIn, number: Number) -> Response:
    database = database_of(request)
    with database.writing() as session:
        requests.require_known(session, visitor.caller, number)
        approvals.approve(session, database.now(), visitor.caller, number)
    return see_other("/console/approvals", "approval.given")


@router.post("/approvals/{number}/refuse")
def refuse(request: Request, visitor: SignedIn, number: Number) -> Response:
    """Say no; or take back what one asked for oneself."""
    database = database_of(request)
    with database.writing() as session:
        requests.require_known(session, visitor.caller, number)
        found = approvals.refuse(session, database.now(), visitor.caller, number)
    own = found.asked_human == visitor.caller.human
    return see_other("/console/approvals", "approval.withdrawn" if own else "approval.refused")


@router.post("/approvals/{number}/review")
def review(
    request: Request,
    visitor: SignedIn,
    number: Number,
    form: Annotated[Form[Judged], forms.form(Judged)],
) -> Response:
    if form.value is None:
        return see_other("/console/approvals/review")
    database = database_of(request)
    with database.writing() as session:
        requests.require_known(session, visitor.caller, number)
        approvals.review(session, database.now(), visitor.caller, number, agreed=form.value.agreed)
    return see_other("/console/approvals/review", "approval.reviewed")


def _shown(
    request: Request,
    visitor: Visitor,
    template: str,
    found: Sequence[Approval],
    after: str,
    **values: Any,
) -> Response:
    filters = {"after": after if after != "0" else ""}
    rows = [(one, json.loads(one.facts)) for one in found]
    shown = listed(request.url.path, filters, rows, lambda row: row[0].id)
    return page(request, visitor, template, requests=shown, human=visitor.caller.human, **values)
