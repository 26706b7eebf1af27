"""`/approvals`: acts that one person asked for and that another must approve."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel

from tutela.interfaces.api.access import bearer
from tutela.interfaces.api.banks import Writer
from tutela.interfaces.api.json_bodies import After, Page, page
from tutela.interfaces.api.state import Limit, Shared
from tutela.people import approvals, keys
from tutela.people.models import Approval

MOST = 2**31 - 1
"""The largest number that the database gives a request."""

router = APIRouter(tags=["banks"])


class RequestShown(BaseModel):
    """A request that waits. `what` is canonical JSON: what exactly is asked for."""

    request: int
    act: str
    subject: str
    what: str
    asked_by: str
    asked_at: datetime

    @classmethod
    def of(cls, found: tuple[Approval, str]) -> RequestShown:
        request, name = found
        return cls(
            request=request.id, act=request.act, subject=request.subject, what=request.facts,
            asked_by=name, asked_at=request.asked_at,
        )  # fmt: skip


class Approved(BaseModel):
    """A request that whoever asked can now have done, once, by sending the same again."""

    request: int
    act: str
    subject: str
    what: str


@router.get("/approvals")
def list_approvals(
    _: Writer, shared: Shared, after: After = "0", limit: Limit = 100
) -> Page[RequestShown]:
    """List requests that nobody approved yet."""
    database = shared.running.app.database
    with database.reading() as session:
        found = approvals.waiting(session, database.now(), min(int(after), MOST), limit + 1)
    return page(found, limit, RequestShown.of, lambda one: one[0].id)


@router.post("/approvals/{number}", responses={409: {}})
def approve(
    request: Request,
    _: Writer,
    number: Annotated[int, Path(ge=1, le=MOST, description="Number of the request.")],
    shared: Shared,
) -> Approved:
    """Approve a request of another key."""
    database = shared.running.app.database
    with database.writing() as session:
        key = keys.owner(session, bearer(request), keys.Scope.BANKS_WRITE)
        found = approvals.approve(session, database.now(), key, number)
    return Approved(request=number, act=found.act, subject=found.subject, what=found.facts)
