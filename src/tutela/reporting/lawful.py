"""What reports tell law packs of a case, and which reports are late by the law."""

from __future__ import annotations

from sqlalchemy import select

from tutela import alarms
from tutela.alarms.models import Alarm
from tutela.cases.models import Case
from tutela.law import service as law
from tutela.law.told import ReportsAsked
from tutela.reporting import facts
from tutela.reporting.gathering import options_of
from tutela.reporting.models import OPEN, Report, State
from tutela.storage import Database, Session

OVERDUE = "report.overdue"
"""The alarm over a report that was due and is not filed."""

PRIORITIES = ("1", "2", "3")
"""What a person says of a report, where an authority asks for it."""

MOST = 1000
"""Reports that are looked at each time, those first that are late the longest."""


def answer(session: Session, asked: ReportsAsked) -> None:
    """Who was told of a case, and when first; what the last report says that it is about. What went
    to a test server told nobody where reports are meant for real."""
    reports = session.scalars(
        select(Report)
        .where(Report.case_id == asked.case_id, Report.state != State.WITHDRAWN)
        .order_by(Report.made_at, Report.id)
    ).all()
    here = options_of(session).environment
    for report in reports:
        if report.state == State.FILED:
            if report.environment == here and report.filed_at is not None:
                asked.filed.setdefault(report.authority, report.filed_at)
        else:
            asked.danger = asked.danger or report.danger
    for report in reports:
        content = facts.Report.from_json(report.content)
        asked.incident = str(content.incident)
        said = dict(content.answers).get("priority", "")
        asked.priority = int(said) if said in PRIORITIES else asked.priority


def sound_overdue(database: Database) -> None:
    """Sound an alarm over each open report whose duty is past, and close those that are done."""
    with database.writing() as session:
        now = database.now()
        rows = session.execute(
            select(Report, Case)
            .join(Case, Case.id == Report.case_id)
            .where(OPEN, Report.test.is_(False), Case.due_at <= now)
            .order_by(Case.due_at, Report.id)
            .limit(MOST)
        ).all()
        late: dict[str, tuple[Report, str]] = {}
        for report, case in rows:
            found = law.outcome(session, case, now)
            due = [one for one in found.duties if one.must and one.to == report.authority]
            if due and (first := min(due, key=lambda one: one.due)).due <= now:
                late[report.id] = (report, f"{first.due:%Y-%m-%d %H:%M} UTC ({first.term})")
        sounding = set(
            session.scalars(
                select(Alarm.subject).where(Alarm.kind == OVERDUE, Alarm.closed_at.is_(None))
            )
        )
        for name in sorted(sounding - set(late)):
            alarms.clear(session, now, OVERDUE, name)
        for name in sorted(set(late) - sounding):
            report, when = late[name]
            alarms.sound(
                session, now, OVERDUE, name,
                f"The report {name} to {report.authority} is {report.state}, and was due at"
                f" {when}: tutela report show {name}",
            )  # fmt: skip
