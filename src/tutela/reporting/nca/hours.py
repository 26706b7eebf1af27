"""When the agency works, and who must be called when it does not. Pure: the time is given."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
OPENS, CLOSES = time(7), time(17)
FRIDAY = 4
CALLED = (1, 2)
"""Priorities for which somebody is called outside these hours."""


def are_working(now: datetime) -> bool:
    """Whether it is Monday to Friday, 07:00 to 17:00 in London; `now` is aware. Bank holidays are
    not known here: on those, call as well."""
    there = now.astimezone(LONDON)
    return there.weekday() <= FRIDAY and OPENS <= there.time() < CLOSES


def needs_call(priority: int | None, now: datetime) -> bool:
    """Whether a report of this priority also takes a telephone call, if it is submitted now."""
    return priority in CALLED and not are_working(now)
