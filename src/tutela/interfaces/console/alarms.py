"""`/alarms`: what a person must look at, until someone did."""

from __future__ import annotations

import json
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import Field
from starlette.responses import Response

from tutela import alarms
from tutela.alarms.models import Alarm
from tutela.errors import TutelaError
from tutela.interfaces.api.json_bodies import MOST_NUMBER
from tutela.interfaces.console import forms
from tutela.interfaces.console.forms import Fields, Form
from tutela.interfaces.console.paging import SHOWN, listed
from tutela.interfaces.console.shell import Visitor, database_of, may, page, see_other
from tutela.people.permissions import Permission

Administrator = Annotated[Visitor, Depends(may(Permission.ADMIN))]
Number = Annotated[int, Path(ge=1, le=MOST_NUMBER)]
Before = Annotated[str, Query(pattern="^[0-9]{0,18}$")]
STATES = {"open": True, "closed": False, "all": None}
router = APIRouter()


class Closing(Fields):
    """Why an alarm can be closed."""

    why: Annotated[str, Field(min_length=3, max_length=1000)]


@router.get("/alarms")
def show_alarms(
    request: Request,
    visitor: Administrator,
    state: Literal["open", "closed", "all", ""] = "open",
    before: Before = "",
) -> Response:
    """Alarms, the last first."""
    state = state or "open"
    with database_of(request).reading() as session:
        found = alarms.latest(
            session, int(before) if before else None, SHOWN + 1, is_open=STATES[state]
        )
    filters = {"state": state, "before": before}
    rows = listed("/console/alarms", filters, found, lambda alarm: alarm.id, name="before")
    return page(request, visitor, "alarms/list.html", alarms=rows, state=state)


@router.get("/alarms/{number}")
def show_alarm(request: Request, visitor: Administrator, number: Number) -> Response:
    """An alarm, with a form to close it."""
    with database_of(request).reading() as session:
        alarm = alarms.numbered(session, number)
    return _page(request, visitor, alarm, forms.shown())


@router.post("/alarms/{number}/close")
def close_alarm(
    request: Request,
    visitor: Administrator,
    number: Number,
    form: Annotated[Form[Closing], forms.form(Closing)],
) -> Response:
    """Close an alarm that was looked at. If its cause remains, it sounds again."""
    database = database_of(request)
    if form.value is not None:
        try:
            with database.writing() as session:
                alarms.close(session, database.now(), visitor.caller.actor, number, form.value.why)
            return see_other("/console/alarms", "alarm.closed")
        except TutelaError as error:
            form.refuse(error)
    with database.reading() as session:
        alarm = alarms.numbered(session, number)
    return _page(request, visitor, alarm, form, 422)


def _page(
    request: Request, visitor: Visitor, alarm: Alarm, form: Form[Closing], status: int = 200
) -> Response:
    return page(
        request, visitor, "alarms/one.html", status, alarm=alarm, form=form,
        facts=json.loads(alarm.facts),
    )  # fmt: skip
