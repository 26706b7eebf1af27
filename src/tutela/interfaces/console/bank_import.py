"""`/banks/{name}/import`: a list that a browser sends, read while it comes, and how far it is.

How far an import is stands in its row of the database: any web process can show it, and after a
crash it still says where to go on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Path, Request
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from tutela.banks import importing as imports
from tutela.banks import lists, service
from tutela.banks.models import Bank, Import
from tutela.errors import TutelaError
from tutela.interfaces.api import importing
from tutela.interfaces.api.importing import Imported
from tutela.interfaces.api.json_bodies import BankName
from tutela.interfaces.console import forms
from tutela.interfaces.console.banks import Reader, Writer
from tutela.interfaces.console.forms import Fields, Form
from tutela.interfaces.console.shell import (
    Visitor,
    database_of,
    fragment,
    page,
    state_of,
)
from tutela.interfaces.console.texts import gettext as _
from tutela.interfaces.console.uploads import Upload, upload
from tutela.storage import Database

FILE = "file"
MOST_FIELDS = 64 * 1024
"""Bytes of the fields before the file."""

QUIET = timedelta(seconds=90)
"""Without news an import is said to have stopped: a sender that is silent is given up after 30
seconds, and what one chunk takes to be stored is far less than the rest."""

Fixed = Annotated[str, Field(max_length=128)]
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
router = APIRouter()


class Listing(Fields):
    """How a list is to be read. `map` has a FIELD=COLUMN a line."""

    kind: Annotated[str, Field(pattern="^(guess|plain|csv)$")] = "guess"
    type: Annotated[str, Field(max_length=64)] = ""
    map: Annotated[str, Field(max_length=4096)] = ""
    delimiter: Annotated[str, Field(max_length=2)] = ","
    member: Fixed = ""
    hashed_by: Fixed = ""
    labels: Annotated[str, Field(max_length=4096)] = ""
    seeded_from: Annotated[str, Field(pattern=f"^{service.NAME.pattern}$")] | None = None


@dataclass(frozen=True, slots=True)
class Reached:
    """How far an import is: at work, done, or stopped."""

    row: Import
    state: str

    @classmethod
    def of(cls, row: Import, now: datetime) -> Reached:
        if row.finished_at is not None:
            return cls(row, "done")
        return cls(row, "work" if now - row.changed_at < QUIET else "stopped")


@router.get("/banks/{name}/import")
def import_form(request: Request, visitor: Writer, name: BankName) -> Response:
    return _page(request, visitor, name, forms.shown(delimiter=",", kind="guess"))


@router.post("/banks/{name}/import")
async def import_list(request: Request, visitor: Writer, name: BankName) -> Response:
    """Read a list into the bank while it comes; sent again after it stopped, it goes on there."""
    coming = upload(request)
    form, filename = await _fields(coming)
    if not filename:
        form.fail(FILE, _("Choose the file that has the list."))
    if form.value is None:
        return await run_in_threadpool(_page, request, visitor, name, form, 422)
    try:
        with importing.places.one():
            how = _form_of(form.value, filename)
            work = importing.Work(
                state_of(request), request, visitor.caller.actor, name, how,
                form.value.seeded_from, coming.chunks(),
            )  # fmt: skip
            done = await to_thread.run_sync(work.run, limiter=CapacityLimiter(1))
    except TutelaError as error:
        form.refuse(error)
        return await run_in_threadpool(_page, request, visitor, name, form, 422)
    return _result(request, visitor, done)


async def _fields(coming: Upload) -> tuple[Form[Listing], str]:
    """What stands in the form before its file, and the file's name."""
    found: list[tuple[str, str]] = []
    left = MOST_FIELDS
    while (part := await coming.next()) is not None:
        if part.name == FILE and part.filename is not None:
            return forms.checked(Listing, found), part.filename
        text = await coming.text(left)
        left -= len(text)
        found.append((part.name, text))
    return forms.checked(Listing, found), ""


def _form_of(given: Listing, filename: str) -> lists.ListFormat:
    """Raises `ListRefused`."""
    pairs = [line.strip() for line in given.map.splitlines() if line.strip()]
    ending = filename.lower().rpartition(".")[2]
    csv = given.kind == "csv"
    if given.kind == "guess":
        csv = bool(pairs) or ending in ("csv", "tsv")
    delimiter = "\\t" if ending == "tsv" and given.delimiter == "," else given.delimiter
    return lists.form_of(
        given.type or None, pairs, csv=csv, delimiter=delimiter,
        member=given.member, hashed_by=given.hashed_by, labels=given.labels,
    )  # fmt: skip


@router.get("/banks/{name}/imports")
def show_imports(request: Request, visitor: Reader, name: BankName) -> Response:
    """How far the last imports of a bank are: a part of a page, asked for again and again."""
    bank, found = _recent(database_of(request), name)
    return fragment(
        request, visitor, "banks/imports_part.html", bank=bank, imports=found, polled=True
    )


@router.get("/imports/{number}")
def show_import(request: Request, visitor: Reader, number: Number) -> Response:
    """How far an import is."""
    bank, reached = _numbered(database_of(request), number)
    return page(request, visitor, "banks/import_one.html", bank=bank, one=reached)


@router.get("/imports/{number}/progress")
def show_progress(request: Request, visitor: Reader, number: Number) -> Response:
    """The same as a part of the page."""
    bank, reached = _numbered(database_of(request), number)
    return fragment(request, visitor, "banks/progress_part.html", bank=bank, one=reached)


def _numbered(database: Database, number: int) -> tuple[Bank, Reached]:
    with database.reading() as session:
        found = imports.numbered(session, number)
    if found is None:
        raise HTTPException(404)
    return found[1], Reached.of(found[0], database.now())


def _recent(database: Database, name: str) -> tuple[Bank, list[Reached]]:
    with database.reading() as session:
        bank = service.get(session, name)
        rows = imports.recent(session, bank.id)
    now = database.now()
    return bank, [Reached.of(row, now) for row in rows]


def _page(
    request: Request, visitor: Visitor, name: str, form: Form[Any], status: int = 200
) -> Response:
    state = state_of(request)
    bank, found = _recent(state.running.app.database, name)
    if bank.name == service.TEST:
        raise HTTPException(404)
    return page(
        request, visitor, "banks/import.html", status, bank=bank, form=form, imports=found,
        polled=any(one.state == "work" for one in found),
        types=[("", _("the list says it")), *((one, one) for one in state.running.index.types)],
        fields=lists.FIELDS, longest=state.running.app.settings.imports.longest_line,
    )  # fmt: skip


def _result(request: Request, visitor: Visitor, done: Imported) -> Response:
    return page(request, visitor, "banks/imported.html", done=done, most=importing.MOST_REJECTED)
