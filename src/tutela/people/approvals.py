"""Acts that take two people: one mechanism for keys, people and whatever needs it.

The first who asks leaves a request that says exactly what is to be done; someone else who may do
the same approves it; whoever asked does it, once, within a day. Imminent danger is acted on at
once, and someone else reviews it afterwards. Where a service has one person only, a recorded reason
and a delay, or a reviewer from outside, stand in for the second one (`people.alone`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import rfc8785
from sqlalchemy import ColumnElement, or_, select, true

from tutela import audit
from tutela.audit.service import Fact
from tutela.errors import TutelaError
from tutela.events import emit
from tutela.people import callers
from tutela.people.errors import ApprovalRefused, KeyRefused, NotPermitted
from tutela.people.models import Approval
from tutela.people.options import Options
from tutela.people.permissions import BY_NAME, Caller, Permission
from tutela.storage import Session

VALID = timedelta(days=1)
"""How long a request or an approval stands: what was meant yesterday may not be meant today. So
long, too, may a review of what could not wait be outstanding."""

LONGEST_REASON = 1000
"""Letters of a reason: a paragraph. It is in the audit log for good."""

TWO, ALONE, DANGER = "two", "alone", "danger"

IN_SESSION = "people"
"""Where a session holds the settings of these acts (`Database.info`): no caller can forget them."""

DELAY, REVIEWER = "delay", "reviewer"


@dataclass(frozen=True, slots=True)
class AskedAlone:
    """Someone asked for what they will do alone, unless they are stopped."""

    number: int
    act: str
    subject: str
    by: str
    usable_at: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class AloneSettled:
    """What someone asked to do alone was done, agreed to or refused."""

    number: int
    at: datetime


@dataclass(frozen=True, slots=True)
class ReviewOverdue:
    """Nobody reviewed in time what was done at once because of danger."""

    number: int
    act: str
    subject: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Reviewed:
    """Someone else reviewed what was done at once because of danger."""

    number: int
    at: datetime


def requested(
    session: Session,
    now: datetime,
    caller: Caller,
    permission: Permission,
    act: str,
    subject: str,
    facts: Mapping[str, Fact],
    why: str = "",
    danger: bool = False,
) -> tuple[Approval, bool]:
    """The request for this very act, and whether it is to be done now, with which it is used up.

    If none stands, one is made. Commit the act with it. `danger`: it is done at once, for a reason,
    and reviewed afterwards. Raises `KeyRefused` if the caller may not, `ApprovalRefused` if someone
    refused it, `TutelaError` if a reason is missing.
    """
    caller = callers.still(session, caller)
    if caller.actor.startswith(callers.SHELL):
        raise KeyRefused(
            "This takes two people, each with a key.",
            "Put yours into TUTELA_KEY, or give --key-file; tutela key create makes one.",
        )
    if not caller.may(permission):
        raise NotPermitted(caller, permission)
    exactly = rfc8785.dumps(dict(facts)).decode()
    options = options_of(session)
    new = Approval(
        act=act, subject=subject, facts=exactly, permission=str(permission), why=_reason(why),
        mode=TWO, asked_by=caller.actor, asked_human=caller.human, asked_at=now,
        lapses_at=now + VALID,
    )  # fmt: skip
    if danger:
        return _at_once(session, now, new, options), True
    found = session.scalar(
        select(Approval)
        .where(
            Approval.act == act,
            Approval.subject == subject,
            Approval.facts == exactly,
            Approval.permission == str(permission),
            Approval.asked_human == caller.human,
            Approval.used_at.is_(None),
            Approval.lapses_at > now,
        )
        .order_by(Approval.refused_at.is_(None), Approval.approved_at.is_(None), Approval.id)
        .limit(1)
        .with_for_update()
    )
    if found is None:
        found = new
        session.add(found)
        session.flush()
        _ask(session, now, found, options)
        return found, False
    if found.refused_at is not None:
        raise ApprovalRefused(
            f"Someone else refused this: {act} of {subject}, request {found.id}.",
            f"Talk to them. It can be asked for again from {found.lapses_at:%Y-%m-%d %H:%M} UTC.",
        )
    if found.approved_by is not None:
        if _agrees_still(session, found, caller):
            found.used_at = now
            return found, True
        found.approved_by = found.approved_at = None  # it waits for someone else
    if options.alone != DELAY:
        found.mode, found.usable_at = TWO, None  # this service has more people than it had
    elif found.mode == TWO:
        found.why = found.why or new.why
        _ask_alone(session, now, found, options)
    elif found.usable_at is not None and found.usable_at <= now:
        found.used_at = now
        _log(session, now, caller, "approval.alone", found, why=found.why)
        emit(session, AloneSettled(found.id, now))
        return found, True
    return found, False


def approve(session: Session, now: datetime, caller: Caller, number: int) -> Approval:
    """Agree to what someone else asked for. Raises `KeyRefused`, `TutelaError`."""
    found = _waiting(session, now, number)
    caller = _second(session, caller, found)
    if found.asked_human == caller.human:
        raise _own(caller)
    if found.approved_at is None:
        found.approved_by, found.approved_at = caller.actor, now
        _log(session, now, caller, "approval.give", found)
        _settled(session, now, found)
    return found


def refuse(session: Session, now: datetime, caller: Caller, number: int) -> Approval:
    """Say no to what someone asked for, who cannot ask for it again that day; or take back what one
    asked for oneself. An approval that was not used yet is refused with it. Raises `KeyRefused`,
    `TutelaError`."""
    found = _waiting(session, now, number)
    if found.asked_human == callers.still(session, caller).human:
        found.lapses_at = now
        action = "approval.withdraw"
    else:
        caller = _second(session, caller, found)
        action = "approval.refuse"
    found.refused_at, found.approved_by, found.approved_at = now, caller.actor, None
    _log(session, now, caller, action, found)
    _settled(session, now, found)
    return found


def review(
    session: Session, now: datetime, caller: Caller, number: int, *, agreed: bool = True
) -> Approval:
    """Say that one looked at what was done at once because of danger, and whether one agrees.
    Raises `KeyRefused`, `TutelaError`."""
    found = session.get(Approval, number, with_for_update=True)
    if found is None or found.mode != DANGER or found.approved_at is not None:
        raise TutelaError(f"No act {number} waits for a review.", "Run: tutela approve")
    caller = _second(session, caller, found)
    alone = found.usable_at is not None and options_of(session).alone == DELAY
    if found.asked_human == caller.human and not (
        alone and found.usable_at is not None and found.usable_at <= now
    ):
        raise _own(caller)
    found.approved_by, found.approved_at = caller.actor, now
    if not agreed:
        found.refused_at = now
    _log(session, now, caller, "approval.review", found, agreed=agreed)
    emit(session, Reviewed(found.id, now))
    return found


def waiting(
    session: Session,
    now: datetime,
    after: int = 0,
    limit: int = 100,
    caller: Caller | None = None,
    only: ColumnElement[bool] | None = None,
) -> Sequence[Approval]:
    """Requests that nobody approved or refused yet, in order, those after a number; with `caller`,
    only those they may approve or asked for themselves. `only`: what else they are limited by."""
    return session.scalars(
        select(Approval)
        .where(
            Approval.mode != DANGER, Approval.approved_at.is_(None), Approval.used_at.is_(None),
            Approval.refused_at.is_(None), Approval.lapses_at > now, Approval.id > after,
            _concerns(session, caller), true() if only is None else only,
        )
        .order_by(Approval.id)
        .limit(limit)
    ).all()  # fmt: skip


def to_review(
    session: Session,
    after: int = 0,
    limit: int = 100,
    caller: Caller | None = None,
    only: ColumnElement[bool] | None = None,
) -> Sequence[Approval]:
    """What was done at once because of danger and nobody reviewed yet, as `waiting`."""
    return session.scalars(
        select(Approval)
        .where(
            Approval.mode == DANGER, Approval.approved_at.is_(None), Approval.id > after,
            _concerns(session, caller), true() if only is None else only,
        )
        .order_by(Approval.id)
        .limit(limit)
    ).all()  # fmt: skip


def tell_overdue(session: Session, now: datetime) -> int:
    """Tell of each act whose review is overdue; gives how many there are."""
    rows = session.scalars(
        select(Approval).where(
            Approval.mode == DANGER, Approval.approved_at.is_(None), Approval.lapses_at <= now
        )
    ).all()
    for row in sorted(rows, key=lambda row: str(row.id)):  # as alarms must be sounded
        emit(session, ReviewOverdue(row.id, row.act, row.subject, now))
    return len(rows)


def options_of(session: Session) -> Options:
    """What stands in for a second person in this service."""
    found: Options = session.info.get(IN_SESSION) or Options()
    return found


def _at_once(session: Session, now: datetime, new: Approval, options: Options) -> Approval:
    if not new.why:
        raise TutelaError(
            "What is done at once because of danger needs a reason.",
            "Say in a sentence what the danger is: it is recorded, and someone else reviews it.",
        )
    new.mode, new.used_at = DANGER, now
    if options.alone == DELAY:
        new.usable_at = now + timedelta(hours=options.alone_hours)
        new.lapses_at = new.usable_at + VALID
    session.add(new)
    session.flush()
    audit.append(
        session, now, new.asked_by, "approval.danger", new.subject, act=new.act, request=new.id,
        why=new.why,
    )  # fmt: skip
    return new


def _ask(session: Session, now: datetime, new: Approval, options: Options) -> None:
    if options.alone == DELAY:
        _ask_alone(session, now, new, options)
    audit.append(
        session, now, new.asked_by, "approval.ask", new.subject, act=new.act, request=new.id,
        **({"why": new.why} if new.why else {}),
    )  # fmt: skip


def _ask_alone(session: Session, now: datetime, found: Approval, options: Options) -> None:
    """Nobody else need agree, but after a time, and not unseen."""
    if not found.why:
        raise TutelaError(
            "What one person does alone, where two should agree, needs a reason.",
            "Give it with --why, or where you are asked for it: it is recorded.",
        )
    found.mode = ALONE
    found.usable_at = now + timedelta(hours=options.alone_hours)
    found.lapses_at = found.usable_at + VALID
    emit(
        session,
        AskedAlone(found.id, found.act, found.subject, found.asked_by, found.usable_at, now),
    )


def _settled(session: Session, now: datetime, found: Approval) -> None:
    if found.mode == ALONE:
        emit(session, AloneSettled(found.id, now))


def _waiting(session: Session, now: datetime, number: int) -> Approval:
    found = session.get(Approval, number, with_for_update=True)
    if (
        found is None
        or found.mode == DANGER
        or found.used_at is not None
        or found.refused_at is not None
        or found.lapses_at <= now
    ):
        raise TutelaError(
            f"No request {number} waits for approval.",
            "Each stands for a day and is used once: tutela approve",
        )
    return found


def _second(session: Session, caller: Caller, found: Approval) -> Caller:
    """Who would agree, as they stand now. Raises `KeyRefused`."""
    if caller.actor.startswith(callers.SHELL):
        raise KeyRefused("Who approves?", "Put your key into TUTELA_KEY, or give --key-file.")
    now = callers.still(session, caller)
    if not _may_agree(session, now, found):
        raise NotPermitted(now, BY_NAME[found.permission])
    return now


def _may_agree(session: Session, caller: Caller, found: Approval) -> bool:
    return caller.may(BY_NAME[found.permission]) or _from_outside(session, caller)


def _agrees_still(session: Session, found: Approval, caller: Caller) -> bool:
    """Whether who approved could do so now: a key may have been revoked since, a role changed."""
    approver = callers.current(session, found.approved_by or "")
    return (
        approver is not None
        and approver.human != caller.human
        and _may_agree(session, approver, found)
    )


def _from_outside(session: Session, caller: Caller) -> bool:
    options = options_of(session)
    return (
        options.alone == REVIEWER
        and caller.human == callers.PERSON + options.outside_reviewer
        and callers.current(session, caller.human) is not None
    )


def _concerns(session: Session, caller: Caller | None) -> ColumnElement[bool]:
    if caller is None or _from_outside(session, caller):
        return true()
    return or_(
        Approval.permission.in_(sorted(caller.permissions)), Approval.asked_human == caller.human
    )


def _reason(why: str) -> str:
    why = why.strip()
    if len(why) > LONGEST_REASON or "\0" in why:
        raise TutelaError(
            "This reason cannot be recorded.", f"Use a text of up to {LONGEST_REASON} letters."
        )
    return why


def _own(caller: Caller) -> KeyRefused:
    return KeyRefused(
        f"{caller.actor} asked for this itself"
        + ("." if caller.human == caller.actor else f", or {caller.human} did, who is behind it."),
        "Another person must approve it.",
    )


def _log(
    session: Session, now: datetime, caller: Caller, action: str, found: Approval, **facts: Fact
) -> None:
    audit.append(
        session, now, caller.actor, action, found.subject, act=found.act, request=found.id, **facts
    )
