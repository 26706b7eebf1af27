"""`/items` and `/alarms`: what was answered, what waits for a person. No content."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel

from tutela import alarms
from tutela.alarms.models import Alarm
from tutela.interfaces.api.access import Holder
from tutela.interfaces.api.banks import actor
from tutela.interfaces.api.json_bodies import MOST_NUMBER, After, Page, page
from tutela.interfaces.api.problems import Problem
from tutela.interfaces.api.results import ScreenedShown
from tutela.interfaces.api.screening import shown
from tutela.interfaces.api.state import Limit, Shared, with_scope
from tutela.people.permissions import Permission
from tutela.screening import recording

Screener = Annotated[Holder, Depends(with_scope(Permission.SCREEN))]
Administrator = Annotated[Holder, Depends(with_scope(Permission.ADMIN))]
Closed = Annotated[bool, Query(description="Those that were closed too.")]

router = APIRouter()


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
