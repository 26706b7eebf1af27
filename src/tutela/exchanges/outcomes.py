"""What follows when a run of an exchange ends: when it is due again, and who must look."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from sqlalchemy import select

from tutela import alarms
from tutela.exchanges import partners
from tutela.exchanges.errors import NoSuchPartner
from tutela.exchanges.models import Exchange
from tutela.storage import Database, Session

FAILING, REFUSED = "exchange.failing", "exchange.refused"
HELD, STALE = "exchange.held", "exchange.stale"
ALARMS = (FAILING, HELD, REFUSED, STALE)
ALARM_AFTER = 3
"""Times that a partner may not answer before somebody hears of it."""

LONGEST = 1_000
"""Letters of an error that are kept."""


def complete(session: Session, now: datetime, row: Exchange) -> None:
    """All that the partner has is here."""
    row.began_at, row.complete_at, row.due_at = None, now, now + timedelta(seconds=row.every)
    row.failures, row.error, row.deleted, row.allowed, row.whole = 0, "", 0, 0, False
    row.busy_until = None
    for kind in (FAILING, STALE):
        alarms.clear(session, now, kind, subject(row))


def more(_: Session, now: datetime, row: Exchange) -> None:
    """It goes on at once, with the next run."""
    row.due_at, row.failures, row.error = now, 0, ""


def patience(failures: int, asked: float, most: int) -> timedelta:
    """How long a partner is left alone that failed so often: twice as long each time, up to `most`
    seconds; or for what it asked."""
    seconds = min(30.0 * 2.0 ** min(failures, 20), most)
    seconds *= 1 - 0.2 * random.random()  # noqa: S311 - spread, no secret
    return timedelta(seconds=max(seconds, min(asked, 86_400.0)))


def failed(
    session: Session,
    now: datetime,
    row: Exchange,
    why: str,
    wait: timedelta,
    *,
    at_once: bool = False,
) -> None:
    """It is tried again after a while; `at_once`: somebody hears of it the first time."""
    row.failures += 1
    row.error, row.due_at = why[:LONGEST], now + wait
    if at_once or row.failures >= ALARM_AFTER:
        alarms.sound(
            session, now, FAILING, subject(row),
            f"Nothing can be {'asked of' if row.advises else 'fetched for'} {row.name}"
            f" ({row.partner}): {row.error}",
            failures=row.failures,
        )  # fmt: skip


def refused(
    session: Session, now: datetime, row: Exchange, why: str, sealed_at: datetime | None
) -> None:
    """The partner does not take the secrets that were set at `sealed_at`: nothing is asked until
    others are. If they were set meanwhile, nothing is known of these yet."""
    row.error = why[:LONGEST]
    if row.sealed_at != sealed_at:
        row.due_at = now
        return
    row.refused_at = now
    alarms.sound(
        session, now, REFUSED, subject(row),
        f"The partner of {row.name} refuses our secrets. Nothing is"
        f" {'asked' if row.advises else 'fetched'} until they are set:"
        f" tutela exchange secrets {row.name}",
    )  # fmt: skip


def held(session: Session, now: datetime, row: Exchange, why: str, count: int) -> None:
    """A person must look before it goes on."""
    row.held, row.held_count = why[:LONGEST], count
    alarms.sound(
        session, now, HELD, subject(row),
        f"{why} Until then nothing is fetched. If it is right: tutela exchange release {row.name}",
        entries=count,
    )  # fmt: skip


def sound_stale(database: Database) -> int:
    """Sound an alarm for each exchange that was not fetched completely for too long; gives how
    many."""
    count = 0
    with database.writing() as session:
        now = database.now()
        rows = session.scalars(
            select(Exchange)
            .where(Exchange.left_at.is_(None), Exchange.advises.is_(False))
            .order_by(Exchange.name)
        )
        for row in rows:
            try:
                partner = partners.named(row.partner)
            except NoSuchPartner:
                continue
            since = row.complete_at or row.created_at
            if now - since > max(partner.stale_after, timedelta(seconds=2 * row.every)):
                count += 1
                alarms.sound(
                    session, now, STALE, subject(row),
                    f"{row.name} was not fetched completely since {since:%Y-%m-%d %H:%M} UTC:"
                    " uploads are screened against an old list.",
                )  # fmt: skip
    return count


def subject(row: Exchange) -> str:
    """How alarms and the audit log name it."""
    return f"exchange:{row.name}"
