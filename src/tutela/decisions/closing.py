"""When the time for appeals is over: of what was no match, sealed bytes and all that says who made
it are destroyed, unless they are held or a clock still runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, exists, not_, or_, select

from tutela import audit
from tutela.cases.models import Alert, Case
from tutela.decisions import effects
from tutela.decisions.models import Appeal, Decision, Effect, Strike
from tutela.decisions.told import NO_MATCH
from tutela.evidence import clocks
from tutela.evidence.models import File
from tutela.screening.models import Decided, Item
from tutela.storage import Database, Session

WORKER = "worker"
PAGE = 100
"""Decisions in one transaction: others who write the log wait for it."""

Kept = Callable[[SQLColumnExpression[str], datetime], ColumnElement[bool]]
"""Whether something else keeps what is known of a case, in a query that has its id."""


def close(database: Database, kept: Kept | None = None) -> int:
    """Destroy what is to be destroyed; says of how many items. Bytes go with the next purge."""
    count = 0
    while True:
        with database.writing() as session:
            due = _due(session, database.now(), kept)
            for decision in due:
                _forget(session, database.now(), decision)
            session.flush()
            for case_id in sorted({one.case_id for one in due}):
                _forget_subject(session, case_id)
            for decision in due:
                audit.append(
                    session, database.now(), WORKER, "decision.forget", decision.item_id or "",
                    decision=decision.id,
                )  # fmt: skip
        count += len(due)
        if len(due) < PAGE:
            return count


def _due(session: Session, now: datetime, kept: Kept | None) -> Sequence[Decision]:
    """Decisions that an item is no match whose time is over. What is held, or on which a clock
    runs, waits with all that is known of it."""
    since = now - effects.options_of(session).appeal
    query = (
        select(Decision)
        .join(Decided, Decided.item_id == Decision.item_id)
        .outerjoin(File, File.id == Decided.evidence_id)
        .where(
            Decision.conclusion == NO_MATCH, Decision.undone_at.is_(None), Decision.at <= since,
            or_(File.id.is_(None), File.held_at.is_(None)), clocks.free(File.id, now),
            not_(exists().where(
                Effect.decision_id == Decision.id, Effect.kind == effects.FORGOTTEN
            )),
        )
        .order_by(Decision.at, Decision.id)
        .limit(PAGE)
        .with_for_update(of=Decision)
    )  # fmt: skip
    if kept is not None:
        query = query.where(not_(kept(Decision.case_id, now)))
    return session.scalars(query).all()


def _forget(session: Session, now: datetime, decision: Decision) -> None:
    item = session.get_one(Item, decision.item_id)
    item.given, item.creator_id = "{}", None  # a platform calls its creators what it likes
    decided = session.get_one(Decided, item.id)
    decided.facts = _without_creator(decided.facts)
    if decided.evidence_id is not None:
        file = session.get_one(File, decided.evidence_id, with_for_update=True)
        if file.deleted_at is None and (file.keep_until is None or file.keep_until > now):
            file.keep_until = now
    for strike in session.scalars(
        select(Strike)
        .join(Decision, Decision.id == Strike.decision_id)
        .where(Decision.item_id == item.id)
    ):
        strike.account, strike.ended_at = "", strike.ended_at or now
    for appeal in session.scalars(
        select(Appeal)
        .join(Decision, Decision.id == Appeal.decision_id)
        .where(Decision.item_id == item.id)
    ):
        appeal.by, appeal.text = "", ""
    effects.put(session, now, decision.id, effects.FORGOTTEN)


def _forget_subject(session: Session, case_id: str) -> None:
    """Of a closed case on which nothing is left but what was no match, forget whose it was."""
    case = session.get_one(Case, case_id, with_for_update=True)
    if case.closed_at is None or case.subject_kind != "account":
        return
    forgotten = exists().where(
        Decision.item_id == Alert.item_id, Decision.undone_at.is_(None),
        Effect.decision_id == Decision.id, Effect.kind == effects.FORGOTTEN,
    )  # fmt: skip
    left = session.scalar(
        select(
            exists().where(
                Alert.case_id == case_id,
                or_(Alert.item_id.is_(None), and_(Alert.item_id.is_not(None), not_(forgotten))),
            )
        )
    )
    if not left:
        case.subject = f"forgotten:{case.id}"


def _without_creator(text: str) -> str:
    """What policy was told, as it writes it, without what could say who the creator is."""
    told = json.loads(text) | {"creator": {}, "extra": {}}
    return json.dumps(told, sort_keys=True, separators=(",", ":"))
