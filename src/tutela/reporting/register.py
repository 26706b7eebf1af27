"""What reports there are, for those who need to know of their cases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, select

from tutela import audit
from tutela.cases import steps
from tutela.cases.models import Case
from tutela.people import knowing
from tutela.people.errors import NotPermitted
from tutela.people.permissions import Caller, Permission
from tutela.reporting import facts
from tutela.reporting.errors import NoSuchReport, ReportChanged, ReportNotReady
from tutela.reporting.models import Exchange, Report, State
from tutela.storage import Session

EDITED = "report-edited"
"""The step of a case that says that a person changed a report."""


def found(session: Session, caller: Caller, report_id: str, *, lock: bool = False) -> Report:
    """The report of an id. Raises `NoSuchReport`, also of one whose case the caller need not know
    of, and `NotPermitted`."""
    query = _visible(caller).where(Report.id == report_id)
    if lock:
        query = query.with_for_update(of=Report).execution_options(populate_existing=True)
    report = session.scalar(query)
    if report is None:
        raise NoSuchReport(f"There is no report {report_id[:40]}.", "Ask for the list of reports.")
    return report


def listed(
    session: Session,
    caller: Caller,
    after: str = "",
    limit: int = 50,
    *,
    state: str = "",
    authority: str = "",
    case_id: str = "",
) -> Sequence[Report]:
    """Reports, the last first: those that were made before the one of an id. Raises
    `NoSuchReport`, `NotPermitted`."""
    query = _visible(caller).order_by(Report.made_at.desc(), Report.id.desc()).limit(limit)
    if after:
        last = found(session, caller, after)
        query = query.where(
            (Report.made_at < last.made_at)
            | ((Report.made_at == last.made_at) & (Report.id < last.id))
        )
    for column, wanted in (
        (Report.state, state), (Report.authority, authority), (Report.case_id, case_id),
    ):  # fmt: skip
        if wanted:
            query = query.where(column == wanted)
    return session.scalars(query).all()


def exchanges(
    session: Session, report_id: str, after: int = 0, limit: int = 50
) -> Sequence[Exchange]:
    """What was said to the authority about a report, in order, those after a number. Who may know
    of the report, whoever calls this has asked."""
    return session.scalars(
        select(Exchange)
        .where(Exchange.report_id == report_id, Exchange.number > after)
        .order_by(Exchange.number, Exchange.id)
        .limit(limit)
    ).all()


def open_of(session: Session, case_id: str, authority: str) -> Report | None:
    """The report of a case that is neither filed nor withdrawn: there is one at most."""
    states = [one for one in State if one.is_open]
    return session.scalar(
        select(Report).where(
            Report.case_id == case_id, Report.authority == authority, Report.state.in_(states)
        )
    )


def editable(session: Session, caller: Caller, report_id: str, version: int) -> Report:
    """The report, locked, if it can be changed and is as the caller saw it. Raises `NoSuchReport`,
    `ReportNotReady`, `ReportChanged`, `NotPermitted`."""
    report = found(session, caller, report_id, lock=True)
    if report.state not in (State.DRAFT, State.HALTED):
        raise ReportNotReady(
            f"{report.id} is {report.state}, and can be changed no more.",
            "Make a supplement." if report.state == State.FILED else "Withdraw it first.",
        )
    if report.version != version:
        raise ReportChanged(
            f"{report.id} was changed meanwhile: it has the version {report.version}, and this was"
            f" written for {version}.",
            "Look at it again, then change it.",
        )
    return report


def changed(
    session: Session,
    now: datetime,
    caller: Caller,
    report: Report,
    content: facts.Report,
    change: str,
) -> None:
    """Write down what a person made of a report, and that they did."""
    report.content, report.version = content.to_json(), report.version + 1
    report.danger = bool(content.danger.strip())
    session.flush()
    steps.trace(
        session, now, caller, session.get_one(Case, report.case_id), EDITED, report=report.id,
        change=change, version=report.version,
    )  # fmt: skip
    audit.append(
        session, now, caller.actor, "report.edit", report.id, change=change, version=report.version
    )


def _visible(caller: Caller) -> Select[Report]:
    if not caller.may(Permission.REPORTS):
        raise NotPermitted(caller, Permission.REPORTS)
    query: Select[Report] = (
        select(Report)
        .join(Case, Case.id == Report.case_id)
        .where(knowing.visible(caller, Case.queue, Case.id))
    )
    return query
