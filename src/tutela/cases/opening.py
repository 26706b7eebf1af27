"""Opens cases, and keeps what a case says of itself in step with what is on it."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Row, exists, func, select
from sqlalchemy.dialects import postgresql, sqlite

from tutela import events
from tutela.cases import rank, routing
from tutela.cases.models import Alert, Case, Queue, Step
from tutela.cases.options import IN_SESSION, Options
from tutela.cases.rank import Weighed
from tutela.cases.routing import Told
from tutela.screening.models import Item, ItemMatch
from tutela.storage import Session

UNKNOWN, CHILD, SUSPECT = "unknown", "child", "suspect"
SURVIVOR = "survivor-request"
OF_AGE = 18
BY_HAND = ("moved", "escalated")
"""Steps after which rules no longer move a case."""


def options_of(session: Session) -> Options:
    """The settings of cases that a session carries."""
    found = session.info.get(IN_SESSION)
    return found if isinstance(found, Options) else Options()


def opened(session: Session, now: datetime, kind: str, subject: str, *, test: bool = False) -> Case:
    """The subject's open case, locked; opens it if there is none. Two who open one at once find the
    same. Who was known as a child in an earlier case is so in this."""
    name = "case_" + base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower()
    session.flush()
    hours = options_of(session).due_hours
    values = {
        "id": name, "subject_kind": kind, "subject": subject, "queue": routing.GENERAL,
        "test": test, "opened_at": now, "closed_at": None, "closed_why": None, "role": UNKNOWN,
        "role_why": "", "rank": rank.LAST, "danger": False, "hold": not test, "alerts": 0,
        "reports": 0, "due_at": now + timedelta(hours=hours) if hours and not test else None,
    }  # fmt: skip
    is_sqlite = session.connection().dialect.name == "sqlite"
    insert = (sqlite if is_sqlite else postgresql).insert(Case).values(values)
    found = session.execute(
        insert.on_conflict_do_update(  # which changes nothing, but locks the one that is there
            index_elements=["subject_kind", "subject"],
            index_where=Case.closed_at.is_(None),
            set_={"subject": insert.excluded.subject},
        ).returning(Case.id)
    ).scalar_one()
    case = session.get_one(Case, found, populate_existing=True)
    if found == name and not test:
        events.record(session, now, "case.opened", name, about=kind)
        _remember_child(session, case)
    return case


def protect(case: Case, why: str) -> None:
    """The subject is a child, as far as is known: nothing is done to them automatically."""
    if case.role != CHILD:
        case.role, case.role_why = CHILD, why


def rules(session: Session) -> list[tuple[str, routing.Rule | None]]:
    """The queues in order, with their rules."""
    rows = session.execute(select(Queue.name, Queue.rule).order_by(Queue.position, Queue.name))
    return [(name, routing.rule(text)) for name, text in rows]


def grew(session: Session, case: Case, alert: Alert) -> None:
    """Count an alert that is new on a case: rank, danger, role and queue follow it."""
    told, weighed = _spared(session, case, alert)
    case.alerts += 1
    case.reports += weighed.reports
    case.danger = case.danger or alert.danger
    case.rank = rank.of(rank.read(case.rank).with_(weighed))
    ordered = rules(session)
    if ordered:
        _move(session, case, ordered, [_with_role(told, case)])


def came(session: Session, case: Case, alert: Alert) -> None:
    """Count an alert that came from elsewhere."""
    _spared(session, case, alert)
    recount(session, case)


def recount(session: Session, case: Case) -> None:
    """Reckon anew what a case says of itself, after an alert left it or its role was changed."""
    session.flush()
    all_of = _of(session, case)
    total = Weighed()
    for _, weighed, _ in all_of:
        total = total.with_(weighed)
    case.alerts, case.reports = len(all_of), total.reports
    case.danger = total.danger
    case.rank = rank.of(total)
    if ordered := rules(session):
        case_queue = case.queue
        if not moved_by_hand(session, case.id):
            case.queue = routing.GENERAL
        _move(session, case, ordered, [_with_role(told, case) for told, _, _ in all_of])
        if not all_of:
            case.queue = case_queue
    session.flush()


def moved_by_hand(session: Session, case_id: str) -> bool:
    """Whether someone said where a case belongs: then rules say no more."""
    return bool(
        session.scalar(select(exists().where(Step.case_id == case_id, Step.what.in_(BY_HAND))))
    )


def _spared(session: Session, case: Case, alert: Alert) -> tuple[Told, Weighed]:
    """What an alert says; if that is so, that the case's subject is a child."""
    told, weighed, survivor = _of(session, case, [alert.id])[0]
    if survivor:
        protect(case, "matched on a bank of survivors' requests")
    if alert.subject_age is not None and alert.subject_age < OF_AGE:
        protect(case, f"stated to be {alert.subject_age} years old")
    return told, weighed


def _with_role(told: Told, case: Case) -> Told:
    return Told(
        told.kind, told.about, told.codes, told.purposes, told.channel, case.role, told.danger,
        case.test,
    )  # fmt: skip


def _move(
    session: Session,
    case: Case,
    ordered: list[tuple[str, routing.Rule | None]],
    tellings: Iterable[Told],
) -> None:
    names = [name for name, _ in ordered]
    queue = case.queue
    for told in tellings:
        queue = routing.sooner(names, queue, routing.first(ordered, told))
    if queue != case.queue and not moved_by_hand(session, case.id):
        case.queue = queue


def _of(
    session: Session, case: Case, only: list[int] | None = None
) -> list[tuple[Told, Weighed, bool]]:
    """What each alert on a case says, and whether a survivors' bank matched it."""
    session.flush()
    query = (
        select(Alert, Item.channel)
        .outerjoin(Item, Item.id == Alert.item_id)
        .where(Alert.case_id == case.id, Alert.detached_at.is_(None))
    )
    matched = (
        select(Alert.id, ItemMatch.purpose, ItemMatch.labels, ItemMatch.strength)
        .join(ItemMatch, ItemMatch.item_id == Alert.item_id)
        .where(
            Alert.case_id == case.id, Alert.detached_at.is_(None), ItemMatch.vetoed.is_(False)
        )
    )  # fmt: skip
    if only is not None:
        query, matched = query.where(Alert.id.in_(only)), matched.where(Alert.id.in_(only))
    matches: dict[int, list[Row[int, str, str, str]]] = {}
    for row in session.execute(matched):
        matches.setdefault(row[0], []).append(row)
    return [
        _said(alert, channel, matches.get(alert.id, [])) for alert, channel in
        session.execute(query)
    ]  # fmt: skip


def _said(
    alert: Alert, channel: str | None, matches: list[Row[int, str, str, str]]
) -> tuple[Told, Weighed, bool]:
    purposes = frozenset(purpose for _, purpose, _, _ in matches)
    codes = frozenset(code for _, _, labels, _ in matches for code in labels.split())
    told = Told(
        kind=alert.kind,
        about=alert.about,
        codes=codes | ({alert.code} if alert.code else set()),
        purposes=purposes,
        channel=channel or "unknown",
        danger=alert.danger,
    )
    known = any(strength == "exact" for *_, strength in matches)
    ages = [
        age for age in (alert.child_age, alert.subject_age) if age is not None and age < OF_AGE
    ]  # fmt: skip
    weighed = Weighed(
        danger=alert.danger,
        new=alert.about == "item" and not known,
        age=min(ages, default=None),
        reports=int(alert.kind != "match"),
    )
    return told, weighed, SURVIVOR in purposes


def _remember_child(session: Session, case: Case) -> None:
    earlier = session.scalar(
        select(func.max(Case.id)).where(
            Case.subject_kind == case.subject_kind,
            Case.subject == case.subject,
            Case.id != case.id,
            Case.role == CHILD,
        )
    )
    if earlier:
        protect(case, f"was so in {earlier}")
