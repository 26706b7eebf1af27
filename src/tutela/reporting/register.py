"""What reports there are, for those who need to know of their cases."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Select, exists, not_, select

from tutela import audit
from tutela.cases import steps
from tutela.cases.models import Alert, Case, Step
from tutela.evidence.models import Clock
from tutela.law import deadlines
from tutela.people import knowing
from tutela.people.errors import NotPermitted
from tutela.people.permissions import Caller, Permission
from tutela.reporting import authorities, facts
from tutela.reporting.errors import NoSuchReport, ReportChanged, ReportNotReady
from tutela.reporting.models import Exchange, Report, State
from tutela.screening.models import Decided
from tutela.storage import Session

EDITED = "report-edited"
"""The step of a case that says that a person changed a report."""

QUEUED = "report-queued"
"""The step that says that one is to be sent, and in which version (`sending.queue`)."""


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


def stuck(session: Session, report_id: str) -> str:
    """The call after which a report waited last; empty: it waited for no call."""
    last = session.execute(
        select(Exchange.call, Exchange.why)
        .where(Exchange.report_id == report_id, Exchange.answered_at.is_not(None))
        .order_by(Exchange.number.desc())
        .limit(1)
    ).first()
    return last.call if last is not None and last.why else ""


def open_of(session: Session, case_id: str, authority: str) -> Report | None:
    """The report of a case that is neither filed nor withdrawn: there is one at most."""
    states = [one for one in State if one.is_open]
    return session.scalar(
        select(Report).where(
            Report.case_id == case_id, Report.authority == authority, Report.state.in_(states)
        )
    )


def filed_about(session: Session, caller: Caller, item_ids: Collection[str]) -> Sequence[Report]:
    """Reports that were filed and name one of these items, of cases that the caller needs to know
    of, whether or not they may report."""
    rows = session.scalars(
        select(Report)
        .join(Case, Case.id == Report.case_id)
        .where(
            Report.state == State.FILED,
            Report.case_id.in_(select(Alert.case_id).where(Alert.item_id.in_(sorted(item_ids)))),
            knowing.visible(caller, Case.queue, Case.id),
        )
        .order_by(Report.filed_at, Report.id)
    )
    wanted = set(item_ids)
    return [
        one for one in rows
        if any(file.item in wanted for file in facts.Report.from_json(one.content).files)
    ]  # fmt: skip


def evidence_of(session: Session, case_id: str) -> set[str]:
    """What was said to authorities about a case and what they said, with the papers that went along
    or were to: sealed files that are no item's."""
    said = select(Exchange.evidence_id).join(Report, Report.id == Exchange.report_id)
    papers = (
        select(Clock.file_id)
        .join(Report, Report.id == Clock.subject)
        .where(not_(exists().where(Decided.evidence_id == Clock.file_id)))
    )
    return {
        name
        for query in (said, papers)
        for name in session.scalars(query.where(Report.case_id == case_id))
        if name
    }


def cases_of(session: Session, evidence_id: str) -> set[str]:
    """The cases whose reports a sealed file is of."""
    said = select(Report.case_id).join(Exchange, Exchange.report_id == Report.id)
    kept = select(Report.case_id).join(Clock, Clock.subject == Report.id)
    return {
        *session.scalars(said.where(Exchange.evidence_id == evidence_id)),
        *session.scalars(kept.where(Clock.file_id == evidence_id)),
    }


def queued_version(session: Session, report: Report) -> int | None:
    """The version that was queued last, and so agreed to where that takes two people; None: none
    yet."""
    texts = session.scalars(
        select(Step.facts)
        .where(Step.case_id == report.case_id, Step.what == QUEUED)
        .order_by(Step.id.desc())
    )
    for said in map(json.loads, texts):
        if said.get("report") == report.id and "version" in said:
            return int(said["version"])
    return None


def editable(session: Session, caller: Caller, report_id: str, version: int) -> Report:
    """The report, locked, if it can be changed and is as the caller saw it. Raises `NoSuchReport`,
    `ReportNotReady`, `ReportChanged`, `NotPermitted`."""
    report = found(session, caller, report_id, lock=True)
    if report.state not in (State.DRAFT, State.HALTED):
        raise ReportNotReady(
            f"{report.id} is {report.state}, and can be changed no more.",
            "Make a supplement." if report.state == State.FILED else "Withdraw it first.",
        )
    if may_be_filed(report):
        raise ReportNotReady(
            f"Nobody knows whether {report.id} was filed, so that it stays as it was sent.",
            f"Try it again first, which asks: tutela report again {report.id}. Or withdraw it.",
        )
    if report.version != version:
        raise ReportChanged(
            f"{report.id} was changed meanwhile: it has the version {report.version}, and this was"
            f" written for {version}.",
            "Look at it again, then change it.",
        )
    return report


def may_be_filed(report: Report) -> bool:
    """Whether nobody knows if a report is filed: it stays as it is until that is known."""
    known = authorities.all_().get(report.authority)
    return bool(report.progress) and known is not None and known.may_be_filed(report.progress)


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
    case = session.get_one(Case, report.case_id)
    steps.trace(
        session, now, caller, case, EDITED, report=report.id, change=change,
        version=report.version,
    )  # fmt: skip
    deadlines.follow(session, now, case)  # what they said may be what a duty waited for
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
