"""`/cases/{id}`: a case as a text card, and what may be done with it. No picture is loaded here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import Field
from sqlalchemy import select
from starlette.exceptions import HTTPException
from starlette.responses import Response

from tutela.cases import alerts as gathering
from tutela.cases import hold, queues, service, steps, work
from tutela.cases.errors import NoSuchCase
from tutela.cases.models import Alert, Case
from tutela.cases.queues import Kept
from tutela.errors import TutelaError
from tutela.exchanges import opinions
from tutela.interfaces.api.json_bodies import MOST_NUMBER
from tutela.interfaces.console import forms, helplines, inert
from tutela.interfaces.console.forms import Fields, Form
from tutela.interfaces.console.paging import listed
from tutela.interfaces.console.queue import QUEUE, Worker
from tutela.interfaces.console.shell import Visitor, database_of, page, see_other, state_of
from tutela.law import service as law
from tutela.people.errors import NotPermitted
from tutela.people.permissions import Permission
from tutela.records import seconds
from tutela.screening.models import Item, ItemMatch
from tutela.storage import Session

SHOWN = 20
"""Alerts of a page: however many a case has, one reads so many at a time."""
MATCHES = 6
STEPS = 20

CaseId = Annotated[str, Path(pattern="^case_[a-z0-9]{26}$")]
After = Annotated[str, Query(pattern="^[0-9]{0,18}$")]
P = Permission
router = APIRouter()


class Doing(Fields):
    """What an act needs: some need a reason, some a queue, a person, an alert."""

    why: Annotated[str, Field(max_length=steps.LONGEST)] = ""
    queue: Annotated[str, Field(pattern=QUEUE)] = ""
    to: Annotated[str, Field(max_length=128)] = ""
    role: Annotated[str, Field(max_length=8)] = ""
    number: Annotated[int, Field(ge=1, le=MOST_NUMBER)] | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """Something that is done with a case: how, what hides it, whether one leaves the case by it."""

    do: Callable[..., Any]
    needs: tuple[str, ...] = ()
    hidden_by: str = ""
    leaves: bool = False


def _put(do: Callable[..., Any]) -> Callable[..., Any]:
    def held(
        session: Session, now: Any, caller: Any, case_id: str, number: int | None, why: str
    ) -> Any:
        case = work.require_held(session, now, caller, case_id)
        return do(session, now, caller, case, number or 0, steps.reason(why))

    return held


ACTS = {
    "take": Act(work.take_one),
    "take-over": Act(work.take_over, ("why",)),
    "renew": Act(work.renew),
    "release": Act(work.release, leaves=True),
    "skip": Act(work.skip, ("why",), "skip", leaves=True),
    "assign": Act(work.assign, ("to", "why"), "assign"),
    "move": Act(work.move, ("queue", "why"), "move", leaves=True),
    "escalate": Act(work.escalate, ("why",), "escalate", leaves=True),
    "comment": Act(work.comment, ("why",), "comment"),
    "close": Act(work.close, ("why",), "close", leaves=True),
    "reopen": Act(work.reopen, ("why",), "reopen"),
    "role": Act(hold.set_role, ("role", "why"), "role"),
    "lift-hold": Act(hold.lift, ("why",), "hold"),
    "restore-hold": Act(hold.restore, ("why",), "hold"),
    "detach": Act(_put(gathering.detach), ("number", "why"), "detach"),
    "attach": Act(_put(gathering.attach), ("number", "why"), "detach"),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """An alert as a card shows it: what matched only to who may see that."""

    alert: Alert
    item: Item | None
    facts: Sequence[tuple[str, str]]
    matches: Sequence[ItemMatch]
    more: int
    exact: bool
    opinions: Sequence[opinions.Said] = ()


@router.get("/cases/{case_id}")
def show_case(request: Request, visitor: Worker, case_id: CaseId, after: After = "") -> Response:
    """A case, with a page of its alerts; one for a second look has a page of its own."""
    with database_of(request).reading() as session:
        if seconds.of_case(session, case_id) is not None:
            return see_other("/console/second-looks")
    return _page(request, visitor, case_id, forms.shown(), after=after)


@router.post("/cases/{case_id}/do/{what}")
def do_something(
    request: Request,
    visitor: Worker,
    case_id: CaseId,
    what: Annotated[str, Path(pattern="^[a-z-]{1,20}$")],
    form: Annotated[Form[Doing], forms.form(Doing)],
) -> Response:
    """Do what the path says with a case, and show it again."""
    act = ACTS.get(what)
    if act is None:
        raise HTTPException(404)
    database = database_of(request)
    if form.value is None:
        return _page(request, visitor, case_id, form, 422)
    given = [getattr(form.value, name) for name in act.needs]
    try:
        with database.writing() as session:
            case = service.found(session, visitor.caller, case_id)
            if act.hidden_by and act.hidden_by in queues.kept(session, case.queue).hidden:
                raise HTTPException(404)
            act.do(session, database.now(), visitor.caller, case_id, *given)
    except (NoSuchCase, NotPermitted):
        raise
    except TutelaError as error:
        return _page(request, visitor, case_id, form.refuse(error), 409)
    to = "/console/cases" if act.leaves else f"/console/cases/{case_id}"
    return see_other(to, f"case.{what}")


def cards(session: Session, visitor: Visitor, found: Sequence[Alert]) -> list[Shown]:
    """Alerts with what is known of their items: two more queries, however many there are."""
    ids = {alert.item_id for alert in found if alert.item_id is not None}
    items = {one.id: one for one in session.scalars(select(Item).where(Item.id.in_(ids)))}
    matches: dict[str, list[ItemMatch]] = defaultdict(list)
    rows = select(ItemMatch).where(ItemMatch.item_id.in_(ids), ItemMatch.vetoed.is_(False))
    for match in session.scalars(rows.order_by(ItemMatch.distance, ItemMatch.id).limit(2_000)):
        matches[match.item_id].append(match)
    sees = visitor.may(P.MATCH_DETAIL)
    said = opinions.of_items(session, ids) if sees else {}
    shown = []
    for alert in found:
        item = items.get(alert.item_id or "")
        known = matches[alert.item_id or ""]
        shown.append(
            Shown(
                alert, item, inert.facts(item.given) if item else [],
                known[:MATCHES] if sees else [], max(0, len(known) - MATCHES) if sees else 0,
                any(match.strength == "exact" for match in known),
                said.get(alert.item_id or "", ()),
            )
        )  # fmt: skip
    return shown


def _page(
    request: Request,
    visitor: Visitor,
    case_id: str,
    form: Form[Any],
    status: int = 200,
    *,
    after: str = "",
) -> Response:
    database, settings = database_of(request), state_of(request).running.app.settings
    now = database.now()
    with database.reading() as session:
        case = service.found(session, visitor.caller, case_id)
        found = service.alerts(session, case.id, int(after or 0), SHOWN + 1)
        rows = listed(
            f"/console/cases/{case.id}", {"after": after}, found, lambda alert: alert.id, SHOWN
        )
        queue = queues.kept(session, case.queue)
        values: dict[str, Any] = {
            "case": case,
            "alerts": rows,
            "cards": cards(session, visitor, rows.rows),
            "steps": steps.listed(session, case.id, limit=STEPS),
            "queue": queue,
            "law": law.outcome(session, case, now) if visitor.may(P.REPORTS) else None,
            "queues": [name for name in queues.in_use(session) if name != case.queue],
            "earlier": [
                one
                for one in service.earlier(
                    session, visitor.caller, case.subject_kind, case.subject, 6
                )
                if one.id != case.id
            ],
        }
    return page(
        request, visitor, "case/one.html", status, form=form,
        holds=work.holds(now, visitor.caller, case), holder=work.holder(now, case),
        offered=_offered(visitor, case, queue),
        countries=helplines.shown(settings.cases.notice_country), **values,
    )  # fmt: skip


def _offered(visitor: Visitor, case: Case, queue: Kept) -> set[str]:
    """The acts that the page offers: those that the queue does not hide and the visitor may do."""
    found = {name for name, act in ACTS.items() if act.hidden_by not in queue.hidden}
    if not visitor.may(P.RELEASE):
        found -= {"lift-hold", "restore-hold"}
    return found - {"restore-hold" if case.hold else "lift-hold"}
