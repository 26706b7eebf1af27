"""How much each person has seen, and whether they may see more: kept for them, and shown to nobody
else but where a limit was passed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite

from tutela import audit
from tutela.people import callers
from tutela.people.models import Person
from tutela.people.permissions import Caller
from tutela.storage import Session
from tutela.views import limits
from tutela.views.errors import LimitReached
from tutela.views.limits import Allowed, Refused, Seen, Standing
from tutela.views.models import Breach, Shift, View, Wish
from tutela.views.options import IN_SESSION, Options

DANGER = "danger"
"""Why a limit was passed without anyone's asking: a child may be in danger now."""

LONGEST_WHY = 500
SAID = {
    limits.DAY: "You have seen as much today as one person should.",
    limits.WEEK: "You have seen as much this week as one person should.",
    limits.BREAK: "A break is due.",
    limits.LATE: "Your shift is over, or will be soon: nothing is shown at its end.",
    limits.WORST: "You have seen several of the worst grades in a row.",
}
HINT = "If it cannot wait, say why: that is recorded, and managers see it."


@dataclass(frozen=True, slots=True)
class Wishes:
    """How someone wants to work, as far as they said."""

    shift: tuple[time, time] | None = None
    rendering: str = ""
    without: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Passed:
    """A limit that someone passes, and why."""

    limit: str
    why: str


def may_view(
    session: Session,
    now: datetime,
    caller: Caller,
    *,
    worst: bool = False,
    danger: bool = False,
) -> Allowed | Refused:
    """Whether someone may be shown something now. What concerns a child in danger always may."""
    if danger:
        return Allowed()
    place = standing(session, now, caller.human)
    return limits.answer(now, place, options_of(session), worst=worst)


def not_now(session: Session, now: datetime, caller: Caller) -> frozenset[str]:
    """Codes that are not given to someone now, after several of the worst grades in a row."""
    found = may_view(session, now, caller, worst=True)
    if isinstance(found, Refused) and found.limit == limits.WORST:
        return frozenset(options_of(session).worst)
    return frozenset()


def require(
    session: Session,
    now: datetime,
    caller: Caller,
    *,
    worst: bool = False,
    danger: bool = False,
    why: str = "",
) -> Passed | None:
    """The same, where it is about to be shown. Gives the limit that is passed, because of danger or
    with a reason, for `passed` to write down. Raises `LimitReached`."""
    found = may_view(session, now, caller, worst=worst)
    if isinstance(found, Allowed):
        return None
    can_pass = options_of(session).exceptions
    why = " ".join(why.split())[:LONGEST_WHY]
    if danger:
        return Passed(found.limit, DANGER)
    if why and can_pass:
        return Passed(found.limit, why)
    raise LimitReached(
        found.limit, found.until, said(found),
        HINT if can_pass else "Hand the case to someone else.",
    )  # fmt: skip


def passed(session: Session, now: datetime, caller: Caller, what: Passed | None) -> None:
    """Write down that a limit was passed; once a reason, not once a file."""
    if what is None:
        return
    told = select(Breach.id).where(
        Breach.actor == caller.human, Breach.limit == what.limit, Breach.why == what.why,
        Breach.at >= now - limits.BACK,
    )  # fmt: skip
    if session.scalar(told.limit(1)) is not None:
        return
    session.add(Breach(at=now, actor=caller.human, limit=what.limit, why=what.why))
    session.flush()
    audit.append(
        session, now, caller.actor, "view.exceed", caller.human, limit=what.limit, why=what.why
    )


def said(found: Refused) -> str:
    """What is told of a limit that is reached."""
    until = f" Until {found.until:%Y-%m-%d %H:%M} UTC." if found.until else ""
    return SAID[found.limit] + until


def options_of(session: Session) -> Options:
    """The settings of views that a session carries."""
    found = session.info.get(IN_SESSION)
    return found if isinstance(found, Options) else Options()


def standing(session: Session, now: datetime, human: str) -> Standing:
    """Where someone stands, from what they saw."""
    options = options_of(session)
    shift = _shift(session, now, human, options)
    week = seen(session, human, min(shift.began_at, now - limits.BACK) - timedelta(days=6), options)
    today = min(shift.began_at, now - limits.BACK)
    day = [one for one in week if one.at >= today]
    rest = timedelta(minutes=options.break_minutes)
    began = limits.stretch(now, day, rest)
    row = session.get(Shift, (human, shift.day))
    return Standing(
        shift,
        sum(one.seconds for one in day),
        sum(one.seconds for one in week),
        began,
        max((one.ended_at for one in day), default=None),
        row.worst_run if row is not None else 0,
    )


def seen(session: Session, human: str, since: datetime, options: Options) -> Sequence[Seen]:
    """What someone saw, in order. What has not ended counts as one of which nothing was said."""
    rows = session.execute(
        select(View.at, View.seconds, View.ended_at)
        .where(View.actor == human, View.at >= since)
        .order_by(View.at, View.id)
    )
    return [_seen(at, seconds, ended, options) for at, seconds, ended in rows]


def _seen(at: datetime, seconds: float, ended: datetime | None, options: Options) -> Seen:
    if ended is None:
        length = timedelta(seconds=options.unreported_seconds)
        return Seen(at, length.total_seconds(), at + length)
    return Seen(at, seconds, ended)


def counted(session: Session, now: datetime, human: str, *, worst: bool) -> None:
    """One view more in their shift."""
    place = standing(session, now, human)
    values = {
        "actor": human, "day": place.shift.day, "began_at": place.shift.began_at, "seconds": 0.0,
        "views": 0, "worst_run": 0,
    }  # fmt: skip
    is_sqlite = session.connection().dialect.name == "sqlite"
    insert = (sqlite if is_sqlite else postgresql).insert(Shift).values(values)
    session.execute(insert.on_conflict_do_nothing())  # another page of theirs may be as fast
    key = human, place.shift.day
    row = session.get_one(Shift, key, with_for_update=True, populate_existing=True)
    if place.stretch_began is None:  # the first after a break, which ends with it
        row.break_at, row.worst_run = now, 0
    row.views += 1
    row.worst_run = row.worst_run + 1 if worst else 0
    session.flush()


def exposed(session: Session, human: str, day_of: datetime, seconds: float) -> None:
    """So many seconds more in the shift to which a view belongs."""
    row = session.scalar(
        select(Shift)
        .where(Shift.actor == human, Shift.began_at <= day_of)
        .order_by(Shift.began_at.desc())
        .limit(1)
    )
    if row is not None:
        row.seconds += seconds


def wishes(session: Session, human: str) -> Wishes:
    """How someone wants to work."""
    row = session.get(Wish, human)
    if row is None:
        return Wishes()
    shift = None
    if row.shift_from and row.shift_until:
        shift = time.fromisoformat(row.shift_from), time.fromisoformat(row.shift_until)
    return Wishes(shift, row.rendering, frozenset(row.without.split()))


def zone_of(session: Session, human: str) -> ZoneInfo:
    """Where someone is, as they said; else UTC."""
    name = session.scalar(
        select(Person.zone).where(Person.name == human.removeprefix(callers.PERSON))
    )
    try:
        return ZoneInfo(name or "UTC")
    except (OSError, ValueError, KeyError):  # one that is not known any more
        return ZoneInfo("UTC")


def _shift(session: Session, now: datetime, human: str, options: Options) -> limits.Shift:
    zone = zone_of(session, human)
    stated = wishes(session, human).shift
    if stated is not None:
        return limits.stated_shift(now, zone, *stated)
    last = session.scalar(select(func.max(Shift.began_at)).where(Shift.actor == human))
    return limits.unstated_shift(now, zone, options, last)
