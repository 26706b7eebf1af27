"""Errors as pages, in the same design: what happened, what to do now, and the request's id."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from tutela.errors import TutelaError
from tutela.interfaces.api import metrics, problems
from tutela.interfaces.api.problems import Problem
from tutela.interfaces.console import rendering, shell
from tutela.interfaces.console.forms import Unreadable
from tutela.interfaces.console.shell import Elsewhere, Forbidden, FormRefused
from tutela.interfaces.console.texts import gettext as _
from tutela.people.accounts import NoSuchPerson
from tutela.people.errors import NoSuchRole, NotPermitted, SecondPersonNeeded

Handler = Callable[[Request, Any], Response | Awaitable[Response]]


def install(app: FastAPI) -> None:
    """From now on, errors under the console are pages; all others stay as they are."""
    for kind in (HTTPException, RequestValidationError, Problem, TutelaError, Elsewhere):
        app.add_exception_handler(kind, _either(app.exception_handlers.get(kind)))


def _either(other: Handler | None) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def handled(request: Request, error: Exception) -> Response:
        if not request.url.path.startswith("/console"):
            answer = (other or problems.handled)(request, error)
            return answer if isinstance(answer, Response) else await answer
        if isinstance(error, Elsewhere):
            return shell.elsewhere(request, error.path)
        if isinstance(error, Forbidden | NotPermitted):
            await run_in_threadpool(shell.audit_refusal, request, error.permission)
        return page(request, error)

    return handled


def page(request: Request, error: Exception) -> Response:
    """The page of an error. What is ours says no more than that there was one."""
    status, what, hint = _of(error)
    metrics.problems.labels(status).inc()
    missing = error.permission if isinstance(error, Forbidden | NotPermitted) else None
    waits = error.number if isinstance(error, SecondPersonNeeded) else None
    return told(request, status, what, hint, missing, waits)


def _of(error: Exception) -> tuple[int, str, str]:
    match error:
        case SecondPersonNeeded():
            hint = _("Nothing was done yet. Have someone else agree; then do the same here again.")
            return 409, _("This takes two people"), hint
        case NotPermitted():
            return _of(Forbidden(error.permission))
        case Forbidden() | FormRefused() | Unreadable():
            return error.status, error.what, error.hint
        case RequestValidationError() | HTTPException(status_code=404):
            return 404, _("There is no such page."), _("See whether the address is complete.")
        case HTTPException(status_code=405):
            return 405, _("This page cannot be sent anything."), _("Go back and try again.")
    problem = problems.of(error)
    status, what, hint = problem.status, problem.what, problem.hint
    if isinstance(error, NoSuchPerson | NoSuchRole):
        status, hint = 404, _("See whether the address is complete.")
    elif problem.status == 503:
        hint = _("Wait a little and load the page again. Nothing was changed.")
    elif problem.status == 500:
        what = _("Something in this program is broken.")
        hint = _("Tell whoever runs the service the number of this request. What you typed may not"
                 " have been kept.")  # fmt: skip
    return status, what, hint


def told(
    request: Request,
    status: int,
    what: str,
    hint: str,
    missing: str | None = None,
    waits: int | None = None,
) -> HTMLResponse:
    """A page that says what happened and what to do: which permission is missing, or which request
    waits for a second person. It needs no database."""
    visitor = getattr(request.state, "visitor", None)
    if "hx-request" in request.headers:
        text = rendering.render("error_part.html", what=what, hint=hint)
    else:
        text = rendering.render(
            "error.html",
            what=what, hint=hint, missing=missing, waits=waits, status=status,
            request_id=problems.request_id(request.scope),
            **shell.frame(request, visitor),
        )  # fmt: skip
    return HTMLResponse(text, status)
