"""Sounds an alarm where someone opens far more than work needs."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import distinct, func, select

from tutela import alarms
from tutela.cases.models import Case
from tutela.people import callers
from tutela.people.models import Key, Person
from tutela.storage import Session
from tutela.views.exposure import options_of
from tutela.views.models import View

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FEW = 50
"""Files in a day of which nobody asks what came of them."""


def look(session: Session, now: datetime, human: str, case_id: str) -> bool:
    """Look at what someone opened lately, who is about to open a file of a case; says whether the
    alarm was sounded."""
    options = options_of(session)
    theirs = View.actor == human, View.file_id.is_not(None)
    hour = session.scalars(select(View.case_id).where(*theirs, View.at > now - HOUR)).all()
    views, cases = len(hour) + 1, len({*hour, case_id})
    why = ""
    if views >= options.unusual_views:
        why = f"{views} files were opened in an hour."
    elif cases >= options.unusual_cases:
        why = f"Files of {cases} cases were opened in an hour."
    else:
        is_closed = Case.closed_at.is_not(None)
        day, closed = session.execute(
            select(func.count(), func.count(distinct(View.case_id)).filter(is_closed))
            .select_from(View)
            .join(Case, Case.id == View.case_id)
            .where(*theirs, View.at > now - DAY)
        ).one()
        if day >= FEW and day >= options.unusual_ratio * (closed + 1):
            why = f"{day} files were opened in a day, and {closed} of their cases were closed."
    if not why:
        return False
    alarms.sound(
        session, now, "views.unusual", subject(session, human),
        f"{why} See the audit log for evidence.intend, and ask whose number this is.",
    )  # fmt: skip
    return True


def subject(session: Session, human: str) -> str:
    """Whom an alarm is about, by number: alarms go to places where names do not belong."""
    name = human.partition(":")[2]
    if human.startswith(callers.PERSON):
        return f"person:{session.scalar(select(Person.id).where(Person.name == name))}"
    if human.startswith(callers.KEY):
        return f"key:{session.scalar(select(Key.id).where(Key.name == name))}"
    return "shell"
