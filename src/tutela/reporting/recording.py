"""A person filed a report at an authority, and records the reference that it gave."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime

import rfc8785
from sqlalchemy import select

from tutela import audit
from tutela.cases import steps
from tutela.cases.models import Case
from tutela.people.permissions import Caller
from tutela.reporting import authorities, facts, handing, outcomes, register, schemas, sending
from tutela.reporting.authorities import Receipt
from tutela.reporting.errors import EditRefused, ReportNotReady
from tutela.reporting.gathering import options_of
from tutela.reporting.models import Report, State
from tutela.storage import Session

REFERENCE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ./_-]{2,62})[A-Za-z0-9]")
"""Which form an authority's references have is not published: as wide as a reference can be."""


def recorded(
    session: Session,
    now: datetime,
    caller: Caller,
    report_id: str,
    reference: str,
    repeated: str,
    at: datetime | None = None,
) -> Report:
    """Record that a report was filed by hand at a time (default now), and under which reference,
    typed twice. Of one that is recorded already, the reference is mended: both stay in the log.

    Raises `EditRefused` for a reference that cannot be one, `ReportNotReady` for a report that does
    not wait for this, or is not as it was found ready, `NoSuchReport`, `NotPermitted`.
    """
    row = register.found(session, caller, report_id, lock=True)
    known, when = _checked(reference, repeated), at or now
    if when > now or when < row.made_at:
        raise EditRefused(
            "It was not filed in the future, nor before it was drafted.", "Say when it was filed."
        )
    _require_new(session, row, known)
    if row.state == State.FILED:
        _mend(session, now, caller, row, known, at)
    else:
        _file(session, now, caller, row, Receipt(known, when))
    return row


def _file(session: Session, now: datetime, caller: Caller, row: Report, receipt: Receipt) -> None:
    if not handing.waits(session, row):
        raise ReportNotReady(
            f"{row.id} is {row.state}, and does not wait to be filed by hand as it is.",
            f"If it was changed: tutela report again {row.id}"
            if row.state == State.HALTED
            else f"First: tutela report send {row.id}",
        )
    options = options_of(session)
    if why := sending.not_allowed(session, row, options):
        raise ReportNotReady(f"{row.id} cannot be recorded. {why}", "See docs/nca.md.")
    authority, content = authorities.named(row.authority), facts.Report.from_json(row.content)
    schema = schemas.current(session, row.authority, row.environment)
    if wrong := sending.faults(authority, content, options, schema):
        raise ReportNotReady(
            f"{row.id} cannot be recorded. {wrong}", "Edit it, then send it again."
        )
    audit.append(
        session, now, caller.actor, "report.record", row.id, reference=receipt.id,
        filed_at=receipt.at.isoformat(),
    )  # fmt: skip
    _trace(session, now, caller, row, receipt.id)
    outcomes.filed(session, now, row, receipt, options)


def _mend(
    session: Session,
    now: datetime,
    caller: Caller,
    row: Report,
    reference: str,
    at: datetime | None,
) -> None:
    """Put another reference in the place of a wrong one, also in drafts that add to it."""
    if not authorities.named(row.authority).by_hand or register.exchanges(session, row.id):
        raise ReportNotReady(
            f"{row.id} was filed by calls: what the authority gave is not typed in.", "Look at it."
        )
    before = row.remote_id
    held = json.loads(row.receipt) | {"id": reference}
    if at is not None:
        row.filed_at, held["at"] = at, at.isoformat()
    row.remote_id, row.receipt = reference, rfc8785.dumps(held).decode()
    for added in session.scalars(
        select(Report).where(
            Report.supplements == row.id, Report.state.in_((State.DRAFT, State.HALTED))
        )
    ):
        content = facts.Report.from_json(added.content)
        if content.supplements == before:
            new = replace(content, supplements=reference)
            register.changed(session, now, caller, added, new, "supplements")
    session.flush()
    audit.append(
        session, now, caller.actor, "report.correct", row.id, before=before, reference=reference,
        filed_at=row.filed_at.isoformat() if row.filed_at else "",
    )  # fmt: skip
    _trace(session, now, caller, row, reference)


def _trace(session: Session, now: datetime, caller: Caller, row: Report, reference: str) -> None:
    case = session.get_one(Case, row.case_id)
    steps.trace(session, now, caller, case, "report-recorded", report=row.id, reference=reference)


def _checked(reference: str, repeated: str) -> str:
    known = reference.strip()
    if known != repeated.strip():
        raise EditRefused("The two references are not the same.", "Type both from the receipt.")
    if not REFERENCE.fullmatch(known) or not any(one.isdigit() for one in known):
        raise EditRefused(
            "This is no reference.", "Four to 64 letters, digits, - / . or _, with a digit."
        )
    return known


def _require_new(session: Session, row: Report, reference: str) -> None:
    """No two reports have one reference."""
    other = session.scalar(
        select(Report.id).where(
            Report.authority == row.authority, Report.remote_id == reference,
            Report.environment == row.environment, Report.id != row.id,
        )
    )  # fmt: skip
    if other is not None:
        raise EditRefused(f"{other} has this reference already.", "Look at what was typed.")
