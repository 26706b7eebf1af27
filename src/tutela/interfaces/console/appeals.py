"""`/appeals`: decisions that someone asked to be seen again, by a different person."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import Field
from starlette.responses import Response

from tutela.banks.errors import BankError
from tutela.decisions import appeals, service
from tutela.decisions.errors import AppealRefused, DecisionRefused
from tutela.decisions.models import Decision
from tutela.decisions.told import UNSETTLED
from tutela.interfaces import deciding
from tutela.interfaces.api.approvals import MOST
from tutela.interfaces.console import forms, second
from tutela.interfaces.console.deciding import WORDS
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
from tutela.interfaces.console.texts import gettext as _
from tutela.people.errors import SecondPersonNeeded
from tutela.people.permissions import Permission

Worker = Annotated[Visitor, Depends(may(Permission.CASES))]
AppealId = Annotated[str, Path(pattern="^apl_[a-z2-7]{26}$")]
After = Annotated[str, Query(pattern="^(apl_[a-z2-7]{26})?$")]
Number = Annotated[int, Path(ge=1, le=MOST)]

router = APIRouter()


class Settled(Fields):
    """What came of an appeal."""

    outcome: Literal["upheld", "overturned"]
    why: Annotated[str, Field(max_length=service.LONGEST_REASON)]
    danger: bool = False


@router.get("/appeals")
def show_appeals(
    request: Request,
    visitor: Worker,
    state: Literal["", "open", "all"] = "",
    after: After = "",
) -> Response:
    """Appeals that wait, the oldest first, or all."""
    with database_of(request).reading() as session:
        found = appeals.listed(session, visitor.caller, after, SHOWN + 1, only_open=state != "all")
    rows = listed("/console/appeals", {"state": state, "after": after}, found, lambda one: one.id)
    return page(request, visitor, "appeals/list.html", appeals=rows, state=state)


@router.get("/appeals/{appeal_id}")
def show_appeal(request: Request, visitor: Worker, appeal_id: AppealId) -> Response:
    return _shown(request, visitor, appeal_id, forms.shown())


@router.post("/appeals/{appeal_id}")
def settle(
    request: Request,
    visitor: Worker,
    appeal_id: AppealId,
    form: Annotated[Form[Settled], forms.form(Settled)],
) -> Response:
    """Decide an appeal; to let go of what a vetted bank has waits for a second person."""
    if form.value is None:
        return _shown(request, visitor, appeal_id, form, 422)
    asked, here = form.value, f"/console/appeals/{appeal_id}"
    try:
        deciding.settle(
            state_of(request).running.app, visitor.caller, appeal_id, asked.outcome, asked.why,
            danger=asked.danger,
        )  # fmt: skip
    except SecondPersonNeeded:
        return see_other(here, "second.asked")
    except (AppealRefused, DecisionRefused, BankError) as error:
        form.refuse(error)
        return _shown(request, visitor, appeal_id, form, 422)
    return see_other(here, "appeal.settled")


@router.post("/appeals/{appeal_id}/requests/{number}")
def do_settle(request: Request, visitor: Worker, appeal_id: AppealId, number: Number) -> Response:
    """Do what was asked for and agreed to."""
    asked = second.mine(database_of(request), visitor, (deciding.OVERTURN,), appeal_id, number)
    here = f"/console/appeals/{appeal_id}"
    try:
        deciding.settle(
            state_of(request).running.app, visitor.caller, appeal_id, asked.facts["outcome"],
            asked.why,
        )  # fmt: skip
    except SecondPersonNeeded:
        return see_other(here, "second.waits")
    except (AppealRefused, DecisionRefused, BankError) as error:
        return _shown(request, visitor, appeal_id, forms.shown().refuse(error), 422)
    return see_other(here, "appeal.settled")


def _shown(
    request: Request, visitor: Visitor, appeal_id: str, form: Form[Any], status: int = 200
) -> Response:
    database = database_of(request)
    with database.reading() as session:
        appeal = appeals.found(session, visitor.caller, appeal_id)
        decision = session.get_one(Decision, appeal.decision_id)
        own = visitor.caller.human in (
            decision.actor, service.human_of(session, decision.actor)
        )  # fmt: skip
        asked = second.waiting(session, database.now(), visitor, (deciding.OVERTURN,), appeal_id)
    return page(
        request, visitor, "appeals/one.html", status, appeal=appeal, decision=decision, own=own,
        asked=asked, form=form, concluded=_(WORDS[decision.conclusion]),
        undecided=decision.conclusion in UNSETTLED,
    )  # fmt: skip
