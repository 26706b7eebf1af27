"""`/reports/…/sheet`: what a person copies into an authority's form, what that asks besides, and
the reference that it gave. No byte of a file is on this page."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import Response

from tutela.interfaces import reports
from tutela.interfaces.api.approvals import MOST
from tutela.interfaces.console import forms
from tutela.interfaces.console.forms import Fields, Form
from tutela.interfaces.console.reports import EDITABLE, Reporter, ReportId, acted
from tutela.interfaces.console.shell import Visitor, page, state_of
from tutela.reporting import answering, handing, recording
from tutela.reporting.models import State
from tutela.storage import Session

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

    def do(session: Session, now: datetime, asked: Answering) -> None:
        answering.answer(
            session, now, visitor.caller, report_id, asked.version, {asked.field: asked.answer}
        )

    return acted(
        request, visitor, report_id, form, do, "report.answered", back="/sheet", refused=_shown
    )


@router.post("/reports/{report_id}/declare")
def declare(
    request: Request,
    visitor: Reporter,
    report_id: ReportId,
    form: Annotated[Form[Declaring], forms.form(Declaring)],
) -> Response:
    """Declare a report to be complete, in the visitor's name."""

    def do(session: Session, now: datetime, asked: Declaring) -> None:
        answering.declare(session, now, visitor.caller, report_id, asked.version)

    return acted(
        request, visitor, report_id, form, do, "report.declared", back="/sheet", refused=_shown
    )


@router.post("/reports/{report_id}/recorded")
def recorded(
    request: Request,
    visitor: Reporter,
    report_id: ReportId,
    form: Annotated[Form[Recording], forms.form(Recording)],
) -> Response:
    """Record the reference of a report that was filed by hand, or mend it."""

    def do(session: Session, now: datetime, asked: Recording) -> None:
        recording.recorded(session, now, visitor.caller, report_id, asked.reference, asked.repeated)

    return acted(request, visitor, report_id, form, do, "report.recorded", refused=_shown)


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
