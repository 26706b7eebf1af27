"""Whether the service lives, whether it is ready and, if not, for want of what."""

from __future__ import annotations

import shutil
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from sqlalchemy import func, select, text
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from tutela import alarms, jobs, webhooks
from tutela.cases.models import Case
from tutela.errors import TutelaError
from tutela.evidence import client as vault
from tutela.interfaces.api import metrics
from tutela.interfaces.api.access import Holder
from tutela.interfaces.api.state import Shared, State, with_scope
from tutela.people.permissions import Permission
from tutela.running import Check

router = APIRouter(tags=["operations"])


@router.get("/healthz/live")
async def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "alive"}


@router.get("/healthz/ready", responses={503: {"description": "Something is missing."}})
async def ready(shared: Shared) -> Response:
    """Whether uploads can be screened and recorded now, by each thing that this needs."""
    checks = await run_in_threadpool(looked_at, shared)
    well = all(check.ready for check in checks)
    body = {
        "status": "ready" if well else "not ready",
        "checks": {
            check.name: {"ready": check.ready, **({} if check.ready else {"why": check.why})}
            for check in checks
        },
    }
    return JSONResponse(body, 200 if well else 503)


@router.get("/metrics", response_class=Response)
async def measured(
    shared: Shared, _: Annotated[Holder, Depends(with_scope(Permission.METRICS))]
) -> Response:
    """Metrics in Prometheus's text format."""
    body = await run_in_threadpool(lambda: metrics.exposed(_gauges(shared)))
    return Response(body, media_type="text/plain; version=0.0.4; charset=utf-8")


def looked_at(shared: State) -> list[Check]:
    """Everything that must be well, looked at now."""
    app = shared.running.app
    checks = {check.name: check for check in shared.running.checks()}
    checks["disk"] = _disk(shared)
    checks["vault"] = _tried("vault", lambda: vault.ping(app.vault_socket))

    def worker() -> None:
        with app.database.reading() as session:
            session.execute(text("SELECT 1"))
            lease = jobs.lease_state(session, app.database.now())
        if not lease.alive:
            raise TutelaError("No worker holds the lease.", "See whether the worker runs.")

    try:
        checks["worker"] = _tried("worker", worker)
    except Exception:  # the driver's, if the database is gone in a way of its own
        checks["worker"] = Check("worker", False, "The database does not answer.")
    return list(checks.values())


def _tried(name: str, act: Any) -> Check:
    try:
        act()
    except TutelaError as error:
        return Check(name, False, error.what)
    return Check(name, True)


def _disk(shared: State) -> Check:
    app, least = shared.running.app, shared.limits.least_free_disk
    try:
        free = shutil.disk_usage(app.data).free
    except OSError as error:
        return Check("disk", False, f"The data directory cannot be read: {error.strerror}.")
    if free < least:
        return Check("disk", False, f"{free >> 20} MiB are free, of {least >> 20} MiB needed.")
    return Check("disk", True)


def _gauges(shared: State) -> dict[str, metrics.Read]:
    running = shared.running
    with running.app.database.reading() as session:
        sounding = alarms.counted(session)
        deliveries = webhooks.counted(session)
        cases = session.scalar(select(func.count()).where(Case.closed_at.is_(None))) or 0
    checks: metrics.Values = {
        (("check", check.name),): float(check.ready) for check in looked_at(shared)
    }
    return {
        "tutela_ready": ("Whether each thing that is needed is well.", checks),
        "tutela_alarms_open": (
            "Alarms that nobody closed.",
            {(("kind", kind),): float(count) for kind, count in sounding.items()},
        ),
        "tutela_webhook_deliveries": (
            "Messages of webhooks, by state.",
            {(("state", state),): float(count) for state, count in deliveries.items()},
        ),
        "tutela_cases_open": ("Cases that are open.", {(): float(cases)}),
        "tutela_index_through": (
            "The number of the last change of a bank that is searched.",
            {(): float(running.index.readiness().through)},
        ),
    }
