"""`/cases/…/deciding`: what is still to be decided on a case, what was, and the way back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import Field
from starlette.responses import Response

from tutela.banks.errors import BankError
from tutela.cases import queues, work
from tutela.cases import service as cases
from tutela.cases.errors import CaseRefused, NotHeld
from tutela.decisions import effects, grades, items, own_bank, service
from tutela.decisions.errors import DecisionRefused, GradesRefused
from tutela.decisions.items import Known
from tutela.decisions.models import Decision
from tutela.decisions.told import CONCLUSIONS, ESCALATED
from tutela.interfaces import deciding
from tutela.interfaces.api.approvals import MOST
from tutela.interfaces.console import forms, second
from tutela.interfaces.console.forms import Fields, Form
from tutela.interfaces.console.paging import listed
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
from tutela.people.errors import SecondPersonNeeded
from tutela.people.permissions import Permission
from tutela.screening.models import Item

Worker = Annotated[Visitor, Depends(may(Permission.CASES))]
CaseId = Annotated[str, Path(pattern="^case_[a-z2-7]{26}$")]
DecisionId = Annotated[str, Path(pattern="^dec_[a-z2-7]{26}$")]
Number = Annotated[int, Path(ge=1, le=MOST)]
After = Annotated[str, Query(pattern="^(itm_[a-z2-7]{26})?$")]

SHOWN = 20
"""Items of a page: what one decides about in one go."""

WORDS = {
    "confirmed": N_("Confirmed"),
    "no-match": N_("Not a match"),
    "cannot-tell": N_("I cannot tell"),
    "escalated": N_("For someone else"),
}
HINTS = {
    "confirmed": N_("It is what it is said to be. It stays blocked, and so does the next copy."),
    "no-match": N_("It is something else. It is given back, and the source is told."),
    "cannot-tell": N_("It stays as it is, for someone else to decide."),
    "escalated": N_("Someone with more experience is to decide."),
}
router = APIRouter()


class Deciding(Fields):
    """What someone concludes. `grades`: facts, each as CODE=VALUE."""

    items: Annotated[list[str], Field(max_length=service.MOST, default_factory=list)]
    conclusion: Annotated[str, Field(max_length=16)]
    reason: Annotated[str, Field(max_length=service.LONGEST_REASON)]
    grades: Annotated[list[str], Field(max_length=50, default_factory=list)]
    copies: bool = False
    danger: bool = False


class Why(Fields):
    """A reason."""

    why: Annotated[str, Field(max_length=service.LONGEST_REASON)]


@dataclass(frozen=True, slots=True)
class Shown:
    """An item that is to be decided about."""

    item: Item
    known: Known
    before: Decision | None


@router.get("/cases/{case_id}/deciding")
def show_deciding(
    request: Request, visitor: Worker, case_id: CaseId, after: After = ""
) -> Response:
    """What is to be decided on a case, for who works on it; what was, for who sees it."""
    return _shown(request, visitor, case_id, forms.shown(copies=True), after)


@router.post("/cases/{case_id}/decisions")
def decide(
    request: Request,
    visitor: Worker,
    case_id: CaseId,
    form: Annotated[Form[Deciding], forms.form(Deciding)],
) -> Response:
    """Conclude something of items; what takes two people waits for the second."""
    if form.value is None:
        return _shown(request, visitor, case_id, form, "", 422)
    asked = form.value
    given = dict(one.partition("=")[::2] for one in asked.grades if one)
    try:
        deciding.decide(
            state_of(request).running.app, visitor.caller, case_id, asked.items,
            asked.conclusion, asked.reason, given, copies=asked.copies, danger=asked.danger,
        )  # fmt: skip
    except SecondPersonNeeded:
        return see_other(f"/console/cases/{case_id}", "second.asked")
    except (DecisionRefused, GradesRefused, NotHeld, CaseRefused, BankError) as error:
        form.refuse(error)
        return _shown(request, visitor, case_id, form, "", 422)
    return see_other(f"/console/cases/{case_id}", "decision.made")


@router.post("/cases/{case_id}/decisions/{number}")
def do_decide(request: Request, visitor: Worker, case_id: CaseId, number: Number) -> Response:
    """Decide what was asked for and agreed to, exactly as it was asked."""
    asked = second.mine(database_of(request), visitor, deciding.ACTS, case_id, number)
    facts = asked.facts
    try:
        deciding.decide(
            state_of(request).running.app, visitor.caller, case_id, facts["items"].split(),
            facts["conclusion"], asked.why, json.loads(facts["grades"]), copies=facts["copies"],
        )  # fmt: skip
    except SecondPersonNeeded:
        return see_other(f"/console/cases/{case_id}", "second.waits")
    except (DecisionRefused, NotHeld, CaseRefused, BankError) as error:
        form = forms.shown(copies=True).refuse(error)
        return _shown(request, visitor, case_id, form, "", 422)
    return see_other(f"/console/cases/{case_id}", "decision.made")


@router.post("/decisions/{decision_id}/undo")
def undo(
    request: Request,
    visitor: Worker,
    decision_id: DecisionId,
    form: Annotated[Form[Why], forms.form(Why)],
) -> Response:
    """Take a decision back, with all that followed."""
    database = database_of(request)
    with database.reading() as session:
        case_id = service.found(session, visitor.caller, decision_id).case_id
    why = form.value.why if form.value else ""
    try:
        with database.writing() as session:
            service.undo(session, database.now(), visitor.caller, decision_id, why)
    except (DecisionRefused, NotHeld, CaseRefused) as error:
        refused = forms.shown(copies=True).refuse(error)
        return _shown(request, visitor, case_id, refused, "", 422)
    return see_other(f"/console/cases/{case_id}", "decision.undone")


@router.post("/decisions/{decision_id}/reconfirm")
def reconfirm(request: Request, visitor: Worker, decision_id: DecisionId) -> Response:
    """What was confirmed stays in the bank for the whole time again."""
    database = database_of(request)
    with database.writing() as session:
        decision = service.found(session, visitor.caller, decision_id, lock=True)
        own_bank.reconfirm(session, database.now(), visitor.caller, decision)
    return see_other(f"/console/cases/{decision.case_id}", "decision.reconfirmed")


def _shown(
    request: Request,
    visitor: Visitor,
    case_id: str,
    form: Form[Any],
    after: str,
    status: int = 200,
) -> Response:
    database, caller = database_of(request), visitor.caller
    with database.reading() as session:
        now = database.now()
        case = cases.found(session, caller, case_id)
        held = work.holds(now, caller, case)
        rows = items.undecided(session, case_id, after, SHOWN + 1) if held else []
        known = items.known(session, caller, [item.id for item, _ in rows])
        found = [Shown(item, known[item.id], before) for item, before in rows if item.id in known]
        hidden = queues.kept(session, case.queue).hidden
        made = service.of_case(session, case_id)
        banked = {
            one.id: effects.standing_now(session, one.id, effects.BANK)
            for one in made
            if one.undone_at is None
        }
        asked = second.waiting(session, now, visitor, deciding.ACTS, case_id)
    conclusions = [
        (one, _(WORDS[one]), _(HINTS[one]))
        for one in CONCLUSIONS
        if ("escalate" if one == ESCALATED else one) not in hidden
    ]
    values: dict[str, Any] = {
        "case": case,
        "held": held,
        "items": listed(f"/console/cases/{case_id}/deciding", {"after": after}, found,
                        lambda one: one.item.id, SHOWN),
        "bulk": service.BULK not in hidden,
        "blind": service.WITHOUT not in hidden,
        "conclusions": conclusions,
        "words": {one: _(text) for one, text in WORDS.items()},
        "facts": grades.facts().asked if visitor.may(Permission.GRADE) else (),
        "worst": {one.id for one in made if grades.worst(json.loads(one.grades))},
        "decisions": made,
        "banked": banked,
        "asked": asked,
        "form": form,
    }  # fmt: skip
    if "hx-request" in request.headers:
        return fragment(request, visitor, "case/deciding_part.html", status, **values)
    return page(request, visitor, "case/deciding_page.html", status, **values)
