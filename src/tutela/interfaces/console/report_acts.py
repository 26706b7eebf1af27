"""What is done with a report from its page: sent, tried again, taken back, added to."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import Field
from starlette.responses import Response

from tutela.cases.errors import CaseRefused
from tutela.interfaces import reports
from tutela.interfaces.api.approvals import MOST
from tutela.interfaces.console import forms, second
from tutela.interfaces.console.forms import Fields, Form
from tutela.interfaces.console.reports import Reporter, ReportId, shown
from tutela.interfaces.console.second import Asking
from tutela.interfaces.console.shell import database_of, see_other, state_of
from tutela.people.errors import SecondPersonNeeded
from tutela.reporting import drafting, register
from tutela.reporting.errors import (
    CannotWithdraw,
    NotConfigured,
    ReportChanged,
    ReportNotReady,
)
from tutela.reporting.facts import Incident
from tutela.reporting.models import State

Number = Annotated[int, Path(ge=1, le=MOST)]
REFUSED = (ReportNotReady, ReportChanged, CannotWithdraw, NotConfigured)
LONGEST = 1000
"""Letters of a reason: a paragraph."""

router = APIRouter()


class Sending(Asking):
    """Which version was looked at."""

    version: Annotated[int, Field(ge=1, le=MOST)]


class Taking(Fields):
    """Why a report is taken back."""

    why: Annotated[str, Field(max_length=LONGEST)]


class Adding(Fields):
    """What a report that adds to another is about."""

    incident: Incident | None = None


@router.post("/reports/{report_id}/send")
def send(
    request: Request,
    visitor: Reporter,
    report_id: ReportId,
    form: Annotated[Form[Sending], forms.form(Sending)],
) -> Response:
    """Queue a report, as it was looked at; where it takes two people it waits for the second."""
    if form.value is None:
        return shown(request, visitor, report_id, form, 422)
    asked, here = form.value, f"/console/reports/{report_id}"
    try:
        reports.send(
            state_of(request).running.app, visitor.caller, report_id, asked.version,
            why=asked.why, danger=asked.danger,
        )  # fmt: skip
    except SecondPersonNeeded:
        return see_other(here, "second.asked")
    except REFUSED as error:
        return shown(request, visitor, report_id, form.refuse(error), 422)
    return see_other(here, "report.queued")


@router.post("/reports/{report_id}/requests/{number}")
def do_send(request: Request, visitor: Reporter, report_id: ReportId, number: Number) -> Response:
    """Send what was asked for and agreed to: that very version."""
    asked = second.mine(database_of(request), visitor, (reports.SEND,), report_id, number)
    here = f"/console/reports/{report_id}"
    app, version = state_of(request).running.app, asked.facts["version"]
    with app.database.reading() as session:
        halted = register.found(session, visitor.caller, report_id).state == State.HALTED
    act = reports.again if halted else reports.send
    try:
        act(app, visitor.caller, report_id, version, why=asked.why)
    except SecondPersonNeeded:
        return see_other(here, "second.waits")
    except REFUSED as error:
        return shown(request, visitor, report_id, forms.shown().refuse(error), 422)
    return see_other(here, "report.queued")


@router.post("/reports/{report_id}/again")
def again(request: Request, visitor: Reporter, report_id: ReportId) -> Response:
    """Put a report that halted back into the queue; where it was changed, someone may have to agree
    to it anew."""
    try:
        reports.again(state_of(request).running.app, visitor.caller, report_id)
    except SecondPersonNeeded:
        return see_other(f"/console/reports/{report_id}", "second.asked")
    except REFUSED as error:
        return shown(request, visitor, report_id, forms.shown().refuse(error), 422)
    return see_other(f"/console/reports/{report_id}", "report.again")


@router.post("/reports/{report_id}/withdraw")
def withdraw(
    request: Request,
    visitor: Reporter,
    report_id: ReportId,
    form: Annotated[Form[Taking], forms.form(Taking)],
) -> Response:
    """Withdraw a report that was not filed."""
    if form.value is None:
        return shown(request, visitor, report_id, form, 422)
    app = state_of(request).running.app
    try:
        reports.withdraw(app, visitor.caller, report_id, form.value.why)
    except (*REFUSED, CaseRefused) as error:
        return shown(request, visitor, report_id, form.refuse(error), 422)
    return see_other(f"/console/reports/{report_id}", "report.withdrawn")


@router.post("/reports/{report_id}/supplement")
def supplement(
    request: Request,
    visitor: Reporter,
    report_id: ReportId,
    form: Annotated[Form[Adding], forms.form(Adding)],
) -> Response:
    """Draft a report that adds to one that was filed."""
    if form.value is None:
        return shown(request, visitor, report_id, form, 422)
    database = database_of(request)
    try:
        with database.writing() as session:
            row = drafting.supplement(
                session, database.now(), visitor.caller, report_id, form.value.incident
            )
    except REFUSED as error:
        return shown(request, visitor, report_id, form.refuse(error), 422)
    return see_other(f"/console/reports/{row.id}", "report.drafted")
