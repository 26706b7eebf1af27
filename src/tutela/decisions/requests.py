"""Requests of two people that are about cases: who must not know of a case sees none of them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, exists, not_, or_, select, true

from tutela.cases.models import Alert, Case
from tutela.decisions.models import Appeal
from tutela.errors import TutelaError
from tutela.people import callers, knowing
from tutela.people.models import Approval
from tutela.people.permissions import Caller
from tutela.storage import Session


def known(caller: Caller) -> ColumnElement[bool]:
    """What a query of requests is limited by: those about a case, an item of one or an appeal are
    there for who may know of the case."""
    if caller.actor.startswith(callers.SHELL):
        return true()
    hidden = not_(knowing.visible(caller, Case.queue, Case.id))

    def about(*joined: Any) -> Any:
        return exists().where(*joined, hidden)

    return not_(
        or_(
            about(Case.id == Approval.subject),
            about(Alert.item_id == Approval.subject, Alert.case_id == Case.id),
            about(Appeal.id == Approval.subject, Appeal.case_id == Case.id),
        )
    )


def require_known(session: Session, caller: Caller, number: int) -> None:
    """Raises `TutelaError`, as if there were no such request, if the caller must not know of it."""
    seen = select(Approval.id).where(Approval.id == number, known(caller))
    if session.scalar(seen) is None:
        raise none_waits(number)


def none_waits(number: int) -> TutelaError:
    """What is said of a request that is not there."""
    return TutelaError(
        f"No request {number} waits for approval.",
        "Each stands for a day and is used once: tutela approve",
    )
