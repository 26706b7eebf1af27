"""Deciding about items and appeals, as pages, the API and commands all do it: what takes two people
is asked for, and done once another agreed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import rfc8785

from tutela.app import App
from tutela.audit.service import Fact
from tutela.cases import service as cases
from tutela.cases.models import Case
from tutela.decisions import appeals, grades, service
from tutela.decisions.errors import DecisionRefused
from tutela.decisions.models import Appeal, Decision
from tutela.people.permissions import Caller, Permission
from tutela.storage import Session

ACT = "item."
ACTS = tuple(ACT + one for one in (service.RELEASE, service.CONFIRM))
OVERTURN = "appeal.overturn"


def decide(
    app: App,
    caller: Caller,
    case_id: str,
    item_ids: Sequence[str],
    conclusion: str,
    reason: str,
    given: Mapping[str, str],
    *,
    copies: bool,
    danger: bool = False,
) -> list[Decision]:
    """What someone concludes of items of a case that they work on. Raises `SecondPersonNeeded` if
    nobody agreed yet, and what `service.decide` raises."""
    reason, given = service.checked_reason(reason), grades.checked(given)
    if given and not item_ids:
        raise DecisionRefused(
            "Grades are of items, and none was named: what is concluded is of the case itself.",
            "Name the items, or leave the grades out.",
        )
    with app.database.reading() as session:
        case = cases.found(session, caller, case_id)
        service.ready(session, app.database.now(), caller, case, item_ids, conclusion)
        two = service.takes_two(session, caller, case, item_ids, conclusion)

    def do(session: Session, _: str) -> list[Decision]:
        return service.decide(
            session, app.database.now(), caller, session.get_one(Case, case_id), item_ids,
            conclusion, reason, given, copies=copies, agreed=two is not None,
        )  # fmt: skip

    if two is None:
        with app.database.writing() as session:
            return do(session, caller.actor)
    act, permission = two
    facts: dict[str, Fact] = {
        "items": " ".join(sorted(item_ids)), "conclusion": conclusion, "copies": copies,
        "grades": rfc8785.dumps(dict(given)).decode(),
    }  # fmt: skip
    return app.with_two(
        caller, permission, ACT + act, case_id, facts, do, why=reason, danger=danger
    )


def settle(
    app: App, caller: Caller, appeal_id: str, outcome: str, why: str, *, danger: bool = False
) -> Appeal:
    """Decide an appeal. Raises `SecondPersonNeeded` if nobody agreed yet, and what `appeals.settle`
    raises."""
    with app.database.reading() as session:
        appeals.ready(session, caller, appeal_id, outcome)
        two = appeals.takes_two(session, caller, appeal_id, outcome)

    def do(session: Session, _: str) -> Appeal:
        return appeals.settle(
            session, app.database.now(), caller, appeal_id, outcome, why, agreed=two
        )

    if not two:
        with app.database.writing() as session:
            return do(session, caller.actor)
    return app.with_two(
        caller, Permission.RELEASE, OVERTURN, appeal_id, {"outcome": outcome}, do, why=why,
        danger=danger,
    )  # fmt: skip
