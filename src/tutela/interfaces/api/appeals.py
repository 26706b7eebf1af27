"""`/appeals`: someone asks for a decision to be seen again, and a different person decides.

What is answered to who hands an appeal in may be shown to whoever appeals.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from tutela.decisions import appeals, service
from tutela.decisions.models import Appeal
from tutela.interfaces import deciding
from tutela.interfaces.api.cases import CaseWorker
from tutela.interfaces.api.json_bodies import NO_ZERO, Given, Page, given, page
from tutela.interfaces.api.reports import Intake
from tutela.interfaces.api.state import Limit, Shared

APPEAL = "apl_[a-z2-7]{26}"
AppealId = Annotated[str, Path(pattern=f"^{APPEAL}$", description="Id of the appeal.")]

router = APIRouter(tags=["appeals"])


class NewAppeal(Given):
    """What someone said about an item that was taken from them: its id is ours or yours."""

    item_id: Annotated[str, Field(min_length=1, max_length=appeals.LONGEST_ID, pattern=NO_ZERO)]
    text: Annotated[str, Field(max_length=appeals.LONGEST_TEXT, pattern=NO_ZERO)] = ""
    by: Annotated[str, Field(max_length=appeals.LONGEST_ID, pattern=NO_ZERO)] = ""


class Standing(BaseModel):
    """How an appeal stands: nothing of why, or of who decided."""

    appeal_id: str
    at: datetime
    decided_at: datetime | None
    outcome: str | None

    @classmethod
    def of(cls, one: Appeal) -> Standing:
        return cls(appeal_id=one.id, at=one.at, decided_at=one.decided_at, outcome=one.outcome)


class AppealShown(BaseModel):
    """An appeal, for those who decide about it."""

    appeal_id: str
    at: datetime
    decision_id: str
    case_id: str
    text: str
    by: str
    decided_at: datetime | None
    decided_by: str | None
    outcome: str | None
    why: str

    @classmethod
    def of(cls, one: Appeal) -> AppealShown:
        made = {name: getattr(one, name) for name in cls.model_fields if name != "appeal_id"}
        return cls(appeal_id=one.id, **made)


class Outcome(Given):
    """What came of an appeal. `danger`: no second person is waited for."""

    outcome: Literal["upheld", "overturned"]
    why: Annotated[str, Field(min_length=1, max_length=service.LONGEST_REASON, pattern=NO_ZERO)]
    danger: bool = False


@router.post("/appeals", status_code=201, responses={409: {}})
def hand_in_appeal(
    _: Intake, shared: Shared, body: Annotated[NewAppeal, given(NewAppeal)]
) -> Standing:
    """Hand in an appeal. The same again gives the one that waits."""
    database = shared.running.app.database
    with database.writing() as session:
        made = appeals.hand_in(session, database.now(), body.item_id, body.text, body.by)
        return Standing.of(made)


@router.get("/appeals", responses={404: {}})
def list_appeals(
    holder: CaseWorker,
    shared: Shared,
    decided: Annotated[bool, Query(description="Those that were decided too.")] = False,
    after: Annotated[
        str, Query(pattern=f"^({APPEAL})?$", description="As `next` of the page before.")
    ] = "",
    limit: Limit = 100,
) -> Page[AppealShown]:
    """List appeals, the oldest first, on cases that one needs to know of."""
    with shared.running.app.database.reading() as session:
        found = appeals.listed(session, holder.caller, after, limit + 1, only_open=not decided)
    return page(found, limit, AppealShown.of, lambda one: one.id)


@router.get("/appeals/{appeal_id}", responses={404: {}})
def show_appeal(_: Intake, shared: Shared, appeal_id: AppealId) -> Standing:
    """How an appeal stands, for who handed it in."""
    with shared.running.app.database.reading() as session:
        return Standing.of(appeals.handed_in(session, appeal_id))


@router.post("/appeals/{appeal_id}", responses={404: {}, 409: {}})
def settle_appeal(
    holder: CaseWorker,
    shared: Shared,
    appeal_id: AppealId,
    body: Annotated[Outcome, given(Outcome)],
) -> AppealShown:
    """Decide an appeal, as someone else than who decided first. To let go of what a vetted bank has
    takes two."""
    app = shared.running.app
    return AppealShown.of(
        deciding.settle(app, holder.caller, appeal_id, body.outcome, body.why, danger=body.danger)
    )
