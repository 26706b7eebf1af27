"""The queue of reports: what comes in, what is due, what is taken out again. `driving` sends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, or_, select

from tutela import alarms, audit
from tutela.audit.service import Fact
from tutela.cases import queues, steps
from tutela.cases.models import Case
from tutela.law import signing as law
from tutela.people.permissions import Caller
from tutela.reporting import (
    authorities,
    credentials,
    handing,
    outcomes,
    production,
    register,
    schemas,
)
from tutela.reporting.authorities import Authority, Environment
from tutela.reporting.errors import (
    CannotWithdraw,
    NoSuchReport,
    NotConfigured,
    ReportChanged,
    ReportNotReady,
)
from tutela.reporting.facts import Report as Facts
from tutela.reporting.gathering import options_of, unconfirmed
from tutela.reporting.models import Credentials, Reached, Report, State
from tutela.reporting.options import Options
from tutela.storage import Session

RULE = "report"
"""What a queue makes take two people (`cases.queues.TWO_FOR`)."""

MOST_FAULTS = 20
"""Faults that are named at once."""


def takes_two(session: Session, report: Report) -> bool:
    """Whether the queue of the report's case wants two people to send it."""
    case = session.get_one(Case, report.case_id)
    return RULE in queues.kept(session, case.queue).two_for


def queue(session: Session, now: datetime, actor: str, report_id: str, version: int) -> Report:
    """Have a draft sent, as it is in this version. The caller sees that two people want it, where
    `takes_two` says so. Raises `NoSuchReport`, `ReportChanged`, `NotConfigured`, and
    `ReportNotReady` that names all that is wrong with it."""
    row, options = _locked(session, report_id), options_of(session)
    if row.state != State.DRAFT:
        raise ReportNotReady(f"The report {report_id} is no draft: {row.state}.", "Look at it.")
    if row.version != version:
        raise ReportChanged(f"The report {report_id} was changed meanwhile.", "Look at it again.")
    case = session.get_one(Case, row.case_id)
    row.environment = options.environment
    _require_ready(session, row, options)
    row.state, row.queued_at, row.queued_by = State.QUEUED, now, actor
    row.rank, row.due_at, row.tries, row.last_error = case.rank, now, 0, ""
    row.danger = case.danger or bool(Facts.from_json(row.content).danger)
    session.flush()
    facts: dict[str, Fact] = {
        "authority": row.authority, "environment": row.environment, "version": row.version,
    }  # fmt: skip
    audit.append(session, now, actor, "report.queue", row.id, danger=row.danger, **facts)
    steps.write(session, now, actor, row.case_id, "report-queued", "", report=row.id, **facts)
    if handing.is_by_hand(row, options):
        handing.hand(session, now, row)
    return row


def due(session: Session, now: datetime, limit: int = 100) -> Sequence[str]:
    """Ids of reports to be sent now, the most urgent first. None waits for an authority that is
    down more than a minute where a child may be in danger."""
    query = (
        select(Report.id)
        .outerjoin(
            Reached,
            and_(
                Reached.authority == Report.authority, Reached.environment == Report.environment
            ),
        )
        .outerjoin(
            Credentials,
            and_(
                Credentials.authority == Report.authority,
                Credentials.environment == Report.environment,
            ),
        )
        .where(
            Report.state == State.QUEUED, Report.due_at <= now,
            or_(Report.sending_until.is_(None), Report.sending_until <= now),
            or_(Report.danger, Reached.retry_at.is_(None), Reached.retry_at <= now),
            Credentials.refused_at.is_(None),
        )
        .order_by(Report.danger.desc(), Report.rank, Report.queued_at, Report.id)
        .limit(limit)
    )  # fmt: skip
    return session.scalars(query).all()


def again(session: Session, now: datetime, caller: Caller, report_id: str) -> Report:
    """Have a halted report sent, now that what halted it was mended, where it was queued for. One
    that may be filed is asked for again as it is. Raises `NotPermitted`, `NoSuchReport`,
    `NotConfigured`, `ReportNotReady`."""
    row = register.found(session, caller, report_id, lock=True)
    options = options_of(session)
    if row.state != State.HALTED:
        raise ReportNotReady(f"The report {report_id} is not halted: {row.state}.", "Look at it.")
    _require_ready(session, row, options)
    if row.progress:
        row.progress = authorities.named(row.authority).again(row.progress, now)
    row.state, row.due_at, row.tries, row.last_error = State.QUEUED, now, 0, ""
    session.flush()
    alarms.clear(session, now, outcomes.ALARM, row.id)
    audit.append(session, now, caller.actor, "report.queue", row.id, again=True)
    steps.trace(
        session, now, caller, session.get_one(Case, row.case_id), "report-queued", report=row.id,
        version=row.version,
    )  # fmt: skip
    if handing.is_by_hand(row, options):
        handing.hand(session, now, row)
    return row


def withdraw(session: Session, now: datetime, caller: Caller, report_id: str, why: str) -> Report:
    """Take a report back that is not filed. What is open at the authority is taken back there by
    whoever sends; if it turns out to be filed, it stays filed. Where the settings send elsewhere
    now, nobody calls: what is open is left to expire. Raises `NotPermitted`, `NoSuchReport`,
    `CannotWithdraw`, `CaseRefused` without a reason."""
    why = steps.reason(why)
    row = register.found(session, caller, report_id, lock=True)
    if row.state not in (State.QUEUED, State.HALTED):
        raise CannotWithdraw(
            f"The report {report_id} is {row.state}.",
            "A draft is withdrawn as a draft; what was filed stays filed.",
        )
    authority, elsewhere = authorities.named(row.authority), _is_elsewhere(session, row)
    if row.progress:
        row.progress = authority.withdraw(row.progress, now)
    audit.append(session, now, caller.actor, "report.withdraw", row.id)
    steps.trace(
        session, now, caller, session.get_one(Case, row.case_id), "report-taken-back", why,
        report=row.id,
    )  # fmt: skip
    row.turn += 1  # who sends it now finds out at its next step
    row.sending_until = None
    if elsewhere or not row.progress or not authority.remote(row.progress):
        outcomes.withdrawn(session, now, row)
    else:
        row.state, row.due_at, row.last_error = State.QUEUED, now, "It is being taken back."
        session.flush()
    return row


def not_allowed(session: Session, row: Report, options: Options) -> str:
    """Why a report may not go where it was queued for; empty: it may."""
    if row.environment != options.environment:
        return (
            f"It was queued for {row.environment}, and the setting reporting.environment is"
            f" {options.environment} now: withdraw it, and draft it anew."
        )
    if row.environment == Environment.PRODUCTION:
        if row.test:
            return "It is a test, and does not go to where reports are meant for real."
        if not production.is_allowed(session, row.authority):
            return (
                "No two people have allowed reports that are meant for real: tutela report"
                f" allow-production {row.authority}."
            )
        return law.not_ready(session)
    return ""


def faults(authority: Authority, content: Facts, options: Options, schema: bytes | None) -> str:
    """What is wrong with a paper, in one line: places and rules, never what stands there."""
    wrong = authority.check(content, options.reporter, schema)
    named = [f"{one.path}: {one.what}" for one in wrong[:MOST_FAULTS]]
    more = len(wrong) - len(named)
    return " ".join([*named, f"And {more} more." if more else ""]).strip()


def otherwise(session: Session, case_id: str, content: Facts) -> str:
    """What of a report nobody stands by any more, in one line; empty: someone does by all."""
    lost = unconfirmed(session, content, case_id)
    return f"Of {', '.join(lost[:3])} it was decided otherwise meanwhile." if lost else ""


def _is_elsewhere(session: Session, row: Report) -> bool:
    """Whether a report was queued for where the settings send none now. Raises `CannotWithdraw` if
    it may be filed there for real."""
    where = options_of(session).environment
    if not row.environment or row.environment == where:
        return False
    if row.environment == Environment.PRODUCTION and register.may_be_filed(row):
        raise CannotWithdraw(
            f"Nobody knows whether {row.id} was filed with {row.authority}, and the setting"
            f" reporting.environment is {where} now.",
            "Set it to production again, then withdraw it: only there it can be asked.",
        )
    return True


def _require_ready(session: Session, row: Report, options: Options) -> None:
    """Raises `NotConfigured`, `ReportNotReady`."""
    authority, content = authorities.named(row.authority), Facts.from_json(row.content)
    asked = register.may_be_filed(row)
    why = not_allowed(session, row, options)
    if why:
        raise NotConfigured(f"The report {row.id} cannot be sent. {why}", "See docs/reporting.md.")
    if not handing.is_by_hand(row, options):
        credentials.require(session, row.authority, row.environment)
    if lost := otherwise(session, row.case_id, content):
        raise ReportNotReady(
            f"The report {row.id} cannot be sent. {lost}",
            "Withdraw it: it may be filed, and if it is, it stays filed."
            if asked
            else "Gather the report anew, or leave it out.",
        )
    if asked:
        return  # it is asked for as it was sent
    handing.require_untold(session, row)
    schema = schemas.current(session, row.authority, row.environment)
    wrong = faults(authority, content, options, schema)
    if wrong:
        raise ReportNotReady(f"The report {row.id} cannot be sent. {wrong}", "Edit it.")


def _locked(session: Session, report_id: str) -> Report:
    session.flush()
    row = session.get(Report, report_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NoSuchReport(f"There is no report {report_id[:40]!r}.", "Run: tutela report list")
    return row
