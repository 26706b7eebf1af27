"""`/wellbeing`: what someone's work shows them, for their eyes; and for managers, all together."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field
from starlette.responses import Response

from tutela.errors import TutelaError
from tutela.interfaces.console import forms
from tutela.interfaces.console.forms import Fields, Form
from tutela.interfaces.console.paging import SHOWN, listed
from tutela.interfaces.console.seeing import NAMES
from tutela.interfaces.console.shell import (
    SignedIn,
    Visitor,
    database_of,
    may,
    page,
    see_other,
    state_of,
)
from tutela.interfaces.console.texts import N_
from tutela.interfaces.console.texts import gettext as _
from tutela.people.permissions import Permission
from tutela.views import limits, wellbeing
from tutela.views.options import most_shown

Manager = Annotated[Visitor, Depends(may(Permission.ADMIN))]
Before = Annotated[str, Query(pattern="^[0-9]{0,18}$")]
LIMITS = {
    limits.DAY: N_("as much as in a day"),
    limits.WEEK: N_("as much as in a week"),
    limits.BREAK: N_("a break was due"),
    limits.LATE: N_("outside of the shift, or at its end"),
    limits.WORST: N_("many of the worst grades in a row"),
}
router = APIRouter()


class Wanted(Fields):
    """How someone wants to work. Nothing of it is needed."""

    shift_from: Annotated[str, Field(max_length=5)] = ""
    shift_until: Annotated[str, Field(max_length=5)] = ""
    rendering: Annotated[str, Field(max_length=16)] = ""
    without: Annotated[str, Field(max_length=1000)] = ""


@router.get("/wellbeing")
def show_own(request: Request, visitor: SignedIn) -> Response:
    """What is known of one's own exposure, and how one wants to work."""
    return _page(request, visitor, None)


@router.post("/wellbeing")
def set_wishes(
    request: Request, visitor: SignedIn, form: Annotated[Form[Wanted], forms.form(Wanted)]
) -> Response:
    if form.value is None:
        return _page(request, visitor, form, 422)
    wanted = form.value
    shift = None
    if wanted.shift_from or wanted.shift_until:
        shift = wanted.shift_from, wanted.shift_until
    try:
        with database_of(request).writing() as session:
            wellbeing.wish(
                session, visitor.caller.human, shift, wanted.rendering, wanted.without.split()
            )
    except TutelaError as error:
        return _page(request, visitor, form.refuse(error), 422)
    return see_other("/console/wellbeing", "wishes.saved")


@router.get("/wellbeing/team")
def show_team(request: Request, visitor: Manager, before: Before = "") -> Response:
    """All together, by week, where they are enough; and limits that were passed."""
    database = database_of(request)
    with database.reading() as session:
        weeks = wellbeing.weeks(session, database.now())
        found = wellbeing.breaches(session, int(before) if before else None, SHOWN + 1)
    rows = listed(request.url.path, {"before": before}, found, lambda one: one.id, name="before")
    return page(
        request, visitor, "wellbeing/team.html", weeks=weeks, breaches=rows, limits=_limits(),
        least=wellbeing.LEAST,
    )  # fmt: skip


def _page(
    request: Request, visitor: Visitor, form: Form[Any] | None, status: int = 200
) -> Response:
    database = database_of(request)
    with database.reading() as session:
        own = wellbeing.own(session, database.now(), visitor.caller.human)
    options = state_of(request).running.app.settings.views
    if form is None:
        begins, ends = own.wishes.shift or (None, None)
        form = forms.shown(
            shift_from=f"{begins:%H:%M}" if begins else "",
            shift_until=f"{ends:%H:%M}" if ends else "",
            rendering=own.wishes.rendering,
            without=" ".join(sorted(own.wishes.without)),
        )
    choices = [("", _("As the organisation offers them"))]
    choices += [(one, _(NAMES[one])) for one in most_shown(options.floor)]
    return page(
        request, visitor, "wellbeing/own.html", status, own=own, options=options, form=form,
        renderings=choices, limits=_limits(), refused=isinstance(own.may, limits.Refused),
    )  # fmt: skip


def _limits() -> dict[str, str]:
    return {name: _(text) for name, text in LIMITS.items()}
