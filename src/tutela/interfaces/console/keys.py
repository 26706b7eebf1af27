"""`/keys`: what programs ask with."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from pydantic import Field
from starlette.responses import Response

from tutela.errors import TutelaError
from tutela.interfaces.api.json_bodies import AfterName
from tutela.interfaces.console import forms
from tutela.interfaces.console.forms import Fields, Form
from tutela.interfaces.console.paging import SHOWN, listed
from tutela.interfaces.console.roles import permission_choices
from tutela.interfaces.console.shell import Visitor, database_of, may, page, see_other
from tutela.people import keys
from tutela.people.permissions import RESTRICTED, Permission

Administrator = Annotated[Visitor, Depends(may(Permission.ADMIN))]
KeyName = Annotated[str, Path(pattern=f"^{keys.NAME.pattern}$")]

router = APIRouter()


class NewKey(Fields):
    """A key to be made."""

    name: Annotated[str, Field(pattern=f"^{keys.NAME.pattern}$")]
    scopes: Annotated[list[Permission], Field(min_length=1)]
    rate: Annotated[int, Field(ge=1, le=1 << 20)] | None = None


@router.get("/keys")
def show_keys(request: Request, visitor: Administrator, after: AfterName = "") -> Response:
    """Keys by name, those revoked too."""
    with database_of(request).reading() as session:
        found = keys.listed(session, after, SHOWN + 1)
    return page(
        request, visitor, "keys/list.html", restricted=RESTRICTED,
        keys=listed("/console/keys", {"after": after}, found, lambda key: key.name),
    )  # fmt: skip


@router.get("/new-key")
def new_key(request: Request, visitor: Administrator) -> Response:
    return _new(request, visitor, forms.shown())


@router.post("/new-key")
def create(
    request: Request, visitor: Administrator, form: Annotated[Form[NewKey], forms.form(NewKey)]
) -> Response:
    """The secret is on the page that answers, once."""
    if form.value is not None:
        new, database = form.value, database_of(request)
        try:
            with database.writing() as session:
                key, secret = keys.create(
                    session, database.now(), visitor.caller, new.name, new.scopes, new.rate
                )
            return page(request, visitor, "keys/made.html", key=key, secret=secret)
        except TutelaError as error:
            form.refuse(error)
    return _new(request, visitor, form, 422)


@router.post("/keys/{name}/revoke")
def revoke(request: Request, visitor: Administrator, name: KeyName) -> Response:
    database = database_of(request)
    with database.writing() as session:
        keys.revoke(session, database.now(), visitor.caller.actor, name)
    return see_other("/console/keys", "key.revoked")


def _new(request: Request, visitor: Visitor, form: Form[Any], status: int = 200) -> Response:
    """Of what is restricted, only what the visitor has can be given."""
    offered = [
        choice
        for choice in permission_choices()
        if choice[0] not in RESTRICTED or choice[0] in visitor.caller.permissions
    ]
    return page(request, visitor, "keys/new.html", status, form=form, choices=offered)
