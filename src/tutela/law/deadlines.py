"""By when a case is due: its earliest duty. What is late sounds an alarm until it is done."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from tutela import alarms
from tutela.alarms.models import Alarm
from tutela.cases.models import Case
from tutela.cases.opening import options_of as case_options
from tutela.decisions.told import CONFIRMED, Decided, Undone
from tutela.law import service, watching
from tutela.packs import Outcome
from tutela.screening.models import Decided as Screened
from tutela.screening.models import ItemMatch
from tutela.screening.recording import ItemDecided
from tutela.storage import Database, Session

OVERDUE = "case.overdue"
"""The alarm over a case of which something was due."""

PAGE = 500
"""Cases that are looked at in one transaction."""


def came(session: Session, told: ItemDecided) -> None:
    """An item came: if a list has this very file, nobody need confirm it before a duty begins."""
    if told.test or not service.may_owe(session, told.at):
        return
    exact = select(ItemMatch.id).where(
        ItemMatch.item_id == told.item_id, ItemMatch.strength == "exact",
        ItemMatch.vetoed.is_(False),
    ).limit(1)  # fmt: skip
    if session.scalar(exact) is None:
        return
    case_id = session.get_one(Screened, told.item_id).case_id
    if case_id is not None:
        _sooner(session, told.at, session.get_one(Case, case_id))


def decided(session: Session, told: Decided) -> None:
    """Someone decided: so duties begin or, where it is no match, end."""
    case = session.get_one(Case, told.case_id)
    if told.conclusion == CONFIRMED:
        _sooner(session, told.at, case)
    elif case.due_at is not None:
        follow(session, told.at, case)


def undone(session: Session, told: Undone) -> None:
    """A decision was taken back."""
    follow(session, told.at, session.get_one(Case, told.case_id))


def _sooner(session: Session, now: datetime, case: Case) -> None:
    """Follow what can only begin a duty: one that runs already began before."""
    if case.due_at is None or case_options(session).due_hours:
        follow(session, now, case)


def follow(session: Session, now: datetime, case: Case) -> None:
    """Have a case be due when its earliest duty is; without any, when the settings say."""
    if case.test:
        return
    owes = service.may_owe(session, now)
    found = service.outcome(session, case, now) if owes else Outcome()
    service.settle(session, now, case, found)
    watching.sound_keeping(session, now, case, found)
    due = min((one.due for one in found.duties if one.must), default=None)
    if due is None and (hours := case_options(session).due_hours):
        due = case.opened_at + timedelta(hours=hours)
    if case.due_at != due:
        case.due_at = due
        session.flush()


def sound_overdue(database: Database) -> None:
    """Sound an alarm over each open case that is late, and close those whose cause is gone."""
    _clear(database)
    after: tuple[datetime, str] | None = None
    while True:
        with database.writing() as session:
            now = database.now()
            late = (
                select(Case)
                .where(Case.closed_at.is_(None), Case.test.is_(False), Case.due_at <= now)
                .order_by(Case.due_at, Case.id)
                .limit(PAGE)
            )
            if after is not None:
                late = late.where(
                    (Case.due_at > after[0]) | ((Case.due_at == after[0]) & (Case.id > after[1]))
                )
            page = session.scalars(late).all()
            known = _open(session, [case.id for case in page])
            for case in sorted(page, key=lambda one: one.id):
                if case.id not in known:
                    alarms.sound(
                        session, now, OVERDUE, case.id,
                        f"The case {case.id} was due at {case.due_at:%Y-%m-%d %H:%M} UTC: tutela"
                        f" pack explain {case.id}",
                    )  # fmt: skip
            if len(page) < PAGE:
                return
            last = page[-1]
            after = (last.due_at or now, last.id)


def _open(session: Session, ids: list[str]) -> set[str]:
    """Of these cases, those over which the alarm sounds already."""
    return set(
        session.scalars(
            select(Alarm.subject).where(
                Alarm.kind == OVERDUE, Alarm.closed_at.is_(None), Alarm.subject.in_(ids)
            )
        )
    )


def _clear(database: Database) -> None:
    with database.writing() as session:
        now = database.now()
        late = select(Case.id).where(
            Case.closed_at.is_(None), Case.test.is_(False), Case.due_at <= now
        )
        done = session.scalars(
            select(Alarm.subject)
            .where(
                Alarm.kind == OVERDUE, Alarm.closed_at.is_(None), Alarm.subject.not_in(late)
            )
            .order_by(Alarm.subject)
        ).all()  # fmt: skip
        for name in done:
            alarms.clear(session, now, OVERDUE, name)
