"""`/cases` and `/queues`: what waits for a person, and who works on it. No content, no picture."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query

from tutela.cases import alerts as gathering
from tutela.cases import hold, queues, steps, work
from tutela.cases import service as cases
from tutela.cases.models import Alert, Case
from tutela.cases.service import Summary
from tutela.exchanges import opinions
from tutela.interfaces.api.access import Holder
from tutela.interfaces.api.case_bodies import (
    AlertShown,
    Assigning,
    CaseShown,
    CaseWithAlerts,
    MaybeReason,
    Moving,
    Next,
    QueueShown,
    Reason,
    Role,
    Saying,
    StepShown,
    Taking,
)
from tutela.interfaces.api.json_bodies import (
    MOST_NUMBER,
    After,
    Page,
    given,
    page,
)
from tutela.interfaces.api.state import Limit, Shared, State, with_scope
from tutela.people.permissions import Caller, Permission
from tutela.storage import Database, Session
from tutela.storage.errors import Busy
from tutela.views import exposure
from tutela.views.limits import Allowed, Refused

CaseWorker = Annotated[Holder, Depends(with_scope(Permission.CASES))]
CASE = "case_[a-z2-7]{26}"
CaseId = Annotated[str, Path(pattern=f"^{CASE}$", description="Id of the case.")]
AlertNumber = Annotated[int, Path(ge=1, le=MOST_NUMBER, description="Number of the alert.")]
Closed = Annotated[bool, Query(description="Those that were closed too.")]

TRIES = 3
"""Times that the next case is asked for where others write for too long: a minute and a half."""

router = APIRouter(tags=["cases"])


@router.get("/queues")
def list_queues(_: CaseWorker, shared: Shared) -> Page[QueueShown]:
    """List queues in the order in which their rules are asked."""
    with shared.running.app.database.reading() as session:
        found = queues.listed(session)
    return Page(items=[QueueShown.of(one) for one in found], next=None)


@router.get("/cases", responses={404: {}})
def list_cases(
    holder: CaseWorker,
    shared: Shared,
    closed: Closed = False,
    queue: Annotated[
        str, Query(pattern=f"^({queues.NAME.pattern})?$", description="Those of a queue.")
    ] = "",
    after: Annotated[
        str, Query(pattern=f"^({CASE})?$", description="As `next` of the page before.")
    ] = "",
    limit: Limit = 100,
) -> Page[CaseShown]:
    """List cases in the order in which they were opened, those that one needs to know of."""
    with shared.running.app.database.reading() as session:
        found = cases.listed(
            session, holder.caller, after, limit + 1, only_open=not closed, queue=queue
        )

    def show(summary: Summary) -> CaseShown:
        return CaseShown.of(summary.case)

    return page(found, limit, show, lambda summary: summary.case.id)


@router.post("/queues/take")
def take_next_case(
    holder: CaseWorker, shared: Shared, body: Annotated[Taking, given(Taking, optional=True)]
) -> Next:
    """Take the next case, of a queue or of all: nobody else is given it while it is locked. Who has
    one in hand is given that again."""
    database = shared.running.app.database
    case, _ = given_out(database, holder.caller, body.queue, body.without)
    return Next(case=None if case is None else CaseShown.of(case))


@router.get("/cases/{case_id}", responses={404: {}})
def show_case(
    holder: CaseWorker, case_id: CaseId, shared: Shared, after: After = "0", limit: Limit = 100
) -> CaseWithAlerts:
    """Show a case and the alerts on it."""
    with shared.running.app.database.reading() as session:
        case = cases.found(session, holder.caller, case_id)
        found = cases.alerts(session, case_id, int(after), limit + 1)
        ids = {one.item_id for one in found if one.item_id is not None}
        sees = holder.caller.may(Permission.MATCH_DETAIL)
        said = opinions.of_items(session, ids) if sees else {}

    def show(alert: Alert) -> AlertShown:
        return AlertShown.of(alert, said.get(alert.item_id or "", ()))

    return CaseWithAlerts(
        case=CaseShown.of(case), alerts=page(found, limit, show, lambda alert: alert.id)
    )


@router.get("/cases/{case_id}/steps", responses={404: {}})
def list_steps(
    holder: CaseWorker,
    case_id: CaseId,
    shared: Shared,
    before: Annotated[
        str, Query(pattern="^[0-9]{0,18}$", description="As `next` of the page before.")
    ] = "",
    limit: Limit = 100,
) -> Page[StepShown]:
    """List what was done with a case, the newest first."""
    with shared.running.app.database.reading() as session:
        cases.found(session, holder.caller, case_id)
        found = steps.listed(session, case_id, int(before or 0), limit + 1)
    return page(found, limit, StepShown.of, lambda step: step.id)


def given_out(
    database: Database, caller: Caller, queue: str | None, without: Collection[str] = ()
) -> tuple[Case | None, bool]:
    """The next case, locked for someone, and whether they may see something now. Where too many
    want one at once it is tried again: whoever was given one is given the same. Raises
    `StorageError`."""
    for more in reversed(range(TRIES)):
        try:
            with database.writing() as session:
                now = database.now()
                case = _next(session, now, caller, queue, without)
                return case, isinstance(exposure.may_view(session, now, caller), Allowed)
        except Busy:
            if not more:
                raise
    raise AssertionError("it was tried at least once")


def _next(
    session: Session,
    now: datetime,
    caller: Caller,
    queue: str | None,
    without: Collection[str],
) -> Case | None:
    """The next case as someone wishes to work; past what they may see, only one of danger."""
    wishes = exposure.wishes(session, caller.human)
    refused = isinstance(exposure.may_view(session, now, caller), Refused)
    left_out = wishes.without | frozenset(without)
    run = exposure.not_now(session, now, caller)
    if run:  # something else comes first, but for danger
        urgent = work.take(session, now, caller, queue, without=left_out, only_danger=True)
        if urgent is not None:
            return urgent
    return work.take(session, now, caller, queue, without=left_out | run, only_danger=refused)


Act = Callable[..., Case]


def _done(shared: State, caller: Caller, act: Act, case_id: str, *more: Any) -> CaseShown:
    database = shared.running.app.database
    with database.writing() as session:
        return CaseShown.of(act(session, database.now(), caller, case_id, *more))


@router.post("/cases/{case_id}/take", responses={404: {}, 409: {}})
def take_case(holder: CaseWorker, case_id: CaseId, shared: Shared) -> CaseShown:
    """Take this very case, if nobody has it."""
    return _done(shared, holder.caller, work.take_one, case_id)


@router.post("/cases/{case_id}/take-over", responses={404: {}, 409: {}})
def take_case_over(
    holder: CaseWorker, case_id: CaseId, shared: Shared, body: Annotated[Reason, given(Reason)]
) -> CaseShown:
    """Take a case from whoever has it: that is written down."""
    return _done(shared, holder.caller, work.take_over, case_id, body.why)


@router.post("/cases/{case_id}/renew", responses={404: {}, 409: {}})
def renew_case(holder: CaseWorker, case_id: CaseId, shared: Shared) -> CaseShown:
    """Keep a case that one has: its lock begins anew."""
    return _done(shared, holder.caller, work.renew, case_id)


@router.post("/cases/{case_id}/release", responses={404: {}, 409: {}})
def release_case(holder: CaseWorker, case_id: CaseId, shared: Shared) -> CaseShown:
    """Give a case back to its queue."""
    return _done(shared, holder.caller, work.release, case_id)


@router.post("/cases/{case_id}/skip", responses={404: {}, 409: {}})
def skip_case(
    holder: CaseWorker,
    case_id: CaseId,
    shared: Shared,
    body: Annotated[MaybeReason, given(MaybeReason, optional=True)],
) -> CaseShown:
    """Give a case back, not to be given it again in this shift. It needs no reason."""
    return _done(shared, holder.caller, work.skip, case_id, body.why)


@router.post("/cases/{case_id}/assign", responses={404: {}, 409: {}})
def assign_case(
    holder: CaseWorker,
    case_id: CaseId,
    shared: Shared,
    body: Annotated[Assigning, given(Assigning)],
) -> CaseShown:
    """Say whose case it is: only they are given it."""
    return _done(shared, holder.caller, work.assign, case_id, body.to, body.why)


@router.post("/cases/{case_id}/move", responses={404: {}, 409: {}})
def move_case(
    holder: CaseWorker, case_id: CaseId, shared: Shared, body: Annotated[Moving, given(Moving)]
) -> CaseShown:
    """Put a case into another queue: rules no longer move it."""
    return _done(shared, holder.caller, work.move, case_id, body.queue, body.why)


@router.post("/cases/{case_id}/escalate", responses={404: {}, 409: {}})
def escalate_case(
    holder: CaseWorker, case_id: CaseId, shared: Shared, body: Annotated[Reason, given(Reason)]
) -> CaseShown:
    """Hand a case to those who decide what one should not: it goes to the queue `escalated`."""
    return _done(shared, holder.caller, work.escalate, case_id, body.why)


@router.post("/cases/{case_id}/comment", responses={404: {}, 409: {}})
def comment_on_case(
    holder: CaseWorker, case_id: CaseId, shared: Shared, body: Annotated[Saying, given(Saying)]
) -> StepShown:
    """Say something to colleagues."""
    database = shared.running.app.database
    with database.writing() as session:
        return StepShown.of(
            work.comment(session, database.now(), holder.caller, case_id, body.text)
        )


@router.post("/cases/{case_id}/close", responses={404: {}, 409: {}})
def close_case(
    holder: CaseWorker, case_id: CaseId, shared: Shared, body: Annotated[Reason, given(Reason)]
) -> CaseShown:
    """Close a case that one has: its files open no more."""
    return _done(shared, holder.caller, work.close, case_id, body.why)


@router.post("/cases/{case_id}/reopen", responses={404: {}, 409: {}})
def reopen_case(
    holder: CaseWorker, case_id: CaseId, shared: Shared, body: Annotated[Reason, given(Reason)]
) -> CaseShown:
    """Open a closed case again."""
    return _done(shared, holder.caller, work.reopen, case_id, body.why)


@router.post("/cases/{case_id}/role", responses={404: {}, 409: {}})
def set_role(
    holder: CaseWorker, case_id: CaseId, shared: Shared, body: Annotated[Role, given(Role)]
) -> CaseShown:
    """Say what the subject is: a child is never struck or banned automatically."""
    return _done(shared, holder.caller, hold.set_role, case_id, body.role, body.why)


@router.post("/cases/{case_id}/lift-hold", responses={404: {}, 409: {}})
def lift_hold(
    holder: Annotated[Holder, Depends(with_scope(Permission.RELEASE))],
    case_id: CaseId,
    shared: Shared,
    body: Annotated[Reason, given(Reason)],
) -> CaseShown:
    """Lift the disclosure hold of a case that one has: its subject may be told from now on."""
    return _done(shared, holder.caller, hold.lift, case_id, body.why)


@router.post("/cases/{case_id}/alerts/{number}/detach", responses={404: {}, 409: {}})
def detach_alert(
    holder: CaseWorker,
    case_id: CaseId,
    number: AlertNumber,
    shared: Shared,
    body: Annotated[Reason, given(Reason)],
) -> AlertShown:
    """Take an alert off a case to which it does not belong. It is kept."""
    return _put(shared, holder.caller, gathering.detach, case_id, number, body.why)


@router.post("/cases/{case_id}/alerts/{number}/attach", responses={404: {}, 409: {}})
def attach_alert(
    holder: CaseWorker,
    case_id: CaseId,
    number: AlertNumber,
    shared: Shared,
    body: Annotated[Reason, given(Reason)],
) -> AlertShown:
    """Put an alert that was detached on a case: back on its own, or on another."""
    return _put(shared, holder.caller, gathering.attach, case_id, number, body.why)


def _put(
    shared: State, caller: Caller, act: Callable[..., Alert], case_id: str, number: int, why: str
) -> AlertShown:
    database = shared.running.app.database
    with database.writing() as session:
        now = database.now()
        case = work.require_held(session, now, caller, case_id)
        return AlertShown.of(act(session, now, caller, case, number, steps.reason(why)))
