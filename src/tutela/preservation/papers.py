"""Papers of requests: sealed like all else, and kept as long as they may be asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from tutela import audit, evidence
from tutela.evidence import clocks
from tutela.evidence.models import File, Intent, Purpose
from tutela.evidence.sealing import Sealed
from tutela.people.permissions import Caller
from tutela.preservation.covering import PAPER, belongs, options_of
from tutela.preservation.errors import RequestRefused
from tutela.preservation.models import Paper, Request
from tutela.preservation.options import over
from tutela.storage import Session

RECEIVED, PRODUCED = "received", "produced"
MOST = 20
"""Papers that are handed in with one request."""

LARGEST = 32 << 20
"""Bytes of one paper: it is held in memory while it is sealed."""

LONGEST_NAME = 256


@dataclass(frozen=True, slots=True)
class Handed:
    """A paper as it was handed in, sealed already."""

    name: str
    sealed: Sealed


def put(session: Session, now: datetime, request: Request, handed: Sequence[Handed]) -> None:
    """Write down the papers of a request. Raises `RequestRefused`."""
    if len(handed) > MOST:
        raise RequestRefused(f"More than {MOST} papers.", "Put several into one file.")
    for one in handed:
        file = evidence.record(session, now, one.sealed)
        session.add(Paper(
            request_id=request.id, evidence_id=file.id, name=shown_name(one.name), at=now,
            given=RECEIVED,
        ))  # fmt: skip
    session.flush()


def give(
    session: Session, now: datetime, caller: Caller, request: Request, evidence_ids: Iterable[str]
) -> None:
    """Write down which files of the case were given to who asked for them. They must have been
    taken out with an intent to export, which says who did and when. Raises `RequestRefused`."""
    names = sorted(set(evidence_ids))
    if not names:
        raise RequestRefused("Nothing was given.", "Name the evidence that was.")
    of_case = belongs(session, request.case_id, detached=True)
    strange = set(names) - set(session.scalars(select(File.id).where(of_case)))
    if strange:
        raise RequestRefused(
            f"{min(strange)[:64]} is no evidence of this case.", "See the clocks of the case."
        )
    for name in names:
        taken = select(Intent.id).where(
            Intent.file_id == name, Intent.purpose == str(Purpose.EXPORT),
            Intent.used_at.is_not(None),
        )  # fmt: skip
        if session.scalar(taken.limit(1)) is None:
            raise RequestRefused(
                f"{name} was never taken out, so it cannot have been given.",
                f"Run: tutela evidence export {name} FILE --reason TEXT",
            )
    for name in names:
        session.add(Paper(
            request_id=request.id, evidence_id=name, name="", at=now, given=PRODUCED
        ))  # fmt: skip
    session.flush()
    for name in names:
        audit.append(
            session, now, caller.actor, "preservation.give", name, request=request.id
        )  # fmt: skip


def keep(session: Session, now: datetime, request: Request, since: datetime | None) -> None:
    """Keep the papers of a request from a moment on for as long as what was reported; None: until
    it is known when the request ends."""
    until = None if since is None else over(options_of(session).period, since)
    clocks.end(session, now, PAPER, request.id)
    for paper in of(session, request.id):
        if paper.given == RECEIVED and clocks.start(
            session, now, paper.evidence_id, PAPER, request.id, request.basis, until
        ):
            session.get_one(File, paper.evidence_id).keep_until = until
    session.flush()


def of(session: Session, request_id: str) -> Sequence[Paper]:
    """The papers of a request, received ones first."""
    return session.scalars(
        select(Paper)
        .where(Paper.request_id == request_id)
        .order_by(Paper.given.desc(), Paper.name, Paper.evidence_id)
    ).all()


def shown_name(name: str) -> str:
    """A file's name without its folder, as text of one line: it came from elsewhere."""
    base = name.replace("\\", "/").rpartition("/")[2]
    return "".join(c if c.isprintable() else "�" for c in base)[:LONGEST_NAME]
