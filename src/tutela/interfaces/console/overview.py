"""`/`: how things stand. Each card is for those who may see what is on it.

What is shown comes from counts that are kept and from indexes: the page is as quick in a service
that has grown.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import select, true
from starlette.responses import Response

from tutela import alarms
from tutela.banks import service as banks
from tutela.cases import standing
from tutela.cases.models import Case
from tutela.interfaces.api.health import looked_at
from tutela.interfaces.console import charts
from tutela.interfaces.console.charts import Chart, Series
from tutela.interfaces.console.shell import SignedIn, Visitor, page, state_of
from tutela.interfaces.console.texts import gettext as _
from tutela.people import knowing
from tutela.people.models import Need
from tutela.people.permissions import Permission
from tutela.screening import figures
from tutela.storage import Session

DAYS = 14
MOST_BARS = 8
WEEK = timedelta(days=7)
P = Permission

router = APIRouter()


@router.get("/")
def show_overview(request: Request, visitor: SignedIn) -> Response:
    """The first page."""
    state = state_of(request)
    database = state.running.app.database
    with database.reading() as session:
        now = database.now()
        values: dict[str, Any] = {
            "screened": _screened(session, now, visitor),
            "queues": _queues(session, now, visitor),
            "sounding": _sounding(session) if visitor.may(P.ADMIN) else None,
            "banks": _banks(session, now) if visitor.may(P.BANKS_READ) else None,
        }
    checks = looked_at(state) if _sees_health(visitor) else None
    return page(request, visitor, "overview.html", checks=checks, days=DAYS, **values)


def _sees_health(visitor: Visitor) -> bool:
    return visitor.may(P.ADMIN) or visitor.may(P.METRICS)


def _screened(session: Session, now: Any, visitor: Visitor) -> list[Chart] | None:
    """How many items had which verdict, by day."""
    if not any(map(visitor.may, (P.ADMIN, P.METRICS, P.CASES, P.BANKS_READ, P.POLICY))):
        return None
    days = figures.by_day(session, now, DAYS, visitor.zone)
    labels = [f"{day.day} {day:%b}" for day in days]

    def counts(*outcomes: str) -> list[int]:
        return [sum(found.get(one, 0) for one in outcomes) for found in days.values()]

    return [
        charts.columns(
            _("Blocked and sent to review, by day"), _("Day"), labels,
            [
                Series(_("block"), "three", counts("block")),
                Series(_("review"), "two", counts("review")),
            ],
        ),
        charts.columns(
            _("All that was screened, by day"), _("Day"), labels,
            [Series(_("items"), "one", counts("allow", "review", "block"))],
        ),
    ]  # fmt: skip


def _queues(session: Session, now: Any, visitor: Visitor) -> dict[str, Any] | None:
    """How many cases wait in each queue, and for how long, of those the visitor need know of."""
    if not visitor.may(P.CASES):
        return None
    limited = session.scalar(select(Need.id).limit(1)) is not None
    visible = knowing.visible(visitor.caller, Case.queue, Case.id) if limited else true()
    queues = standing.standing(session, now, visible)
    ages = [sum(some) for some in zip(*(queue.by_age for queue in queues.each), strict=True)]
    names = (_("less than a day"), _("1 to 3 days"), _("3 to 7 days"), _("more than 7 days"))
    chart = charts.bars(
        _("Open cases, by how long they have waited"), (_("Waiting"), _("Cases")),
        list(zip(names, ages or [0] * len(names), strict=True)), "two",
    )  # fmt: skip
    return {"queues": queues, "chart": chart, "most": standing.MOST}


def _sounding(session: Session) -> dict[str, Any]:
    """Alarms that are open, by kind."""
    counted = sorted(alarms.counted(session).items(), key=lambda one: (-one[1], one[0]))
    chart = charts.bars(
        _("Open alarms, by kind"), (_("Kind"), _("Alarms")), counted[:MOST_BARS], "three"
    )
    latest = alarms.latest(session, limit=3, is_open=True)
    return {"count": sum(count for _kind, count in counted), "chart": chart, "latest": latest}


def _banks(session: Session, now: Any) -> dict[str, Any]:
    """The largest banks, and those that matched most in the last week."""
    totals = banks.totals(session, MOST_BARS)
    return {
        "banks": totals.banks,
        "signals": totals.signals,
        "largest": charts.bars(
            _("Signals, by bank"), (_("Bank"), _("Signals")), totals.largest
        ),
        "matched": charts.bars(
            _("Items that matched in the last 7 days, by bank"), (_("Bank"), _("Items")),
            figures.by_bank(session, now - WEEK, MOST_BARS), "two",
        ),
    }  # fmt: skip
