"""Acts that take two people, on the pages where they are asked for: what waits, and doing it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field
from starlette.exceptions import HTTPException

from tutela.interfaces.console.forms import Fields
from tutela.interfaces.console.shell import Visitor
from tutela.people import approvals, standing
from tutela.people.models import Approval
from tutela.storage import Database, Session


class Asking(Fields):
    """What a form for such an act also has."""

    why: Annotated[str, Field(max_length=approvals.LONGEST_REASON)] = ""
    danger: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that stands. `ready`: the visitor asked for it, and can now have it done."""

    number: int
    act: str
    facts: Mapping[str, Any]
    why: str
    by: str
    at: datetime
    agreed_by: str | None
    usable_at: datetime | None
    mine: bool
    ready: bool


def waiting(
    session: Session, now: datetime, visitor: Visitor, acts: Sequence[str], subject: str
) -> list[Asked]:
    """What was asked for about a subject and is not done yet."""
    return [_shown(one, now, visitor) for one in standing.about(session, now, acts, subject)]


def one(
    database: Database, visitor: Visitor, acts: Sequence[str], subject: str, number: int
) -> Asked:
    """The request of a number. Raises 404 if none of that number stands."""
    with database.reading() as session:
        now = database.now()
        found = standing.numbered(session, now, acts, subject, number)
    if found is None:
        raise HTTPException(404)
    return _shown(found, now, visitor)


def mine(
    database: Database, visitor: Visitor, acts: Sequence[str], subject: str, number: int
) -> Asked:
    """The same, if the visitor asked for it. Raises 404 if not."""
    found = one(database, visitor, acts, subject, number)
    if not found.mine:
        raise HTTPException(404)
    return found


def _shown(one: Approval, now: datetime, visitor: Visitor) -> Asked:
    asked_here = one.asked_human == visitor.caller.human
    alone = one.usable_at is not None and one.usable_at <= now
    return Asked(
        one.id, one.act, json.loads(one.facts), one.why, one.asked_by, one.asked_at,
        one.approved_by, one.usable_at, asked_here,
        asked_here and (one.approved_by is not None or alone),
    )  # fmt: skip
