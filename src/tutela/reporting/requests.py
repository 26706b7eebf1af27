"""Requests of two people that are about cases, items, appeals or reports: who must not know of a
case sees none of them."""

from __future__ import annotations

from sqlalchemy import (
    ColumnElement,
    String,
    and_,
    cast,
    exists,
    literal,
    not_,
    or_,
    select,
    true,
)

from tutela.cases.models import Case
from tutela.decisions import requests as of_cases
from tutela.people import callers, knowing
from tutela.people.models import Approval
from tutela.people.permissions import Caller
from tutela.reporting.models import Report, State
from tutela.storage import Session

SEND = "report.send"
"""What is asked for before a report is sent: just one version of it."""


def waits() -> ColumnElement[bool]:
    """That it is not about a report that is no more what was asked for: sent, withdrawn, or changed
    since. Nobody need agree to that."""
    states = [State.DRAFT, State.HALTED]
    exactly = literal('{"version":').concat(cast(Report.version, String)).concat("}")
    there = exists().where(
        Report.id == Approval.subject, Report.state.in_(states), Approval.facts == exactly
    )
    return or_(Approval.act != SEND, there)


def known(caller: Caller) -> ColumnElement[bool]:
    """What a query of requests is limited by."""
    if caller.actor.startswith(callers.SHELL):
        return true()
    hidden = not_(knowing.visible(caller, Case.queue, Case.id))
    about = exists().where(Report.id == Approval.subject, Report.case_id == Case.id, hidden)
    return and_(of_cases.known(caller), not_(about))


def require_known(session: Session, caller: Caller, number: int) -> None:
    """Raises `TutelaError`, as if there were no such request, if the caller must not know of it."""
    seen = select(Approval.id).where(Approval.id == number, known(caller))
    if session.scalar(seen) is None:
        raise of_cases.none_waits(number)
