"""A second person looks at items that were decided, and is not told how.

What they look at is on a case of its own, which only they have and which ends with their look: so
views, walls, queues' rules and limits hold for it as for any other. What they conclude changes
nothing by itself: where two disagree, an alarm has a person look.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, exists, or_, select
from sqlalchemy.exc import IntegrityError

from tutela import alarms, audit
from tutela.cases import opening, steps, work
from tutela.cases.models import Alert, Case
from tutela.decisions import items, service
from tutela.decisions.models import Decision
from tutela.decisions.told import CANNOT_TELL, CONFIRMED, NO_MATCH
from tutela.evidence.models import File, Intent
from tutela.exchanges import telling
from tutela.people import callers, knowing
from tutela.people.errors import NotPermitted
from tutela.people.permissions import Caller, Permission
from tutela.records import estimators
from tutela.records.errors import RecordRefused
from tutela.records.models import Sample, Second
from tutela.screening.models import Decided
from tutela.storage import Session
from tutela.views import exposure, grading
from tutela.views import service as views
from tutela.views.models import View

KIND = "second"
"""What the subject of such a case is, and its alert."""

CONCLUSIONS = (CONFIRMED, NO_MATCH, CANNOT_TELL)
DISAGREE = "records.disagree"
TRIED = 50
"""Items that are looked through for one that this person may have: the rest another time."""

ENDED, GIVEN_BACK, LAPSED = "second look", "given back", "the time was over"


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of how many items a second person concluded something, on what share of them the same, and
    Cohen's kappa; None where these cannot be told."""

    count: int
    share: float | None
    kappa: float | None


def begin(session: Session, now: datetime, caller: Caller) -> Second | None:
    """The item that the caller is to look at as a second person, on a case that is theirs; None if
    there is none for them. Who has one is given that again. Raises `NotPermitted`."""
    _permitted(caller)
    _end_lapsed(session, now)
    had = in_hand(session, caller)
    if had is not None:
        work.renew(session, now, caller, had.case_id)
        return had
    for decision, case in _waiting(session, caller):
        found = _begun(session, now, caller, decision, case)
        if found is not None:
            audit.append(session, now, caller.actor, "record.second", found.case_id,
                         second=found.id, done="begun")  # fmt: skip
            return found
    return None


def conclude(
    session: Session, now: datetime, caller: Caller, number: int, conclusion: str, why: str
) -> Second:
    """Record what the second person concludes, once they looked. Raises `RecordRefused`,
    `DecisionRefused`, `NotPermitted`, `NotHeld`."""
    why = service.checked_reason(why)
    if conclusion not in CONCLUSIONS:
        raise RecordRefused(
            f"{conclusion[:40]!r} is no conclusion.", f"Conclude {', '.join(CONCLUSIONS)}."
        )
    second = mine(session, caller, number, lock=True)
    work.require_held(session, now, caller, second.case_id)
    if conclusion != CANNOT_TELL and not _looked(session, second):
        raise RecordRefused(
            "You did not look at it yet.", "Look, or say cannot-tell, or give it back."
        )
    _end(session, now, second, ENDED)
    second.conclusion, second.why = conclusion, why
    decision = session.get_one(Decision, second.decision_id)
    apart = conclusion != second.first and CANNOT_TELL not in (conclusion, second.first)
    if conclusion == second.first:
        telling.agree(session, now, decision.id, caller.actor)
    if apart:
        telling.doubt(session, decision.id)
        steps.write(
            session, now, caller.actor, decision.case_id, "second-look", why,
            decision=decision.id, conclusion=conclusion,
        )  # fmt: skip
        alarms.sound(
            session, now, DISAGREE, decision.id,
            f"A second person concluded otherwise about an item of {decision.case_id}: nothing was"
            " changed. Look at the case.",
        )  # fmt: skip
    audit.append(session, now, caller.actor, "record.second", second.case_id, second=second.id,
                 done="concluded", agrees=not apart)  # fmt: skip
    return second


def give_back(session: Session, now: datetime, caller: Caller, number: int) -> Second:
    """End it without a conclusion: someone else is asked, and this one never again. It needs no
    reason. Raises `RecordRefused`, `NotPermitted`."""
    second = mine(session, caller, number, lock=True)
    _end(session, now, second, GIVEN_BACK)
    audit.append(session, now, caller.actor, "record.second", second.case_id, second=second.id,
                 done="given back")  # fmt: skip
    return second


def in_hand(session: Session, caller: Caller) -> Second | None:
    """What the caller looks at now, if anything."""
    return session.scalar(
        select(Second).where(Second.actor == caller.human, Second.ended_at.is_(None))
    )


def mine(session: Session, caller: Caller, number: int, *, lock: bool = False) -> Second:
    """What the caller looks at now. Raises `RecordRefused`, also of someone else's."""
    _permitted(caller)
    found = session.get(Second, number, with_for_update=True if lock else None)
    if found is None or found.actor != caller.human or found.ended_at is not None:
        raise RecordRefused(
            "There is no such item that you look at as a second person.", "Ask for the next one."
        )
    return found


def of_case(session: Session, case_id: str) -> Second | None:
    """What a case is for, if it is for a second look."""
    return session.scalar(select(Second).where(Second.case_id == case_id))


def agreement(
    session: Session, since: datetime | None = None, until: datetime | None = None
) -> Agreement:
    """How often the second person concluded what the first did, by when the second did."""
    query = select(Second.first, Second.conclusion).where(Second.conclusion.is_not(None))
    if since is not None:
        query = query.where(Second.ended_at >= since)
    if until is not None:
        query = query.where(Second.ended_at < until)
    rows = session.execute(query).all()
    return Agreement(*estimators.agreement((first, str(other)) for first, other in rows))


def _waiting(session: Session, caller: Caller) -> Sequence[tuple[Decision, Case]]:
    """Decisions that this person may look at again, the oldest sample first."""
    asked = exists().where(
        Second.item_id == Decision.item_id,
        or_(
            Second.ended_at.is_(None), Second.conclusion.is_not(None),
            Second.actor == caller.human,
        ),
    )  # fmt: skip
    rows = session.execute(
        select(Decision, Case)
        .join(Case, Case.id == Decision.case_id)
        .join(Decided, Decided.item_id == Decision.item_id)
        .join(File, File.id == Decided.evidence_id)
        .where(
            Decision.item_id.in_(select(Sample.item_id).where(Sample.second)),
            Decision.undone_at.is_(None), Decision.conclusion.in_((CONFIRMED, NO_MATCH)),
            Decision.actor.not_in({caller.actor, caller.human}), File.deleted_at.is_(None),
            knowing.visible(caller, Case.queue, Case.id), ~asked,
        )
        .order_by(Decision.at, Decision.id)
        .limit(TRIED)
    ).all()  # fmt: skip
    without = exposure.wishes(session, caller.human).without
    unwanted = grading.labelled(session, [str(one.item_id) for one, _ in rows], without)
    return [
        (one, case)
        for one, case in rows
        if one.item_id not in unwanted and not _is_by(session, one, caller)
    ]


def _is_by(session: Session, decision: Decision, caller: Caller) -> bool:
    return caller.human in (decision.actor, service.human_of(session, decision.actor))


def _begun(
    session: Session, now: datetime, caller: Caller, decision: Decision, of: Case
) -> Second | None:
    """None if another was faster, or a copy of the same file was looked at: that is enough."""
    item_id = str(decision.item_id)
    copies = items.copies(session, item_id) - {item_id}
    if copies and session.scalar(
        select(exists().where(Second.item_id.in_(copies), Second.conclusion.is_not(None)))
    ):
        return None
    try:
        with session.begin_nested():
            case = opening.opened(session, now, KIND, item_id, test=True)  # nobody waits for it
            case.queue, case.hold, case.danger, case.alerts = of.queue, True, False, 1
            case.assigned_to = case.locked_by = caller.human
            case.locked_until = now + opening.options_of(session).lock
            session.add(Alert(
                case_id=case.id, at=now, kind=KIND, item_id=item_id, verdict="", about="item",
                about_id=item_id,
            ))  # fmt: skip
            second = Second(
                item_id=item_id, decision_id=decision.id, case_id=case.id,
                first=decision.conclusion, began_at=now, actor=caller.human, ended_at=None,
                conclusion=None, why="",
            )  # fmt: skip
            session.add(second)
    except IntegrityError:
        return None
    return second


def _end_lapsed(session: Session, now: datetime) -> None:
    """What nobody works on any more is for others."""
    for second in session.scalars(
        select(Second)
        .join(Case, Case.id == Second.case_id)
        .where(
            Second.ended_at.is_(None),
            or_(Case.closed_at.is_not(None), Case.locked_until.is_(None), Case.locked_until <= now),
        )
        .with_for_update(of=Second)
    ):
        _end(session, now, second, LAPSED)
    session.flush()


def _end(session: Session, now: datetime, second: Second, why: str) -> None:
    """The case ends, and its alert goes: the item belongs to the case where it was decided."""
    second.ended_at = now
    session.execute(delete(Alert).where(Alert.case_id == second.case_id, Alert.kind == KIND))
    case = session.get_one(Case, second.case_id, with_for_update=True, populate_existing=True)
    if case.closed_at is None:
        case.closed_at, case.closed_why, case.alerts = now, why, 0
        case.locked_by = case.locked_until = None
        steps.write(session, now, second.actor, case.id, "closed", why)
    session.flush()


def _looked(session: Session, second: Second) -> bool:
    return bool(
        session.scalar(
            select(exists().where(
                View.case_id == second.case_id, View.item_id == second.item_id,
                View.actor == second.actor, View.rendering.not_in(views.UNSEEN),
                Intent.id == View.intent_id, Intent.used_at.is_not(None),
            ))
        )
    )  # fmt: skip


def _permitted(caller: Caller) -> None:
    if not caller.may(Permission.CASES):
        raise NotPermitted(caller, Permission.CASES)
    if caller.human.startswith(callers.KEY):
        raise RecordRefused(
            f"{caller.actor} is a key of no person, and a person looks.", "Use the console."
        )
