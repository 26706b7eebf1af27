"""What each person knows of their own exposure, and the little that those who manage see of all."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import func, select

from tutela.errors import TutelaError
from tutela.storage import Session
from tutela.views import exposure, limits
from tutela.views.exposure import Wishes
from tutela.views.limits import Allowed, Refused, Standing
from tutela.views.models import Breach, Shift, Wish
from tutela.views.options import CLOCK, most_shown

SHIFTS = 14
"""That someone sees of their own."""

LEAST = 5
"""People of whom something is told together: of fewer one could be made out."""

WEEKS = 8
LONGEST_SHIFT = 12 * 60
"""Minutes: who says that their shift is longer would never be sent home."""

MOST_CODES = 50


class WishRefused(TutelaError):
    """How someone wants to work, where that cannot be."""


@dataclass(frozen=True, slots=True)
class Own:
    """What someone sees of themselves."""

    standing: Standing
    may: Allowed | Refused
    break_due: datetime | None
    wishes: Wishes
    shifts: Sequence[Shift]
    breaches: Sequence[Breach]


@dataclass(frozen=True, slots=True)
class Week:
    """One week of all who were exposed, together."""

    monday: date
    people: int
    hours: float
    mean_hours: float


def own(session: Session, now: datetime, human: str) -> Own:
    """Everything that is known of someone's own exposure."""
    options = exposure.options_of(session)
    place = exposure.standing(session, now, human)
    shifts = select(Shift).where(Shift.actor == human).order_by(Shift.day.desc()).limit(SHIFTS)
    passed = select(Breach).where(Breach.actor == human).order_by(Breach.id.desc()).limit(SHIFTS)
    return Own(
        place,
        limits.answer(now, place, options, worst=False),
        limits.break_due(place, options),
        exposure.wishes(session, human),
        session.scalars(shifts).all(),
        session.scalars(passed).all(),
    )


def wish(
    session: Session,
    human: str,
    shift: tuple[str, str] | None,
    rendering: str,
    without: Collection[str],
) -> None:
    """Say how one wants to work. It needs no reason, and stands in no log. Raises `WishRefused`."""
    begins = ends = ""
    if shift is not None:
        begins, ends = shift
        if not (CLOCK.fullmatch(begins) and CLOCK.fullmatch(ends)):
            raise WishRefused("A shift is from one time of the day to another.", "Such as 09:00.")
        length = limits.minutes(time.fromisoformat(begins), time.fromisoformat(ends))
        if length > LONGEST_SHIFT:
            raise WishRefused("A shift has up to twelve hours.", "Say when yours ends.")
    options = exposure.options_of(session)
    if rendering and rendering not in most_shown(options.floor):
        raise WishRefused("This is not offered here.", "Choose one that is.")
    codes = sorted(set(without))
    if len(codes) > MOST_CODES or any(not _is_code(one) for one in codes):
        raise WishRefused("These are not codes.", "Say codes such as A1, apart by spaces.")
    row = session.get(Wish, human, with_for_update=True)
    if row is None:
        row = Wish(actor=human, shift_from="", shift_until="", rendering="", without="")
        session.add(row)
    row.shift_from, row.shift_until = begins, ends
    row.rendering, row.without = rendering, " ".join(codes)
    session.flush()


def weeks(session: Session, now: datetime) -> list[Week]:
    """The last whole weeks, the latest first; without those in which too few were exposed."""
    today = now.date()
    this = today - timedelta(days=today.weekday())
    found = []
    for back in range(1, WEEKS + 1):
        monday = this - timedelta(weeks=back)
        people, seconds = session.execute(
            select(func.count(func.distinct(Shift.actor)), func.sum(Shift.seconds)).where(
                Shift.day >= monday, Shift.day < monday + timedelta(weeks=1), Shift.seconds > 0
            )
        ).one()
        if people >= LEAST:
            found.append(Week(monday, people, seconds / 3600, seconds / 3600 / people))
    return found


def breaches(session: Session, before: int | None = None, limit: int = 50) -> Sequence[Breach]:
    """Limits that were passed, the latest first, those before a number."""
    query = select(Breach).order_by(Breach.id.desc()).limit(limit)
    return session.scalars(query if before is None else query.where(Breach.id < before)).all()


def _is_code(text: str) -> bool:
    return 0 < len(text) <= 32 and text.isascii() and text.replace("-", "").isalnum()
