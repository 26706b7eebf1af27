"""Sends reports: drives an authority's machine, and writes each state down before a call and after.

Who sends holds a `turn`: a number that only grows. Each later write is made only if it is still
that one's, so that a worker that was left behind changes nothing. A call is written down before it
is made, its exact bytes are sealed after it, and what came of it is written in one transaction with
what follows: whoever is killed in between leaves a state that says that nobody knows.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tutela.errors import TutelaError
from tutela.evidence.sealing import Sealer
from tutela.outbound import Outbound
from tutela.reporting import sending
from tutela.reporting.models import Report, State
from tutela.reporting.options import Options
from tutela.reporting.pacing import Pace
from tutela.reporting.turns import Fenced, Turn
from tutela.sealing import Sealing
from tutela.storage import Database, Session

AHEAD = 16
"""Due reports that are looked at for one that nobody else took meanwhile."""

GOES_ON = 10.0
"""Seconds in which one run goes on with the next report: a worker that stops waits for it."""

MOST_AT_ONCE = 50
"""Reports of one run."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Parts:
    """What sending takes. One for a process; any thread may use it."""

    database: Database
    outbound: Outbound
    sealing: Sealing
    sealer: Sealer
    vault: Path
    """The socket of the vault."""
    options: Options
    pace: Pace
    after_step: Callable[[str], object] = lambda _: None
    """Told of each step that was made, as `submit written`: tests die here."""


def drain(parts: Parts, report_id: str) -> int:
    """Send a report that is due, then the next one that is, for a while; gives how many."""
    until, count = time.monotonic() + GOES_ON, 0
    ids: Sequence[str] = [report_id]
    while ids and count < MOST_AT_ONCE:
        sent = next((one for one in ids if send(parts, one) is not None), None)
        if sent is None or time.monotonic() > until:
            break
        count += 1
        with parts.database.reading() as session:
            ids = sending.due(session, parts.database.now(), AHEAD)
    return count


def send(parts: Parts, report_id: str) -> State | None:
    """Send a report as far as it goes, if it is due and nobody else does; gives where it stands
    then, None if it was not ours to send."""
    with parts.database.writing() as session:
        row = _claimed(session, parts.database.now(), report_id, parts.options)
        if row is None:
            return None
    parts.after_step("claimed")
    turn = Turn(parts, row)
    try:
        return turn.run()
    except Fenced:
        log.warning("the report %s was taken over", report_id)
        return None
    except Exception as error:  # whatever it is, the report need not wait for its lease
        with suppress(Fenced, TutelaError):
            turn.give_back(f"Sending it failed: {type(error).__name__}.")
        raise


def _claimed(session: Session, now: datetime, report_id: str, options: Options) -> Report | None:
    row = session.get(Report, report_id, with_for_update=True)
    if row is None or row.state != State.QUEUED or row.due_at is None or row.due_at > now:
        return None
    if row.sending_until is not None and row.sending_until > now:
        return None
    row.turn += 1
    row.sending_until = now + options.lease
    return row
