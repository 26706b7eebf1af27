"""Strikes: that an account broke the rules, as far as it still counts.

Someone who is or may be a child, or who is on the pictures that they posted, is never struck.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import aliased

from tutela import audit
from tutela.banks.models import Purpose
from tutela.cases import service as cases
from tutela.cases.models import Case
from tutela.decisions import effects
from tutela.decisions.errors import DecisionRefused
from tutela.decisions.models import Decision, Strike
from tutela.decisions.told import CONFIRMED, Decided, Undone
from tutela.people import knowing
from tutela.people.errors import NotPermitted
from tutela.people.permissions import Caller, Permission
from tutela.screening.models import Item, ItemMatch
from tutela.screening.recording import ItemDecided
from tutela.storage import Session

ACCOUNT, CHILD = "account", "child"


@dataclass(frozen=True, slots=True)
class Standing:
    """How an account stands. `weight`: what was decided at one moment counts once."""

    account: str
    weight: int
    strikes: int
    last: datetime


def give(session: Session, told: Decided) -> None:
    """Strike the account of what was confirmed, unless it is spared."""
    options = effects.options_of(session)
    if told.conclusion != CONFIRMED or told.test or not options.strike_weight:
        return
    account = _account(session, told)
    if account is None or spared(session, account):
        return
    strike = Strike(
        account=account, decision_id=told.decision_id, weight=options.strike_weight, at=told.at,
        expires_at=told.at + options.strike if options.strike else None, ended_at=None,
    )  # fmt: skip
    session.add(strike)
    session.flush()
    effects.put(
        session, told.at, told.decision_id, effects.STRIKE, strike.expires_at, strike=strike.id
    )


def take_back(session: Session, told: Undone) -> None:
    """End the strike that a decision gave."""
    for effect in effects.standing(session, told.decision_id, effects.STRIKE):
        effect.undone_at = told.at
        strike = session.get_one(Strike, effects.facts(effect)["strike"])
        strike.ended_at = strike.ended_at or told.at
    session.flush()


def spare(session: Session, told: ItemDecided) -> None:
    """End what an account was struck for, once it turns out that nobody may strike it."""
    account = told.given.creator_id
    if account is None or told.test:
        return
    strikes = session.scalars(
        select(Strike).where(Strike.account == account, Strike.ended_at.is_(None))
    ).all()
    if strikes and spared(session, account):
        for strike in strikes:
            strike.ended_at = told.at
        session.flush()


def spared(session: Session, account: str) -> bool:
    """Whether an account is never struck: known or stated to be a child's, or matched on a bank of
    survivors' requests."""
    return bool(session.scalar(select(_spared(account))))


def active(session: Session, now: datetime, account: str) -> Sequence[Strike]:
    """The strikes that count against an account now, the latest first."""
    if spared(session, account):
        return []
    return session.scalars(
        select(Strike)
        .where(Strike.account == account, _counts(now))
        .order_by(Strike.at.desc(), Strike.id.desc())
    ).all()


def weight(session: Session, now: datetime, account: str) -> int:
    """What counts against an account now: of what was decided at one moment, the heaviest."""
    moments: dict[datetime, int] = {}
    for strike in active(session, now, account):
        moments[strike.at] = max(moments.get(strike.at, 0), strike.weight)
    return sum(moments.values())


def of_account(
    session: Session, caller: Caller, account: str, limit: int = 100
) -> Sequence[tuple[Strike, str]]:
    """All strikes of an account, those that ended too, the latest first, each with its case; of
    cases that the caller needs to know of."""
    rows = session.execute(
        select(Strike, Decision.case_id)
        .join(Decision, Decision.id == Strike.decision_id)
        .join(Case, Case.id == Decision.case_id)
        .where(Strike.account == account, knowing.visible(caller, Case.queue, Case.id))
        .order_by(Strike.at.desc(), Strike.id.desc())
        .limit(limit)
    )
    return [(strike, case_id) for strike, case_id in rows]


def listed(
    session: Session, now: datetime, caller: Caller, after: str = "", limit: int = 100
) -> Sequence[Standing]:
    """Accounts against which something counts now, by their names, those after one: of cases that
    the caller needs to know of. Who is spared is not among them."""
    each = (
        select(
            Strike.account, Strike.at, func.max(Strike.weight).label("weight"),
            func.count().label("strikes"),
        )
        .join(Decision, Decision.id == Strike.decision_id)
        .join(Case, Case.id == Decision.case_id)
        .where(
            _counts(now), Strike.account > after, ~_spared(Strike.account),
            knowing.visible(caller, Case.queue, Case.id),
        )
        .group_by(Strike.account, Strike.at)
        .subquery()
    )  # fmt: skip
    rows = session.execute(
        select(
            each.c.account, func.sum(each.c.weight), func.sum(each.c.strikes), func.max(each.c.at)
        )
        .group_by(each.c.account)
        .order_by(each.c.account)
        .limit(limit)
    )
    return [Standing(account, int(w), int(n), last) for account, w, n, last in rows]


def end(session: Session, now: datetime, caller: Caller, number: int, why: str) -> Strike:
    """End a strike by hand. Raises `DecisionRefused`, `NotPermitted`, and
    `NoSuchCase` of a case that the caller need not know of."""
    if not caller.may(Permission.RELEASE):
        raise NotPermitted(caller, Permission.RELEASE)
    why = why.strip()
    if not why or len(why) > 1000 or "\0" in why:
        raise DecisionRefused("A strike is not ended without a reason.", "Say why.")
    strike = session.scalar(select(Strike).where(Strike.id == number).with_for_update())
    if strike is not None:
        case_id = session.get_one(Decision, strike.decision_id).case_id
        cases.found(session, caller, case_id)
    if strike is None or strike.ended_at is not None:
        raise DecisionRefused(f"No strike {number} counts.", "Look at the account again.")
    strike.ended_at = now
    audit.append(
        session, now, caller.actor, "strike.end", f"strike:{number}", why=why,
        decision=strike.decision_id,
    )  # fmt: skip
    return strike


def _account(session: Session, told: Decided) -> str | None:
    """Whose account it is: of who posted the item, else the case's."""
    if told.item_id is not None:
        return session.get_one(Item, told.item_id).creator_id
    case = session.get_one(Case, told.case_id)
    return case.subject if case.subject_kind == ACCOUNT else None


def _counts(now: datetime) -> ColumnElement[bool]:
    return and_(
        Strike.ended_at.is_(None), or_(Strike.expires_at.is_(None), Strike.expires_at > now)
    )


def _spared(account: object) -> ColumnElement[bool]:
    of, posted = aliased(Case), aliased(Item)
    child = exists().where(of.subject_kind == ACCOUNT, of.subject == account, of.role == CHILD)
    survivor = exists().where(
        ItemMatch.item_id == posted.id, posted.creator_id == account, ItemMatch.vetoed.is_(False),
        ItemMatch.purpose == str(Purpose.SURVIVOR_REQUEST),
    )  # fmt: skip
    return or_(child, survivor)
