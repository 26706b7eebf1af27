"""`/messages` and `/endpoints`: what your own services were told, and what never arrived."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from tutela.interfaces.api.json_bodies import NAME, AfterName
from tutela.interfaces.console.alarms import Administrator, Before
from tutela.interfaces.console.paging import SHOWN, listed
from tutela.interfaces.console.shell import database_of, page, see_other
from tutela.webhooks import endpoints, service
from tutela.webhooks.models import State

EndpointName = Annotated[str, Path(pattern=NAME)]
Message = Annotated[str, Path(pattern="^msg_[0-9a-f]{24}$")]
router = APIRouter()


@router.get("/messages")
def show_messages(
    request: Request,
    visitor: Administrator,
    state: State | Literal[""] = "",
    endpoint: Annotated[str, Query(pattern=f"^({NAME[1:-1]})?$")] = "",
    before: Before = "",
) -> Response:
    """Messages to endpoints, the last first."""
    with database_of(request).reading() as session:
        found = service.latest(
            session, int(before) if before else None, SHOWN + 1, state=state or None,
            endpoint=endpoint or None,
        )  # fmt: skip
        known = [one.name for one in endpoints.listed(session)]
    filters = {"state": state, "endpoint": endpoint, "before": before}
    rows = listed("/console/messages", filters, found, lambda row: row[0].id, name="before")
    return page(
        request, visitor, "messages/list.html", messages=rows, filtered=bool(state or endpoint),
        endpoints=[("", ""), *((name, name) for name in known)],
        states=[("", ""), *((str(one), str(one)) for one in State)], endpoint=endpoint,
    )  # fmt: skip


@router.post("/messages/{message}/resend")
def resend(request: Request, visitor: Administrator, message: Message) -> Response:
    """Send a message once more, whatever became of it."""
    database = database_of(request)
    with database.writing() as session:
        service.resend(session, database.now(), visitor.caller.actor, message)
    return see_other("/console/messages", "message.resent")


@router.get("/endpoints")
def show_endpoints(request: Request, visitor: Administrator, after: AfterName = "") -> Response:
    """Who is told what happens. They are added by the command or the API: there they are shown
    the secret."""
    with database_of(request).reading() as session:
        found = endpoints.listed(session, after, SHOWN + 1)
    rows = listed("/console/endpoints", {"after": after}, found, lambda one: one.name)
    return page(request, visitor, "messages/endpoints.html", endpoints=rows)


@router.post("/endpoints/{name}/resend")
def resend_dead(request: Request, visitor: Administrator, name: EndpointName) -> Response:
    """Send all dead messages of an endpoint once more."""
    database = database_of(request)
    with database.writing() as session:
        count = service.resend_dead(session, database.now(), visitor.caller.actor, name)
    said = "messages.resent" if count else "messages.none"
    return see_other(f"/console/messages?endpoint={name}", said)


@router.post("/endpoints/{name}/disable")
def disable_endpoint(request: Request, visitor: Administrator, name: EndpointName) -> Response:
    """Nothing more is sent there; what waits is dead."""
    database = database_of(request)
    with database.writing() as session:
        endpoints.disable(session, database.now(), visitor.caller.actor, name)
    return see_other("/console/endpoints", "endpoint.disabled")


@router.post("/endpoints/{name}/enable")
def enable_endpoint(request: Request, visitor: Administrator, name: EndpointName) -> Response:
    """It is told again what happens from now on."""
    database = database_of(request)
    with database.writing() as session:
        endpoints.enable(session, database.now(), visitor.caller.actor, name)
    return see_other("/console/endpoints", "endpoint.enabled")
