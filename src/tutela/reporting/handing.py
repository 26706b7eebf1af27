"""Reports that a person files: an authority without a published interface. They wait, halted, until
what it gave for them is recorded (`recording`)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from tutela import alarms
from tutela.cases import steps
from tutela.reporting import authorities, facts, register
from tutela.reporting.authorities import Fault
from tutela.reporting.errors import ReportNotReady
from tutela.reporting.models import Report, State
from tutela.reporting.options import Options
from tutela.storage import Session

WORKER = "worker"
ALARM = "report.halted"
WAITS = "It waits for a person to file it, and to record the reference."
"""`Report.last_error` of those that do."""

COVERED = "covered"
"""The answer that says why it is reported here though another authority has the same files."""


def is_by_hand(row: Report, options: Options) -> bool:
    """Whether a person files a report."""
    authority = authorities.named(row.authority)
    return authorities.is_by_hand(authority, row.environment, options.test_addresses())


def hand(session: Session, now: datetime, row: Report) -> None:
    """Hand a report that was found ready over to a person."""
    row.state, row.due_at, row.sending_until = State.HALTED, None, None
    row.last_error = WAITS
    session.flush()
    alarms.sound(
        session, now, ALARM, row.id,
        f"The report {row.id} to {row.authority} waits for a person to file it: tutela report sheet"
        f" {row.id}, then tutela report recorded {row.id}",
    )  # fmt: skip
    steps.write(session, now, WORKER, row.case_id, "report-handed", report=row.id)


def waits(session: Session, row: Report) -> bool:
    """Whether a report waits for a person to file it, as it was found ready."""
    handed = row.state == State.HALTED and row.last_error == WAITS
    return handed and register.queued_version(session, row) == row.version


def told(session: Session, row: Report, content: facts.Report) -> list[Fault]:
    """That another authority was told of the same files already, where the law has that enough and
    nobody said why it is told again."""
    covers = authorities.named(row.authority).covers
    if not covers or dict(content.answers).get(COVERED, "").strip():
        return []
    mine = {one.item or one.evidence for one in content.files if not one.supplemental}
    others = session.scalars(
        select(Report)
        .where(
            Report.case_id == row.case_id, Report.authority.in_(covers),
            Report.state == State.FILED, Report.test == row.test,
        )
        .order_by(Report.filed_at, Report.id)
    ).all()  # fmt: skip
    found = []
    for other in others:
        its = {one.item or one.evidence for one in facts.Report.from_json(other.content).files}
        if same := len(mine & its):
            found.append(Fault(
                "files", f"{other.id} told {other.authority} of {same} of them already.",
                f"Leave them out, or say why: tutela report answer {row.id} {COVERED}=REASON",
            ))  # fmt: skip
    return found


def require_untold(session: Session, row: Report) -> None:
    """Raises `ReportNotReady` of what `told` finds."""
    for fault in told(session, row, facts.Report.from_json(row.content)):
        raise ReportNotReady(f"The report {row.id} cannot be sent. {fault.what}", fault.hint)
