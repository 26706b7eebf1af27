"""`/find`: which banks know a value, or one near it. The value is sent, never in an address."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import Response

from tutela.banks.search import owners
from tutela.banks.values import bankable, packed
from tutela.errors import TutelaError
from tutela.interfaces.console import forms
from tutela.interfaces.console.banks import Distance, Reader
from tutela.interfaces.console.forms import Fields, Form
from tutela.interfaces.console.paging import SHOWN
from tutela.interfaces.console.shell import Visitor, page, state_of
from tutela.running import Running
from tutela.signals import Signal

router = APIRouter()


class Sought(Fields):
    """A value that banks may know. `after`: the owner that the page before ended with."""

    type: Annotated[str, Field(pattern="^[a-z0-9_.-]{1,64}$")]
    value: Annotated[str, Field(pattern="^[0-9a-fA-F]+$", max_length=1024)]
    distance: Distance | None = None
    after: Annotated[int, Field(ge=0, le=2**63 - 1)] = 0


@router.get("/find")
def find_form(request: Request, visitor: Reader) -> Response:
    return _page(request, visitor, forms.shown(type="pdq"), None)


@router.post("/find")
def find_value(
    request: Request, visitor: Reader, form: Annotated[Form[Sought], forms.form(Sought)]
) -> Response:
    """Banks that are on and know the value or one near it, and all owners of this very value."""
    if form.value is None:
        return _page(request, visitor, form, None, 422)
    try:
        found = _found(state_of(request).running, form.value)
    except TutelaError as error:
        form.refuse(error, "value")
        return _page(request, visitor, form, None, 422)
    return _page(request, visitor, form, found)


def _found(running: Running, sought: Sought) -> dict[str, Any]:
    kind = bankable(sought.type)
    stored = packed(kind, sought.value, running.app.keyer)
    matches = running.search.search([Signal(kind.name, stored.hex())], sought.distance)
    with running.app.database.reading() as session:
        known = owners(session, type=kind.name, value=stored, after=sought.after, limit=SHOWN + 1)
    return {
        "searched": kind.name in running.index.types,
        "matches": matches,
        "owners": known[:SHOWN],
        "next": known[SHOWN - 1].number if len(known) > SHOWN else None,
        "sought": sought,
    }


def _page(
    request: Request, visitor: Visitor, form: Form[Any], found: dict[str, Any] | None,
    status: int = 200,
) -> Response:  # fmt: skip
    types = [(name, name) for name in state_of(request).running.index.types]
    return page(request, visitor, "banks/find.html", status, form=form, found=found, types=types)
