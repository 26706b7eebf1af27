"""`/cases`: what waits, the most urgent first; and the next case for whoever asks for it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field
from sqlalchemy import select, true
from starlette.responses import Response

from tutela.cases import queues, service, standing
from tutela.cases.models import Case
from tutela.cases.service import Filters
from tutela.interfaces.api.cases import given_out
from tutela.interfaces.console import forms
from tutela.interfaces.console.forms import Fields, Form
from tutela.interfaces.console.paging import SHOWN, listed
from tutela.interfaces.console.shell import Visitor, database_of, may, page, see_other
from tutela.people import knowing
from tutela.people.models import Need
from tutela.people.permissions import Permission
from tutela.storage import Session

Worker = Annotated[Visitor, Depends(may(Permission.CASES))]
QUEUE = f"^({queues.NAME.pattern})?$"
PLACE = r"^([0-9]{1,5}~[0-9T:.+-]{19,40}~case_[a-z0-9]{1,26})?$"
"""Where the next page begins: rank, time and id of the last case of this one."""

router = APIRouter()


class Taking(Fields):
    """From which queue; empty: from all."""

    queue: Annotated[str, Field(pattern=QUEUE)] = ""


@router.get("/cases")
def show_cases(
    request: Request,
    visitor: Worker,
    queue: Annotated[str, Query(pattern=QUEUE)] = "",
    role: Literal["suspect", "child", "unknown", ""] = "",
    danger: Literal["yes", ""] = "",
    mine: Literal["yes", ""] = "",
    after: Annotated[str, Query(pattern=PLACE)] = "",
) -> Response:
    """Open cases in the order in which they are given out, and how many wait in each queue."""
    database = database_of(request)
    now = database.now()
    with database.reading() as session:
        asked = Filters(queue, role, bool(danger), bool(mine))
        found = service.waiting(session, visitor.caller, asked, _place(after), SHOWN + 1)
        counted = standing.standing(session, now, _visible(session, visitor))
        known = queues.in_use(session)
    filters = {"queue": queue, "role": role, "danger": danger, "mine": mine, "after": after}
    rows = listed("/console/cases", filters, found, _cursor, SHOWN)
    counts = {one.queue: one for one in counted.each}
    return page(
        request, visitor, "case/queue.html", cases=rows, queues=known, counts=counts, queue=queue,
        more=counted.more, most=standing.MOST, filtered=bool(queue or role or danger or mine),
    )  # fmt: skip


@router.post("/cases/next")
def take_next(
    request: Request, visitor: Worker, form: Annotated[Form[Taking], forms.form(Taking)]
) -> Response:
    """Take the next case."""
    database = database_of(request)
    queue = form.value.queue if form.value else ""
    case, sees = given_out(database, visitor.caller, queue or None)
    if case is None and not sees:
        return see_other("/console/wellbeing", "view.limit")
    if case is None:
        where = f"?queue={queue}" if queue else ""
        return see_other(f"/console/cases{where}", "case.none")
    return see_other(f"/console/cases/{case.id}")


def _visible(session: Session, visitor: Visitor):  # type: ignore[no-untyped-def] # a condition
    limited = session.scalar(select(Need.id).limit(1)) is not None
    return knowing.visible(visitor.caller, Case.queue, Case.id) if limited else true()


def _cursor(case: Case) -> str:
    return f"{case.rank}~{case.opened_at.isoformat()}~{case.id}"


def _place(after: str) -> tuple[int, datetime, str] | None:
    if not after:
        return None
    rank, at, case_id = after.split("~")
    try:
        begin = datetime.fromisoformat(at)
    except ValueError:
        return None
    return (int(rank), begin, case_id) if begin.tzinfo else None
