"""Sums of the counts that are kept of all items: for people who look at how things stand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta, tzinfo

from sqlalchemy import func, select

from tutela.screening.models import BankHour, Count
from tutela.storage import Session

DAY = timedelta(days=1)


def by_day(
    session: Session, now: datetime, days: int, zone: tzinfo
) -> Mapping[date, Mapping[str, int]]:
    """How many items had each outcome on each of the last days of a zone, today the last. A few
    rows an hour are read, whatever was screened."""
    today = now.astimezone(zone).date()
    found: dict[date, dict[str, int]] = {today - DAY * back: {} for back in range(days - 1, -1, -1)}
    rows = session.execute(
        select(Count.hour, Count.outcome, func.sum(Count.count))
        .where(Count.hour > now - DAY * (days + 1))
        .group_by(Count.hour, Count.outcome)
    )
    for hour, outcome, count in rows:
        counts = found.get(hour.astimezone(zone).date())
        if counts is not None:
            counts[outcome] = counts.get(outcome, 0) + int(count)
    return found


def by_bank(session: Session, since: datetime, most: int) -> list[tuple[str, int]]:
    """Which banks matched most since then, and how many items each."""
    total = func.sum(BankHour.count)
    rows = session.execute(
        select(BankHour.bank, total)
        .where(BankHour.hour >= since)
        .group_by(BankHour.bank)
        .order_by(total.desc(), BankHour.bank)
        .limit(most)
    )
    return [(bank, int(count)) for bank, count in rows]
