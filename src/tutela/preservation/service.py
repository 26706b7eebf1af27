"""Holds and requests of law enforcement: recorded with their papers, extended, ended, carried out.

Free text (agency, reference, note, reasons) stands in the rows alone, never in the log.
"""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, SQLColumnExpression, exists, or_, select

from tutela import audit
from tutela.cases import service as cases
from tutela.cases import steps
from tutela.cases.models import Case
from tutela.evidence import clocks
from tutela.evidence.models import Clock
from tutela.people import knowing
from tutela.people.errors import NotPermitted
from tutela.people.permissions import Caller, Permission
from tutela.policy.periods import Period
from tutela.preservation import covering, destroying, papers
from tutela.preservation.covering import REQUEST, begin, options_of
from tutela.preservation.errors import NoSuchRequest, RequestRefused
from tutela.preservation.models import Kind, Request
from tutela.preservation.options import over
from tutela.preservation.papers import Handed
from tutela.storage import Database, Session

__all__ = [
    "State", "begin", "end", "found", "keeps", "listed", "record", "release", "state", "tend",
]  # fmt: skip

ID = re.compile(r"prq_[a-z2-7]{26}")
LONGEST, LONGEST_NOTE = 256, 10_000
KEEPING = (Kind.HOLD, Kind.PRESERVE)
"""Those whose clocks run; an extension moves the clocks of what it extends."""

LONGEST_TERM = Period(12 * 100, 0)
"""A later end is a slip of the pen; near the end of the calendar its papers would have none."""

PAGE = 100


class State(StrEnum):
    """How a request stands."""

    RUNNING = "running"
    WAITING = "waiting"
    """To destroy, and a clock still runs on something, or the purge has not proved it gone."""
    DONE = "done"
    """What was asked for was done: extended, produced, destroyed."""
    LAPSED = "lapsed"
    ENDED = "ended"
    """By a person: lifted, or recalled."""


def state(request: Request, now: datetime) -> State:
    """How a request stands now."""
    if request.kind in (Kind.EXTEND, Kind.PRODUCE):
        return State.DONE
    if request.kind == Kind.DESTROY:
        if request.ended_at is None:
            return State.WAITING
        return State.DONE if request.ended_by == covering.WORKER else State.ENDED
    if request.ended_at is not None:
        return State.ENDED
    return State.RUNNING if request.until is None or request.until > now else State.LAPSED


def record(
    session: Session,
    now: datetime,
    caller: Caller,
    case_id: str,
    kind: Kind,
    agency: str,
    reference: str,
    basis: str,
    note: str,
    until: datetime | None,
    extends: str | None = None,
    handed: Sequence[Handed] = (),
    given: Iterable[str] = (),
) -> Request:
    """Record a hold or request about a case, and do what it asks for.

    To preserve or extend without `until` takes the term of the settings. `extends` is the request
    whose term is moved, `given` the evidence that was given to who asked to produce it. Raises
    `NotPermitted`, `NoSuchCase`, `NoSuchRequest`, `RequestRefused`.
    """
    _require(caller)
    cases.found(session, caller, case_id)
    session.get_one(Case, case_id, with_for_update=True)  # alerts that come now wait, or are seen
    given = list(given)
    agency, reference, basis, note = (t.strip() for t in (agency, reference, basis, note))
    _check(kind, agency, reference, basis, note, until, extends, given, handed)
    extended = _extended(session, now, caller, case_id, extends) if extends else None
    since = now if extended is None or extended.until is None else extended.until
    if until is None and kind in (Kind.PRESERVE, Kind.EXTEND):
        until = over(options_of(session).term, since)
    if until is not None and until <= since:
        raise RequestRefused(
            "This time is over already." if extended is None else "This is no extension: it ends"
            f" no later than {since:%Y-%m-%d %H:%M} UTC, until when it runs now.",
            "Give a later day.",
        )  # fmt: skip
    if until is not None and until > over(LONGEST_TERM, now):
        raise RequestRefused(
            "This term is longer than a hundred years.", "Give the day that the paper names."
        )
    request = Request(
        id=_new_id(), case_id=case_id, kind=kind, at=now, by=caller.actor, agency=agency,
        reference=reference, basis=basis, note=note, until=until,
        extends=extended.id if extended else None, ended_at=None, ended_by="", ended_why="",
    )  # fmt: skip
    session.add(request)
    session.flush()
    papers.put(session, now, request, handed)
    files = _do(session, now, caller, request, extended, given)
    audit.append(
        session, now, caller.actor, "preservation.record", request.id, case=case_id,
        kind=str(kind), files=files, papers=len(handed), extends=request.extends,
        until=until.isoformat() if until else None,
    )  # fmt: skip
    steps.write(session, now, caller.actor, case_id, f"preservation-{kind}", request=request.id)
    return request


def end(session: Session, now: datetime, caller: Caller, request_id: str, why: str) -> Request:
    """Lift a hold, end a request to preserve, or recall one to destroy, for a reason. Its papers
    are kept for a time yet. Raises `NotPermitted`, `NoSuchRequest`, `RequestRefused`."""
    request = _locked(session, caller, request_id)
    if state(request, now) not in (State.RUNNING, State.WAITING):
        raise RequestRefused(f"{request.id} does not run: there is nothing to end.")
    request.ended_at, request.ended_by, request.ended_why = now, caller.actor, _reason(why)
    files = clocks.end(session, now, REQUEST, request.id)
    if request.kind == Kind.DESTROY:
        destroying.recall(session, request)
    papers.keep(session, now, request, now)
    audit.append(
        session, now, caller.actor, "preservation.end", request.id, case=request.case_id,
        kind=str(request.kind), files=files,
    )  # fmt: skip
    steps.write(
        session, now, caller.actor, request.case_id, "preservation-ended", request.ended_why,
        request=request.id,
    )  # fmt: skip
    return request


def release(session: Session, now: datetime, caller: Caller, request_id: str, why: str) -> Request:
    """A request to destroy waits for what must be kept after a report, and a person decides that it
    goes before that: end the receipts' clocks on its files. All others run on. Raises
    `NotPermitted`, `NoSuchRequest`, `RequestRefused`."""
    request = _locked(session, caller, request_id)
    if state(request, now) != State.WAITING:
        raise RequestRefused(f"{request.id} is no request to destroy that waits.")
    why = _reason(why)
    count = destroying.end_receipts(session, now, caller, request)
    if not count:
        raise RequestRefused(
            "It does not wait for the time after a report.", "Look at what it waits for."
        )
    destroying.carry_out(session, now, request)
    audit.append(
        session, now, caller.actor, "preservation.release", request.id, case=request.case_id,
        clocks=count,
    )  # fmt: skip
    steps.write(
        session, now, caller.actor, request.case_id, "preservation-released", why,
        request=request.id,
    )  # fmt: skip
    return request


def found(session: Session, caller: Caller, request_id: str) -> Request:
    """A request of a case that the caller may see. Raises `NoSuchRequest`."""
    request = None
    if ID.fullmatch(request_id):
        request = session.scalar(
            select(Request)
            .join(Case, Case.id == Request.case_id)
            .where(Request.id == request_id, knowing.visible(caller, Case.queue, Case.id))
        )
    if request is None:
        raise NoSuchRequest(
            f"There is no request {request_id[:40]!r}.", "Run: tutela preservation list"
        )
    return request


def listed(
    session: Session,
    caller: Caller,
    now: datetime,
    after: str = "",
    limit: int = 100,
    *,
    case_id: str = "",
    only_running: bool = False,
) -> Sequence[Request]:
    """Requests of cases that the caller may see, in the order in which they were recorded, those
    after the one of an id; `only_running`: those that keep something, or wait to destroy it. Raises
    `NoSuchRequest`."""
    query = (
        select(Request)
        .join(Case, Case.id == Request.case_id)
        .where(knowing.visible(caller, Case.queue, Case.id))
        .order_by(Request.at, Request.id)
        .limit(limit)
    )
    if after:
        last = found(session, caller, after)
        query = query.where(
            (Request.at > last.at) | ((Request.at == last.at) & (Request.id > last.id))
        )
    if case_id:
        query = query.where(Request.case_id == case_id)
    if only_running:
        query = query.where(_runs(now), Request.kind.in_((*KEEPING, Kind.DESTROY)))
    return session.scalars(query).all()


def keeps(case_id: SQLColumnExpression[str], now: datetime) -> ColumnElement[bool]:
    """Whether a hold or request keeps what is known of a case, in a query that has its id: files
    have clocks, and what stands in rows has this."""
    return exists().where(Request.case_id == case_id, Request.kind.in_(KEEPING), _runs(now))


def tend(database: Database) -> None:
    """Before anything is purged: holds cover what came to their cases since, and requests to
    destroy are carried out where no clock runs any more."""
    after = ""
    while True:
        with database.reading() as session:
            now = database.now()
            page = session.scalars(
                select(Request)
                .where(Request.kind.in_((Kind.HOLD, Kind.DESTROY)), _runs(now), Request.id > after)
                .order_by(Request.id)
                .limit(PAGE)
            ).all()
            waiting = [
                one.id for one in page
                if one.kind == Kind.DESTROY or not covering.is_covered(session, one)
            ]  # fmt: skip
        for request_id in waiting:
            _tend(database, request_id)
        if len(page) < PAGE:
            return
        after = page[-1].id


def _tend(database: Database, request_id: str) -> None:
    with database.writing() as session:
        now = database.now()
        request = session.get_one(Request, request_id, with_for_update=True)
        if request.ended_at is not None:
            return
        if request.kind == Kind.DESTROY:
            destroying.carry_out(session, now, request)
        elif count := covering.cover(session, now, request):
            audit.append(
                session, now, covering.WORKER, "preservation.cover", request.id,
                case=request.case_id, files=count,
            )  # fmt: skip


def _do(
    session: Session,
    now: datetime,
    caller: Caller,
    request: Request,
    extended: Request | None,
    given: Sequence[str],
) -> int:
    """What a request asks for; says of how many files."""
    if extended is not None and request.until is not None:
        extended.until = request.until
        papers.keep(session, now, extended, extended.until)
        papers.keep(session, now, request, request.until)
        covered = session.scalars(
            select(Clock.file_id).where(
                Clock.kind == REQUEST, Clock.subject == extended.id, Clock.ended_at.is_(None)
            )
        ).all()
        for name in covered:
            clocks.start(session, now, name, REQUEST, extended.id, extended.basis, request.until)
        return len(covered)
    if request.kind == Kind.PRODUCE:
        papers.give(session, now, caller, request, given)
        papers.keep(session, now, request, now)
        return len(given)
    papers.keep(session, now, request, request.until)
    if request.kind == Kind.DESTROY:
        return destroying.carry_out(session, now, request)
    return covering.cover(session, now, request)


def _extended(
    session: Session, now: datetime, caller: Caller, case_id: str, request_id: str
) -> Request:
    """The request to preserve that one extends, be it named by an extension of it."""
    request = _locked(session, caller, request_id)
    if request.extends is not None:
        request = _locked(session, caller, request.extends)
    if request.case_id != case_id or request.kind != Kind.PRESERVE:
        raise RequestRefused(f"{request.id} is no request to preserve of this case.")
    if state(request, now) != State.RUNNING:
        raise RequestRefused(
            f"{request.id} runs no more: what it kept may be gone.", "Record a new one to preserve."
        )
    return request


def _check(
    kind: Kind,
    agency: str,
    reference: str,
    basis: str,
    note: str,
    until: datetime | None,
    extends: str | None,
    given: Sequence[str],
    handed: Sequence[Handed],
) -> None:
    """Raises `RequestRefused` for what no database need be asked about."""
    for name, text, needed in (
        ("agency", agency, kind != Kind.HOLD), ("reference", reference, kind != Kind.HOLD),
        ("basis", basis, True),
    ):  # fmt: skip
        if needed and not text:
            raise RequestRefused(f"The {name} is missing.", "Say it as the paper does.")
        if len(text) > LONGEST or not text.isprintable():
            raise RequestRefused(f"The {name} is more than a line of {LONGEST} letters.")
    if len(note) > LONGEST_NOTE or "\x00" in note:
        raise RequestRefused(f"The note is longer than {LONGEST_NOTE} letters.")
    if until is not None and kind not in (Kind.PRESERVE, Kind.EXTEND):
        raise RequestRefused(f"To {kind} has no term.", "Leave the day out.")
    if (extends is not None) != (kind == Kind.EXTEND):
        raise RequestRefused("An extension names the request that it extends, and no other does.")
    if given and kind != Kind.PRODUCE:
        raise RequestRefused(f"To {kind} gives nothing to anybody.", "Record produce.")
    if kind == Kind.DESTROY and not handed:
        raise RequestRefused(
            "Nothing is destroyed on request without its paper.", "Hand in what was received."
        )


def _locked(session: Session, caller: Caller, request_id: str) -> Request:
    _require(caller)
    found(session, caller, request_id)
    return session.get_one(Request, request_id, with_for_update=True, populate_existing=True)


def _runs(now: datetime) -> ColumnElement[bool]:
    return Request.ended_at.is_(None) & or_(Request.until.is_(None), Request.until > now)


def _require(caller: Caller) -> None:
    if not caller.may(Permission.REPORTS):
        raise NotPermitted(caller, Permission.REPORTS)


def _reason(text: str) -> str:
    text = text.strip()
    if not text or len(text) > steps.LONGEST or "\x00" in text:
        raise RequestRefused(
            "A reason is missing, or too long.", f"Say why, in up to {steps.LONGEST} letters."
        )
    return text


def _new_id() -> str:
    return "prq_" + base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower()
