"""Decides: what a person concludes of items, with a reason, and takes it back.

What follows is done by who hears of it (`told`), in the same transaction. Rows of decisions are
made before the log is written to, so that two who decide at once never wait for each other.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import rfc8785
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from tutela import audit
from tutela.banks import changes
from tutela.cases import queues, work
from tutela.cases import service as cases
from tutela.cases.models import Case
from tutela.decisions import effects, grades, items
from tutela.decisions.errors import DecidedAlready, DecisionRefused, NoSuchDecision, TakesTwo
from tutela.decisions.items import Known
from tutela.decisions.models import Decision
from tutela.decisions.told import (
    CONCLUSIONS,
    CONFIRMED,
    ESCALATED,
    NO_MATCH,
    UNSETTLED,
    Decided,
    Undone,
)
from tutela.events import emit
from tutela.people import callers
from tutela.people.errors import NotPermitted
from tutela.people.permissions import Caller, Permission
from tutela.storage import Session
from tutela.views import service as views

LONGEST_REASON = 1000
"""Letters of a reason: a paragraph."""

MOST = 200
"""Items that one names in one decision: others wait to write meanwhile."""

RELEASE, CONFIRM = "release", "confirm"
"""What a queue can have two people for here (`cases.queues.TWO_FOR`). One that was never set has
two for a release: what a vetted bank has is not let go by one person's slip."""

WITHOUT, BULK = "without-viewing", "bulk"
"""What a queue can hide of deciding, beside conclusions (`cases.queues.ACTIONS`)."""


def decide(
    session: Session,
    now: datetime,
    caller: Caller,
    case: Case,
    item_ids: Sequence[str],
    conclusion: str,
    reason: str,
    given: Mapping[str, str] | None = None,
    *,
    copies: bool = True,
    agreed: bool = False,
) -> list[Decision]:
    """Record what the caller concludes of items of a case or, without items, of the case itself.

    `copies`: the same holds for other items with the very same bytes. `agreed`: someone else agreed
    to it. Raises `DecisionRefused` (`TakesTwo`, `DecidedAlready`), `GradesRefused`, `NotPermitted`,
    and what `cases.work.require_held` raises.
    """
    reason = checked_reason(reason)
    graded = grades.checked(given or {})
    if graded:
        _permitted(caller, Permission.GRADE)
    if conclusion in (CONFIRMED, NO_MATCH):  # of copies of one file, one after the other
        changes.locked(session)  # whoever changes banks locks this first
    facts = ready(session, now, caller, case, item_ids, conclusion)
    if not agreed and (act := _two(session, case, facts.values(), conclusion)) is not None:
        raise TakesTwo(act)
    wanted = dict.fromkeys(facts, case.id)
    open_ended = {item: _left_open(session, item) for item in sorted(wanted)}
    bulk = copies and BULK not in queues.kept(session, case.queue).hidden
    if bulk and wanted and conclusion in (CONFIRMED, NO_MATCH):
        wanted |= items.alike(session, now, caller, wanted)
        more = items.known(session, caller, list(wanted)).values()
        if conclusion == NO_MATCH:
            require_release(caller, more)
        if not agreed and (act := _two(session, case, more, conclusion)) is not None:
            raise TakesTwo(act)
    made = []
    each: list[tuple[str | None, str]] = [*sorted(wanted.items())] or [(None, case.id)]
    for item_id, case_id in each:
        one = _row(session, now, caller, case_id, item_id, conclusion, reason, graded)
        _insert(session, now, one, open_ended.get(item_id or ""))
        made.append(one)
    for one in made:
        tests = one.item_id in facts and facts[one.item_id].item.test
        _tell(session, now, one, test=case.test or bool(tests))
    audit.append(
        session, now, caller.actor, "decision.make", case.id, conclusion=conclusion,
        items=len(wanted), decision=made[0].id, viewed=all(one.viewed for one in made),
        agreed=agreed,
    )  # fmt: skip
    return made


def ready(
    session: Session,
    now: datetime,
    caller: Caller,
    case: Case,
    item_ids: Sequence[str],
    conclusion: str,
) -> dict[str, Known]:
    """The items, if the caller could conclude this of them, but for a second person. Raises as
    `decide` does."""
    if conclusion not in CONCLUSIONS:
        raise DecisionRefused(
            f"{conclusion[:40]!r} is no conclusion.", f"Conclude {', '.join(CONCLUSIONS)}."
        )
    _permitted(caller, Permission.CASES)
    work.require_held(session, now, caller, case)
    wanted = list(dict.fromkeys(item_ids))
    if len(wanted) > MOST:
        raise DecisionRefused(f"These are more than {MOST} items.", "Decide in several steps.")
    if lost := set(wanted) - items.on_case(session, case.id, wanted):
        raise DecisionRefused(
            f"{min(lost)[:64]} is not on the case {case.id}.", "Look at the case again."
        )
    facts = items.known(session, caller, wanted)
    _require(session, caller, case, facts.values(), conclusion)
    return facts


def takes_two(session: Session, caller: Caller, case: Case, item_ids: Sequence[str],
              conclusion: str) -> tuple[str, Permission] | None:  # fmt: skip
    """The act that another must agree to and the permission both need, or None."""
    found = items.known(session, caller, item_ids).values()
    act = _two(session, case, found, conclusion)
    if act is None:
        return None
    return act, Permission.RELEASE if act == RELEASE else Permission.CASES


def undo(session: Session, now: datetime, caller: Caller, decision_id: str, why: str) -> Decision:
    """Take a decision back, with all that followed from it, within the time that is set. Raises
    `DecisionRefused`, `NoSuchDecision`, `NoSuchCase`."""
    why = checked_reason(why)
    changes.locked(session)
    decision = found(session, caller, decision_id, lock=True)
    if decision.undone_at is not None:
        raise DecisionRefused(
            f"{decision.undone_by} took this decision back already.", "Nothing stands of it."
        )
    if now > decision.undo_until:
        raise DecisionRefused(
            f"This could be taken back until {decision.undo_until:%Y-%m-%d %H:%M} UTC.",
            "An appeal has it seen again, by someone else.",
        )
    if not _is_by(session, decision, caller):
        work.require_held(session, now, caller, session.get_one(Case, decision.case_id))
    take_back(session, now, caller, decision, why)
    audit.append(
        session, now, caller.actor, "decision.undo", decision.case_id, decision=decision.id
    )
    return decision


def take_back(
    session: Session,
    now: datetime,
    caller: Caller,
    decision: Decision,
    why: str,
    *,
    again: bool = False,
) -> None:
    """Undo a decision whatever the time, and what followed; who calls this has locked the banks'
    clock, checks who may, and logs it."""
    decision.undone_at, decision.undone_by, decision.undone_why = now, caller.actor, why
    session.flush()
    emit(session, Undone(
        now, decision.id, decision.case_id, decision.item_id, decision.conclusion, caller.actor,
        _of_test(session, decision), again,
    ))  # fmt: skip
    for effect in effects.standing(session, decision.id, effects.REPLACED):
        before = session.get_one(Decision, effects.facts(effect)["decision"])
        before.undone_at, before.undone_by, before.undone_why = None, None, ""
        effect.undone_at = now
    session.flush()


def put(
    session: Session,
    now: datetime,
    caller: Caller,
    before: Decision,
    conclusion: str,
    reason: str,
) -> Decision:
    """Another decision in the place of one that was taken back: of an appeal. It replaces what that
    had replaced. Who calls this checks who may, and logs it."""
    one = _row(session, now, caller, before.case_id, before.item_id, conclusion, reason, {})
    _insert(session, now, one, _left_open(session, before.item_id) if before.item_id else None)
    _tell(session, now, one, test=_of_test(session, before))
    return one


def latest(session: Session, item_id: str) -> Decision | None:
    """What stands about an item."""
    return session.scalar(
        select(Decision).where(Decision.item_id == item_id, Decision.undone_at.is_(None))
    )


def found(session: Session, caller: Caller, decision_id: str, *, lock: bool = False) -> Decision:
    """The decision of an id. Raises `NoSuchDecision`, also of one that the caller need not know
    of."""
    decision = session.get(Decision, decision_id, with_for_update=True if lock else None)
    if decision is None:
        raise NoSuchDecision(f"There is no decision {decision_id[:40]}.", "Look at its case.")
    cases.found(session, caller, decision.case_id)
    return decision


def of_case(session: Session, case_id: str, limit: int = 50) -> Sequence[Decision]:
    """What was decided on a case, the last first, what was taken back too."""
    return session.scalars(
        select(Decision)
        .where(Decision.case_id == case_id)
        .order_by(Decision.at.desc(), Decision.id)
        .limit(limit)
    ).all()


def require_release(caller: Caller, facts: Iterable[Known]) -> None:
    """Raises `NotPermitted` unless the caller may say that these are no match."""
    if any(one.releases for one in facts):
        _permitted(caller, Permission.RELEASE)


def _require(
    session: Session, caller: Caller, case: Case, facts: Iterable[Known], conclusion: str
) -> None:
    """Raises `DecisionRefused`, `NotPermitted`."""
    facts = list(facts)
    hidden = queues.kept(session, case.queue).hidden
    if ("escalate" if conclusion == ESCALATED else conclusion) in hidden:
        raise DecisionRefused(
            f"In the queue {case.queue} nobody concludes {conclusion}.", "Choose another."
        )
    if conclusion == NO_MATCH:
        require_release(caller, facts)
        _require_no_other(session, caller, [one.item.id for one in facts])
    if conclusion not in (CONFIRMED, NO_MATCH):
        return
    for one in facts:
        blind = conclusion == CONFIRMED and one.exact and WITHOUT not in hidden
        if one.sealed and not one.looked and not blind:
            raise DecisionRefused(
                f"Nobody can say that of {one.item.id} without having looked at it.",
                "Look at it in a rendering that is enough, or conclude that you cannot tell."
                " Only what a vetted bank has exactly is confirmed without.",
            )


def _require_no_other(session: Session, caller: Caller, item_ids: Sequence[str]) -> None:
    """Raises `DecisionRefused` if another copy of one of these files stands confirmed: given back
    here, it would be blocked again at once."""
    against = items.confirmed_alike(session, item_ids)
    if not against:
        return
    where = ""
    for one in against:
        if work.sees(session, caller, one.case_id):
            where = f": {one.item_id} on the case {one.case_id}, by the decision {one.id}"
            break
    raise DecisionRefused(
        f"Another copy of this very file stands confirmed{where}. Copies are judged alike.",
        "Have that decision taken back first, or overturned by an appeal: that holds for all"
        " copies.",
    )


def _two(session: Session, case: Case, facts: Iterable[Known], conclusion: str) -> str | None:
    acts = queues.kept(session, case.queue).two_for
    if conclusion == NO_MATCH and RELEASE in acts and any(one.vetted for one in facts):
        return RELEASE
    return CONFIRM if conclusion == CONFIRMED and CONFIRM in acts else None


def _row(
    session: Session,
    now: datetime,
    caller: Caller,
    case_id: str,
    item_id: str | None,
    conclusion: str,
    reason: str,
    graded: Mapping[str, str],
) -> Decision:
    viewed = item_id is not None and views.viewed_by_provider(session, item_id, caller.human)
    return Decision(
        id=new_id(), at=now, actor=caller.actor, case_id=case_id, item_id=item_id,
        conclusion=conclusion, reason=reason, grades=rfc8785.dumps(dict(graded)).decode(),
        viewed=viewed, undo_until=now + effects.options_of(session).undo, undone_at=None,
        undone_by=None, undone_why="",
    )  # fmt: skip


def new_id() -> str:
    """The id of another decision."""
    return "dec_" + base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower()


def _left_open(session: Session, item_id: str) -> Decision | None:
    """What left an item open and is replaced. Raises `DecidedAlready` if it is settled."""
    before = latest(session, item_id)
    if before is not None and before.conclusion not in UNSETTLED:
        raise DecidedAlready(item_id, before.actor, before.conclusion, before.at)
    return before


def _insert(session: Session, now: datetime, one: Decision, before: Decision | None) -> None:
    """Add a decision in the place of what left its item open. Raises `DecidedAlready` if someone
    was faster: the database lets one through."""
    if before is not None:
        before.undone_at, before.undone_by = now, one.actor
        before.undone_why = f"replaced by {one.id}"
        session.flush()
    try:
        with session.begin_nested():
            session.add(one)
    except IntegrityError:
        winner = latest(session, one.item_id or "")
        if winner is None:
            raise
        raise DecidedAlready(
            winner.item_id or "", winner.actor, winner.conclusion, winner.at
        ) from None
    if before is not None:
        effects.put(session, now, one.id, effects.REPLACED, decision=before.id)


def _tell(session: Session, now: datetime, one: Decision, *, test: bool) -> None:
    emit(
        session,
        Decided(now, one.id, one.case_id, one.item_id, one.conclusion, one.actor, test),
    )


def _of_test(session: Session, decision: Decision) -> bool:
    return session.get_one(Case, decision.case_id).test


def _is_by(session: Session, decision: Decision, caller: Caller) -> bool:
    """Whether the caller, or who is behind them, decided."""
    return caller.human in (decision.actor, human_of(session, decision.actor))


def human_of(session: Session, actor: str) -> str:
    """Who is behind an actor of the log; the actor itself, where nobody is known to be."""
    current = callers.current(session, actor)
    return actor if current is None else current.human


def _permitted(caller: Caller, permission: Permission) -> None:
    if not caller.may(permission):
        raise NotPermitted(caller, permission)


def checked_reason(text: str) -> str:
    text = text.strip()
    if not text or len(text) > LONGEST_REASON or "\0" in text:
        raise DecisionRefused(
            "Nothing is decided without a reason.", f"Say why, in up to {LONGEST_REASON} letters."
        )
    return text
