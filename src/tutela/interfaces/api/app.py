"""The web application of one process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import anyio.to_thread
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tutela import __version__
from tutela.interfaces import console, hma
from tutela.interfaces.api import (
    appeals,
    approvals,
    bank_lists,
    banks,
    cases,
    health,
    metrics,
    openapi,
    problems,
    queues,
    reports,
    webhooks,
)
from tutela.interfaces.api.access import KeyRing
from tutela.interfaces.api.bodies import Memory
from tutela.interfaces.api.problems import Guarded, Problem, unavailable
from tutela.interfaces.api.screening import Doors
from tutela.interfaces.api.state import State
from tutela.interfaces.console import notice
from tutela.migrating.beside import Beside
from tutela.outbound import Outbound
from tutela.people.permissions import Permission
from tutela.running import Running

BASE = "/api/v1"
SPARE_THREADS = 16
"""Threads beside those that wait for a decoder: for the database."""


def create(running: Running, processes: int = 1) -> FastAPI:
    """The application that answers with `running`, which is one of so many processes."""
    chosen = running.app.settings
    limits = chosen.service
    keyring = KeyRing(running.app.database, processes)
    outbound = Outbound(chosen.outbound) if chosen.outbound.hosts else None
    beside = Beside.of(running.app.database, chosen.outbound, chosen.hma.beside, metrics.besides)
    doors = Doors(running, keyring, limits, Memory(limits.memory), outbound, beside)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        limiter = anyio.to_thread.current_default_thread_limiter()
        limiter.total_tokens = running.pool.size * 2 + SPARE_THREADS
        try:
            yield
        finally:
            if beside is not None:
                beside.close()

    app = FastAPI(
        title="Tutela", version=__version__, openapi_url=f"{BASE}/openapi.json",
        docs_url=None, redoc_url=None, lifespan=lifespan, redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # nothing calls home
    )  # fmt: skip
    app.state.tutela = State(running, keyring, limits, doors.memory)
    crowd = _Crowd(limits.requests)
    hot = {
        f"POST {BASE}/screen": crowd.one(doors.screen, Permission.SCREEN),
        f"POST {BASE}/lookup": crowd.one(doors.lookup, Permission.LOOKUP),
    }
    for name, one in hot.items():
        app.router.routes.append(Route(name.removeprefix("POST "), one, methods=["POST"]))
    of_hma = hma.routes(doors)
    app.router.routes += of_hma
    for name, (one, needs) in hma.hot(of_hma).items():
        hot[name] = crowd.one(one, needs, hma.told)
    for part in (banks, bank_lists, approvals, reports, appeals, cases, queues, webhooks):
        app.include_router(part.router, prefix=BASE)
    app.include_router(health.router)
    app.add_exception_handler(Problem, problems.handled)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, problems.handled)
    app.include_router(notice.router, include_in_schema=False)
    console.install(app)
    app.openapi = lambda: openapi.described(app)  # type: ignore[method-assign] # FastAPI's own way
    app.add_middleware(Guarded, hot=hot)
    app.add_middleware(hma.KeyInPath)
    return app


async def _refused(request: Request, error: Exception) -> Response:
    """What no route took. The framework names the methods of one route; a path may have several."""
    answer = await problems.handled(request, error)
    if answer.status_code == 405:
        found = [
            route.methods or set()
            for route in iter_route_contexts(request.app.routes)
            if route.path_regex.fullmatch(request.url.path)
        ]
        answer.headers["allow"] = ", ".join(sorted(set().union(*found)))
    if request.url.path.startswith(f"{hma.BASE}/"):
        return hma.as_message(answer)
    return answer


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - it was registered for these
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    text = f"{place}: {first['msg']}."
    metrics.problems.labels(422).inc()
    problem = Problem(422, "wrong-input", text[:500], "See docs/api.md.")
    return problems.response(problem, problems.request_id(request.scope))


Endpoint = Callable[[Request], Awaitable[Response]]
Told = Callable[[Request, Exception], Awaitable[Response]]


class _Crowd:
    """How many requests are in work; past the limit, others are told to come again."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.now = 0

    def one(
        self, endpoint: Endpoint, permission: Permission, told: Told = problems.handled
    ) -> Endpoint:
        """The endpoint, within the limit; its errors as problems, or as `told` has it. What it
        needs, it says as the dependency of other routes does (`with_scope`)."""

        async def counted(request: Request) -> Response:
            if self.now >= self.most:
                busy = unavailable("too-busy", "Too many requests are in work.")
                return await told(request, busy)
            self.now += 1
            try:
                return await endpoint(request)
            except asyncio.CancelledError:
                raise
            except Exception as error:
                return await told(request, error)
            finally:
                self.now -= 1

        counted.permission = permission  # type: ignore[attr-defined] # functions take any
        return counted
