"""What the command line and the console do alike with reports: look at one, and have it sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tutela.app import App
from tutela.people.permissions import Caller, Permission
from tutela.reporting import (
    authorities,
    completeness,
    drafting,
    facts,
    production,
    register,
    schemas,
    sending,
)
from tutela.reporting.authorities import Authority, Fault
from tutela.reporting.completeness import Completeness
from tutela.reporting.errors import ReportNotReady
from tutela.reporting.models import Report, State
from tutela.storage import Session

SEND = "report.send"
"""As approvals call it; to allow production is `production.ACT`."""

DANGER = "The report says that a child may be in danger now."
"""Why one person sent what takes two: what exactly is in danger stays in the report."""


@dataclass(frozen=True, slots=True)
class Looked:
    """A report, and what may be said of it."""

    row: Report
    content: facts.Report
    authority: Authority
    schema: bytes | None
    """That the authority serves, as far as is known."""
    complete: Completeness


def looked(app: App, session: Session, caller: Caller, report_id: str) -> Looked:
    """A report that the caller needs to know of. Raises `NoSuchReport`."""
    row = register.found(session, caller, report_id)
    content = facts.Report.from_json(row.content)
    environment = row.environment or app.settings.reporting.environment
    return Looked(
        row, content, authorities.named(row.authority),
        schemas.current(session, row.authority, environment), completeness.of(content),
    )  # fmt: skip


def faults(app: App, found: Looked) -> Sequence[Fault]:
    """What is wrong with a report as it would be sent."""
    return found.authority.check(found.content, app.settings.reporting.reporter, found.schema)


def send(
    app: App,
    caller: Caller,
    report_id: str,
    version: int | None = None,
    *,
    why: str = "",
    danger: bool = False,
) -> Report:
    """Queue a report, as it is in this version, else as it is now. Where the queue of its case has
    two people for that, someone else agrees first, unless there is danger.

    Raises `SecondPersonNeeded`, and what `sending.queue` raises.
    """
    with app.database.reading() as session:
        found = looked(app, session, caller, report_id)
        two = sending.takes_two(session, found.row)
    exactly = found.row.version if version is None else version
    wrong = faults(app, found) if two else ()
    if wrong:  # nobody is asked to agree to what cannot be sent
        raise ReportNotReady(
            f"{report_id} cannot be sent: {wrong[0].path}: {wrong[0].what}",
            f"tutela report check {report_id} says all that is wrong.",
        )

    def do(session: Session, actor: str) -> Report:
        return sending.queue(session, app.database.now(), actor, report_id, exactly)

    if not two:
        with app.database.writing() as session:
            return do(session, caller.actor)
    now = danger or bool(found.content.danger) or found.row.danger
    return app.with_two(
        caller, Permission.REPORTS, SEND, report_id, {"version": exactly}, do,
        why=why or (DANGER if now else ""), danger=now,
    )  # fmt: skip


def withdraw(app: App, caller: Caller, report_id: str, why: str) -> Report:
    """Withdraw a report that was not filed, a draft too. Raises `CannotWithdraw`, `CaseRefused`
    without a reason."""
    with app.database.writing() as session:
        now, row = app.database.now(), register.found(session, caller, report_id)
        if row.state == State.DRAFT:
            return drafting.withdraw_draft(session, now, caller, report_id, why)
        return sending.withdraw(session, now, caller, report_id, why)


def allow_production(app: App, caller: Caller, authority: str, why: str = "") -> None:
    """Let reports go to an authority itself, once two people agreed. Raises `NoSuchAuthority`,
    `SecondPersonNeeded`."""
    name = authorities.named(authority).name

    def do(session: Session, actor: str) -> None:
        production.allow(session, app.database.now(), actor, name)

    app.with_two(caller, Permission.ADMIN, production.ACT, name, {"authority": name}, do, why=why)
