"""People answer what only one authority asks, and declare that a report is complete."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from tutela import audit
from tutela.people.permissions import Caller
from tutela.reporting import authorities, facts
from tutela.reporting.authorities import Asking
from tutela.reporting.errors import EditRefused, ReportNotReady
from tutela.reporting.gathering import options_of
from tutela.reporting.models import Report
from tutela.reporting.register import changed, editable
from tutela.storage import Session

LONGEST = 10_000
"""Characters of an answer."""


def answer(
    session: Session,
    now: datetime,
    caller: Caller,
    report_id: str,
    version: int,
    said: Mapping[str, str],
) -> Report:
    """Give answers; an empty one takes back what was said. What was declared before goes with it.
    Raises `EditRefused`, `ReportChanged`, `ReportNotReady`, `NoSuchReport`, `NotPermitted`."""
    row = editable(session, caller, report_id, version)
    asking = _asking(row)
    for name, text in said.items():
        if not asking.title_of(name):
            raise EditRefused(f"{name[:60]!r} is no field of this form.", "Look at its sheet.")
        if len(text) > LONGEST or "\0" in text:
            raise EditRefused(f"The answer to {name} is too long.", f"Say it in {LONGEST} letters.")
        if why := asking.wrong(name, text):
            raise EditRefused(f"{name}: {why}", "Answer again.")
    old = asking.undeclared(facts.Report.from_json(row.content))
    left = tuple(one for one in old.answers if one[0] not in said)
    given = tuple((name, text.strip()) for name, text in said.items() if text.strip())
    new = replace(old, answers=(*left, *given))
    changed(session, now, caller, row, new, f"answers {' '.join(sorted(said))}"[:64])
    return row


def declare(
    session: Session, now: datetime, caller: Caller, report_id: str, version: int
) -> Report:
    """Declare that all that is reasonably available is in a report, as it is in this version: the
    caller says so, in their name. Raises as `answer`, and `ReportNotReady` while anything is
    wrong with it."""
    row = editable(session, caller, report_id, version)
    asking, authority = _asking(row), authorities.named(row.authority)
    new = asking.declared(facts.Report.from_json(row.content), caller.human)
    wrong = authority.check(new, options_of(session).reporter)
    if wrong:
        raise ReportNotReady(
            f"It cannot be declared yet. {wrong[0].path}: {wrong[0].what}",
            f"tutela report check {row.id} says all that is wrong.",
        )
    changed(session, now, caller, row, new, "declared")
    audit.append(session, now, caller.actor, "report.declare", row.id, version=row.version)
    return row


def _asking(row: Report) -> Asking:
    authority = authorities.named(row.authority)
    if not isinstance(authority, Asking):
        raise EditRefused(f"{authority.title} asks nothing besides.", "Edit the report.")
    return authority
