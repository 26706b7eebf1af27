"""What was done with a case: a trace that colleagues read. Rows are only ever added."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import rfc8785
from sqlalchemy import select

from tutela.audit.service import Fact
from tutela.cases.errors import CaseRefused
from tutela.cases.models import Case, Step
from tutela.people.permissions import Caller
from tutela.storage import Session

CLOSED, REOPENED = "case.closed", "case.reopened"
"""What the record of events says of cases, beside that they were opened."""

LONGEST = 2_000
"""Characters of a reason or a comment: more belongs into a document."""


def trace(
    session: Session,
    now: datetime,
    caller: Caller,
    case: Case,
    what: str,
    text: str = "",
    **facts: Fact,
) -> Step:
    """Write down that someone did something with a case."""
    return write(session, now, caller.actor, case.id, what, text, **facts)


def write(
    session: Session,
    now: datetime,
    actor: str,
    case_id: str,
    what: str,
    text: str = "",
    **facts: Fact,
) -> Step:
    """The same, of an actor such as `worker`."""
    step = Step(
        case_id=case_id, at=now, actor=actor, what=what, text=text,
        facts=rfc8785.dumps(facts).decode(),
    )  # fmt: skip
    session.add(step)
    session.flush()
    return step


def listed(session: Session, case_id: str, before: int = 0, limit: int = 50) -> Sequence[Step]:
    """What was done, the newest first; `before`: those before the step of a number."""
    query = select(Step).where(Step.case_id == case_id).order_by(Step.id.desc()).limit(limit)
    return session.scalars(query.where(Step.id < before) if before else query).all()


def reason(text: str) -> str:
    """A reason or a comment, without space around it. Raises `CaseRefused` if there is none."""
    text = text.strip()
    if not text:
        raise CaseRefused("A reason is missing.", "Say in a few words why.")
    if len(text) > LONGEST or "\x00" in text:
        raise CaseRefused(f"The text is longer than {LONGEST} characters.", "Say it shorter.")
    return text
