"""Which files a case has, and the clocks that reports and requests start on them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, Select, exists, not_, or_, select

from tutela import audit, events, evidence
from tutela.cases import service as cases
from tutela.cases import work
from tutela.cases.models import Alert
from tutela.evidence import clocks
from tutela.evidence.errors import NoSuchEvidence
from tutela.evidence.models import Clock, File
from tutela.people.permissions import Caller, Permission
from tutela.preservation.models import Paper, Request
from tutela.preservation.options import IN_SESSION, Options, over
from tutela.preservation.told import FilesAsked
from tutela.screening.models import Decided
from tutela.storage import Session

RECEIPT, REQUEST, PAPER = "receipt", "request", "paper"
"""Kinds of clocks: of a report that was filed, of a request, and of the papers of one."""

WORKER = "worker"


def begin(
    session: Session,
    now: datetime,
    report_id: str,
    evidence_ids: Iterable[str],
    at_least: datetime | None = None,
    law: str = "",
) -> int:
    """A report was filed: what was in it is kept for the time that the settings say, or as long as
    a law says if that is longer (`at_least`, and which one), and then until every other clock has
    ended. Says of how many files; the bytes of others were gone already. Raises `NoSuchEvidence`.
    """
    options = options_of(session)
    until, basis = over(options.period, now), options.basis
    if at_least is not None and at_least >= until:
        until, basis = at_least, law
    count = 0
    for name in sorted(set(evidence_ids)):
        if clocks.start(session, now, name, RECEIPT, report_id, basis, until) is None:
            continue
        file = session.get_one(File, name)
        if file.keep_until is None or file.keep_until < until:
            file.keep_until = until
        count += 1
    session.flush()
    audit.append(
        session, now, WORKER, "preservation.begin", report_id, files=count, basis=basis,
        until=until.isoformat(),
    )  # fmt: skip
    return count


def belongs(session: Session, case_id: str, *, detached: bool) -> ColumnElement[bool]:
    """What a query of files is limited by to those of a case, deleted ones too; `detached`: also
    of what was taken off it."""
    query = (
        select(Decided.evidence_id)
        .join(Alert, Alert.item_id == Decided.item_id)
        .where(Alert.case_id == case_id, Decided.evidence_id.is_not(None))
    )
    if not detached:
        query = query.where(Alert.detached_at.is_(None))
    asked = FilesAsked(case_id)
    events.emit(session, asked)
    return or_(File.id.in_(query), File.id.in_(sorted(asked.found)))


def cover(session: Session, now: datetime, request: Request) -> int:
    """Start the clock of a request on each file of its case that has none of it; says on how many.
    The bytes of others were gone already."""
    return sum(
        clocks.start(session, now, name, REQUEST, request.id, request.basis, request.until)
        is not None
        for name in session.scalars(_uncovered(session, request)).all()
    )


def is_covered(session: Session, request: Request) -> bool:
    """Whether each file of the case whose bytes are kept has the request's clock."""
    return session.scalar(_uncovered(session, request).limit(1)) is None


def _uncovered(session: Session, request: Request) -> Select[str]:
    covered = exists().where(
        Clock.file_id == File.id, Clock.kind == REQUEST, Clock.subject == request.id,
        Clock.ended_at.is_(None),
    )  # fmt: skip
    return (
        select(File.id)
        .where(
            belongs(session, request.case_id, detached=True), File.deleted_at.is_(None),
            not_(covered),
        )
        .order_by(File.id)
    )  # fmt: skip


def clocked(
    session: Session, caller: Caller, subject: str, limit: int | None = None
) -> list[tuple[File, list[Clock]]]:
    """The files of a case, or one file, each with all clocks that ever ran on it, in the order in
    which they were sealed. Raises `NoSuchCase`, `NoSuchEvidence`."""
    if subject.startswith("case_"):
        cases.found(session, caller, subject)
        chosen = belongs(session, subject, detached=True)
    else:
        chosen = File.id == _seen(session, caller, subject)
    files = session.scalars(
        select(File).where(chosen).order_by(File.sealed_at, File.id).limit(limit)
    ).all()
    of: dict[str, list[Clock]] = {file.id: [] for file in files}
    for clock in session.scalars(
        select(Clock).join(File, File.id == Clock.file_id).where(chosen).order_by(Clock.id)
    ):
        if clock.file_id in of:
            of[clock.file_id].append(clock)
    return [(file, of[file.id]) for file in files]


def _seen(session: Session, caller: Caller, name: str) -> str:
    """The id of a file, if it is of a case that the caller may see, or they administer."""
    file = evidence.found(session, name)
    of = [
        select(Alert.case_id)
        .join(Decided, Decided.item_id == Alert.item_id)
        .where(Decided.evidence_id == name),
        select(Request.case_id)
        .join(Paper, Paper.request_id == Request.id)
        .where(Paper.evidence_id == name),
    ]
    held = {case_id for query in of for case_id in session.scalars(query)}
    if caller.may(Permission.ADMIN) and not held:
        return file.id
    if any(work.sees(session, caller, case_id) for case_id in held):
        return file.id
    raise NoSuchEvidence(
        f"There is no evidence {name[:64]!r}.", "Run: tutela preservation clocks CASE"
    )


def options_of(session: Session) -> Options:
    found = session.info.get(IN_SESSION)
    return found if isinstance(found, Options) else Options()
