"""`/banks/{name}/…`: what is in a bank, by single signals and by whole lists."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import Annotated

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from tutela.banks import changes, exporting, lists, service
from tutela.banks.changes import New
from tutela.banks.lists import FIELDS, LineReader, ListFormat, Rejected
from tutela.banks.models import Bank
from tutela.banks.removing import remove_value
from tutela.banks.search import owners
from tutela.interfaces.api import importing
from tutela.interfaces.api.banks import (
    Exporter,
    Reader,
    SignalShown,
    Why,
    Writer,
    actor,
    with_two,
)
from tutela.interfaces.api.json_bodies import (
    NAME,
    NO_ZERO,
    WHOLE,
    After,
    At,
    BankName,
    Given,
    Page,
    SignalName,
    SignalValue,
    Text,
    given,
    page,
)
from tutela.interfaces.api.problems import Problem
from tutela.interfaces.api.state import Limit, Shared
from tutela.people.permissions import Permission
from tutela.signals.urls import Keyer
from tutela.storage import Database, Session

MOST_SIGNALS = 1000
"""Signals in one body: more are a list."""

Fixed = Annotated[str, Query(max_length=128, pattern=NO_ZERO)]
router = APIRouter(tags=["banks"])


class NewSignal(Given):
    """A signal to add."""

    type: SignalName
    value: SignalValue
    quality: Annotated[int, Field(ge=0, le=lists.MOST_QUALITY), WHOLE] | None = None
    labels: Annotated[
        list[Annotated[str, Field(pattern=f"^{lists.LABEL.pattern}$")]],
        Field(max_length=lists.MOST_LABELS),
    ] = Field(default=[])
    source: Annotated[Text, Field(max_length=lists.LONGEST["source"])] = ""
    member: Annotated[Text, Field(max_length=lists.LONGEST["member"])] = ""
    external_id: Annotated[Text, Field(max_length=lists.LONGEST["external_id"])] = ""
    hashed_by: Annotated[Text, Field(max_length=lists.LONGEST["hashed_by"])] = ""
    first_seen: At | None = None
    last_seen: At | None = None


class NewSignals(Given):
    """Signals to add: all or none of them."""

    signals: Annotated[list[NewSignal], Field(min_length=1, max_length=MOST_SIGNALS)]


class Value(Given):
    """A value to take out, whoever gave it."""

    type: SignalName
    value: SignalValue


class Added(BaseModel):
    """What adding came to: `known` were there. `version` and `root` are the bank's after it."""

    added: int
    known: int
    version: int
    root: str


class Removed(BaseModel):
    """How many signals were removed."""

    removed: int


@router.get("/banks/{name}/signals", responses={404: {}})
def list_signals(
    _: Reader, name: BankName, shared: Shared, after: After = "0", limit: Limit = 100
) -> Page[SignalShown]:
    """List the signals of a bank in the order in which they came."""
    with shared.running.app.database.reading() as session:
        bank = service.get(session, name)
        found = owners(session, bank=bank, after=int(after), limit=limit + 1)
    return page(found, limit, SignalShown.of, lambda owner: owner.number)


@router.post("/banks/{name}/signals", responses={404: {}, 409: {}})
def add_signals(
    holder: Writer, body: Annotated[NewSignals, given(NewSignals)], name: BankName, shared: Shared
) -> Added:
    """Add signals, or say again of those that the bank has."""
    new = list(_read(body.signals, shared.running.app.keyer))
    database = shared.running.app.database
    with database.writing() as session:
        bank = service.fillable(session, name)
        made = changes.add(session, database.now(), actor(holder), bank.id, new)
    return Added(
        added=made.added, known=len(new) - made.added, version=made.version, root=made.root
    )


@router.post("/banks/{name}/signals/remove", responses={404: {}, 409: {}})
def remove_signals(
    holder: Writer, body: Annotated[Value, given(Value)], name: BankName, shared: Shared
) -> Removed:
    """Take a value out of a bank, whoever gave it."""
    database = shared.running.app.database
    return Removed(removed=remove_value(database, actor(holder), name, body.type, body.value))


@router.post("/banks/{name}/import", responses={404: {}, 409: {}})
async def import_list(
    request: Request,
    holder: Writer,
    name: BankName,
    shared: Shared,
    type: Annotated[  # noqa: A002 - the command's name for it
        str | None, Query(max_length=64, pattern=NO_ZERO, description="Of values without one.")
    ] = None,
    csv: Annotated[
        bool | None, Query(description="Default: whether there is a map, or it is text/csv.")
    ] = None,
    map: Annotated[  # noqa: A002 - likewise
        list[Annotated[str, Field(max_length=256, pattern=NO_ZERO)]] | None,
        Query(max_length=len(FIELDS) + 10, description="FIELD=COLUMN; repeat it."),
    ] = None,
    delimiter: Annotated[str, Query(max_length=2, pattern=NO_ZERO)] = ",",
    member: Fixed = "",
    hashed_by: Fixed = "",
    labels: Annotated[str, Query(max_length=4096, pattern=NO_ZERO)] = "",
    seeded_from: Annotated[str | None, Query(pattern=NAME)] = None,
) -> importing.Imported:
    """Read a list into a bank while it comes. Interrupted, the same request goes on where it
    ended."""
    if csv is None:
        csv = bool(map) or request.headers.get("content-type", "").lower().startswith("text/csv")
    form = lists.form_of(
        type, map or [], csv=csv, delimiter=delimiter,
        member=member, hashed_by=hashed_by, labels=labels,
    )  # fmt: skip
    with importing.places.one():
        work = importing.Work(shared, request, actor(holder), name, form, seeded_from)
        return await to_thread.run_sync(work.run, limiter=CapacityLimiter(1))


@router.post("/banks/{name}/export", responses={404: {}, 409: {}}, response_class=StreamingResponse)
async def export_bank(
    holder: Exporter, name: BankName, shared: Shared, why: Why = ""
) -> StreamingResponse:
    """Give a bank as CSV, if its licence lets it. Takes two people: answered 409 until another key
    has approved, then given when it is sent again, once."""
    database = shared.running.app.database

    def begin() -> Bank:
        with database.reading() as session:
            exporting.require(service.get(session, name))
        return with_two(
            shared, holder, Permission.EXPORT, "bank.export", f"bank:{name}", {}, log, why
        )

    def log(session: Session, who: str) -> Bank:
        return exporting.log(session, database.now(), who, name)

    bank = await run_in_threadpool(begin)
    return StreamingResponse(
        pulled(csv_lines(database, bank)),
        media_type="text/csv",
        headers={"content-disposition": f'attachment; filename="{name}.csv"'},
    )


def _read(signals: list[NewSignal], keyer: Keyer) -> Iterator[New]:
    """Raises `Problem` 422 that says which is none."""
    reader = LineReader(ListFormat("sha256"), keyer=keyer)  # each says its own
    for number, one in enumerate(signals):
        texts = {
            "quality": "" if one.quality is None else str(one.quality),
            "labels": " ".join(one.labels), "source": one.source, "member": one.member,
            "external_id": one.external_id, "hashed_by": one.hashed_by,
            "first_seen": _iso(one.first_seen), "last_seen": _iso(one.last_seen),
        }  # fmt: skip
        try:
            yield reader.signal(one.type, one.value, texts)
        except Rejected as error:
            what = f"signals.{number}: {error}."
            raise Problem(422, "signal-refused", what, "See docs/banks.md.") from None


def _iso(at: datetime | None) -> str:
    return "" if at is None else at.isoformat()


def csv_lines(database: Database, bank: Bank) -> Iterator[str]:
    """The file of an export, a page at a time."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(exporting.COLUMNS)
    for some in exporting.pages(database, bank):
        writer.writerows(exporting.row(owner) for owner in some)
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


async def pulled(lines: Iterator[str]) -> AsyncIterator[str]:
    """What a generator gives that reads the database; it ends with whoever asks."""
    try:
        while (text := await run_in_threadpool(next, lines, None)) is not None:
            if text:
                yield text
    finally:
        lines.close()  # type: ignore[attr-defined] # a generator's
