"""How much one person may see, and when: values in, an answer out, no clock and no database.

All lengths are of UTC, so that an hour stays an hour when clocks change; a day begins when the
person's own shift does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from tutela.views.options import Options

DAY, WEEK, BREAK, LATE, WORST = "day", "week", "break", "late", "worst-run"
LIMITS = (LATE, DAY, WEEK, BREAK, WORST)
"""In the order in which they are asked."""

REST = timedelta(hours=11)
"""Between two shifts, of who did not say when theirs are (Directive 2003/88/EC, Article 3)."""

BACK = timedelta(hours=12)
"""A day's budget looks back at least so far: to move one's shift is no way round it."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Something that was seen, from when and for how long."""

    at: datetime
    seconds: float
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class Shift:
    """One person's working time."""

    day: date
    """On which it began, where they are."""
    began_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """Where someone stands: what they have seen, and when a break is due."""

    shift: Shift
    day_seconds: float
    week_seconds: float
    stretch_began: datetime | None
    """When they began to work after the last break; None: they are on a break, or did not begin."""
    last_ended: datetime | None
    worst_run: int


@dataclass(frozen=True, slots=True)
class Allowed:
    """Nothing speaks against it."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A limit that is reached, until a time; None: until something else was seen."""

    limit: str
    until: datetime | None


def answer(
    now: datetime, standing: Standing, options: Options, *, worst: bool
) -> Allowed | Refused:
    """Whether someone may see something more. `worst`: it is of the worst grades."""
    shift = standing.shift
    if not shift.began_at <= now < shift.ends_at - timedelta(minutes=options.late_minutes):
        return Refused(LATE, _next(now, shift))
    if standing.day_seconds >= options.day_minutes * 60:
        return Refused(DAY, _next(now, shift))
    if standing.week_seconds >= options.week_minutes * 60:
        return Refused(WEEK, _next(now, shift))
    due = break_due(standing, options)
    if due is not None and due <= now:
        ended = standing.last_ended or now
        return Refused(BREAK, ended + timedelta(minutes=options.break_minutes))
    if worst and standing.worst_run >= options.worst_run and standing.stretch_began is not None:
        return Refused(WORST, None)
    return Allowed()


def break_due(standing: Standing, options: Options) -> datetime | None:
    """When the next break is due; None if none is, since nothing was seen after the last."""
    if standing.stretch_began is None:
        return None
    return standing.stretch_began + timedelta(minutes=options.stretch_minutes)


def stretch(now: datetime, seen: Sequence[Seen], rest: timedelta) -> datetime | None:
    """When someone began to work after the last time that nothing was in sight for as long as
    `rest`, given what they saw in order."""
    began: datetime | None = None
    ended: datetime | None = None
    for one in seen:
        if began is None or ended is None or one.at - ended >= rest:
            began = one.at
        ended = max(one.ended_at, ended or one.ended_at)
    if ended is None or now - ended >= rest:
        return None
    return began


def stated_shift(now: datetime, zone: tzinfo, begins: time, ends: time) -> Shift:
    """The shift of who said when theirs is: the one that began last, be it over."""
    local = now.astimezone(zone)
    for back in (0, 1, 2):
        day = local.date() - timedelta(days=back)
        began = _at(day, begins, zone)
        if began <= now:
            over = day if begins < ends else day + timedelta(days=1)
            return Shift(day, began, _at(over, ends, zone))
    raise AssertionError("a shift began within two days")


def next_shift(now: datetime, zone: tzinfo, begins: time) -> datetime:
    """When the next one begins."""
    day = now.astimezone(zone).date()
    found = _at(day, begins, zone)
    return found if found > now else _at(day + timedelta(days=1), begins, zone)


def unstated_shift(
    now: datetime, zone: tzinfo, options: Options, last_began: datetime | None
) -> Shift:
    """The shift of who did not: it begins with the first thing they see after a rest."""
    length = timedelta(hours=options.shift_hours)
    began = now
    if last_began is not None:
        same_day = last_began.astimezone(zone).date() == now.astimezone(zone).date()
        if same_day or now < last_began + length + REST:
            began = last_began
    return Shift(began.astimezone(zone).date(), began, began + length)


def minutes(begins: time, ends: time) -> int:
    """How long a shift is by the clock on the wall."""
    length = (ends.hour - begins.hour) * 60 + ends.minute - begins.minute
    return length if length > 0 else length + 24 * 60


def _at(day: date, clock: time, zone: tzinfo) -> datetime:
    """A time of a day there. One that is skipped when clocks go forward is as long after what comes
    before it; one that comes twice is the first."""
    return datetime.combine(day, clock, zone).astimezone(UTC)


def _next(now: datetime, shift: Shift) -> datetime:
    """When the next shift may begin: a day after this one did, or as soon as it does."""
    following = shift.began_at
    while following <= now:
        following += timedelta(days=1)
    return following
