"""Records under `/compliance`: how well matching does, processing, impact, changes; and
`/second-looks`, where a second person looks at what was decided."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import Field
from starlette.responses import Response

from tutela.cases.errors import CaseRefused, NotHeld
from tutela.decisions.errors import DecisionRefused
from tutela.decisions.service import LONGEST_REASON
from tutela.interfaces import records as gathering
from tutela.interfaces.console import forms
from tutela.interfaces.console.forms import Fields, Form
from tutela.interfaces.console.paging import SHOWN, listed
from tutela.interfaces.console.shell import (
    Visitor,
    database_of,
    may,
    page,
    see_other,
    state_of,
)
from tutela.people.permissions import Permission
from tutela.records import changes, documents, dpia, performance, processing, seconds
from tutela.records.documents import Document
from tutela.records.errors import RecordRefused
from tutela.records.models import Second
from tutela.records.setup import Setup
from tutela.storage import Session

Administrator = Annotated[Visitor, Depends(may(Permission.ADMIN))]
Worker = Annotated[Visitor, Depends(may(Permission.CASES))]
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
Day = Annotated[str, Query(max_length=40)]
Before = Annotated[str, Query(pattern="^((log|set)-[1-9][0-9]{0,17})?$")]

CHANGES, LOOKS = "/console/compliance/changes", "/console/second-looks"
MAKERS: dict[str, Callable[[Session, datetime, Setup], Document]] = {
    "processing": processing.record, "dpia": dpia.template,
}  # fmt: skip

router = APIRouter()


class Explained(Fields):
    """Why something was changed."""

    change: Annotated[str, Field(pattern=f"^{changes.NAME.pattern}$")]
    why: Annotated[str, Field(max_length=changes.LONGEST)]


class Concluded(Fields):
    """What the second person concludes."""

    conclusion: Literal["confirmed", "no-match", "cannot-tell"]
    why: Annotated[str, Field(max_length=LONGEST_REASON)]


@router.get("/compliance/performance")
def show_performance(
    request: Request,
    visitor: Administrator,
    since: Day = "",
    until: Day = "",
    by: Literal["", "media", "month"] = "",
) -> Response:
    """How often what matched was what the bank says."""
    wrong, found = "", None
    try:
        begin, end = gathering.day(since), gathering.day(until)
    except RecordRefused as error:
        wrong = f"{error.what} {error.hint}"
    else:
        with database_of(request).reading() as session:
            found = performance.record(session, begin, end, [by] if by else [])
    return page(
        request, visitor, "compliance/performance.html", 422 if wrong else 200, found=found,
        wrong=wrong, by=by, most=performance.MOST,
    )  # fmt: skip


@router.get("/compliance/changes")
def show_changes(request: Request, visitor: Administrator, before: Before = "") -> Response:
    """What of the configuration was changed, the last first."""
    return _changes(request, visitor, forms.shown(), before)


@router.post("/compliance/changes")
def explain(
    request: Request,
    visitor: Administrator,
    form: Annotated[Form[Explained], forms.form(Explained)],
) -> Response:
    """Say why something was changed."""
    if form.value is None:
        return _changes(request, visitor, form, "", 422)
    database = database_of(request)
    try:
        with database.writing() as session:
            now, asked = database.now(), form.value
            changes.explain(session, now, visitor.caller, asked.change, asked.why)
    except RecordRefused as error:
        return _changes(request, visitor, form.refuse(error), "", 409)
    return see_other(CHANGES, "record.explained")


@router.get("/compliance/processing")
def show_processing(request: Request, visitor: Administrator) -> Response:
    """The record of processing."""
    return _document(request, visitor, "processing")


@router.get("/compliance/dpia")
def show_dpia(request: Request, visitor: Administrator) -> Response:
    """The impact assessment to be finished."""
    return _document(request, visitor, "dpia")


@router.get("/compliance/processing/export")
def export_processing(request: Request, _: Administrator) -> Response:
    """The record of processing as a file of Markdown."""
    return _file(request, "processing")


@router.get("/compliance/dpia/export")
def export_dpia(request: Request, _: Administrator) -> Response:
    """The impact assessment as a file of Markdown."""
    return _file(request, "dpia")


@router.get("/second-looks")
def show_look(request: Request, visitor: Worker) -> Response:
    """What the visitor looks at as a second person."""
    return _look(request, visitor, forms.shown())


@router.post("/second-looks")
def take_look(request: Request, visitor: Worker) -> Response:
    """Take the next item that waits for a second person."""
    database = database_of(request)
    try:
        with database.writing() as session:
            found = seconds.begin(session, database.now(), visitor.caller)
    except (NotHeld, CaseRefused) as error:
        return _look(request, visitor, forms.shown().refuse(error), 409)
    return see_other(LOOKS, "look.begun" if found else "look.none")


@router.post("/second-looks/{number}")
def conclude_look(
    request: Request,
    visitor: Worker,
    number: Number,
    form: Annotated[Form[Concluded], forms.form(Concluded)],
) -> Response:
    """Say what the second person concludes."""
    if form.value is None:
        return _look(request, visitor, form, 422)
    database, asked = database_of(request), form.value
    try:
        with database.writing() as session:
            seconds.conclude(
                session, database.now(), visitor.caller, number, asked.conclusion, asked.why
            )
    except (RecordRefused, DecisionRefused, NotHeld, CaseRefused) as error:
        return _look(request, visitor, form.refuse(error), 409)
    return see_other(LOOKS, "look.concluded")


@router.post("/second-looks/{number}/back")
def give_back_look(request: Request, visitor: Worker, number: Number) -> Response:
    """Give it back without a conclusion."""
    database = database_of(request)
    try:
        with database.writing() as session:
            seconds.give_back(session, database.now(), visitor.caller, number)
    except RecordRefused as error:
        return _look(request, visitor, forms.shown().refuse(error), 409)
    return see_other(LOOKS, "look.back")


def _changes(
    request: Request, visitor: Visitor, form: Form[Any], before: str, status: int = 200
) -> Response:
    with database_of(request).reading() as session:
        try:
            found = list(changes.listed(session, before=before, limit=SHOWN + 1))
        except RecordRefused as error:
            form, found = form.refuse(error), []
    rows = listed(CHANGES, {"before": before}, found, lambda one: one.id, name="before")
    return page(request, visitor, "compliance/changes.html", status, changes=rows, form=form)


def _look(request: Request, visitor: Visitor, form: Form[Any], status: int = 200) -> Response:
    with database_of(request).reading() as session:
        mine: Second | None = seconds.in_hand(session, visitor.caller)
    return page(request, visitor, "compliance/look.html", status, look=mine, form=form)


def _document(request: Request, visitor: Visitor, name: str) -> Response:
    document = _made(request, name)
    return page(request, visitor, "compliance/document.html", document=document, name=name)


def _file(request: Request, name: str) -> Response:
    headers = {
        "content-disposition": f'attachment; filename="{name}.md"', "cache-control": "no-store",
    }  # fmt: skip
    text = documents.markdown(_made(request, name))
    return Response(text, media_type="text/markdown; charset=utf-8", headers=headers)


def _made(request: Request, name: str) -> Document:
    app = state_of(request).running.app
    setup = gathering.setup(app)
    with app.database.reading() as session:
        return MAKERS[name](session, app.database.now(), setup)
