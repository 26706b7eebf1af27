"""`/access`: why someone may or may not do something. Everyone asks about themselves; who
administers, about anyone."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Query, Request
from fastapi.routing import iter_route_contexts
from starlette.responses import Response

from tutela.audit import searching
from tutela.audit.searching import Sought
from tutela.interfaces.api.json_bodies import NO_ZERO
from tutela.interfaces.console.shell import Forbidden, SignedIn, database_of, page
from tutela.people import refusals
from tutela.people.permissions import Permission

REFUSALS = 20
"""The latest refusals that are shown: what someone comes with happened just now."""

Asked = Annotated[str, Query(max_length=256, pattern=NO_ZERO)]
router = APIRouter()


@router.get("/access")
def explain(
    request: Request,
    visitor: SignedIn,
    actor: Asked = "",
    permission: Asked = "",
    place: Asked = "",
) -> Response:
    """`place` is the path of a page, in place of the permission that it needs."""
    own = visitor.caller.actor
    actor = actor.strip() or own
    admin = visitor.may(Permission.ADMIN)
    if actor != own and not admin:
        raise Forbidden(Permission.ADMIN)
    needed = needed_for(request, place) if place else None
    asked = needed or next((one for one in Permission if one == permission), None)
    with database_of(request).reading() as session:
        # what someone has is the same whatever is asked about
        found = refusals.explain(session, actor, asked or Permission.CASES)
        told = searching.found(session, Sought(actor=actor, action="access.refuse"), limit=REFUSALS)
    return page(
        request, visitor, "access/explain.html", actor=actor, own=own, admin=admin, asked=asked,
        place=place, needed=needed, found=found, told=told, permissions=list(Permission),
    )  # fmt: skip


def needed_for(request: Request, path: str) -> Permission | None:
    """The permission that a page needs; None if there is no such page, or it needs none."""
    plain = urlsplit(path).path
    for route in iter_route_contexts(request.app.routes):
        if "GET" in (route.methods or ()) and route.path_regex.fullmatch(plain):
            return permission_of(route)
    return None


def permission_of(route: object) -> Permission | None:
    """What a route asks of who calls it, as its dependencies say."""
    waiting = [getattr(route, "dependant", None)]
    while waiting:
        one = waiting.pop()
        found: Permission | None = getattr(getattr(one, "call", None), "permission", None)
        if found is not None:
            return found
        waiting += getattr(one, "dependencies", [])
    return None
