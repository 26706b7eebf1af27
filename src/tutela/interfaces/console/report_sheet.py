"""`/reports/…/sheet`: what a person copies into an authority's form, what that asks besides, and
the reference that it gave. No byte of a file is on this page."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import Response

from tutela.errors import TutelaError
from tutela.interfaces import reports
from tutela.interfaces.api.approvals import MOST
from tutela.interfaces.console import forms
from tutela.interfaces.console.forms import Fields, Form
from tutela.interfaces.console.reports import EDITABLE, Reporter, ReportId
from tutela.interfaces.console.shell import Visitor, database_of, page, see_other, state_of
from tutela.people.errors import NotPermitted
from tutela.reporting import answering, handing, recording
from tutela.reporting.errors import NoSuchReport
from tutela.reporting.models import State

LONGEST, LONGEST_REFERENCE = 10_000, 64

router = APIRouter()


class Declaring(Fields):
    """Which version is declared to be complete."""

    version: Annotated[int, Field(ge=1, le=MOST)]


class Answering(Declaring):
    """What is said of one field."""

    field: Annotated[str, Field(max_length=64)]
    answer: Annotated[str, Field(max_length=LONGEST)] = ""


class Recording(Fields):
    """What the authority gave, typed twice."""

    reference: Annotated[str, Field(max_length=LONGEST_REFERENCE)]
    repeated: Annotated[str, Field(max_length=LONGEST_REFERENCE)]


@router.get("/reports/{report_id}/sheet")
def show_sheet(request: Request, visitor: Reporter, report_id: ReportId) -> Response:
    """The sheet of a report."""
    return _shown(request, visitor, report_id, forms.shown())


@router.post("/reports/{report_id}/answers")
def answer(
    request: Request,
    visitor: Reporter,
    report_id: ReportId,
    form: Annotated[Form[Answering], forms.form(Answering)],
) -> Response:
    """Answer a field of the form."""
    if form.value is None:
        return _shown(request, visitor, report_id, form, 422)
    asked, database = form.value, database_of(request)
    try:
        with database.writing() as session:
            answering.answer(
                session, database.now(), visitor.caller, report_id, asked.version,
                {asked.field: asked.answer},
            )  # fmt: skip
    except (NoSuchReport, NotPermitted):
        raise
    except TutelaError as error:
        return _shown(request, visitor, report_id, form.refuse(error), 422)
    return see_other(f"/console/reports/{report_id}/sheet", "report.answered")


@router.post("/reports/{report_id}/declare")
def declare(
    request: Request,
    visitor: Reporter,
    report_id: ReportId,
    form: Annotated[Form[Declaring], forms.form(Declaring)],
) -> Response:
    """Declare a report to be complete, in the visitor's name."""
    if form.value is None:
        return _shown(request, visitor, report_id, form, 422)
    database = database_of(request)
    try:
        with database.writing() as session:
            answering.declare(
                session, database.now(), visitor.caller, report_id, form.value.version
            )
    except (NoSuchReport, NotPermitted):
        raise
    except TutelaError as error:
        return _shown(request, visitor, report_id, form.refuse(error), 422)
    return see_other(f"/console/reports/{report_id}/sheet", "report.declared")


@router.post("/reports/{report_id}/recorded")
def recorded(
    request: Request,
    visitor: Reporter,
    report_id: ReportId,
    form: Annotated[Form[Recording], forms.form(Recording)],
) -> Response:
    """Record the reference of a report that was filed by hand, or mend it."""
    if form.value is None:
        return _shown(request, visitor, report_id, form, 422)
    asked, database = form.value, database_of(request)
    try:
        with database.writing() as session:
            recording.recorded(
                session, database.now(), visitor.caller, report_id, asked.reference, asked.repeated
            )
    except (NoSuchReport, NotPermitted):
        raise
    except TutelaError as error:
        return _shown(request, visitor, report_id, form.refuse(error), 422)
    return see_other(f"/console/reports/{report_id}", "report.recorded")


def _shown(
    request: Request, visitor: Visitor, report_id: str, form: Form[Any], status: int = 200
) -> Response:
    app = state_of(request).running.app
    with app.database.reading() as session:
        found = reports.looked(app, session, visitor.caller, report_id)
        sheet = reports.sheet(app, found, app.database.now())
        waits = handing.waits(session, found.row)
    answers = found.authority.choices().get("answers", {})
    return page(
        request, visitor, "reports/sheet.html", status, found=found, row=found.row, sheet=sheet,
        form=form, editable=found.row.state in EDITABLE, waits=waits,
        filed=found.row.state == State.FILED and found.authority.by_hand,
        faults=reports.faults(app, found), fields=[*answers.items()],
    )  # fmt: skip
