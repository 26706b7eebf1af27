"""The disclosure hold: while it is on, nothing tells a case's subject that an authority was or will
be told, or which list matched."""

from __future__ import annotations

from datetime import datetime

from tutela import audit
from tutela.cases import opening, steps, work
from tutela.cases.errors import CaseRefused
from tutela.cases.models import Case
from tutela.people.errors import NotPermitted
from tutela.people.permissions import Caller, Permission
from tutela.storage import Session


def may_tell(session: Session, case_id: str) -> bool:
    """Whether a notice, webhook or answer may tell a case's subject more than its conclusion. Of a
    case that is not there: no."""
    case = session.get(Case, case_id)
    return case is not None and not case.hold


def lift(session: Session, now: datetime, caller: Caller, case: Case | str, why: str) -> Case:
    """Lift the hold, for a reason that is in the log for good. Raises `NotPermitted`, `NotHeld`,
    `CaseRefused`."""
    return _set(session, now, caller, case, why, on=False)


def restore(session: Session, now: datetime, caller: Caller, case: Case | str, why: str) -> Case:
    """Put the hold on again. Raises as `lift` does."""
    return _set(session, now, caller, case, why, on=True)


def set_role(
    session: Session, now: datetime, caller: Caller, case: Case | str, role: str, why: str
) -> Case:
    """Say what the subject is: suspect, child or unknown. Only a named person says so, for a
    reason. The rules of queues are asked anew, unless someone moved the case; who may not see its
    queue then works on it no more. Raises `NotHeld`, `CaseRefused`."""
    why = steps.reason(why)
    if role not in (opening.SUSPECT, opening.CHILD, opening.UNKNOWN):
        raise CaseRefused(f"{role[:40]!r} is no role.", "Say suspect, child or unknown.")
    held = work.require_held(session, now, caller, case)
    before, held.role, held.role_why = held.role, role, why[:256]
    queue = held.queue
    opening.recount(session, held)
    if held.queue != queue and not work.sees(session, caller, held.id):
        held.locked_by = held.locked_until = held.assigned_to = None
    moved = {} if held.queue == queue else {"queue": held.queue}
    steps.trace(session, now, caller, held, "role", why, role=role, before=before, **moved)
    audit.append(
        session, now, caller.actor, "case.role", held.id, role=role, before=before, **moved
    )
    return held


def _set(
    session: Session, now: datetime, caller: Caller, case: Case | str, why: str, *, on: bool
) -> Case:
    if not caller.may(Permission.RELEASE):
        raise NotPermitted(caller, Permission.RELEASE)
    why = steps.reason(why)
    held = work.require_held(session, now, caller, case)
    if held.hold is on:
        raise CaseRefused(f"The hold is {'on' if on else 'lifted'} already.", "Look again.")
    held.hold = on
    what = "hold-restored" if on else "hold-lifted"
    steps.trace(session, now, caller, held, what, why)
    action = "case.hold" if on else "case.lift-hold"
    audit.append(session, now, caller.actor, action, held.id, why=why)
    return held
