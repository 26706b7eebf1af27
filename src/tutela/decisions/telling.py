"""Tells of decisions: the platform's own services, whoever will report, and the record of what
happened.

A message says what becomes of an item and no more: not why, nor what matched. While the hold is on
the case it does not say what counts against the account either.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tutela import events, webhooks
from tutela.cases import hold
from tutela.decisions import effects, items, strikes
from tutela.decisions.told import (
    CONFIRMED,
    NO_MATCH,
    AppealSettled,
    Decided,
    ReportDue,
    ReportNotDue,
    Undone,
)
from tutela.screening.models import Item
from tutela.storage import Session
from tutela.webhooks.messages import APPEAL_DECIDED, ITEM_REVIEWED

BLOCKED, RESTORED, WAITING = "blocked", "restored", "waiting"
BECOMES = {CONFIRMED: BLOCKED, NO_MATCH: RESTORED}
"""What the platform does with an item of a conclusion; of others, it waits as before."""


def tell(session: Session, told: Decided) -> None:
    """Queue a message that an item was decided about, and record it for figures."""
    if not told.test:
        events.record(
            session, told.at, "review.decided", told.item_id or told.case_id,
            conclusion=told.conclusion,
        )  # fmt: skip
    if told.item_id is not None and told.conclusion in BECOMES:
        _message(session, told, BECOMES[told.conclusion])


def tell_undone(session: Session, told: Undone) -> None:
    """Queue a message that nothing is decided about an item any more, unless it soon is again."""
    if not told.test:
        events.record(
            session, told.at, "review.undone", told.item_id or told.case_id,
            conclusion=told.conclusion,
        )  # fmt: skip
    sent = effects.standing(session, told.decision_id, effects.WEBHOOK)
    for effect in sent:
        effect.undone_at = told.at
    if sent and told.item_id is not None and not told.again:
        webhooks.enqueue(session, told.at, ITEM_REVIEWED, _body(session, told, WAITING))


def record_appeal(session: Session, now: datetime, appeal_id: str) -> None:
    """Record for figures that an appeal was handed in."""
    events.record(session, now, "appeal.received", appeal_id)


def tell_appeal(session: Session, told: AppealSettled) -> None:
    """Queue a message that an appeal was decided, for the platform to tell who appealed."""
    events.record(session, told.at, "appeal.settled", told.appeal_id, outcome=told.outcome)
    data: dict[str, Any] = {"appeal_id": told.appeal_id, "outcome": told.outcome}
    if told.item_id is not None:
        item = session.get_one(Item, told.item_id)
        data |= {"item_id": item.id, "item": item.external_id}
    webhooks.enqueue(session, told.at, APPEAL_DECIDED, data)


def ask_report(session: Session, told: Decided) -> None:
    """Have a report drafted of what was confirmed: of a case as such, or of an item that is of a
    purpose that is reported."""
    if told.conclusion != CONFIRMED or told.test:
        return
    if told.item_id is None or items.purpose_of(session, told.item_id) in items.REPORTABLE:
        effects.put(session, told.at, told.decision_id, effects.DRAFT)
        due = ReportDue(told.at, told.decision_id, told.case_id, told.item_id or "")
        events.emit(session, due)


def unask_report(session: Session, told: Undone) -> None:
    """Have the draft go."""
    for effect in effects.standing(session, told.decision_id, effects.DRAFT):
        effect.undone_at = told.at
        events.emit(
            session, ReportNotDue(told.at, told.decision_id, told.case_id, told.item_id or "")
        )


def _message(session: Session, told: Decided, becomes: str) -> None:
    body = _body(session, told, becomes)
    queued = webhooks.enqueue(session, told.at, ITEM_REVIEWED, body)
    effects.put(session, told.at, told.decision_id, effects.WEBHOOK, becomes=becomes, queued=queued)


def _body(session: Session, told: Decided | Undone, becomes: str) -> dict[str, Any]:
    item = session.get_one(Item, told.item_id)
    body: dict[str, Any] = {
        "item_id": item.id, "item": item.external_id, "creator": item.creator_id,
        "becomes": becomes, "test": item.test,
    }  # fmt: skip
    if item.creator_id is not None and hold.may_tell(session, told.case_id):
        body["strikes"] = strikes.weight(session, told.at, item.creator_id)
    return body
