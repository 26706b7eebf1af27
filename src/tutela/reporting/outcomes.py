"""What becomes of a report, written down in the transaction of the call that decided it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import rfc8785
from sqlalchemy import select

from tutela import alarms, audit, events
from tutela.audit.service import Fact
from tutela.cases import steps, work
from tutela.cases.models import Case
from tutela.decisions import items
from tutela.evidence import clocks
from tutela.law import deadlines
from tutela.law import service as law
from tutela.preservation import service as preservation
from tutela.reporting import correcting, credentials, drafting, reaching
from tutela.reporting.authorities import Authority, End, Ended, Receipt, Wait
from tutela.reporting.facts import Report as Facts
from tutela.reporting.models import OPEN, Exchange, Report, State
from tutela.reporting.options import Options
from tutela.storage import Session

WORKER = "worker"
ALARM = "report.halted"
DRAFT = "draft"
"""The kind of the clock that keeps files of a report that was not sent yet."""

DANGER = timedelta(minutes=1)
"""Between two tries of a report that may not wait."""

WAITING = "report.waiting"
"""The alarm over a report that was tried again and again."""

SECOND = 2
"""The try after which somebody hears of a report that may not wait."""

LONGEST = 512
"""Characters of a reason in a row."""


def rest(session: Session, now: datetime, row: Report, wait: Wait, options: Options) -> None:
    """Let go of a report until its next try. If all of the authority is down, the report is due
    with it: so the most urgent goes first when it is back."""
    row.tries += 1
    row.sending_until, row.last_error = None, wait.why[:LONGEST]
    if wait.down:
        reaching.failed(
            session, now, row.authority, row.environment, wait.why, options, wait.seconds
        )
        pause = DANGER if row.danger else timedelta(0)
    else:
        pause = max(reaching.backoff(options, row.tries), timedelta(seconds=wait.seconds))
        pause = min(pause, DANGER) if row.danger else pause
    row.due_at = now + pause
    _tell(session, now, row, wait, options)


def _tell(session: Session, now: datetime, row: Report, wait: Wait, options: Options) -> None:
    """Nothing waits in silence. Of an authority that is down there is an alarm already, which is
    enough unless a child may be in danger."""
    if row.tries >= (SECOND if row.danger else options.alarm_after) and (
        row.danger or not wait.down
    ):
        alarms.sound(
            session, now, WAITING, row.id,
            f"The report {row.id} to {row.authority} is not sent after {row.tries} tries:"
            f" {row.last_error} It is tried again. tutela report follow {row.id}",
        )  # fmt: skip


def ended(
    session: Session,
    now: datetime,
    row: Report,
    authority: Authority,
    end: Ended,
    options: Options,
    signed: datetime | None,
) -> None:
    """The machine is at rest. Refused credentials are no fault of the report: it stays queued.
    `signed`: when those that were used were set."""
    row.sending_until = None
    if end.credentials:
        row.due_at, row.last_error = now, end.why[:LONGEST]
        credentials.refused(session, now, row.authority, row.environment, end.why, signed)
    elif end.end is End.FILED:
        filed(session, now, row, authority.receipt(row.progress, now), options)
    elif end.end is End.WITHDRAWN:
        withdrawn(session, now, row)
    else:
        halted(session, now, row, end.why)


def filed(session: Session, now: datetime, row: Report, receipt: Receipt, options: Options) -> None:
    """The authority has it: its files are preserved from now on, with all that was said."""
    row.state, row.filed_at, row.due_at, row.last_error = State.FILED, receipt.at, None, ""
    row.remote_id = receipt.id
    row.receipt = rfc8785.dumps({
        "at": receipt.at.isoformat(), "authority": row.authority, "environment": row.environment,
        "files": [list(one) for one in receipt.files], "id": receipt.id, "opened": receipt.opened,
    }).decode()  # fmt: skip
    session.flush()
    case = session.get_one(Case, row.case_id)
    wanted = law.kept(session, case, now, row.authority, max(now, receipt.at))
    preservation.begin(
        session, now, row.id, kept(session, row),
        wanted.until if wanted else None, wanted.basis if wanted else "",
    )  # fmt: skip
    clocks.end(session, now, DRAFT, row.id)
    _quiet(session, now, row)
    facts: dict[str, Fact] = {
        "authority": row.authority, "environment": row.environment, "remote": receipt.id,
        "files": len(receipt.files),
    }  # fmt: skip
    audit.append(session, now, WORKER, "report.file", row.id, **facts)
    events.record(
        session, now, "report.filed", row.id, authority=row.authority,
        environment=row.environment, files=len(receipt.files), opened=receipt.opened,
        test=row.test,
    )  # fmt: skip
    steps.write(session, now, WORKER, row.case_id, "report-filed", "", report=row.id, **facts)
    deadlines.follow(session, now, case)
    drafting.filed(session, now, row)
    if not row.test:
        correcting.follow(session, now, row.case_id)
    if options.close_cases and _is_over(session, row):
        work.close_for(session, now, WORKER, row.case_id, "reported")


def withdrawn(session: Session, now: datetime, row: Report) -> None:
    """Nobody has it, nor will."""
    row.state, row.due_at, row.last_error, row.remote_id = State.WITHDRAWN, None, "", ""
    session.flush()
    clocks.end(session, now, DRAFT, row.id)
    drafting.let_go(session, now, row)
    _quiet(session, now, row)
    steps.write(session, now, WORKER, row.case_id, "report-withdrawn", report=row.id)
    events.record(session, now, "report.withdrawn", row.id, authority=row.authority, test=row.test)


def halted(session: Session, now: datetime, row: Report, why: str) -> None:
    """A person must mend something. `why` has places and codes, never what stands there."""
    row.state, row.due_at, row.sending_until = State.HALTED, None, None
    row.last_error = why[:LONGEST]
    session.flush()
    alarms.clear(session, now, WAITING, row.id)
    alarms.sound(
        session, now, ALARM, row.id,
        f"The report {row.id} to {row.authority} cannot be sent: {why} Mend it, then: tutela"
        f" report again {row.id}",
    )  # fmt: skip
    audit.append(session, now, WORKER, "report.halt", row.id, why=why[:LONGEST])
    steps.write(session, now, WORKER, row.case_id, "report-halted", why, report=row.id)


def kept(session: Session, row: Report) -> Sequence[str]:
    """The evidence of a report: its files, and the transcripts of all calls."""
    files = [one.evidence for one in Facts.from_json(row.content).files if one.evidence]
    said = session.scalars(
        select(Exchange.evidence_id)
        .where(Exchange.report_id == row.id, Exchange.evidence_id.is_not(None))
        .order_by(Exchange.number)
    )
    return list(dict.fromkeys([*files, *(one for one in said if one)]))


def _quiet(session: Session, now: datetime, row: Report) -> None:
    """Nothing is left to be done about a report."""
    for kind in (ALARM, WAITING):
        alarms.clear(session, now, kind, row.id)


def _is_over(session: Session, row: Report) -> bool:
    """Whether nothing of the case is left to do."""
    case = session.get_one(Case, row.case_id)
    if case.closed_at is not None or items.undecided(session, case.id, limit=1):
        return False
    others = select(Report.id).where(Report.case_id == case.id, OPEN).limit(1)
    return session.scalar(others) is None
