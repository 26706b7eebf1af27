"""`/cases`, `/items` and `/alarms`: what waits for a person. No content, and no picture."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel

from tutela import alarms
from tutela.alarms.models import Alarm
from tutela.cases import service as cases
from tutela.cases.models import Alert
from tutela.cases.service import Summary
from tutela.interfaces.api.access import Holder
from tutela.interfaces.api.banks import actor
from tutela.interfaces.api.json_bodies import MOST_NUMBER, After, Page, page
from tutela.interfaces.api.problems import Problem
from tutela.interfaces.api.results import ScreenedShown
from tutela.interfaces.api.screening import shown
from tutela.interfaces.api.state import Limit, Shared, with_scope
from tutela.people.permissions import Permission
from tutela.screening import recording

CaseWorker = Annotated[Holder, Depends(with_scope(Permission.CASES))]
Screener = Annotated[Holder, Depends(with_scope(Permission.SCREEN))]
Administrator = Annotated[Holder, Depends(with_scope(Permission.ADMIN))]
CASE = "case_[a-z2-7]{26}"
CaseId = Annotated[str, Path(pattern=f"^{CASE}$", description="Id of the case.")]
Closed = Annotated[bool, Query(description="Those that were closed too.")]

router = APIRouter()


class CaseShown(BaseModel):
    """A case: one subject, and all that concerns them."""

    case_id: str
    subject_kind: str
    subject: str
    queue: str
    test: bool
    opened_at: datetime
    closed_at: datetime | None
    closed_why: str | None
    alerts: int

    @classmethod
    def of(cls, summary: Summary) -> CaseShown:
        case = summary.case
        return cls(
            case_id=case.id, subject_kind=case.subject_kind, subject=case.subject,
            queue=case.queue, test=case.test, opened_at=case.opened_at, closed_at=case.closed_at,
            closed_why=case.closed_why, alerts=summary.alerts,
        )  # fmt: skip


class AlertShown(BaseModel):
    """Something that concerns a case's subject."""

    number: int
    at: datetime
    kind: str
    item_id: str | None
    verdict: str

    @classmethod
    def of(cls, alert: Alert) -> AlertShown:
        return cls(
            number=alert.id, at=alert.at, kind=alert.kind, item_id=alert.item_id,
            verdict=alert.verdict,
        )  # fmt: skip


class CaseWithAlerts(BaseModel):
    """A case, and a page of what is on it."""

    case: CaseShown
    alerts: Page[AlertShown]


class AlarmShown(BaseModel):
    """Something that a person must look at. `facts` is canonical JSON."""

    alarm: int
    kind: str
    subject: str
    text: str
    facts: str
    times: int
    sounded_at: datetime
    last_at: datetime
    closed_at: datetime | None
    closed_by: str | None

    @classmethod
    def of(cls, alarm: Alarm) -> AlarmShown:
        return cls(
            alarm=alarm.id, kind=alarm.kind, subject=alarm.subject, text=alarm.text,
            facts=alarm.facts, times=alarm.times, sounded_at=alarm.sounded_at,
            last_at=alarm.last_at, closed_at=alarm.closed_at, closed_by=alarm.closed_by or None,
        )  # fmt: skip


@router.get("/cases", tags=["cases"], responses={404: {}})
def list_cases(
    holder: CaseWorker,
    shared: Shared,
    closed: Closed = False,
    after: Annotated[
        str, Query(pattern=f"^({CASE})?$", description="As `next` of the page before.")
    ] = "",
    limit: Limit = 100,
) -> Page[CaseShown]:
    """List cases in the order in which they were opened, those that one needs to know of."""
    with shared.running.app.database.reading() as session:
        found = cases.listed(session, holder.caller, after, limit + 1, only_open=not closed)
    return page(found, limit, CaseShown.of, lambda summary: summary.case.id)


@router.get("/cases/{case_id}", tags=["cases"], responses={404: {}})
def show_case(
    holder: CaseWorker, case_id: CaseId, shared: Shared, after: After = "0", limit: Limit = 100
) -> CaseWithAlerts:
    """Show a case and the alerts on it."""
    with shared.running.app.database.reading() as session:
        case = cases.summary(session, holder.caller, case_id)
        alerts = cases.alerts(session, case_id, int(after), limit + 1)
    return CaseWithAlerts(
        case=CaseShown.of(case), alerts=page(alerts, limit, AlertShown.of, lambda alert: alert.id)
    )


@router.get(
    "/items/{item_id}", tags=["screening"], responses={404: {}}, response_model_exclude_unset=True
)
def show_item(
    holder: Screener,
    item_id: Annotated[str, Path(pattern="^itm_[a-z2-7]{26}$", description="Id of the item.")],
    shared: Shared,
) -> ScreenedShown:
    """What was answered about an item. Of those that matched nothing, nothing is kept."""
    with shared.running.app.database.reading() as session:
        answer = recording.read(session, item_id)
    if answer is None:
        raise Problem(
            404, "no-such-item", "No item of this id is recorded.",
            "Of items that policy lets pass, nothing is kept.",
        )  # fmt: skip
    return ScreenedShown(**shown(answer, holder))


@router.get("/alarms", tags=["operations"])
def list_alarms(
    _: Administrator, shared: Shared, closed: Closed = False, after: After = "0", limit: Limit = 100
) -> Page[AlarmShown]:
    """List alarms in the order in which they first sounded."""
    with shared.running.app.database.reading() as session:
        found = alarms.listed(session, int(after), limit + 1, only_open=not closed)
    return page(found, limit, AlarmShown.of, lambda alarm: alarm.id)


@router.post("/alarms/{number}/close", tags=["operations"], responses={404: {}})
def close_alarm(
    holder: Administrator,
    number: Annotated[int, Path(ge=1, le=MOST_NUMBER, description="Number of the alarm.")],
    shared: Shared,
) -> AlarmShown:
    """Close an alarm that was looked at. If its cause remains, it sounds again."""
    database = shared.running.app.database
    with database.writing() as session:
        return AlarmShown.of(alarms.close(session, database.now(), actor(holder), number))
