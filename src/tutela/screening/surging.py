"""Banks whose match rate jumps: a list with a mistake in it must not block a whole service."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select

from tutela.policy import Surge
from tutela.screening.models import BankHour, Count
from tutela.storage import Session

HOUR = timedelta(hours=1)
MEAN_OF = timedelta(days=7)


def surging(session: Session, now: datetime, surge: Surge) -> frozenset[str]:
    """Banks that in this hour and the one before matched `factor` times as large a share of what
    was screened as in the 7 days before, and at least `least` items.

    Of a bank that is new in a service that is not, the share before was nothing. A service that
    screened nothing before has no mean to compare with.
    """
    hour = now.replace(minute=0, second=0, microsecond=0)
    recent, begin = hour - HOUR, hour - HOUR - MEAN_OF
    screened = select(func.sum(Count.count)).where(Count.outcome.in_(("allow", "review", "block")))
    before = session.scalar(screened.where(Count.hour >= begin, Count.hour < recent)) or 0
    lately = session.scalar(screened.where(Count.hour >= recent)) or 0
    if not before or not lately:
        return frozenset()
    matched = select(BankHour.bank, func.sum(BankHour.count)).group_by(BankHour.bank)
    mean = dict(
        session.execute(matched.where(BankHour.hour >= begin, BankHour.hour < recent)).all()
    )
    return frozenset(
        bank
        for bank, count in session.execute(matched.where(BankHour.hour >= recent))
        if count >= surge.least and count / lately > surge.factor * mean.get(bank, 0) / before
    )
