"""Requests to destroy: carried out as soon as no clock runs, shown to a person while one does.

18 USC 2258B(c)(3): upon a request from a law enforcement agency, destroy for good.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select

from tutela import audit
from tutela.evidence import clocks
from tutela.evidence.models import Clock, File
from tutela.people.permissions import Caller
from tutela.preservation import papers
from tutela.preservation.covering import RECEIPT, WORKER, belongs
from tutela.preservation.models import Request
from tutela.storage import Session

HELD = "held"
"""What a conflict is called of a file that is held whatever its time."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A reason for which a file is kept although it was asked to destroy it."""

    file_id: str
    kind: str
    subject: str
    basis: str
    until: datetime | None

    @property
    def can_be_ended(self) -> bool:
        """Whether a request to destroy can end it: the receipt's clock alone. Of other requests,
        who recorded them decides; a draft must be sent or withdrawn."""
        return self.kind == RECEIPT


def conflicts(session: Session, now: datetime, request: Request) -> list[Conflict]:
    """Why each file that a request to destroy is about is still kept, if something keeps it."""
    left = _about(session, request) & File.deleted_at.is_(None)
    held = session.scalars(
        select(File.id).where(left, File.held_at.is_not(None)).order_by(File.id)
    ).all()
    ran = session.scalars(
        select(Clock)
        .join(File, File.id == Clock.file_id)
        .where(left, clocks.is_running(now))
        .order_by(Clock.file_id, Clock.id)
    )
    return [Conflict(name, HELD, "", "", None) for name in held] + [
        Conflict(one.file_id, one.kind, one.subject, one.basis, one.until) for one in ran
    ]


def carry_out(session: Session, now: datetime, request: Request) -> int:
    """Hand what no clock keeps to the next purge, and end a request of which nothing is left; says
    how many files were handed over."""
    left = _left(session, request, lock=True)
    free = session.scalars(  # asked with the rows locked: a clock may have just begun
        select(File)
        .where(
            _about(session, request), File.deleted_at.is_(None), File.held_at.is_(None),
            clocks.free(File.id, now),
        )
        .order_by(File.id)
    ).all()  # fmt: skip
    count = 0
    for file in free:
        if file.deleted_why != request.id or file.keep_until is None or file.keep_until > now:
            file.keep_until, file.deleted_why = now, request.id
            count += 1
    session.flush()
    if not left and not _unproven(session, request):
        request.ended_at, request.ended_by, request.ended_why = now, WORKER, "destroyed"
        papers.keep(session, now, request, now)
        audit.append(
            session, now, WORKER, "preservation.destroy", request.id, case=request.case_id,
            files=session.scalar(select(func.count(File.id)).where(_about(session, request))) or 0,
        )  # fmt: skip
    return count


def end_receipts(session: Session, now: datetime, caller: Caller, request: Request) -> int:
    """End the receipts' clocks on what is to be destroyed, each in the log; says how many ran."""
    count = 0
    for one in conflicts(session, now, request):
        if one.can_be_ended and clocks.end(session, now, RECEIPT, one.subject, one.file_id):
            audit.append(
                session, now, caller.actor, "preservation.stop", one.file_id, request=request.id,
                report=one.subject, basis=one.basis,
                until=one.until.isoformat() if one.until else None,
            )  # fmt: skip
            count += 1
    return count


def recall(session: Session, request: Request) -> None:
    """What was handed over and is not yet deleted is kept until someone decides."""
    for file in _left(session, request, lock=True):
        if file.deleted_why == request.id:
            file.keep_until, file.deleted_why = None, ""
    session.flush()


def _about(session: Session, request: Request) -> ColumnElement[bool]:
    """What a query of files is limited by to those that were on the case when it was asked for."""
    return and_(
        belongs(session, request.case_id, detached=False), File.sealed_at <= request.at
    )  # fmt: skip


def _left(session: Session, request: Request, *, lock: bool = False) -> Sequence[File]:
    query = (
        select(File).where(_about(session, request), File.deleted_at.is_(None)).order_by(File.id)
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalars(query).all()


def _unproven(session: Session, request: Request) -> bool:
    query = select(File.id).where(_about(session, request), File.gone_at.is_(None))
    return session.scalar(query.limit(1)) is not None
