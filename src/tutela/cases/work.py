"""Who works on which case: taken from a queue, locked while they do, handed on with a trace.

A lock belongs to a human: what someone took in the console, their own key works on too. Cases are
given out by one UPDATE that finds and locks, so that none is given to two.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, and_, select

from tutela import audit, events
from tutela.cases import finding, opening, queues, rank, steps
from tutela.cases.errors import CaseRefused, CaseTaken, NoSuchCase, NotHeld
from tutela.cases.models import Case, Step
from tutela.cases.routing import ESCALATED
from tutela.people import callers, knowing
from tutela.people.permissions import Caller
from tutela.storage import Session

ACTIONS = {"moved": "case.move", "escalated": "case.escalate"}
TRIES = 5
"""Times that a queue is asked again, when others took its cases meanwhile."""


def take(
    session: Session,
    now: datetime,
    caller: Caller,
    queue: str | None = None,
    *,
    without: Collection[str] = (),
    only_danger: bool = False,
) -> Case | None:
    """The next case for the caller, of a queue or of all, locked for them; None if none waits.

    It is one that they may see, that nobody else has, that they did not skip in this shift, and
    that has none of the codes in `without`. Who has one in hand is given that again. With
    `only_danger`, it is one where a child may be in danger: that does not wait for anything.
    """
    mine = _in_hand(session, now, caller, queue)
    if mine is not None:
        return renew(session, now, caller, mine.id)
    ready = finding.ready(session, now, caller, without)
    if only_danger:
        ready = and_(ready, Case.rank < rank.DANGER)
    for _ in range(TRIES):
        places = finding.places(session, caller, queue, ready)
        for *_, name, case_id in places:
            found = session.scalar(finding.locking(session, now, caller, ready, Case.id == case_id))
            if found is None:  # someone else is taking it: then what comes behind it
                behind = finding.in_order(select(Case.id), caller, session, name, ready)
                behind = behind.with_for_update(skip_locked=True, of=Case)
                only = Case.id == behind.scalar_subquery()
                found = session.scalar(finding.locking(session, now, caller, ready, only))
            if found is not None:
                case = _fresh(session, found)
                steps.trace(session, now, caller, case, "taken")
                return case
        if not places:
            return None
    return None


def take_one(session: Session, now: datetime, caller: Caller, case_id: str) -> Case:
    """Lock this very case for the caller. Raises `NoSuchCase`, `CaseTaken`, or `CaseRefused` if it
    is closed or somebody else's."""
    case = _locked_row(session, caller, case_id)
    _require_open(case)
    if case.locked_by == caller.human and _valid(now, case):
        return renew(session, now, caller, case.id)
    _require_free(now, caller, case)
    _lock(session, now, caller, case)
    steps.trace(session, now, caller, case, "taken")
    return case


def take_over(session: Session, now: datetime, caller: Caller, case_id: str, why: str) -> Case:
    """Take a case from whoever has it, for a reason: that is traced, and in the log. Raises
    `NoSuchCase`, `CaseRefused`."""
    why = steps.reason(why)
    case = _locked_row(session, caller, case_id)
    _require_open(case)
    had = case.locked_by if _valid(now, case) else case.assigned_to
    if case.assigned_to is not None:
        case.assigned_to = caller.human
    _lock(session, now, caller, case)
    steps.trace(session, now, caller, case, "taken-over", why, had=had)
    audit.append(session, now, caller.actor, "case.take-over", case.id, had=had)
    return case


def renew(session: Session, now: datetime, caller: Caller, case_id: str) -> Case:
    """Keep a case that the caller has: its lock begins anew. A lock that lapsed is had again if
    nobody took the case meanwhile. Raises `NotHeld`."""
    case = _locked_row(session, caller, case_id)
    if case.closed_at is not None or case.locked_by != caller.human:
        raise _not_held(now, caller, case)
    _lock(session, now, caller, case)
    return case


def release(session: Session, now: datetime, caller: Caller, case_id: str) -> Case:
    """Give a case back to its queue. Raises `NotHeld`."""
    case = require_held(session, now, caller, case_id)
    case.locked_by = case.locked_until = None
    steps.trace(session, now, caller, case, "released")
    return case


def skip(session: Session, now: datetime, caller: Caller, case_id: str, why: str = "") -> Case:
    """Give a case back, not to be given it again in this shift. It needs no reason. Raises
    `NotHeld`."""
    case = require_held(session, now, caller, case_id)
    if case.assigned_to == caller.human:
        case.assigned_to = None
    case.locked_by = case.locked_until = None
    write_as = caller.human  # the person is not given it again, whichever key they use
    steps.write(session, now, write_as, case.id, finding.SKIPPED, why.strip()[: steps.LONGEST])
    return case


def assign(
    session: Session, now: datetime, caller: Caller, case_id: str, to: str, why: str = ""
) -> Case:
    """Say whose case it is: only they are given it, until someone says otherwise; with nobody, it
    is anyone's. Raises `NoSuchCase`, `CaseTaken`, `CaseRefused`."""
    case = _locked_row(session, caller, case_id)
    _require_open(case)
    if _valid(now, case) and case.locked_by not in (caller.human, to):
        raise CaseTaken(case.id, case.locked_by or "", case.locked_until)
    if to:
        _require_may_have(session, case, to)
    before, case.assigned_to = case.assigned_to, to or None
    if case.locked_by != to:
        case.locked_by = case.locked_until = None
    steps.trace(
        session, now, caller, case, "assigned", why.strip()[: steps.LONGEST], to=to, before=before
    )
    audit.append(session, now, caller.actor, "case.assign", case.id, to=to, before=before)
    return case


def move(
    session: Session, now: datetime, caller: Caller, case_id: str, queue: str, why: str
) -> Case:
    """Put a case into another queue, for a reason: rules no longer move it. Raises `NoSuchCase`,
    `NoSuchQueue`, `CaseTaken`, `CaseRefused`."""
    return _moved(session, now, caller, case_id, queue, why, "moved")


def escalate(
    session: Session, now: datetime, caller: Caller, case_id: str, why: str, queue: str = ESCALATED
) -> Case:
    """Hand a case to those who decide what the caller should not. Raises as `move` does."""
    return _moved(session, now, caller, case_id, queue, why, "escalated")


def comment(session: Session, now: datetime, caller: Caller, case_id: str, text: str) -> Step:
    """Say something to colleagues. Whoever sees the case may. Raises `NoSuchCase`,
    `CaseRefused`."""
    case = _locked_row(session, caller, case_id)
    if case.locked_by == caller.human and case.closed_at is None:
        _lock(session, now, caller, case)
    return steps.trace(session, now, caller, case, "comment", steps.reason(text))


def close(session: Session, now: datetime, caller: Caller, case: Case | str, why: str) -> Case:
    """Close a case of which all is decided: it locks, and its files open no more. Raises
    `NotHeld`, `CaseRefused`."""
    why = steps.reason(why)
    held = require_held(session, now, caller, case)
    held.closed_at, held.closed_why = now, why[:64]
    held.locked_by = held.locked_until = None
    steps.trace(session, now, caller, held, "closed", why)
    events.record(session, now, steps.CLOSED, held.id, about=held.subject_kind)
    return held


def close_for(session: Session, now: datetime, actor: str, case_id: str, why: str) -> None:
    """Close a case because of what `actor`, such as `worker`, did about it; whoever works on it has
    it no more. One that is closed stays as it is."""
    session.flush()
    case = session.get_one(Case, case_id, with_for_update=True, populate_existing=True)
    if case.closed_at is not None:
        return
    case.closed_at, case.closed_why = now, why[:64]
    case.locked_by = case.locked_until = None
    steps.write(session, now, actor, case.id, "closed", why)
    events.record(session, now, steps.CLOSED, case.id, about=case.subject_kind)


def reopen(session: Session, now: datetime, caller: Caller, case_id: str, why: str) -> Case:
    """Open a closed case again, locked for who did. Raises `NoSuchCase`, and `CaseRefused` if it is
    open, or if its subject has another that is."""
    why = steps.reason(why)
    case = _locked_row(session, caller, case_id)
    if case.closed_at is None:
        raise CaseRefused(f"The case {case_id} is open.", "Take it.")
    other = session.scalar(
        select(Case.id).where(
            Case.subject_kind == case.subject_kind,
            Case.subject == case.subject,
            Case.closed_at.is_(None),
        )
    )
    if other is not None:
        raise CaseRefused(
            f"The subject of the case {case_id} has an open case, {other}.", "Work on that."
        )
    case.closed_at = case.closed_why = None
    _lock(session, now, caller, case)
    steps.trace(session, now, caller, case, "reopened", why)
    audit.append(session, now, caller.actor, "case.reopen", case.id)
    events.record(session, now, steps.REOPENED, case.id)
    return case


def require_held(session: Session, now: datetime, caller: Caller, case: Case | str) -> Case:
    """The case, if the caller works on it now: it is open, visible to them, and locked by or
    assigned to them, and by nobody else. Raises `NoSuchCase`, `CaseRefused`, `NotHeld`.

    In a session that writes, nobody takes it over until that ends, and the lock is renewed.
    """
    case_id = case if isinstance(case, str) else case.id
    if not writes(session):
        found = session.scalar(select(Case).where(Case.id == case_id, _seen(caller)))
        if found is None:
            raise _no_case(case_id)
        return _require(now, caller, found)
    found = _require(now, caller, _locked_row(session, caller, case_id))
    _lock(session, now, caller, found)
    return found


def holds(now: datetime, caller: Caller, case: Case) -> bool:
    """Whether the caller works on a case now, as far as the case says."""
    if case.closed_at is not None:
        return False
    if _valid(now, case):
        return case.locked_by == caller.human
    return case.assigned_to == caller.human


def sees(session: Session, caller: Caller, case_id: str) -> bool:
    """Whether the caller may see a case, in the queue where it is now."""
    found = select(Case.id).where(Case.id == case_id, _seen(caller))
    return session.scalar(found) is not None


def holder(now: datetime, case: Case) -> str:
    """Who works on a case now, or whose it is; empty: nobody."""
    return (case.locked_by if _valid(now, case) else case.assigned_to) or ""


def writes(session: Session) -> bool:
    """Whether a session may change anything."""
    connection = session.connection()
    if connection.dialect.name != "sqlite":
        return not connection.get_execution_options().get("postgresql_readonly", False)
    return not connection.exec_driver_sql("PRAGMA query_only").scalar()


def _require(now: datetime, caller: Caller, case: Case) -> Case:
    _require_open(case)
    if not holds(now, caller, case):
        raise _not_held(now, caller, case)
    return case


def _require_open(case: Case) -> None:
    if case.closed_at is not None:
        raise CaseRefused(f"The case {case.id} is closed.", "Reopen it first, for a reason.")


def _require_free(now: datetime, caller: Caller, case: Case) -> None:
    if _valid(now, case) and case.locked_by != caller.human:
        raise CaseTaken(case.id, case.locked_by or "", case.locked_until)
    if case.assigned_to not in (None, caller.human):
        raise CaseTaken(case.id, case.assigned_to or "", None)


def _not_held(now: datetime, caller: Caller, case: Case) -> NotHeld:
    by = holder(now, case)
    if by and by != caller.human:
        return CaseTaken(case.id, by, case.locked_until if _valid(now, case) else None)
    return NotHeld(case.id)


def _no_case(case_id: str) -> NoSuchCase:
    return NoSuchCase(f"There is no case {case_id[:80]}.", "Ask for the list of cases.")


def _valid(now: datetime, case: Case) -> bool:
    return case.locked_until is not None and case.locked_until > now


def _lock(session: Session, now: datetime, caller: Caller, case: Case) -> None:
    case.locked_by, case.locked_until = caller.human, now + opening.options_of(session).lock
    session.flush()


def _seen(caller: Caller) -> ColumnElement[bool]:
    return knowing.visible(caller, Case.queue, Case.id)


def _locked_row(session: Session, caller: Caller, case_id: str) -> Case:
    session.flush()
    case = session.scalar(
        select(Case)
        .where(Case.id == case_id, _seen(caller))
        .with_for_update(of=Case)
        .execution_options(populate_existing=True)
    )
    if case is None:
        raise _no_case(case_id)
    return case


def _fresh(session: Session, case_id: str) -> Case:
    return session.get_one(Case, case_id, populate_existing=True)


def _moved(
    session: Session, now: datetime, caller: Caller, case_id: str, queue: str, why: str, what: str
) -> Case:
    why = steps.reason(why)
    queues.require(session, queue)
    case = _locked_row(session, caller, case_id)
    _require_open(case)
    if _valid(now, case) and case.locked_by != caller.human:
        raise CaseTaken(case.id, case.locked_by or "", case.locked_until)
    if case.queue == queue:
        raise CaseRefused(f"The case {case_id} is in the queue {queue}.", "Choose another.")
    before, case.queue = case.queue, queue
    case.locked_by = case.locked_until = case.assigned_to = None
    steps.trace(session, now, caller, case, what, why, before=before, queue=queue)
    audit.append(
        session, now, caller.actor, ACTIONS[what], case.id,
        before=before, queue=queue,
    )  # fmt: skip
    return case


def _require_may_have(session: Session, case: Case, to: str) -> None:
    """Raises `CaseRefused` if someone can do nothing here, or must not see the case."""
    whom = callers.current(session, to)
    if whom is None or to.startswith(callers.SHELL):
        raise CaseRefused(f"There is no {to[:80]!r}, or they can do nothing more.",
                          "Name someone as in the audit log: person:NAME.")  # fmt: skip
    if not sees(session, whom, case.id) or "cases" not in whom.permissions:
        raise CaseRefused(f"{to} may not see this case.", "Assign it to somebody else.")


def _in_hand(session: Session, now: datetime, caller: Caller, queue: str | None) -> Case | None:
    query = (
        select(Case)
        .where(
            Case.locked_by == caller.human, Case.locked_until > now, Case.closed_at.is_(None),
            _seen(caller),
        )
        .order_by(Case.rank, Case.opened_at)
        .limit(1)
    )  # fmt: skip
    return session.scalar(query if queue is None else query.where(Case.queue == queue))
