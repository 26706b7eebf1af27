"""What every page of the console goes through: who visits, what they may do, how it is shown."""

from __future__ import annotations

import functools
import hmac
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit
from zoneinfo import ZoneInfo

import anyio.to_thread
from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response

from tutela.errors import TutelaError
from tutela.interfaces.api.state import State, state
from tutela.interfaces.console import forms, rendering, texts
from tutela.interfaces.console.navigation import groups
from tutela.interfaces.console.uploads import Upload
from tutela.people import refusals, sessions
from tutela.people.options import Site
from tutela.people.permissions import Caller, Permission
from tutela.people.sessions import Opened, Stage
from tutela.storage import Database

ROOT = "/console/"
SIGN_IN = "/console/sign-in"
COOKIE = "__Host-tutela"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
STEPS = {Stage.SECOND_FACTOR: "/console/sign-in/code", Stage.ENROL: "/console/enrol"}
"""Where someone goes on who is not wholly signed in."""

HASHING = 4
"""Passwords hashed at a time in a process: as many as `passwords` lets in at once."""

LOCAL = re.compile(r"/console/(?!/)[!-\[\]-~]*")
"""A path that may be gone to next: printable ASCII, without a backslash."""

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Visitor:
    """Someone with a session, as they are now: a role that was taken away is gone at once."""

    opened: Opened
    zone: ZoneInfo

    @property
    def session(self) -> int:
        return self.opened.id

    @property
    def name(self) -> str:
        return self.opened.person.name

    @property
    def shown_as(self) -> str:
        return self.opened.person.shown_as

    @property
    def stage(self) -> Stage:
        return self.opened.stage

    @property
    def caller(self) -> Caller:
        return self.opened.caller

    @property
    def csrf(self) -> str:
        return self.opened.csrf

    def may(self, permission: Permission) -> bool:
        return self.caller.may(permission)


class Elsewhere(Exception):
    """The browser is to go to another page."""

    def __init__(self, path: str) -> None:
        self.path = path


class Forbidden(TutelaError):
    """A visitor who may not do this; audited."""

    status = 403

    def __init__(self, permission: Permission) -> None:
        super().__init__(
            f"This needs the permission {permission}: to {permission.what}.",
            "An administrator can give you a role that has it.",
        )
        self.permission = permission


class FormRefused(TutelaError):
    """A form that did not come from a page of this session."""

    status = 403


def for_anyone(endpoint: Endpoint) -> Endpoint:
    """Marks what takes a form without a session: there `Origin` alone protects."""
    endpoint.for_anyone = True  # type: ignore[attr-defined] # a mark on a function
    return endpoint


def apart(endpoint: Callable[..., Response]) -> Callable[..., Awaitable[Response]]:
    """For what hashes passwords: who waits for that waits outside of the threads of all others."""

    @functools.wraps(endpoint)
    async def waiting(**given: Any) -> Response:
        return await anyio.to_thread.run_sync(
            functools.partial(endpoint, **given), limiter=_hashing()
        )

    return waiting


@cache
def _hashing() -> anyio.CapacityLimiter:
    return anyio.CapacityLimiter(HASHING)


async def guarded(request: Request) -> None:
    """On every route of the console: whose session it is, and that forms come from it.

    What changes something must bring the session's token, be it as the first field `csrf` or in the
    header `X-CSRF-Token`. That `Origin` is ours was seen to already (`guarding.Guard`).
    """
    request.state.visitor = visitor = await run_in_threadpool(_opened, request)
    if request.method in SAFE:
        return
    token = request.headers.get("x-csrf-token")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        request.state.upload = upload = Upload(request)
        token = token or await upload.first(forms.CSRF)
    else:
        request.state.pairs = pairs = await forms.pairs(request, kind)
        token = token or next((value for name, value in pairs if name == forms.CSRF), None)
    if getattr(request.scope.get("endpoint"), "for_anyone", False):
        return
    if visitor is None:
        raise Elsewhere(signing_in(ROOT))
    if token is None or not hmac.compare_digest(token.encode(), visitor.csrf.encode()):
        raise FormRefused(
            "This form is too old, or did not come from a page of the console.",
            "Go back, load the page again, and send it once more. Nothing was changed.",
        )


def visitor_of(request: Request) -> Visitor | None:
    """Who has a session, of whatever stage."""
    found: Visitor | None = request.state.visitor
    return found


async def signed_in(request: Request) -> Visitor:
    """A dependency: someone who is wholly signed in; others are sent to the step that is next."""
    return in_stage(request, Stage.OPEN)


def in_stage(request: Request, *stages: Stage) -> Visitor:
    """The visitor, if their session is in one of these stages. Raises `Elsewhere`."""
    visitor = visitor_of(request)
    if visitor is None:
        raise Elsewhere(signing_in(here(request)))
    if visitor.stage not in stages:
        raise Elsewhere(STEPS.get(visitor.stage, ROOT))
    return visitor


def may(permission: Permission) -> Callable[[Request], Awaitable[Visitor]]:
    """A dependency: someone signed in who has this permission."""

    async def permitted(request: Request) -> Visitor:
        visitor = await signed_in(request)
        require(visitor, permission)
        return visitor

    permitted.permission = permission  # type: ignore[attr-defined] # for the matrix of all routes
    return permitted


def require(visitor: Visitor, permission: Permission) -> None:
    """Raises `Forbidden` if the visitor lacks it."""
    if not visitor.may(permission):
        raise Forbidden(permission)


SignedIn = Annotated[Visitor, Depends(signed_in)]


def audit_refusal(request: Request, permission: Permission) -> None:
    """Write down that the visitor was refused for want of a permission."""
    visitor = visitor_of(request)
    if visitor is None:
        return
    refusals.tell(
        database_of(request), visitor.caller, permission,
        f"{request.method} {request.url.path}",
    )  # fmt: skip


def state_of(request: Request) -> State:
    return state(request)


def site_of(request: Request) -> Site:
    """Where browsers find the console: the setting, else this machine under a name that can have
    passkeys."""
    settings = state(request).running.app.settings
    server = request.scope.get("server")
    return settings.console.site((server and server[1]) or settings.service.port)


def database_of(request: Request) -> Database:
    return state(request).running.app.database


def page(
    request: Request,
    visitor: Visitor | None,
    template: str,
    status: int = 200,
    *,
    headers: dict[str, str] | None = None,
    **values: Any,
) -> HTMLResponse:
    """A page. In its template stand, beside `values`: `visitor`, `nav`, `said`, `csrf`, `now`,
    `path`, `query` and `zone`."""
    text = rendering.render(template, **frame(request, visitor) | values)
    return HTMLResponse(text, status, headers)


def frame(request: Request, visitor: Visitor | None) -> dict[str, Any]:
    """What every template is given."""
    path = request.url.path
    return {
        "visitor": visitor,
        "zone": visitor.zone if visitor else rendering.UTC_ZONE,
        "csrf": visitor.csrf if visitor else "",
        "nav": groups(visitor.caller, path) if visitor and visitor.stage == Stage.OPEN else [],
        "said": texts.said(request.query_params.get("said", "")),
        "now": database_of(request).now(),
        "path": path,
        "query": dict(request.query_params),
    }


def fragment(
    request: Request, visitor: Visitor, template: str, status: int = 200, **values: Any
) -> HTMLResponse:
    """A part of a page, for htmx to put in its place."""
    return page(request, visitor, template, status, **values)


def see_other(path: str, said: str = "", **query: str) -> Response:
    """Go to another page of the console, which shows the message that `said` names."""
    more = ({"said": said} if said else {}) | query
    mark = "&" if "?" in path else "?"
    return RedirectResponse(path + (mark + urlencode(more) if more else ""), 303)


def elsewhere(request: Request, path: str) -> Response:
    """Go to another page, also when htmx asked for a part of one."""
    if "hx-request" in request.headers:
        return Response(status_code=200, headers={"hx-redirect": path})
    return RedirectResponse(path, 303)


def signing_in(back: str) -> str:
    return SIGN_IN if back == ROOT else f"{SIGN_IN}?next={quoted(back)}"


def quoted(path: str) -> str:
    """A path as the value of a filter."""
    return quote(path, safe="")


def here(request: Request) -> str:
    """The page that is asked for, to come back to; the first one where that cannot be."""
    if request.method != "GET" or "hx-request" in request.headers:
        return ROOT
    query = request.url.query
    return local(request.url.path + (f"?{query}" if query else ""))


def local(path: str | None) -> str:
    """The path, if it is one of the console; else its first page: never elsewhere."""
    if path is None or not LOCAL.fullmatch(path) or ".." in urlsplit(path).path:
        return ROOT
    return path


def _opened(request: Request) -> Visitor | None:
    secret = request.cookies.get(COOKIE)
    if not secret:
        return None
    app = state(request).running.app
    found = sessions.opened(app.database, secret)
    return None if found is None else Visitor(found, rendering.zone(found.zone))
