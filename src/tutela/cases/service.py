"""Opens cases and puts alerts on them. A plain queue, in the order in which cases were opened."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite

from tutela import events
from tutela.cases.errors import NoSuchCase
from tutela.cases.models import Alert, Case
from tutela.people import knowing
from tutela.people.permissions import Caller
from tutela.screening.models import Decided
from tutela.screening.recording import ItemDecided
from tutela.storage import Session

QUEUE = "general"
"""Where a case waits, until there are rules that route it."""

SELF_CLOSED = "test"


@dataclass(frozen=True, slots=True)
class Summary:
    """A case and how many alerts are on it."""

    case: Case
    alerts: int


def put_alert(session: Session, told: ItemDecided) -> None:
    """Put an alert on the open case of the item's creator or, without one, of the item; opens it if
    there is none. That of a test closes itself."""
    if told.test:
        kind, subject = "test", told.item_id
    elif told.given.creator_id:
        kind, subject = "account", told.given.creator_id
    else:
        kind, subject = "item", told.given.item_id or told.item_id
    case = _opened(session, told, kind, subject)
    session.add(
        Alert(case_id=case.id, at=told.at, kind="match", item_id=told.item_id, verdict=told.verdict)
    )
    session.get_one(Decided, told.item_id).case_id = case.id
    if told.test:
        case.closed_at, case.closed_why = told.at, SELF_CLOSED
    session.flush()


def listed(
    session: Session, caller: Caller, after: str = "", limit: int = 100, *, only_open: bool = True
) -> Sequence[Summary]:
    """Cases that the caller needs to know of, in the order in which they were opened, those after
    the case of an id."""
    query = (
        select(Case, func.count(Alert.id))
        .join(Alert, Alert.case_id == Case.id, isouter=True)
        .where(knowing.visible(caller, Case.queue, Case.id))
        .group_by(Case.id)
        .order_by(Case.opened_at, Case.id)
        .limit(limit)
    )
    if after:
        last = found(session, caller, after)
        query = query.where(
            (Case.opened_at > last.opened_at)
            | ((Case.opened_at == last.opened_at) & (Case.id > last.id))
        )
    if only_open:
        query = query.where(Case.closed_at.is_(None))
    return [Summary(case, count) for case, count in session.execute(query)]


def summary(session: Session, caller: Caller, case_id: str) -> Summary:
    """A case and how many alerts are on it. Raises `NoSuchCase`."""
    count = select(func.count()).where(Alert.case_id == case_id)
    return Summary(found(session, caller, case_id), session.scalar(count) or 0)


def found(session: Session, caller: Caller, case_id: str) -> Case:
    """The case of an id. Raises `NoSuchCase`, also of one that the caller need not know of."""
    case = session.scalar(
        select(Case).where(Case.id == case_id, knowing.visible(caller, Case.queue, Case.id))
    )
    if case is None:
        raise NoSuchCase(f"There is no case {case_id}.", "Ask for the list of cases.")
    return case


def alerts(session: Session, case_id: str, after: int = 0, limit: int = 100) -> Sequence[Alert]:
    """What is on a case, in order."""
    return session.scalars(
        select(Alert)
        .where(Alert.case_id == case_id, Alert.id > after)
        .order_by(Alert.id)
        .limit(limit)
    ).all()


def _opened(session: Session, told: ItemDecided, kind: str, subject: str) -> Case:
    """The subject's open case, locked. Two who open one at once find the same."""
    name = "case_" + base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower()
    values = {
        "id": name, "subject_kind": kind, "subject": subject, "queue": QUEUE, "test": told.test,
        "opened_at": told.at, "closed_at": None, "closed_why": None,
    }  # fmt: skip
    is_sqlite = session.connection().dialect.name == "sqlite"
    insert = (sqlite if is_sqlite else postgresql).insert(Case).values(values)
    opened = session.execute(
        insert.on_conflict_do_update(  # which changes nothing, but locks the one that is there
            index_elements=["subject_kind", "subject"],
            index_where=Case.closed_at.is_(None),
            set_={"subject": insert.excluded.subject},
        ).returning(Case.id)
    ).scalar_one()
    if opened == name and not told.test:
        events.record(session, told.at, "case.opened", name, about=kind)
    return session.get_one(Case, opened)
