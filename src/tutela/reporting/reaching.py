"""How an authority is reached: when it is tried again, and when somebody hears that it is down."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from tutela import alarms
from tutela.reporting.models import Credentials, Reached, Report
from tutela.reporting.options import Options
from tutela.storage import Session

ALARM = "report.authority-down"
JITTER = 0.2
"""How much longer a wait may be, as a share: what failed together is not to come together."""

NOTED = timedelta(seconds=5)
"""Between two notes that it answers: four senders need not write one row for each call."""


def row(session: Session, authority: str, environment: str) -> Reached:
    """The row of an authority, made if it must be, until the session ends ours alone."""
    key = {"authority": authority, "environment": str(environment)}
    is_sqlite = session.connection().dialect.name == "sqlite"
    insert = (sqlite if is_sqlite else postgresql).insert(Reached)
    session.execute(
        insert.values(**key, allowed_by="", failures=0).on_conflict_do_nothing(
            index_elements=["authority", "environment"]
        )
    )
    return session.get_one(
        Reached, tuple(key.values()), with_for_update=True, populate_existing=True
    )


def listed(session: Session) -> Sequence[Reached]:
    """All that were ever tried, or allowed."""
    return session.scalars(select(Reached).order_by(Reached.authority, Reached.environment)).all()


def failed(
    session: Session,
    now: datetime,
    authority: str,
    environment: str,
    why: str,
    options: Options,
    seconds: int = 0,
) -> None:
    """It does not answer, and maybe said for how many seconds. What fails while it is being left
    alone counts no more: that is the same failure."""
    reached = row(session, authority, environment)
    if reached.retry_at is not None and reached.retry_at > now:
        return
    reached.failures += 1
    reached.down_since = reached.down_since or now
    wait = max(backoff(options, reached.failures), timedelta(seconds=seconds))
    reached.retry_at = now + wait
    session.flush()
    if reached.failures >= options.alarm_after:
        alarms.sound(
            session, now, ALARM, f"{authority}:{environment}",
            f"{authority} ({environment}) could not be reached"
            f" {reached.failures} times, since {reached.down_since:%Y-%m-%d %H:%M} UTC: {why}",
        )  # fmt: skip


def next_try(session: Session, report: Report) -> datetime | None:
    """When a report that waits is tried next, not before: with its authority, if that is down; None
    while nobody has set credentials that it takes."""
    known = session.get(Credentials, (report.authority, report.environment))
    if known is not None and known.refused_at is not None:
        return None
    reached = session.get(Reached, (report.authority, report.environment))
    retry = None if reached is None or report.danger else reached.retry_at
    if report.due_at is None or retry is None:
        return report.due_at
    return max(report.due_at, retry)


def answered(session: Session, now: datetime, authority: str, environment: str) -> None:
    """It answers: what was wrong with it is over."""
    known = session.get(Reached, (authority, str(environment)))
    if (
        known is not None and not known.failures
        and known.answered_at is not None and now - known.answered_at < NOTED
    ):  # fmt: skip
        return
    reached = row(session, authority, environment)
    was_down = reached.failures > 0
    reached.failures, reached.down_since, reached.retry_at = 0, None, None
    reached.answered_at = now
    session.flush()
    if was_down:
        alarms.clear(session, now, ALARM, f"{authority}:{environment}")


def backoff(options: Options, times: int) -> timedelta:
    """How long to wait after so many failures, one after another."""
    seconds = min(options.retry_first * 2.0 ** min(times - 1, 20), options.retry_most)
    more = 1 + JITTER * random.random()  # noqa: S311 - spread, no secret
    return timedelta(seconds=min(seconds * more, options.retry_most))
