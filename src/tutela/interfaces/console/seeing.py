"""Files of a case, seen by who works on it: asked for one by one, written down first, hidden again.

The part of the case's page and what its script asks. What is refused is told in JSON, in words.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import chain
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import Field
from starlette.responses import JSONResponse, Response, StreamingResponse

from tutela.app import App
from tutela.cases import work
from tutela.cases.errors import CaseRefused, NotHeld
from tutela.errors import TutelaError
from tutela.evidence import client
from tutela.evidence.errors import EvidenceError
from tutela.evidence.models import File
from tutela.interfaces.console import forms
from tutela.interfaces.console.forms import Fields, Form
from tutela.interfaces.console.paging import listed
from tutela.interfaces.console.shell import Visitor, database_of, fragment, may, page, state_of
from tutela.interfaces.console.texts import N_
from tutela.interfaces.console.texts import gettext as _
from tutela.people.errors import NotPermitted, SecondPersonNeeded
from tutela.people.permissions import Permission
from tutela.storage import Session
from tutela.views import exposure, service
from tutela.views.errors import LimitReached
from tutela.views.models import View

Worker = Annotated[Visitor, Depends(may(Permission.CASES))]
CaseId = Annotated[str, Path(pattern="^case_[a-z2-7]{26}$")]
ItemId = Annotated[str, Path(pattern="^[!-~]{1,32}$")]
ViewId = Annotated[str, Path(pattern="^vw_[a-z2-7]{26}$")]
After = Annotated[str, Query(pattern="^[0-9]{0,18}$")]

SHOWN = 20
"""Items of a page: names and sizes, no picture is loaded with them."""

ACT = "view.original"
"""What two people agree to where a queue asks for it."""

DANGER = "A child may be in danger: the case says so."

NAMES = {
    "stylised": N_("Reduced detail"),
    "blurred": N_("Blurred"),
    "small": N_("Small"),
    "grey": N_("Grey"),
    "marked": N_("The original, with your name in it"),
    "original": N_("The original, byte for byte"),
}

PICTURES = (
    (b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"GIF8", "image/gif"),
)  # fmt: skip
"""What browsers show as it is. All else is handed over as a file, to be looked at elsewhere."""

PRIVATE = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox",
}
log = logging.getLogger(__name__)
router = APIRouter()


class Asked(Fields):
    """How a file is to be shown; `why` passes a limit."""

    rendering: Annotated[str, Field(max_length=16)]
    why: Annotated[str, Field(max_length=exposure.LONGEST_WHY)] = ""


class Told(Fields):
    """How long something was in sight so far; `whole`: all of it."""

    seconds: Annotated[float, Field(ge=0, le=86400)]
    whole: bool = False


@router.get("/cases/{case_id}/seeing")
def show_seeing(request: Request, visitor: Worker, case_id: CaseId, after: After = "") -> Response:
    """The items of a case, and how each may be seen; for who works on it."""
    database = database_of(request)
    held, why = True, ""
    with database.reading() as session:
        try:
            case = work.require_held(session, database.now(), visitor.caller, case_id)
        except (NotHeld, CaseRefused) as error:
            held, why, found, offered = False, f"{error.what} {error.hint}".strip(), [], []
        else:
            caller = visitor.caller
            found = list(service.seeable(session, caller, case.id, int(after or 0), SHOWN + 1))
            offered = [(one, _(NAMES[one])) for one in service.offered(session, caller, case)]
    items = listed(request.url.path, {"after": after}, found, lambda one: one.alert, SHOWN)
    values: dict[str, Any] = {
        "case_id": case_id,
        "held": held,
        "why": why,
        "items": items,
        "offered": offered,
    }
    if "hx-request" in request.headers:
        return fragment(request, visitor, "case/seeing_part.html", **values)
    return page(request, visitor, "case/seeing_page.html", **values)


@router.post("/cases/{case_id}/items/{item_id}/views")
def begin_view(
    request: Request,
    visitor: Worker,
    case_id: CaseId,
    item_id: ItemId,
    form: Annotated[Form[Asked], forms.form(Asked)],
) -> Response:
    """Write down that a file will be seen; gives where its picture is, once."""
    if form.value is None:
        return _said(422, _("This cannot be asked for."), _("Load the page again."))
    asked = form.value
    try:
        view = _begun(request, visitor, case_id, item_id, asked)
    except LimitReached as error:
        until = error.until.isoformat() if error.until else None
        return _said(409, error.what, error.hint, limit=error.limit, until=until)
    except SecondPersonNeeded as error:
        return _said(
            409,
            _("Two people must agree to show this: it waits as request %(number)s.")
            % {"number": error.number},
            _("Once someone else agreed, on the page of approvals, ask for it again."),
        )
    except NotPermitted:
        raise
    except TutelaError as error:
        if error.exit_code == 3:
            raise
        return _said(409, error.what, error.hint)
    picture = f"/console/views/{view.id}/picture"
    return JSONResponse({"view": view.id, "picture": picture, "rendering": view.rendering})


@router.get("/views/{view_id}/picture")
def show_picture(request: Request, visitor: Worker, view_id: ViewId) -> Response:
    """What a view is of, once, out of the vault's memory; stored nowhere."""
    app = state_of(request).running.app
    with app.database.writing() as session:
        view = service.opened(session, app.database.now(), visitor.caller, view_id)
        file = session.get_one(File, view.file_id)
        size = file.size
    try:
        return _picture(app, view, size)
    except EvidenceError:
        with app.database.writing() as session:
            service.failed(session, app.database.now(), view.id)
        raise


def _picture(app: App, view: View, size: int) -> Response:
    """Raises `EvidenceError` if nothing can be shown."""
    intent = view.intent_id or ""
    if view.rendering == service.ORIGINAL:
        pieces = client.opened(app.vault_socket, intent)
        first = next(pieces, b"")
        kind = next((kind for start, kind in PICTURES if first.startswith(start)), "")
        headers = PRIVATE | {"content-length": str(size)}
        if not kind:
            kind = "application/octet-stream"
            headers["content-disposition"] = f'attachment; filename="{view.id}.bin"'
        return StreamingResponse(
            chain([first], _rest(pieces, view.id)), media_type=kind, headers=headers
        )
    made = client.derived(app.vault_socket, intent)
    if view.rendering == service.MARKED and not made.whole:
        with app.database.writing() as session:
            service.partly(session, view.id)
    return Response(made.png, media_type="image/png", headers=PRIVATE)


@router.post("/views/{view_id}/seconds")
def tell_seconds(
    request: Request,
    visitor: Worker,
    view_id: ViewId,
    form: Annotated[Form[Told], forms.form(Told)],
) -> Response:
    """How long a picture was in sight so far."""
    if form.value is None:
        return _said(422, _("This cannot be said."), "")
    database = database_of(request)
    with database.writing() as session:
        service.ended(
            session, database.now(), visitor.caller, view_id, form.value.seconds,
            whole=form.value.whole,
        )  # fmt: skip
    return Response(status_code=204)


@router.post("/cases/{case_id}/reading")
def tell_reading(
    request: Request,
    visitor: Worker,
    case_id: CaseId,
    form: Annotated[Form[Told], forms.form(Told)],
) -> Response:
    """How long texts of a case were in sight since it was last said."""
    if form.value is None:
        return _said(422, _("This cannot be said."), "")
    database = database_of(request)
    with database.writing() as session:
        now = database.now()
        service.read_text(session, now, visitor.caller, case_id, form.value.seconds)
    return Response(status_code=204)


def _begun(request: Request, visitor: Visitor, case_id: str, item_id: str, asked: Asked) -> View:
    """The view, recorded. Raises `TutelaError`, of which some mean that another must agree."""
    app = state_of(request).running.app
    caller, now = visitor.caller, app.database.now()
    with app.database.reading() as session:
        case = work.require_held(session, now, caller, case_id)
        two = service.takes_two(session, case, item_id, asked.rendering)

    def begin(session: Session, _: str = "") -> View:
        return service.begin(
            session, app.database.now(), caller, case_id, item_id, asked.rendering,
            why=asked.why, agreed=two,
        )  # fmt: skip

    if two:
        facts = {"case": case_id, "rendering": asked.rendering}
        return app.with_two(
            caller,
            Permission.MEDIA,
            ACT,
            item_id,
            facts,
            begin,
            why=asked.why or DANGER,
            danger=case.danger,
        )
    with app.database.writing() as session:
        return begin(session)


def _rest(pieces: Iterator[bytes], view: str) -> Iterator[bytes]:
    """The rest of a file. Where it ends early, so does the answer, which said how long it is."""
    try:
        yield from pieces
    except TutelaError as error:
        log.warning("the view %s ended early: %s", view, error.what)


def _said(status: int, what: str, hint: str, **more: str | None) -> Response:
    return JSONResponse({"what": what, "hint": hint, **more}, status)
