"""`/reports`: what is or was said to authorities: the register, one report, how it reads, and the
calls that were made for it. No byte of a file is on these pages."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import Field
from starlette.responses import Response

from tutela.cases import service as cases
from tutela.errors import TutelaError
from tutela.interfaces import reports
from tutela.interfaces.console import forms, second
from tutela.interfaces.console.forms import Fields, Form
from tutela.interfaces.console.paging import SHOWN, listed
from tutela.interfaces.console.report_fields import MANY, PARTS
from tutela.interfaces.console.report_words import WORDS
from tutela.interfaces.console.shell import (
    Visitor,
    database_of,
    fragment,
    may,
    page,
    see_other,
    state_of,
)
from tutela.interfaces.console.texts import N_
from tutela.interfaces.console.texts import gettext as _
from tutela.interfaces.reports import Looked
from tutela.people.errors import NotPermitted
from tutela.people.permissions import Permission
from tutela.reporting import (
    authorities,
    drafting,
    handing,
    previewing,
    reaching,
    register,
    sending,
)
from tutela.reporting.errors import NoSuchAuthority, NoSuchReport, ReportNotReady
from tutela.reporting.facts import Incident
from tutela.reporting.models import State
from tutela.storage import Session

Asked = TypeVar("Asked", bound=Fields)
Reporter = Annotated[Visitor, Depends(may(Permission.REPORTS))]
ReportId = Annotated[str, Path(pattern="^rpt_[a-z2-7]{26}$")]
CaseId = Annotated[str, Path(pattern="^case_[a-z2-7]{26}$")]
After = Annotated[str, Query(pattern="^(rpt_[a-z2-7]{26})?$")]
AfterNumber = Annotated[str, Query(pattern="^[0-9]{0,9}$")]
AUTHORITY = "^[a-z0-9-]{0,32}$"

STATES = {
    "draft": N_("draft"), "queued": N_("waits to be sent"), "halted": N_("halted"),
    "filed": N_("filed"), "withdrawn": N_("withdrawn"),
}  # fmt: skip
EDITABLE = frozenset({State.DRAFT, State.HALTED})
OF_CASE = 20
"""Reports of one case that its page lists: more than a case has."""

router = APIRouter()


class Drafting(Fields):
    """To whom, and what it is about where that does not show."""

    authority: Annotated[str, Field(pattern=AUTHORITY)] = ""
    incident: Incident | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """Something of a report that is edited by itself."""

    title: str
    path: str
    held: bool


@router.get("/reports")
def show_reports(
    request: Request,
    visitor: Reporter,
    state: Literal["", "draft", "queued", "halted", "filed", "withdrawn"] = "",
    authority: Annotated[str, Query(pattern=AUTHORITY)] = "",
    after: After = "",
) -> Response:
    """Reports, the last first."""
    with database_of(request).reading() as session:
        found = register.listed(
            session, visitor.caller, after, SHOWN + 1, state=state, authority=authority
        )
    filters = {"state": state, "authority": authority, "after": after}
    rows = listed("/console/reports", filters, found, lambda one: one.id)
    return page(
        request, visitor, "reports/list.html", reports=rows, filtered=bool(state or authority),
        authorities=_authorities(), states=_states(),
    )  # fmt: skip


@router.get("/reports/{report_id}")
def show_report(request: Request, visitor: Reporter, report_id: ReportId) -> Response:
    """A report: how it stands, what it holds, what is missing."""
    return shown(request, visitor, report_id, forms.shown())


@router.get("/reports/{report_id}/preview")
def show_preview(request: Request, visitor: Reporter, report_id: ReportId) -> Response:
    """A report as who receives it will read it."""
    app = state_of(request).running.app
    with app.database.reading() as session:
        found = reports.looked(app, session, visitor.caller, report_id)
    sections = previewing.sections(
        found.content, app.settings.reporting.reporter, found.authority, found.schema
    )
    return page(request, visitor, "reports/preview.html", found=found, sections=sections)


@router.get("/reports/{report_id}/calls")
def show_calls(
    request: Request, visitor: Reporter, report_id: ReportId, after: AfterNumber = ""
) -> Response:
    """The calls that were made for a report."""
    with database_of(request).reading() as session:
        row = register.found(session, visitor.caller, report_id)
        found = register.exchanges(session, report_id, int(after or 0), SHOWN + 1)
        due = reaching.next_try(session, row)
    rows = listed(
        f"/console/reports/{report_id}/calls", {"after": after}, found, lambda one: one.number
    )
    return page(
        request, visitor, "reports/calls.html", row=row, due=due, calls=rows, states=_states()
    )


@router.get("/cases/{case_id}/reports")
def show_of_case(request: Request, visitor: Reporter, case_id: CaseId) -> Response:
    """The reports of a case, and a form to draft one; a part of its page, or a page of its own."""
    return _of_case(request, visitor, case_id, forms.shown())


@router.post("/cases/{case_id}/reports")
def draft(
    request: Request,
    visitor: Reporter,
    case_id: CaseId,
    form: Annotated[Form[Drafting], forms.form(Drafting)],
) -> Response:
    """Draft a report of what is known of a case."""
    if form.value is None:
        return _of_case(request, visitor, case_id, form, 422)
    app, asked = state_of(request).running.app, form.value
    chosen = asked.authority or next(iter(app.settings.reporting.authorities), "")
    try:
        with app.database.writing() as session:
            case = cases.found(session, visitor.caller, case_id)
            row = drafting.draft(
                session, app.database.now(), visitor.caller.actor, case, chosen,
                incident=asked.incident,
            )  # fmt: skip
    except (ReportNotReady, NoSuchAuthority) as error:
        return _of_case(request, visitor, case_id, form.refuse(error), 422)
    return see_other(f"/console/reports/{row.id}", "report.drafted")


def acted(
    request: Request,
    visitor: Visitor,
    report_id: str,
    form: Form[Asked],
    do: Callable[[Session, datetime, Asked], object],
    told: str,
    *,
    back: str = "",
    refused: Callable[..., Response] | None = None,
) -> Response:
    """Do what a form asks of a report, in one transaction, and lead to its page, or to what stands
    at `back` below it; what was wrong is said on the report's page, or on `refused`."""
    refused = refused or shown
    if form.value is None:
        return refused(request, visitor, report_id, form, 422)
    database = database_of(request)
    try:
        with database.writing() as session:
            do(session, database.now(), form.value)
    except (NoSuchReport, NotPermitted):
        raise
    except TutelaError as error:
        return refused(request, visitor, report_id, form.refuse(error), 422)
    return see_other(f"/console/reports/{report_id}{back}", told)


def shown(
    request: Request, visitor: Visitor, report_id: str, form: Form[Any], status: int = 200
) -> Response:
    """The page of a report, with what was wrong with a form of it."""
    app = state_of(request).running.app
    with app.database.reading() as session:
        now = app.database.now()
        found = reports.looked(app, session, visitor.caller, report_id)
        case = cases.found(session, visitor.caller, found.row.case_id)
        two, due = sending.takes_two(session, found.row), reaching.next_try(session, found.row)
        asked = second.waiting(session, now, visitor, (reports.SEND,), report_id)
        by_hand = handing.waits(session, found.row)
        gone = reports.gone(session, found.row)
        editable = found.row.state in EDITABLE
        kept = reports.going(app, session, found).why_not if editable else ()
        added = [
            one.id
            for one in register.listed(session, visitor.caller, "", OF_CASE, case_id=case.id)
            if one.supplements == report_id
        ]
    return page(
        request, visitor, "reports/one.html", status, found=found, row=found.row, due=due,
        case=case, two=two, gone=gone, asked=asked, form=form, editable=editable,
        states=_states(), added=added,
        by_hand=by_hand,
        faults=[*reports.faults(app, found), *kept] if editable else (),
        parts=_parts(found), receipt=json.loads(found.row.receipt or "null"),
        missing=[(one.name, one.title) for one in found.complete.fields if not one.held],
    )  # fmt: skip


def _of_case(
    request: Request, visitor: Visitor, case_id: str, form: Form[Drafting], status: int = 200
) -> Response:
    with database_of(request).reading() as session:
        case = cases.found(session, visitor.caller, case_id)
        found = register.listed(session, visitor.caller, "", OF_CASE, case_id=case_id)
        gone = {one.id for one in found if reports.gone(session, one)}
    values: dict[str, Any] = {
        "case": case, "reports": found, "gone": gone, "form": form, "states": _states(),
        "authorities": _authorities(), "incidents": codes("incident", Incident),
    }  # fmt: skip
    if "hx-request" in request.headers:
        return fragment(request, visitor, "case/reports_part.html", status, **values)
    return page(request, visitor, "case/reports_page.html", status, **values)


def _parts(found: Looked) -> list[Part]:
    """What of a report is edited by itself, with a place for one more of each list."""
    made = []
    for name in PARTS:
        title = _("Incident") if name == "incident" else _(WORDS[name])
        if name not in MANY:
            held = name == "incident" or getattr(found.content, name) is not None
            made.append(Part(title, name, held))
            continue
        count = len(getattr(found.content, name))
        if name == "files":
            continue
        made += [Part(f"{title} {n + 1}", f"{name}.{n}", held=True) for n in range(min(count, 50))]
        made.append(Part(title, f"{name}.{count}", held=False))
    return made


def _states() -> dict[str, str]:
    return {name: _(text) for name, text in STATES.items()}


def _authorities() -> list[tuple[str, str]]:
    return [(name, one.title) for name, one in authorities.all_().items()]


def codes(field: str, known: Iterable[str]) -> list[tuple[str, str]]:
    """Codes, with what the authorities that are installed call each."""
    made = []
    for code in known:
        called = [
            one.choices().get(field, {}).get(str(code), "") for one in authorities.all_().values()
        ]
        made.append((str(code), " · ".join([str(code), *filter(None, dict.fromkeys(called))])))
    return made
