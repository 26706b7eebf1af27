"""`/reports/{id}/edit`: what a draft holds, a part at a time or all of it as text; why a field is
not held; which files go along."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from tutela.errors import TutelaError
from tutela.interfaces import reports
from tutela.interfaces.api.approvals import MOST
from tutela.interfaces.console import forms, report_fields
from tutela.interfaces.console.forms import Fields, Form
from tutela.interfaces.console.report_fields import Block, Typed
from tutela.interfaces.console.report_words import KIND_WORDS, WORDS
from tutela.interfaces.console.reports import EDITABLE, Reporter, ReportId, acted, codes, shown
from tutela.interfaces.console.shell import Visitor, database_of, page, see_other, state_of
from tutela.interfaces.console.texts import gettext as _
from tutela.interfaces.console.uploads import upload
from tutela.interfaces.reports import Looked
from tutela.people.errors import NotPermitted
from tutela.reporting import attaching, drafting, editing
from tutela.reporting.errors import NoSuchReport
from tutela.reporting.facts import Flag, Incident, Mark
from tutela.storage import Session

PartName = Annotated[str, Path(pattern=r"^[a-z]{1,16}(\.[0-9]{1,3})?$")]
Version = Annotated[int, Field(ge=1, le=MOST)]
LONGEST = 1000
MOST_INPUTS = 450
"""Inputs of a part: each is two fields of a form (`forms.MOST_FIELDS`)."""

CODES = {"incident": Incident, "flags": Flag, "marks": Mark}
"""What authorities have words of their own for."""

router = APIRouter()


class Edited(Fields):
    """Values of a part, each after its path; lists whose codes were ticked; what is to go."""

    version: Version
    path: Annotated[list[str], Field(max_length=MOST_INPUTS, default_factory=list)]
    value: Annotated[list[str], Field(max_length=MOST_INPUTS, default_factory=list)]
    ticks: Annotated[list[str], Field(max_length=20, default_factory=list)]
    ticked: Annotated[list[str], Field(max_length=200, default_factory=list)]
    remove: Annotated[list[str], Field(max_length=200, default_factory=list)]


class Whole(Fields):
    """All that a report holds, as JSON."""

    version: Version
    content: Annotated[str, Field(max_length=forms.MOST)]


class Reason(Fields):
    """Why a field is not held."""

    version: Version
    field: Annotated[str, Field(max_length=64)]
    reason: Annotated[str, Field(max_length=LONGEST)]


class Leaving(Fields):
    """Which file is not to go along."""

    version: Version
    evidence: Annotated[str, Field(max_length=64)]


class Versioned(Fields):
    """Which version was looked at."""

    version: Version


@router.get("/reports/{report_id}/edit/{part}")
def edit_part(
    request: Request, visitor: Reporter, report_id: ReportId, part: PartName
) -> Response:  # fmt: skip
    found, blocks = _part(request, visitor, report_id, part)
    return _part_page(request, visitor, found, part, blocks, forms.shown())


@router.post("/reports/{report_id}/edit/{part}")
def change_part(
    request: Request,
    visitor: Reporter,
    report_id: ReportId,
    part: PartName,
    form: Annotated[Form[Edited], forms.form(Edited)],
) -> Response:
    """Change what was typed anew; all else stays as it is."""
    found, blocks = _part(request, visitor, report_id, part)
    if form.value is None or len(form.value.path) != len(form.value.value):
        if form.value is not None:
            form.fail("", _("The form cannot be read."))
        return _part_page(request, visitor, found, part, blocks, form, 422)
    asked, before = form.value, json.loads(found.row.content)
    typed = Typed(
        dict(zip(asked.path, asked.value, strict=True)), asked.ticks, asked.ticked, asked.remove
    )
    after = report_fields.changed(before, part, typed)
    if after == before:
        form.fail("", _("Nothing was changed."))
        return _part_page(request, visitor, found, part, _typed(blocks, typed), form, 422)
    try:
        _write(request, visitor, report_id, asked.version, json.dumps(after))
    except (NoSuchReport, NotPermitted):
        raise
    except TutelaError as error:
        form.refuse(error)
        return _part_page(request, visitor, found, part, _typed(blocks, typed), form, 422)
    return see_other(f"/console/reports/{report_id}", "report.changed")


@router.get("/reports/{report_id}/text")
def edit_text(request: Request, visitor: Reporter, report_id: ReportId) -> Response:
    """All that a report holds, as text: also what no other form has."""
    found = _editable(request, visitor, report_id)
    text = json.dumps(json.loads(found.row.content), indent=2, ensure_ascii=False)
    return page(
        request, visitor, "reports/text.html", found=found, row=found.row,
        form=forms.shown(content=text), version=found.row.version,
    )  # fmt: skip


@router.post("/reports/{report_id}/text")
def change_text(
    request: Request,
    visitor: Reporter,
    report_id: ReportId,
    form: Annotated[Form[Whole], forms.form(Whole)],
) -> Response:
    found = _editable(request, visitor, report_id)
    if form.value is not None:
        try:
            _write(request, visitor, report_id, form.value.version, form.value.content)
            return see_other(f"/console/reports/{report_id}", "report.changed")
        except (NoSuchReport, NotPermitted):
            raise
        except TutelaError as error:
            form.refuse(error, "content")
    return page(
        request, visitor, "reports/text.html", 422, found=found, row=found.row, form=form,
        version=form.get("version", found.row.version),
    )  # fmt: skip


@router.post("/reports/{report_id}/reason")
def say_why(
    request: Request,
    visitor: Reporter,
    report_id: ReportId,
    form: Annotated[Form[Reason], forms.form(Reason)],
) -> Response:
    """Say why a field is not held."""

    def do(session: Session, now: datetime, asked: Reason) -> None:
        editing.say_why(
            session, now, visitor.caller, report_id, asked.version, asked.field, asked.reason
        )

    return acted(request, visitor, report_id, form, do, "report.reason")


@router.post("/reports/{report_id}/leave-out")
def leave_out(
    request: Request,
    visitor: Reporter,
    report_id: ReportId,
    form: Annotated[Form[Leaving], forms.form(Leaving)],
) -> Response:
    """A file is not to go along."""

    def do(session: Session, now: datetime, asked: Leaving) -> None:
        editing.leave_out(session, now, visitor.caller, report_id, asked.version, asked.evidence)

    return acted(request, visitor, report_id, form, do, "report.left")


@router.post("/reports/{report_id}/gather")
def gather(
    request: Request,
    visitor: Reporter,
    report_id: ReportId,
    form: Annotated[Form[Versioned], forms.form(Versioned)],
) -> Response:
    """Gather anew what the records have; what people wrote stays."""

    def do(session: Session, now: datetime, asked: Versioned) -> None:
        drafting.regathered(session, now, visitor.caller, report_id, asked.version)

    return acted(request, visitor, report_id, form, do, "report.changed")


@router.post("/reports/{report_id}/papers")
async def attach(request: Request, visitor: Reporter, report_id: ReportId) -> Response:
    """Seal a paper, such as the log of a conversation, that goes along."""
    coming, fields = upload(request), []
    name, data = "", b""
    while (part := await coming.next()) is not None:
        if part.name == "file" and part.filename is not None:
            name, data = part.filename, await coming.data(attaching.LARGEST)
        else:
            fields.append((part.name, await coming.text(LONGEST)))
    form = forms.checked(Versioned, fields)
    if not data:
        form.fail("file", _("Choose a file that holds something."))
    return await run_in_threadpool(_attached, request, visitor, report_id, form, name, data)


def _attached(
    request: Request,
    visitor: Visitor,
    report_id: str,
    form: Form[Versioned],
    name: str,
    data: bytes,
) -> Response:
    if form.value is None:
        return shown(request, visitor, report_id, form, 422)
    running = state_of(request).running
    _editable(request, visitor, report_id)
    try:
        paper = attaching.handed(running.sealer, name, data)
        with running.app.database.writing() as session:
            attaching.attach(
                session, running.app.database.now(), visitor.caller, report_id,
                form.value.version, paper,
            )  # fmt: skip
    except (NoSuchReport, NotPermitted):
        raise
    except TutelaError as error:
        return shown(request, visitor, report_id, form.refuse(error, "file"), 422)
    return see_other(f"/console/reports/{report_id}", "report.attached")


def _write(
    request: Request, visitor: Visitor, report_id: str, version: int, content: str
) -> None:  # fmt: skip
    database = database_of(request)
    with database.writing() as session:
        editing.edit(session, database.now(), visitor.caller, report_id, version, content)


def _editable(request: Request, visitor: Visitor, report_id: str) -> Looked:
    """A report that may be changed now; of others there is no such page."""
    app = state_of(request).running.app
    with app.database.reading() as session:
        found = reports.looked(app, session, visitor.caller, report_id)
    if found.row.state not in EDITABLE:
        raise HTTPException(404)
    return found


def _part(
    request: Request, visitor: Visitor, report_id: str, part: str
) -> tuple[Looked, list[Block]]:
    found = _editable(request, visitor, report_id)
    try:
        return found, report_fields.blocks(json.loads(found.row.content), part)
    except LookupError:
        raise HTTPException(404) from None


def _typed(blocks: list[Block], typed: Typed) -> list[Block]:
    """The inputs as they were typed."""

    def value(one: report_fields.Input) -> Any:
        if one.kind == "ticks":
            return [code for code in one.options if f"{one.path}={code}" in typed.ticked]
        return typed.values.get(one.path, one.value)

    return [
        Block(
            block.title,
            [
                report_fields.Input(one.path, one.label, one.kind, value(one), one.options)
                for one in block.inputs
            ],
            block.path,
            block.new,
        )
        for block in blocks
    ]


def _part_page(
    request: Request,
    visitor: Visitor,
    found: Looked,
    part: str,
    blocks: list[Block],
    form: Form[Any],
    status: int = 200,
) -> Response:
    name = part.partition(".")[0]
    known = {code: text for kind, each in CODES.items() for code, text in codes(kind, each)}
    return page(
        request, visitor, "reports/edit.html", status, row=found.row, part=part, blocks=blocks,
        title=_("Incident") if name == "incident" else _(WORDS[name]), form=form, codes=known,
        kinds={code: _(text) for code, text in KIND_WORDS.items()},
        removable=name not in report_fields.WHOLE,
        version=form.get("version", found.row.version),
    )  # fmt: skip
