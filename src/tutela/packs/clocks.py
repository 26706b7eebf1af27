"""Calendar arithmetic of the law. No clock: callers give moments, which are aware.

A law counts in days of a place; a service counts in UTC; a year from 29 February, or a month from
31 January, may be read in two ways. So each reading is made, in the zone that a pack names and in
UTC, and the one counts that can break no duty: what must be kept is kept to the end of the later
day, what may not be kept is gone before the earlier day begins, and what is due is due at the
earlier moment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from tutela.policy.periods import Period

HOURS = re.compile(r"PT([0-9]{1,4})H")


def until(moment: datetime, period: Period, zone: tzinfo) -> datetime:
    """The moment, in UTC, from which on something that had to be kept for a period may go.

    The end of the day on which the period ends, never a day short: a day that the last month lacks
    is the first of the next.
    """
    return max(
        _begin(_rounded_up(moment.astimezone(one).date(), period) + timedelta(days=1), one)
        for one in (zone, UTC)
    )


def limit(moment: datetime, period: Period, zone: tzinfo) -> datetime:
    """The moment, in UTC, at which something that may be kept for a period at most must be gone.

    The beginning of the day on which the period ends, never a day long: a day that the last month
    lacks is that month's last. Later than `moment`, since no period is shorter than a day.
    """
    return min(
        _begin(period.after(datetime.combine(moment.astimezone(one).date(), time())).date(), one)
        for one in (zone, UTC)
    )


@dataclass(frozen=True, slots=True)
class Term:
    """Until when something is to be done: hours, a calendar period, or a statute's own words."""

    text: str
    hours: int = 0
    period: Period | None = None

    @classmethod
    def parse(cls, text: str) -> Term:
        """Raises ValueError."""
        if text in STANDARDS:
            return cls(text)
        found = HOURS.fullmatch(text)
        if found is None:
            return cls(text, period=Period.parse(text))
        if int(found[1]) == 0:
            raise ValueError("no usable term")
        return cls(text, hours=int(found[1]))

    @property
    def is_exact(self) -> bool:
        """Whether the law gives a moment, not a measure of haste."""
        return self.text == IMMEDIATELY or self.hours > 0 or self.period is not None

    @property
    def words(self) -> str:
        if self.hours:
            return f"within {self.hours} hours"
        return self.text if self.period is None else f"within {self.text}"


IMMEDIATELY = "immediately"

STANDARDS = (
    IMMEDIATELY,
    "as soon as reasonably possible",
    "as soon as reasonably practicable",
    "as soon as feasible",
    "promptly",
    "expeditiously",
    "without undue delay",
    "within a reasonable time",
)
"""Measures of haste that statutes use and put no number to; the first is the most urgent."""


def deadline(moment: datetime, term: Term, zone: tzinfo) -> datetime:
    """The moment, in UTC, at which something is due. What is owed without a number is due at once:
    no later moment is promised."""
    if term.period is None:
        return (moment.astimezone(UTC) + timedelta(hours=term.hours)).astimezone(UTC)
    readings = (term.period.after(moment.astimezone(one)) for one in (zone, UTC))
    return min(one.astimezone(UTC) for one in readings)


def shown(period: Period) -> str:
    """A period as laws write it: P1Y, where its own text says P12M."""
    years = period.months // 12 if period.months % 12 == 0 else 0
    if not years:
        return str(period)
    return f"P{years}Y" + (f"{period.days}D" if period.days else "")


def _rounded_up(day: date, period: Period) -> date:
    months = Period(period.months, 0).after(datetime.combine(day, time())).date()
    if months.day != day.day:
        months += timedelta(days=1)
    return months + timedelta(days=period.days)


def _begin(day: date, zone: tzinfo) -> datetime:
    """The first moment of a day. Where clocks skip midnight, zoneinfo counts it as the moment of
    the change, which is when that day begins."""
    return datetime.combine(day, time(), zone).astimezone(UTC)
