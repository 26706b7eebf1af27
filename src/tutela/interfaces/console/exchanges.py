"""`/exchanges`: lists of partners: how fresh, what came, what they hear, and what a person does."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import Field, SecretStr, create_model
from starlette.responses import Response

from tutela.errors import TutelaError
from tutela.exchanges import leaving, opinions, overview, partners, secrets, service, telling
from tutela.exchanges.outcomes import subject
from tutela.exchanges.partners import Partner
from tutela.interfaces import exchanges as acts
from tutela.interfaces.api.approvals import MOST
from tutela.interfaces.console import forms, second
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
from tutela.people import approvals
from tutela.people.errors import SecondPersonNeeded
from tutela.people.permissions import Permission

Reader = Annotated[Visitor, Depends(may(Permission.BANKS_READ))]
Writer = Annotated[Visitor, Depends(may(Permission.BANKS_WRITE))]
Administrator = Annotated[Visitor, Depends(may(Permission.ADMIN))]
Name = Annotated[str, Path(pattern=f"^{service.NAME.pattern}$")]
PartnerName = Annotated[str, Path(pattern="^[a-z0-9][a-z0-9-]{0,63}$")]
Number = Annotated[int, Path(ge=1, le=MOST)]
HERE = "/console/exchanges"
RUNS = 10

router = APIRouter()


class Asking(Fields):
    """Why something that takes two people is asked for."""

    why: Annotated[str, Field(max_length=approvals.LONGEST_REASON)] = ""


class Fetching(Fields):
    """From where it is fetched."""

    all: bool = False


@router.get("/exchanges")
def show_exchanges(
    request: Request,
    visitor: Reader,
    after: Annotated[str, Query(pattern="^[a-z0-9_-]{0,64}$")] = "",
) -> Response:
    """All of them, by name."""
    with database_of(request).reading() as session:
        now = database_of(request).now()
        found = service.listed(session, after, SHOWN + 1)
    rows = listed(HERE, {"after": after}, found, lambda row: row.name)
    states = {row.name: overview.state(row, now) for row in found}
    return page(request, visitor, "exchanges/list.html", exchanges=rows, states=states)


@router.get("/new-exchange")
def new_exchange(request: Request, visitor: Administrator) -> Response:
    """The partners that there are."""
    known = [partners.named(name) for name in partners.installed()]
    return page(request, visitor, "exchanges/partners.html", partners=known)


@router.get("/new-exchange/{partner}")
def new_exchange_form(request: Request, visitor: Administrator, partner: PartnerName) -> Response:
    """What an exchange with a partner takes."""
    found = partners.named(partner)
    values = {f"set_{one.name}": one.default for one in found.fields}
    values["every"] = str(int(found.every.total_seconds()))
    return _new_page(request, visitor, found, forms.shown(**values))


@router.post("/new-exchange/{partner}")
def add_exchange(request: Request, visitor: Administrator, partner: PartnerName) -> Response:
    """Add an exchange, with its secrets if they were given."""
    found = partners.named(partner)
    form: Form[Any] = forms.checked(_adding(found), request.state.pairs)
    if form.value is None:
        return _new_page(request, visitor, found, form, 422)
    given = form.value.model_dump()
    config = {
        one.name: given[f"set_{one.name}"]
        for one in found.fields
        if one.kind != "secret" and given.get(f"set_{one.name}")
    }
    kept = _secrets(found, given)
    app = state_of(request).running.app
    try:
        with app.database.writing() as session:
            now, actor = app.database.now(), visitor.caller.actor
            row = service.add(session, now, actor, given["name"], partner, config, given["every"])
            if kept:
                secrets.put(session, now, actor, app.exchanges_sealing(), row, kept)
    except TutelaError as error:
        return _new_page(request, visitor, found, form.refuse(error), 422)
    return see_other(f"{HERE}/{given['name']}", "exchange.added")


@router.get("/exchanges/{name}")
def show_exchange(
    request: Request,
    visitor: Reader,
    name: Name,
    before: Annotated[str, Query(pattern="^[0-9]{0,18}$")] = "",
) -> Response:
    """One exchange: how fresh it is, and its runs."""
    return _page(request, visitor, name, forms.shown(), before=before)


@router.post("/exchanges/{name}/fetch")
def fetch(
    request: Request,
    visitor: Writer,
    name: Name,
    form: Annotated[Form[Fetching], forms.form(Fetching)],
) -> Response:
    """Have it fetched by the worker, as soon as it can."""
    if form.value is None:
        return _page(request, visitor, name, form, 422)
    database = database_of(request)
    try:
        with database.writing() as session:
            service.ask(
                session, database.now(), visitor.caller.actor, name, anew=form.value.all
            )  # fmt: skip
    except TutelaError as error:
        return _page(request, visitor, name, form.refuse(error), 409)
    return see_other(f"{HERE}/{name}", "exchange.asked")


@router.post("/exchanges/{name}/pause")
def pause(request: Request, visitor: Writer, name: Name) -> Response:
    """Fetch nothing until it is resumed."""
    database = database_of(request)
    with database.writing() as session:
        service.pause(session, database.now(), visitor.caller.actor, name)
    return see_other(f"{HERE}/{name}", "exchange.paused")


@router.post("/exchanges/{name}/resume")
def resume(request: Request, visitor: Writer, name: Name) -> Response:
    """Fetch again."""
    database = database_of(request)
    with database.writing() as session:
        service.resume(session, database.now(), visitor.caller.actor, name)
    return see_other(f"{HERE}/{name}", "exchange.resumed")


@router.post("/exchanges/{name}/secrets")
def set_secrets(request: Request, visitor: Administrator, name: Name) -> Response:
    """Set how we sign in. They are shown to nobody."""
    app = state_of(request).running.app
    with app.database.reading() as session:
        row = service.get(session, name)
    found = partners.named(row.partner)
    form: Form[Any] = forms.checked(_signing_in(found), request.state.pairs)
    if form.value is None:
        return _page(request, visitor, name, form, 422)
    try:
        with app.database.writing() as session:
            row = service.get(session, name, lock=True)
            secrets.put(
                session, app.database.now(), visitor.caller.actor, app.exchanges_sealing(), row,
                _secrets(found, form.value.model_dump()),
            )  # fmt: skip
    except TutelaError as error:
        return _page(request, visitor, name, form.refuse(error), 422)
    return see_other(f"{HERE}/{name}", "exchange.secrets")


@router.post("/exchanges/{name}/release")
def release(
    request: Request,
    visitor: Writer,
    name: Name,
    form: Annotated[Form[Asking], forms.form(Asking)],
) -> Response:
    """Let the deletions pass that it is held for, once someone else agreed."""
    if form.value is None:
        return _page(request, visitor, name, form, 422)
    return _released(request, visitor, name, form.value.why, form)


@router.post("/exchanges/{name}/release/{number}")
def do_release(request: Request, visitor: Writer, name: Name, number: Number) -> Response:
    """Do what was asked for and agreed to."""
    about = f"exchange:{name}"
    asked = second.mine(database_of(request), visitor, (acts.RELEASE,), about, number)
    return _released(request, visitor, name, asked.why, forms.shown())


@router.post("/exchanges/{name}/leave")
def leave(
    request: Request,
    visitor: Administrator,
    name: Name,
    form: Annotated[Form[Asking], forms.form(Asking)],
) -> Response:
    """Leave the programme, once someone else agreed."""
    if form.value is None:
        return _page(request, visitor, name, form, 422)
    return _left(request, visitor, name, form.value.why, form)


@router.post("/exchanges/{name}/leave/{number}")
def do_leave(request: Request, visitor: Administrator, name: Name, number: Number) -> Response:
    """Do what was asked for and agreed to."""
    about = f"exchange:{name}"
    asked = second.mine(database_of(request), visitor, (leaving.ACT,), about, number)
    return _left(request, visitor, name, asked.why, forms.shown())


@router.post("/exchanges/{name}/statement")
def statement(request: Request, visitor: Administrator, name: Name) -> Response:
    """What was deleted when it was left, signed."""
    app = state_of(request).running.app
    with app.database.reading() as session:
        left = service.get(session, name).left_at is not None
    if not left:
        return see_other(f"{HERE}/{name}")
    envelope, _ = acts.leave(app, visitor.caller, name)
    return Response(
        envelope, media_type="application/json",
        headers={"content-disposition": f'attachment; filename="{name}-left.json"'},
    )  # fmt: skip


def _released(request: Request, visitor: Visitor, name: str, why: str, form: Form[Any]) -> Response:
    try:
        acts.release(state_of(request).running.app, visitor.caller, name, why)
    except SecondPersonNeeded:
        return see_other(f"{HERE}/{name}", "second.asked")
    except TutelaError as error:
        return _page(request, visitor, name, form.refuse(error), 409)
    return see_other(f"{HERE}/{name}", "exchange.released")


def _left(request: Request, visitor: Visitor, name: str, why: str, form: Form[Any]) -> Response:
    try:
        acts.end(state_of(request).running.app, visitor.caller, name, why)
    except SecondPersonNeeded:
        return see_other(f"{HERE}/{name}", "second.asked")
    except TutelaError as error:
        return _page(request, visitor, name, form.refuse(error), 409)
    return see_other(f"{HERE}/{name}", "exchange.left")


def _page(
    request: Request,
    visitor: Visitor,
    name: str,
    form: Form[Any],
    status: int = 200,
    before: str = "",
) -> Response:
    app = state_of(request).running.app
    with app.database.reading() as session:
        now, row = app.database.now(), service.get(session, name)
        runs = service.runs(session, row, int(before or 0), RUNS + 1)
        told = {
            "parts": overview.parts(session, row, app.bankable_types()),
            "feedback": telling.counted(session, row),
            "opinions": opinions.counted(session, row), "state": overview.state(row, now),
            "config": overview.told(row, now)["config"],
            "faults": overview.told_run(runs[0])["faults"] if runs else {},
            "asked": second.waiting(
                session, now, visitor, (acts.RELEASE, leaving.ACT), subject(row)
            ),
        }  # fmt: skip
    found = partners.named(row.partner) if row.partner in partners.installed() else None
    shown = listed(
        f"{HERE}/{name}", {"before": before}, runs, lambda run: run.id, RUNS, name="before"
    )  # fmt: skip
    return page(
        request, visitor, "exchanges/one.html", status, exchange=row, partner=found, runs=shown,
        form=form, may_write=visitor.caller.may(Permission.BANKS_WRITE),
        may_administer=visitor.caller.may(Permission.ADMIN), **told,
    )  # fmt: skip


def _new_page(
    request: Request, visitor: Visitor, partner: Partner, form: Form[Any], status: int = 200
) -> Response:
    return page(request, visitor, "exchanges/new.html", status, partner=partner, form=form)


def _adding(partner: Partner) -> type[Fields]:
    """The form of a new exchange with a partner."""
    parts: dict[str, Any] = {
        "name": (Annotated[str, Field(max_length=32)], ...),
        "every": (Annotated[int, Field(ge=service.LEAST, le=service.MOST)], ...),
    }
    for one in partner.fields:
        if one.kind != "secret":
            kind = Annotated[str, Field(max_length=service.LONGEST)]
            parts[f"set_{one.name}"] = (kind, "")
    return create_model("Adding", __base__=Fields, **parts, **_secret_parts(partner))


def _signing_in(partner: Partner) -> type[Fields]:
    """The form of a partner's secrets."""
    return create_model("SigningIn", __base__=Fields, **_secret_parts(partner))


def _secret_parts(partner: Partner) -> dict[str, Any]:
    kind = Annotated[SecretStr, Field(max_length=secrets.LONGEST)]
    return {
        f"secret_{one.name}": (kind, SecretStr(""))
        for one in partner.fields
        if one.kind == "secret"
    }


def _secrets(partner: Partner, given: dict[str, Any]) -> dict[str, str]:
    found = {
        one.name: given[f"secret_{one.name}"].get_secret_value()
        for one in partner.fields
        if one.kind == "secret"
    }
    return {name: text for name, text in found.items() if text}
