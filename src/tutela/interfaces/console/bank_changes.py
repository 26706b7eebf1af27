"""`/banks/{name}/…`: what is changed of a bank, and who must agree."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Path, Request
from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from tutela.banks import exporting, service
from tutela.banks.errors import BankError
from tutela.banks.models import Bank, Purpose
from tutela.errors import TutelaError
from tutela.interfaces.api import bank_lists
from tutela.interfaces.api.approvals import MOST
from tutela.interfaces.api.json_bodies import BankName
from tutela.interfaces.console import forms, second
from tutela.interfaces.console.banks import Distance, Share, Writer, purposes
from tutela.interfaces.console.forms import Fields, Form
from tutela.interfaces.console.second import Asking
from tutela.interfaces.console.shell import (
    Visitor,
    database_of,
    may,
    page,
    see_other,
    state_of,
)
from tutela.interfaces.console.texts import gettext as _
from tutela.matching.layouts import FARTHEST
from tutela.people.errors import SecondPersonNeeded
from tutela.people.permissions import Permission
from tutela.storage import Session

Exporter = Annotated[Visitor, Depends(may(Permission.EXPORT))]
Number = Annotated[int, Path(ge=1, le=MOST)]
Done = TypeVar("Done")
ONES = ("may_export", "may_publish", "may_seed", "delete_on_leaving")
CHANGED = ("purpose", "note", "distance", "rollout", "licence", *ONES)
"""What of a bank can be another."""

NEEDS = {"bank.change": Permission.BANKS_WRITE, "bank.export": Permission.EXPORT}

router = APIRouter()


class Changed(Asking):
    """What a bank is to be, whole: a box that is not ticked says no."""

    purpose: Purpose
    note: Annotated[str, Field(max_length=10_000)] = ""
    distance: Distance | None = None
    rollout: Share = 1.0
    licence: Annotated[str, Field(max_length=128)] = ""
    may_export: bool = False
    may_publish: bool = False
    may_seed: bool = False
    delete_on_leaving: bool = False


class Until(Fields):
    """Until when a bank is to be off, on the clock of who says so; empty for good."""

    until: datetime | None = None


class Named(Fields):
    """The name of a bank, typed once more by who deletes it."""

    name: str = ""


@router.get("/banks/{name}/change")
def change_form(request: Request, visitor: Writer, name: BankName) -> Response:
    bank = _bank(request, name)
    values = {field: getattr(bank, field) for field in CHANGED}
    values["distance"] = "" if bank.distance is None else bank.distance
    return _change_page(request, visitor, bank, forms.shown(**values))


@router.post("/banks/{name}/change")
def change_bank(
    request: Request,
    visitor: Writer,
    name: BankName,
    form: Annotated[Form[Changed], forms.form(Changed)],
) -> Response:
    """Change what is another; what takes two people waits for the second."""
    bank, here = _bank(request, name), f"/console/banks/{name}"
    if form.value is None:
        return _change_page(request, visitor, bank, form, 422)
    given = form.value.model_dump(mode="json", include=set(CHANGED))
    new = {field: value for field, value in given.items() if value != getattr(bank, field)}
    if not new:
        return see_other(here)
    try:
        if service.TAKES_TWO.isdisjoint(new):
            database = database_of(request)
            with database.writing() as session:
                service.change(session, database.now(), visitor.caller.actor, name, new)
        else:
            act = _changing(request, name, new)
            _with_two(request, visitor, "bank.change", name, new, act, form.value)
    except SecondPersonNeeded:
        return see_other(here, "second.asked")
    except TutelaError as error:
        form.refuse(error)
        return _change_page(request, visitor, bank, form, 422)
    return see_other(here, "bank.changed")


@router.post("/banks/{name}/disable")
def disable_bank(
    request: Request,
    visitor: Writer,
    name: BankName,
    form: Annotated[Form[Until], forms.form(Until)],
) -> Response:
    """From now on nothing matches in the bank, for good or until a time."""
    bank, database = _bank(request, name), database_of(request)
    if form.value is not None:
        until = form.value.until
        if until is not None and until.tzinfo is None:
            until = until.replace(tzinfo=visitor.zone)
        try:
            with database.writing() as session:
                service.disable(session, database.now(), visitor.caller.actor, name, until)
            return see_other(f"/console/banks/{name}", "bank.disabled")
        except BankError as error:
            form.refuse(error, "until")
    return page(request, visitor, "banks/disable.html", 422, bank=bank, form=form)


@router.get("/banks/{name}/disable")
def disable_form(request: Request, visitor: Writer, name: BankName) -> Response:
    bank = _bank(request, name)
    return page(request, visitor, "banks/disable.html", bank=bank, form=forms.shown())


@router.post("/banks/{name}/enable")
def enable_bank(request: Request, visitor: Writer, name: BankName) -> Response:
    """What is in the bank matches again."""
    database = database_of(request)
    with database.writing() as session:
        service.enable(session, database.now(), visitor.caller.actor, name)
    return see_other(f"/console/banks/{name}", "bank.enabled")


@router.get("/banks/{name}/delete")
def delete_form(request: Request, visitor: Writer, name: BankName) -> Response:
    bank = _bank(request, name)
    return page(request, visitor, "banks/delete.html", bank=bank, form=forms.shown())


@router.post("/banks/{name}/delete")
def delete_bank(
    request: Request,
    visitor: Writer,
    name: BankName,
    form: Annotated[Form[Named], forms.form(Named)],
) -> Response:
    """From now on nothing matches in the bank; what it held, the worker removes."""
    bank, database = _bank(request, name), database_of(request)
    if form.value is None or form.value.name != name:
        form.fail("name", _("This is not the name of the bank. Nothing was deleted."))
        return page(request, visitor, "banks/delete.html", 422, bank=bank, form=form)
    with database.writing() as session:
        service.mark_deleted(session, database.now(), visitor.caller.actor, name)
    return see_other("/console/banks", "bank.deleted")


@router.post("/banks/{name}/export")
def export_bank(
    request: Request,
    visitor: Exporter,
    name: BankName,
    form: Annotated[Form[Asking], forms.form(Asking)],
) -> Response:
    """The bank as CSV, if its licence lets it and a second person agreed."""
    if form.value is not None:
        try:
            return _export(request, visitor, name, form.value)
        except TutelaError as error:
            form.refuse(error)
    return _export_page(request, visitor, name, form, 422)


@router.get("/banks/{name}/export")
def export_form(request: Request, visitor: Exporter, name: BankName) -> Response:
    return _export_page(request, visitor, name, forms.shown())


@router.post("/banks/{name}/changes/{number}")
def do_change(request: Request, visitor: Writer, name: BankName, number: Number) -> Response:
    """Change what was asked for and agreed to, exactly as it was asked."""
    subject, here = f"bank:{name}", f"/console/banks/{name}"
    asked = second.mine(database_of(request), visitor, ("bank.change",), subject, number)
    try:
        act = _changing(request, name, asked.facts)
        _with_two(request, visitor, "bank.change", name, asked.facts, act, Asking())
    except SecondPersonNeeded:
        return see_other(here, "second.waits")
    return see_other(here, "bank.changed")


@router.post("/banks/{name}/exports/{number}")
def do_export(request: Request, visitor: Exporter, name: BankName, number: Number) -> Response:
    """Export what was asked for and agreed to."""
    second.mine(database_of(request), visitor, ("bank.export",), f"bank:{name}", number)
    return _export(request, visitor, name, Asking())


def _export(request: Request, visitor: Visitor, name: str, asking: Asking) -> Response:
    database = database_of(request)
    with database.reading() as session:
        exporting.require(service.get(session, name))

    def log(session: Session, who: str) -> Bank:
        return exporting.log(session, database.now(), who, name)

    try:
        bank = _with_two(request, visitor, "bank.export", name, {}, log, asking)
    except SecondPersonNeeded:
        return see_other(f"/console/banks/{name}", "second.asked")
    return StreamingResponse(
        bank_lists.pulled(bank_lists.csv_lines(database, bank)),
        media_type="text/csv",
        headers={"content-disposition": f'attachment; filename="{name}.csv"'},
    )


def _export_page(
    request: Request, visitor: Visitor, name: str, form: Form[Any], status: int = 200
) -> Response:
    return page(request, visitor, "banks/export.html", status, bank=_bank(request, name), form=form)


def _change_page(
    request: Request, visitor: Visitor, bank: Bank, form: Form[Any], status: int = 200
) -> Response:
    if bank.name == service.TEST:
        raise HTTPException(404)
    return page(
        request, visitor, "banks/change.html", status, bank=bank, form=form, purposes=purposes(),
        farthest=FARTHEST,
    )  # fmt: skip


def _changing(
    request: Request, name: str, new: Mapping[str, Any]
) -> Callable[[Session, str], Bank]:
    now = database_of(request).now()

    def do(session: Session, who: str) -> Bank:
        return service.change(session, now, who, name, new)

    return do


def _with_two(
    request: Request,
    visitor: Visitor,
    act: str,
    name: str,
    facts: Mapping[str, Any],
    do: Callable[[Session, str], Done],
    asking: Asking,
) -> Done:
    """Raises `SecondPersonNeeded` if nobody agreed yet."""
    return state_of(request).running.app.with_two(
        visitor.caller, NEEDS[act], act, f"bank:{name}", facts, do,
        why=asking.why, danger=asking.danger,
    )  # fmt: skip


def _bank(request: Request, name: str) -> Bank:
    with database_of(request).reading() as session:
        return service.get(session, name)
