"""How the whole installation stands with the law: what it wants of the service, what is late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, or_, select

from tutela.cases.models import Case
from tutela.evidence.models import Clock
from tutela.law.library import library
from tutela.law.service import OF_SERVICE
from tutela.law.signing import last_reviews, options_of, signatures
from tutela.packs import Ask, Review, Situation, duties
from tutela.packs.models import ReportRule
from tutela.packs.vocabulary import question
from tutela.people import knowing
from tutela.people.permissions import Caller
from tutela.storage import Session

SHOWN = 20
"""Cases that are listed; the number of all is told."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whom a law has the service tell, and in which words; `asks`: what is not known of the
    service, without which nobody knows whether it does."""

    rule: ReportRule
    term: str
    signed: str
    asks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Late:
    """Open cases that were due: how many, and the first that the caller may see."""

    count: int
    first: Sequence[Case]


def wanted(session: Session, now: datetime) -> list[Wanted]:
    """The duties to report of packs in use, but those that never are this service's."""
    options, signed = options_of(session), signatures(session)
    bare = Situation(options.service, now)
    found: dict[str, Wanted] = {}
    for pack in library(options).in_use(options):
        for rule in () if pack.is_draft else pack.rules:
            if not isinstance(rule, ReportRule) or not rule.must:
                continue
            when = {fact: values for fact, values in rule.when.items() if fact in OF_SERVICE}
            missing = bare.missing(when)
            if missing is not None and rule.in_force(now.date()):
                terms = ", ".join(
                    f"{name}: {term.words}" if name else term.words
                    for name, term in sorted(rule.terms.items())
                )
                asks = tuple(question(one) for one in missing)
                found[rule.digest] = Wanted(rule, terms, signed.get(rule.digest, ""), asks)
    return list(found.values())


def reviews(session: Session, now: datetime) -> tuple[Sequence[Review], Sequence[Ask]]:
    """What laws in use want looked at again and when that is due, and what is not known of the
    service that they ask for it."""
    options = options_of(session)
    known = replace(options.service, last_reviews=last_reviews(session))
    found = duties(
        library(options).in_use(options), Situation(known, now), now.date(),
        signatures=signatures(session),
    )  # fmt: skip
    asks = [one for one in found.asks if one.fact in ("measures", "established", "law")]
    return found.reviews, asks


def late(session: Session, now: datetime, caller: Caller) -> Late:
    """Open cases that were due."""
    which = Case.closed_at.is_(None) & Case.test.is_(False) & (Case.due_at <= now)
    count = session.scalar(select(func.count()).select_from(Case).where(which)) or 0
    first = session.scalars(
        select(Case)
        .where(which, knowing.visible(caller, Case.queue, Case.id))
        .order_by(Case.due_at, Case.id)
        .limit(SHOWN)
    ).all()
    return Late(count, first)


def clocks(session: Session, now: datetime) -> dict[str, int]:
    """How many clocks run on files, by their kind."""
    rows = session.execute(
        select(Clock.kind, func.count(Clock.id).label("count"))
        .where(Clock.ended_at.is_(None), or_(Clock.until.is_(None), Clock.until > now))
        .group_by(Clock.kind)
        .order_by(Clock.kind)
    )
    return {one[0]: one[1] for one in rows}
