"""`/banks`: banks as a whole, one of them with what is in it, and a new one."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field
from starlette.responses import Response

from tutela.banks import importing, roots, service
from tutela.banks.errors import BankError
from tutela.banks.models import Purpose
from tutela.banks.search import owners
from tutela.banks.service import Licence
from tutela.interfaces.api.json_bodies import NO_ZERO, After, AfterName, BankName
from tutela.interfaces.console import forms, second
from tutela.interfaces.console.forms import Fields, Form
from tutela.interfaces.console.paging import SHOWN, listed
from tutela.interfaces.console.shell import Visitor, database_of, may, page, see_other
from tutela.interfaces.console.texts import N_
from tutela.interfaces.console.texts import gettext as _
from tutela.matching.layouts import FARTHEST
from tutela.people.permissions import Permission

Reader = Annotated[Visitor, Depends(may(Permission.BANKS_READ))]
Writer = Annotated[Visitor, Depends(may(Permission.BANKS_WRITE))]
Distance = Annotated[int, Field(ge=0, le=FARTHEST)]
Share = Annotated[float, Field(ge=0, le=1)]

ACTS = ("bank.change", "bank.export")
"""Acts on a bank that take two people."""

PURPOSES = {
    Purpose.KNOWN_CSEA: N_("known child sexual exploitation and abuse"),
    Purpose.SURVIVOR_REQUEST: N_("what the person shown asked to have blocked"),
    Purpose.ADULT_INTIMATE: N_("intimate pictures of adults, shared without consent"),
    Purpose.NEVER_MATCH: N_("harmless pictures, which speak against other matches"),
    Purpose.TEST: N_("for trying things out"),
}
"""As docs/banks.md has them."""

router = APIRouter()


class NewBank(Fields):
    """A bank to be made. Its licence allows nothing but what is said here."""

    name: Annotated[str, Field(pattern=f"^{service.NAME.pattern}$")]
    purpose: Purpose
    source: Annotated[str, Field(max_length=128)] = "own"
    note: Annotated[str, Field(max_length=10_000)] = ""
    distance: Distance | None = None
    rollout: Share = 1.0
    licence: Annotated[str, Field(max_length=128)] = ""
    may_export: bool = False
    may_publish: bool = False
    may_seed: bool = False
    delete_on_leaving: bool = False


@router.get("/banks")
def show_banks(
    request: Request,
    visitor: Reader,
    purpose: Purpose | Literal[""] = "",
    containing: Annotated[str, Query(max_length=128, pattern=NO_ZERO)] = "",
    after: AfterName = "",
) -> Response:
    """Banks by name."""
    database = database_of(request)
    with database.reading() as session:
        found = service.listed(
            session, purpose=purpose or None, containing=containing.strip(), after=after,
            limit=SHOWN + 1,
        )  # fmt: skip
        now = database.now()
        on = {bank.name for bank in found if service.is_on(bank, now)}
    filters = {"purpose": purpose, "containing": containing, "after": after}
    return page(
        request, visitor, "banks/list.html",
        banks=listed("/console/banks", filters, found, lambda bank: bank.name),
        on=on, filtered=bool(purpose or containing), purposes=purposes(),
    )  # fmt: skip


@router.get("/new-bank")
def new_bank(request: Request, visitor: Writer) -> Response:
    """A form for a new bank. No bank stands in its way: names of banks are below `/banks`."""
    return _new(request, visitor, forms.shown(source="own", rollout="1"))


@router.post("/new-bank")
def create_bank(
    request: Request, visitor: Writer, form: Annotated[Form[NewBank], forms.form(NewBank)]
) -> Response:
    if form.value is not None:
        new, database = form.value, database_of(request)
        rules = Licence(
            new.licence, new.may_export, new.may_publish, new.may_seed, new.delete_on_leaving
        )
        try:
            with database.writing() as session:
                service.create(
                    session, database.now(), visitor.caller.actor, new.name, new.purpose,
                    source=new.source, note=new.note, distance=new.distance, rollout=new.rollout,
                    licence=rules,
                )  # fmt: skip
            return see_other(f"/console/banks/{new.name}", "bank.created")
        except BankError as error:
            form.refuse(error)
    return _new(request, visitor, form, 422)


def _new(request: Request, visitor: Visitor, form: Form[Any], status: int = 200) -> Response:
    return page(
        request, visitor, "banks/new.html", status, form=form, purposes=purposes(),
        farthest=FARTHEST,
    )  # fmt: skip


@router.get("/banks/{name}")
def show_bank(request: Request, visitor: Reader, name: BankName, after: After = "0") -> Response:
    """A bank: what it is, what waits for a second person, and a page of its signals."""
    database = database_of(request)
    with database.reading() as session:
        now = database.now()
        bank = service.get(session, name)
        signals = owners(session, bank=bank, after=int(after), limit=SHOWN + 1)
        asked = second.waiting(session, now, visitor, ACTS, f"bank:{name}")
        imports = importing.recent(session, bank.id, 5)
    here = f"/console/banks/{name}"
    cursor = after if after != "0" else ""
    return page(
        request, visitor, "banks/one.html",
        bank=bank, on=service.is_on(bank, now), root=roots.root(bank.state),
        purpose=_(PURPOSES[bank.purpose]), ours=bank.name != service.TEST,
        signals=listed(here, {"after": cursor}, signals, lambda one: one.number),
        asked=asked, imports=imports,
        writes=visitor.may(Permission.BANKS_WRITE), exports=visitor.may(Permission.EXPORT),
    )  # fmt: skip


def purposes() -> list[tuple[str, str]]:
    """What a bank may be kept for, to choose from."""
    return [(str(purpose), f"{purpose}: {_(what)}") for purpose, what in PURPOSES.items()]
