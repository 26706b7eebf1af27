"""`/subjects`: what is known of an account or another subject, from cases that one may see."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from tutela.cases import service
from tutela.interfaces.api.json_bodies import NO_ZERO
from tutela.interfaces.console.queue import Worker
from tutela.interfaces.console.shell import database_of, page

MOST = 50
router = APIRouter()


@router.get("/subjects")
def show_subject(
    request: Request,
    visitor: Worker,
    kind: Annotated[str, Query(pattern="^(account|item|thread|text|url)$")] = "account",
    subject: Annotated[str, Query(max_length=256, pattern=NO_ZERO)] = "",
) -> Response:
    """Cases of a subject, the newest first. Of whom one may see no case, nothing is said: not even
    that there is none."""
    with database_of(request).reading() as session:
        found = service.earlier(session, visitor.caller, kind, subject, MOST)
    if not found:
        raise HTTPException(404)
    roles = [one for one in found if one.role != "unknown"]
    return page(
        request, visitor, "case/subject.html", kind=kind, subject=subject, cases=found,
        role=roles[0] if roles else found[0], alerts=sum(one.alerts for one in found),
        reports=sum(one.reports for one in found), most=MOST,
        account=subject if kind == "account" else "",
    )  # fmt: skip
