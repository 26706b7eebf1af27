"""Appeals: someone asks for a decision to be seen again, and a different person decides. What only
policy blocked no person decided about yet: then the first who decides about it answers the appeal.

What an appeal is answered with may be shown to who appeals: it says what became of their item, and
nothing of what matched or of who was told.
"""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.exc import IntegrityError

from tutela import audit, events
from tutela.banks import changes
from tutela.cases import alerts
from tutela.cases.models import Case
from tutela.decisions import effects, items, service, telling
from tutela.decisions.errors import (
    AppealRefused,
    DecisionRefused,
    NoSuchAppeal,
    NothingStands,
    TakesTwo,
)
from tutela.decisions.models import Appeal, Decision
from tutela.decisions.told import (
    CONFIRMED,
    ESCALATED,
    NO_MATCH,
    UNSETTLED,
    AppealSettled,
    Decided,
    Undone,
)
from tutela.people import knowing
from tutela.people.errors import NotPermitted
from tutela.people.permissions import Caller, Permission
from tutela.screening.models import Decided as Verdict
from tutela.screening.models import Item
from tutela.storage import Session

UPHELD, OVERTURNED = OUTCOMES = ("upheld", "overturned")
LONGEST_TEXT, LONGEST_ID = 10_000, 256
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
TAKEN_BACK = "The decision was taken back."

POLICY = "policy"
"""Whose an escalation is that stands for what policy alone blocked and someone appealed."""

APPEALED = "Someone appealed what policy blocked, before a person decided."
OUTCOME_OF = {CONFIRMED: UPHELD, NO_MATCH: OVERTURNED}
"""Of what the first person concluded about such an item."""


def hand_in(session: Session, now: datetime, item_id: str, text: str, by: str = "") -> Appeal:
    """Take an appeal about an item, by our id or the platform's; the same again gives the one that
    waits. Raises `NothingStands`, which says clearly why, or `AppealRefused`."""
    for name, value, most in (("text", text, LONGEST_TEXT), ("by", by, LONGEST_ID)):
        if len(value) > most or UNSTORABLE.search(value):
            raise AppealRefused(f"{name} is no text of up to {most} characters.", "Shorten it.")
    decision = _appealed(session, now, item_id)
    waiting = _waiting(session, decision)
    if waiting is not None:
        return waiting
    appeal = Appeal(
        id="apl_" + base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower(),
        at=now, decision_id=decision.id, case_id=decision.case_id, text=text.strip(), by=by,
        decided_at=None, decided_by=None, outcome=None, why="",
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(appeal)
    except IntegrityError:  # someone was faster with the same
        waiting = _waiting(session, decision)
        if waiting is None:
            raise
        return waiting
    telling.record_appeal(session, now, appeal.id)
    return appeal


def found(session: Session, caller: Caller, appeal_id: str) -> Appeal:
    """The appeal of an id. Raises `NoSuchAppeal`, also of one whose case the caller need not know
    of."""
    appeal = session.scalar(
        select(Appeal)
        .join(Case, Case.id == Appeal.case_id)
        .where(Appeal.id == appeal_id, knowing.visible(caller, Case.queue, Case.id))
    )
    if appeal is None:
        raise _none(appeal_id)
    return appeal


def handed_in(session: Session, appeal_id: str) -> Appeal:
    """The same for who handed it in: they know its id. Raises `NoSuchAppeal`."""
    appeal = session.get(Appeal, appeal_id)
    if appeal is None:
        raise _none(appeal_id)
    return appeal


def listed(
    session: Session, caller: Caller, after: str = "", limit: int = 100, *, only_open: bool = True
) -> Sequence[Appeal]:
    """Appeals on cases that the caller needs to know of, the oldest first, those after one."""
    query = (
        select(Appeal)
        .join(Case, Case.id == Appeal.case_id)
        .where(knowing.visible(caller, Case.queue, Case.id))
        .order_by(Appeal.at, Appeal.id)
        .limit(limit)
    )
    if only_open:
        query = query.where(Appeal.decided_at.is_(None))
    if after:
        last = found(session, caller, after)
        query = query.where(
            or_(Appeal.at > last.at, (Appeal.at == last.at) & (Appeal.id > last.id))
        )
    return session.scalars(query).all()


def takes_two(session: Session, caller: Caller, appeal_id: str, outcome: str) -> bool:
    """Whether another must agree to this outcome too. Raises `NoSuchAppeal`."""
    decision = session.get_one(Decision, found(session, caller, appeal_id).decision_id)
    return outcome == OVERTURNED and _two(session, caller, decision)


def settle(
    session: Session,
    now: datetime,
    caller: Caller,
    appeal_id: str,
    outcome: str,
    why: str,
    *,
    agreed: bool = False,
) -> Appeal:
    """Decide an appeal, as someone else than who decided first. Overturned, all that followed is
    taken back whatever the time, and the item is no match, nor are copies of the same file. Raises
    `NoSuchAppeal`, `AppealRefused`, `NotPermitted`, `TakesTwo`."""
    why = _reason(why)
    changes.locked(session)
    appeal, decision = ready(session, caller, appeal_id, outcome, lock=True)
    if outcome == OVERTURNED:
        if not agreed and _two(session, caller, decision):
            raise TakesTwo(service.RELEASE)
        _overturn(session, now, caller, decision, why)
    _close(session, now, appeal, caller.actor, outcome, why)
    audit.append(
        session, now, caller.actor, "appeal.settle", appeal.case_id, appeal=appeal.id,
        outcome=outcome, decision=decision.id, agreed=agreed,
    )  # fmt: skip
    return appeal


def ready(
    session: Session, caller: Caller, appeal_id: str, outcome: str, *, lock: bool = False
) -> tuple[Appeal, Decision]:
    """The appeal and what it is about, if the caller could decide it so, but for a second person.
    Raises as `settle` does."""
    if outcome not in OUTCOMES:
        raise AppealRefused(f"{outcome[:40]!r} is no outcome.", "Say upheld or overturned.")
    if not caller.may(Permission.CASES):
        raise NotPermitted(caller, Permission.CASES)
    how: dict[str, Any] = {"with_for_update": True, "populate_existing": True} if lock else {}
    found(session, caller, appeal_id)
    appeal = session.get_one(Appeal, appeal_id, **how)
    if appeal.decided_at is not None:
        raise AppealRefused(
            f"{appeal.decided_by} decided this appeal already: {appeal.outcome}.", "Look at it."
        )
    decision = session.get_one(Decision, appeal.decision_id, **how)
    if decision.conclusion in UNSETTLED:
        raise AppealRefused(
            "No person decided about this item yet: nothing is there to be upheld or overturned.",
            f"Decide about {decision.item_id} on the case {appeal.case_id}: that answers the"
            " appeal.",
        )
    if caller.human in (decision.actor, service.human_of(session, decision.actor)):
        raise AppealRefused(
            "An appeal is decided by someone else than who decided first.",
            "Leave it to a colleague.",
        )
    if outcome == OVERTURNED and decision.item_id is not None:
        facts = items.known(session, caller, [decision.item_id])
        service.require_release(caller, facts.values())
    return appeal, decision


def _overturn(
    session: Session, now: datetime, caller: Caller, decision: Decision, why: str
) -> None:
    """Take a decision back, and those that confirmed copies of the same file: else these would go
    on blocking it."""
    if decision.item_id is None:
        service.take_back(session, now, caller, decision, why)
        return
    for one in (decision, *items.confirmed_alike(session, [decision.item_id], lock=True)):
        service.take_back(session, now, caller, one, why, again=True)
        service.put(session, now, caller, one, NO_MATCH, why)
        waiting = _waiting(session, one)
        if waiting is not None and one is not decision:
            _close(session, now, waiting, caller.actor, OVERTURNED, why)


def answer(session: Session, told: Decided) -> None:
    """A person decided about an item while an appeal about it waited that policy alone had blocked:
    that is its answer."""
    outcome = OUTCOME_OF.get(told.conclusion)
    if told.item_id is None or outcome is None:
        return
    for appeal in session.scalars(_undecided(told.item_id).with_for_update(of=Appeal)):
        why = session.get_one(Decision, told.decision_id).reason
        _close(session, told.at, appeal, told.actor, outcome, why)
        effects.put(session, told.at, told.decision_id, effects.ANSWERED, appeal=appeal.id)
        audit.append(
            session, told.at, told.actor, "appeal.settle", appeal.case_id, appeal=appeal.id,
            outcome=outcome, decision=told.decision_id, agreed=False,
        )  # fmt: skip


def answer_undone(session: Session, told: Undone) -> None:
    """A decision was taken back while an appeal about it waited: that is its answer. One that the
    decision itself had answered waits again."""
    for effect in effects.standing(session, told.decision_id, effects.ANSWERED):
        effect.undone_at = told.at
        answered = session.get_one(Appeal, effects.facts(effect)["appeal"])
        if not told.again:
            answered.decided_at = answered.decided_by = answered.outcome = None
            answered.why = ""
    session.flush()
    if told.conclusion in UNSETTLED:
        return
    appeal = session.scalar(
        select(Appeal).where(
            Appeal.decision_id == told.decision_id, Appeal.decided_at.is_(None)
        )
    )  # fmt: skip
    if appeal is not None and not told.again:
        _close(session, told.at, appeal, told.actor, OVERTURNED, TAKEN_BACK)


def _close(
    session: Session, now: datetime, appeal: Appeal, actor: str, outcome: str, why: str
) -> None:
    appeal.decided_at, appeal.decided_by = now, actor
    appeal.outcome, appeal.why = outcome, why
    session.flush()
    item_id = session.get_one(Decision, appeal.decision_id).item_id
    events.emit(session, AppealSettled(now, appeal.id, appeal.case_id, item_id, outcome))


def _appealed(session: Session, now: datetime, item_id: str) -> Decision:
    """The decision that stands against an item; if only policy's verdict does, one that leaves it
    to a person."""
    rows = session.execute(
        select(Item.id, Decision)
        .outerjoin(Decision, Decision.item_id == Item.id)
        .where(or_(Item.id == item_id, Item.external_id == item_id), Item.test.is_(False))
        .order_by(Decision.undone_at.is_not(None), Decision.at.desc())
        .limit(50)
    ).all()
    if not rows:
        raise NothingStands("Nothing is recorded about this item.", "Look at its id.")
    decisions = [one for _, one in rows if one is not None]
    standing = [one for one in decisions if one.undone_at is None]
    against = next((one for one in standing if one.conclusion == CONFIRMED), None)
    if against is None:
        if standing and standing[0].conclusion not in UNSETTLED:
            raise NothingStands(
                "A person found nothing against this item.", "It can be shown again."
            )
        if any(one.conclusion == CONFIRMED for one in decisions) and not standing:
            raise NothingStands(
                "The decision about this item was taken back already.",
                "Nothing stands against it, and nothing is to be appealed.",
            )
        return _left_to_a_person(session, now, {row[0] for row in rows})
    if now > against.at + effects.options_of(session).appeal:
        raise _over()
    earlier = session.scalar(
        select(Appeal.id).where(
            Appeal.decision_id == against.id, Appeal.decided_at.is_not(None)
        )
    )  # fmt: skip
    if earlier is not None:
        raise AppealRefused(
            "An appeal about this item was decided already: a second person saw it again.", ""
        )
    return against


def _left_to_a_person(session: Session, now: datetime, item_ids: set[str]) -> Decision:
    """What stands for the verdict of policy on the latest of these items: a decision that leaves
    it open. It is on an open case, so that a person decides."""
    verdict = session.scalar(
        select(Verdict)
        .where(Verdict.item_id.in_(sorted(item_ids)), Verdict.verdict == "block")
        .order_by(Verdict.at.desc(), Verdict.item_id)
        .limit(1)
    )
    if verdict is None:
        raise NothingStands(
            "No person decided about this item yet: it waits for one.",
            "Appeal once it was decided about.",
        )
    if now > verdict.at + effects.options_of(session).appeal:
        raise _over()
    open_ended = service.latest(session, verdict.item_id)
    case = alerts.put_back(session, now, verdict.item_id, POLICY, "It is appealed.")
    if open_ended is not None:
        return open_ended
    if case is None:
        raise NothingStands("Nothing is recorded about this item.", "Look at its id.")
    made = Decision(
        id=service.new_id(), at=now, actor=POLICY, case_id=case.id, item_id=verdict.item_id,
        conclusion=ESCALATED, reason=APPEALED, grades="{}", viewed=False,
        undo_until=now - timedelta(seconds=1), undone_at=None, undone_by=None, undone_why="",
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:  # someone decided, or appealed, at the same moment
        faster = service.latest(session, verdict.item_id)
        if faster is None or faster.conclusion == NO_MATCH:
            raise
        return faster
    return made


def _waiting(session: Session, decision: Decision) -> Appeal | None:
    """The appeal about a decision that waits; of what nobody settled, that about its item."""
    waiting = session.scalar(
        select(Appeal).where(Appeal.decision_id == decision.id, Appeal.decided_at.is_(None))
    )
    if waiting is None and decision.conclusion in UNSETTLED and decision.item_id is not None:
        return session.scalar(_undecided(decision.item_id).limit(1))
    return waiting


def _undecided(item_id: str) -> Select[Appeal]:
    """Appeals about an item that wait for the first person who settles it."""
    return (
        select(Appeal)
        .join(Decision, Decision.id == Appeal.decision_id)
        .where(
            Decision.item_id == item_id, Decision.conclusion.in_(sorted(UNSETTLED)),
            Appeal.decided_at.is_(None),
        )
        .order_by(Appeal.id)
    )  # fmt: skip


def _over() -> AppealRefused:
    return AppealRefused("The time for an appeal about this item is over.", "")


def _two(session: Session, caller: Caller, decision: Decision) -> bool:
    """Whether to let go of the item takes two people: as if it had been decided now."""
    if decision.item_id is None:
        return False
    case = session.get_one(Case, decision.case_id)
    return service.takes_two(session, caller, case, [decision.item_id], NO_MATCH) is not None


def _reason(text: str) -> str:
    try:
        return service.checked_reason(text)
    except DecisionRefused as error:
        raise AppealRefused(error.what, error.hint) from None


def _none(appeal_id: str) -> NoSuchAppeal:
    return NoSuchAppeal(f"There is no appeal {appeal_id[:40]!r}.", "Look at the list of appeals.")
