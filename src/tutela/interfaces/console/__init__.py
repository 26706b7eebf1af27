"""The console: pages rendered here, for people who sign in."""

from __future__ import annotations

from types import ModuleType

from fastapi import APIRouter, Depends, FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tutela.interfaces.console import (
    access,
    account,
    accounts,
    alarms,
    appeals,
    approvals,
    audit,
    authorities,
    bank_changes,
    bank_import,
    bank_search,
    banks,
    case,
    compliance,
    debugger,
    deciding,
    errors,
    exchanges,
    keys,
    messages,
    oidc,
    overview,
    people,
    policy,
    policy_explain,
    preservation,
    queue,
    records,
    report_acts,
    report_edit,
    report_sheet,
    reports,
    roles,
    seeing,
    shell,
    signing_in,
    static,
    strikes,
    welcome,
    wellbeing,
)
from tutela.interfaces.console.guarding import Guard

PARTS: tuple[ModuleType, ...] = (
    signing_in, oidc, welcome, account, people, roles, keys, approvals, access, audit,
    overview, queue, case, accounts, banks, bank_changes, bank_search, bank_import,
    exchanges, debugger, policy, policy_explain,
    alarms, messages, seeing, wellbeing,
    deciding, appeals, strikes,
    preservation,
    reports, report_edit, report_acts, report_sheet, authorities, compliance, records,
)  # fmt: skip
"""Modules of pages: each has a `router`."""


def install(app: FastAPI) -> None:
    """Put the console into the application. Call it after the handlers of errors and before the
    layer that gives each request its id."""
    router = APIRouter(
        prefix="/console", include_in_schema=False, dependencies=[Depends(shell.guarded)]
    )
    for part in PARTS:
        router.include_router(part.router)
    router.add_api_route("/{rest:path}", nowhere)
    app.include_router(static.router, prefix="/console", include_in_schema=False)
    app.include_router(router)
    app.add_api_route("/", home, include_in_schema=False)
    app.add_api_route("/console", home, include_in_schema=False)
    app.add_api_route("/welcome/{secret}", moved, include_in_schema=False)
    errors.install(app)
    app.add_middleware(Guard)


async def nowhere() -> Response:
    """Last of all: so that who is signed in is told with the menu beside it."""
    raise HTTPException(404)


async def home() -> Response:
    return RedirectResponse(shell.ROOT, 303)


async def moved(request: Request) -> Response:
    """Where links of earlier versions led."""
    return RedirectResponse(f"/console/welcome/{request.path_params['secret']}", 303)
