"""`/approvals`: acts that one person asked for and that another must approve, or review.

Each act says which permission both must have: so whoever has a key may ask here, and gets what is
theirs.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel

from tutela.interfaces.api.access import Holder
from tutela.interfaces.api.json_bodies import After, Page, page
from tutela.interfaces.api.state import Limit, Shared, State, with_scope
from tutela.people import approvals
from tutela.people.errors import NotPermitted
from tutela.people.models import Approval
from tutela.reporting import requests
from tutela.storage import Session

MOST = 2**31 - 1
"""The largest number that the database gives a request."""

Anyone = Annotated[Holder, Depends(with_scope(None))]
Number = Annotated[int, Path(ge=1, le=MOST, description="Number of the request.")]

router = APIRouter(tags=["approvals"])


class RequestShown(BaseModel):
    """A request that waits. `what` is canonical JSON: what exactly is asked for. `usable_at`: when
    whoever asked may do it alone, where a service has one person only."""

    request: int
    act: str
    subject: str
    what: str
    permission: str
    why: str
    asked_by: str
    asked_at: datetime
    usable_at: datetime | None
    lapses_at: datetime

    @classmethod
    def of(cls, found: Approval) -> RequestShown:
        made = {
            name: getattr(found, name)
            for name in cls.model_fields
            if name not in ("request", "what")
        }
        return cls(request=found.id, what=found.facts, **made)


class Approved(BaseModel):
    """A request that whoever asked can now have done, once, by sending the same again; or that was
    refused, or reviewed."""

    request: int
    act: str
    subject: str
    what: str

    @classmethod
    def of(cls, found: Approval) -> Approved:
        return cls(request=found.id, act=found.act, subject=found.subject, what=found.facts)


@router.get("/approvals")
def list_approvals(
    holder: Anyone,
    shared: Shared,
    review: Annotated[
        bool, Query(description="What was done at once and is to be reviewed, instead.")
    ] = False,
    after: After = "0",
    limit: Limit = 100,
) -> Page[RequestShown]:
    """List requests that nobody approved yet: those that one may approve, or asked for oneself."""
    database = shared.running.app.database
    begin, only = min(int(after), MOST), requests.known(holder.caller)
    with database.reading() as session:
        found = (
            approvals.to_review(session, begin, limit + 1, holder.caller, only)
            if review
            else approvals.waiting(session, database.now(), begin, limit + 1, holder.caller, only)
        )
        return page(found, limit, RequestShown.of, lambda one: one.id)


@router.post("/approvals/{number}", responses={409: {}})
def approve(request: Request, holder: Anyone, number: Number, shared: Shared) -> Approved:
    """Approve what someone else asked for."""
    return _decided(shared, request, holder, number, lambda session, now: approvals.approve(
        session, now, holder.caller, number
    ))  # fmt: skip


@router.post("/approvals/{number}/refuse", responses={409: {}})
def refuse(request: Request, holder: Anyone, number: Number, shared: Shared) -> Approved:
    """Refuse what someone else asked for, or take back what one asked for oneself."""
    return _decided(shared, request, holder, number, lambda session, now: approvals.refuse(
        session, now, holder.caller, number
    ))  # fmt: skip


@router.post("/approvals/{number}/review", responses={409: {}})
def review(
    request: Request,
    holder: Anyone,
    number: Number,
    shared: Shared,
    agreed: Annotated[bool, Query(description="Whether it was right.")] = True,
) -> Approved:
    """Say that one looked at what someone else did at once because of danger."""
    return _decided(shared, request, holder, number, lambda session, now: approvals.review(
        session, now, holder.caller, number, agreed=agreed
    ))  # fmt: skip


def _decided(
    shared: State,
    request: Request,
    holder: Holder,
    number: int,
    decide: Callable[[Session, datetime], Approval],
) -> Approved:
    database = shared.running.app.database
    try:
        with database.writing() as session:
            requests.require_known(session, holder.caller, number)
            return Approved.of(decide(session, database.now()))
    except NotPermitted as error:
        shared.keyring.tell(holder, error.permission, request)
        raise
