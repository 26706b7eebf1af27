"""`/preservation`: holds and requests of law enforcement, with their papers and what they keep."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from tutela.cases import service as cases
from tutela.evidence import clocks
from tutela.evidence.models import Clock, File
from tutela.interfaces.console import forms
from tutela.interfaces.console.forms import Fields, Form
from tutela.interfaces.console.paging import SHOWN, listed
from tutela.interfaces.console.shell import (
    Visitor,
    database_of,
    may,
    page,
    see_other,
    state_of,
)
from tutela.interfaces.console.texts import gettext as _
from tutela.interfaces.console.uploads import Upload, upload
from tutela.people.permissions import Permission
from tutela.policy.periods import parse_date
from tutela.preservation import covering, destroying, papers, service
from tutela.preservation.errors import NoSuchRequest, RequestRefused
from tutela.preservation.models import Kind
from tutela.preservation.options import end_of
from tutela.preservation.papers import Handed
from tutela.preservation.service import LONGEST, LONGEST_NOTE, State

Reporter = Annotated[Visitor, Depends(may(Permission.REPORTS))]
RequestId = Annotated[str, Path(pattern="^prq_[a-z2-7]{26}$")]
After = Annotated[str, Query(pattern="^(prq_[a-z2-7]{26})?$")]
OfCase = Annotated[str, Query(pattern="^(case_[a-z0-9]{26})?$")]
CaseId = Annotated[str, Path(pattern="^case_[a-z0-9]{26}$")]
PAPER = "paper"
MOST_FIELDS = 64 * 1024
"""Bytes of all fields of the form that are no file."""
MOST_CLOCKED = 200
"""Files of a case whose clocks are shown; the command has all."""

router = APIRouter()


class Recorded(Fields):
    """A hold or request as it is typed from its paper."""

    kind: Literal["hold", "preserve", "extend", "produce", "destroy"]
    basis: Annotated[str, Field(max_length=LONGEST)]
    agency: Annotated[str, Field(max_length=LONGEST)] = ""
    reference: Annotated[str, Field(max_length=LONGEST)] = ""
    note: Annotated[str, Field(max_length=LONGEST_NOTE)] = ""
    until: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")] | None = None
    extends: Annotated[str, Field(max_length=32)] | None = None
    gave: tuple[str, ...] = ()


class Ended(Fields):
    """Why something is ended."""

    why: Annotated[str, Field(max_length=2000)]


@dataclass(frozen=True, slots=True)
class Kept:
    """A file, and the clocks that run on it."""

    file: File
    clocks: list[Clock]


@router.get("/preservation")
def show_requests(
    request: Request,
    visitor: Reporter,
    state: Literal["", "running", "all"] = "",
    case: OfCase = "",
    after: After = "",
) -> Response:
    """Holds and requests, those that run or all."""
    database = database_of(request)
    with database.reading() as session:
        now = database.now()
        found = service.listed(
            session, visitor.caller, now, after, SHOWN + 1, case_id=case,
            only_running=state != "all",
        )  # fmt: skip
    asked = {"state": state, "case": case, "after": after}
    rows = listed("/console/preservation", asked, found, lambda one: one.id)
    return page(
        request, visitor, "preservation/list.html", requests=rows, state=state,
        states={one.id: str(service.state(one, now)) for one in rows.rows},
    )  # fmt: skip


@router.get("/preservation/of/{case_id}")
def show_of_case(request: Request, visitor: Reporter, case_id: CaseId) -> Response:
    """What keeps the files of a case, and a form for what was received."""
    return _of_case(request, visitor, case_id, forms.shown(kind="preserve"))


@router.post("/preservation/of/{case_id}")
async def record(request: Request, visitor: Reporter, case_id: CaseId) -> Response:
    """Record a hold or request, with its papers, and do what it asks for."""
    coming = upload(request)
    form, read = await _read(coming)
    return await run_in_threadpool(_record, request, visitor, case_id, form, read)


@router.get("/preservation/{request_id}")
def show_request(request: Request, visitor: Reporter, request_id: RequestId) -> Response:
    """A request, its papers and, of one to destroy, what it waits for."""
    return _shown(request, visitor, request_id, forms.shown())


@router.post("/preservation/{request_id}/end")
def end(
    request: Request,
    visitor: Reporter,
    request_id: RequestId,
    form: Annotated[Form[Ended], forms.form(Ended)],
) -> Response:
    """Lift a hold, end a request to preserve, or recall one to destroy."""
    return _do(request, visitor, request_id, form, service.end, "preservation.ended")


@router.post("/preservation/{request_id}/release")
def release(
    request: Request,
    visitor: Reporter,
    request_id: RequestId,
    form: Annotated[Form[Ended], forms.form(Ended)],
) -> Response:
    """End the time after a report on what is to be destroyed."""
    return _do(request, visitor, request_id, form, service.release, "preservation.released")


def _do(
    request: Request,
    visitor: Visitor,
    request_id: str,
    form: Form[Ended],
    act: Any,
    said: str,
) -> Response:
    if form.value is None:
        return _shown(request, visitor, request_id, form, 422)
    database = database_of(request)
    try:
        with database.writing() as session:
            act(session, database.now(), visitor.caller, request_id, form.value.why)
    except NoSuchRequest:
        raise
    except RequestRefused as error:
        return _shown(request, visitor, request_id, form.refuse(error), 409)
    return see_other(f"/console/preservation/{request_id}", said)


async def _read(coming: Upload) -> tuple[Form[Recorded], list[tuple[str, bytes]]]:
    """The fields of the form, and its papers with their names."""
    found: list[tuple[str, str]] = []
    read: list[tuple[str, bytes]] = []
    left, room = MOST_FIELDS, papers.LARGEST
    while (part := await coming.next()) is not None:
        if part.name == PAPER and part.filename is not None:
            data = await coming.data(room)
            room -= len(data)
            if part.filename:  # where none was chosen, browsers send one without a name
                read.append((part.filename, data))
            continue
        text = await coming.text(left)
        left -= len(text)
        found.append((part.name, text))
    return forms.checked(Recorded, found), read


def _record(
    request: Request,
    visitor: Visitor,
    case_id: str,
    form: Form[Recorded],
    read: list[tuple[str, bytes]],
) -> Response:
    state = state_of(request)
    database = state.running.app.database
    until = _until(form)
    if form.value is None:
        return _of_case(request, visitor, case_id, form, 422)
    given = form.value
    with database.reading() as session:
        cases.found(session, visitor.caller, case_id)  # before anything is sealed
    if len(read) > papers.MOST:
        form.fail("", _("Too many papers at once: put several into one file."))
        return _of_case(request, visitor, case_id, form, 422)
    sealer = state.running.sealer
    handed = [Handed(name, sealer.seal(data)) for name, data in read]
    try:
        with database.writing() as session:
            made = service.record(
                session, database.now(), visitor.caller, case_id, Kind(given.kind), given.agency,
                given.reference, given.basis, given.note, until, given.extends, handed, given.gave,
            ).id  # fmt: skip
    except (RequestRefused, NoSuchRequest) as error:
        return _of_case(request, visitor, case_id, form.refuse(error), 409)
    return see_other(f"/console/preservation/{made}", "preservation.recorded")


def _until(form: Form[Recorded]) -> datetime | None:
    """The end of the day that was typed; the form fails if there is no such day."""
    if form.value is None or form.value.until is None:
        return None
    try:
        return end_of(parse_date(form.value.until))
    except (ValueError, OverflowError):
        form.fail("until", _("There is no such day."))
        return None


def _of_case(
    request: Request, visitor: Visitor, case_id: str, form: Form[Any], status: int = 200
) -> Response:
    database = database_of(request)
    with database.reading() as session:
        now, caller = database.now(), visitor.caller
        case = cases.found(session, caller, case_id)
        rows = service.listed(session, caller, now, limit=SHOWN, case_id=case_id)
        found = covering.clocked(session, caller, case_id, MOST_CLOCKED + 1)
        kept = [
            Kept(file, [one for one in ran if clocks.runs(one, now)]) for file, ran in found
        ]  # fmt: skip
    running = [
        (one.id, f"{one.agency} {one.reference} · {one.until:%Y-%m-%d}") for one in rows
        if one.kind == Kind.PRESERVE and one.until and service.state(one, now) == State.RUNNING
    ]  # fmt: skip
    return page(
        request, visitor, "preservation/of_case.html", status, case=case, requests=rows, form=form,
        states={one.id: str(service.state(one, now)) for one in rows}, kept=kept[:MOST_CLOCKED],
        more=len(kept) > MOST_CLOCKED, running=running, largest=papers.LARGEST,
        kinds=_kinds(), files=[(one.file.id, one.file.id) for one in kept[:MOST_CLOCKED]],
    )  # fmt: skip


def _kinds() -> list[tuple[str, str, str]]:
    return [
        ("preserve", _("Preserve"), _("Law enforcement asks that it be kept, for a term.")),
        ("extend", _("Extend"), _("They ask that it be kept for longer.")),
        ("produce", _("Produce"), _("It was given to them: say what.")),
        ("destroy", _("Destroy"), _("They ask that it be destroyed. It waits for every clock.")),
        ("hold", _("Legal hold"), _("Kept until someone lifts it, with what comes later.")),
    ]


def _shown(
    request: Request, visitor: Visitor, request_id: str, form: Form[Any], status: int = 200
) -> Response:
    database = database_of(request)
    with database.reading() as session:
        now = database.now()
        one = service.found(session, visitor.caller, request_id)
        state = service.state(one, now)
        held = papers.of(session, one.id)
        waits = destroying.conflicts(session, now, one) if state == State.WAITING else []
        case = cases.found(session, visitor.caller, one.case_id)
    return page(
        request, visitor, "preservation/one.html", status, one=one, state=str(state), case=case,
        papers=held, waits=waits[:MOST_CLOCKED], form=form, kinds={k: n for k, n, _w in _kinds()},
        ends=state in (State.RUNNING, State.WAITING),
        releases=any(each.can_be_ended for each in waits),
    )  # fmt: skip
