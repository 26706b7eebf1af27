"""Dates and periods as a policy writes them. No clock: what day it is, callers say."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, timedelta

PERIOD = re.compile(r"P(?=\d)(?:(\d{1,3})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?")
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class Period:
    """Calendar months, then days (ISO 8601: P1Y, P6M, P2W, P30D, P1M15D)."""

    months: int
    days: int

    @classmethod
    def parse(cls, text: str) -> Period:
        """Raises ValueError. Nothing finer than a day: nobody keeps evidence by the hour."""
        found = PERIOD.fullmatch(text)
        if not found:
            raise ValueError("no period")
        years, months, weeks, days = (int(part or 0) for part in found.groups())
        made = cls(12 * years + months, 7 * weeks + days)
        if made == cls(0, 0) or made.months > LONGEST * 12 or made.days > LONGEST * 366:
            raise ValueError("no usable period")
        return made

    def after(self, moment: datetime) -> datetime:
        """The moment that a period later is: the same day of the month, or its last."""
        index = moment.year * 12 + moment.month - 1 + self.months
        year, month = index // 12, index % 12 + 1
        day = min(moment.day, monthrange(year, month)[1])
        return moment.replace(year=year, month=month, day=day) + timedelta(days=self.days)

    def __str__(self) -> str:
        months = f"{self.months}M" if self.months else ""
        return f"P{months}{self.days}D" if self.days else f"P{months}"


LONGEST = 100
"""Years: longer is a slip of the pen."""


def parse_date(text: str) -> date:
    """A day as YYYY-MM-DD. Raises ValueError."""
    if not DATE.fullmatch(text):
        raise ValueError("no date")
    return date.fromisoformat(text)
