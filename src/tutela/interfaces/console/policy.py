"""`/policy`: which policy decides and which did, and what a draft would."""

from __future__ import annotations

import difflib
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import Field, StringConstraints
from starlette.responses import Response

from tutela.errors import TutelaError
from tutela.interfaces.api.approvals import MOST
from tutela.interfaces.api.json_bodies import MOST_NUMBER
from tutela.interfaces.console import forms, second
from tutela.interfaces.console.forms import Form
from tutela.interfaces.console.paging import SHOWN, listed
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
from tutela.people.errors import SecondPersonNeeded
from tutela.people.permissions import Permission
from tutela.policy import Policy, PolicyError, load, replay
from tutela.policy.documents import MAX_SIZE
from tutela.policy.words import channel_words, ending_words, rule_words
from tutela.screening import policies, records
from tutela.storage import Session

Keeper = Annotated[Visitor, Depends(may(Permission.POLICY))]
ACT, SUBJECT = "policy.apply", "policy"
REPLAYED = 1000
"""Recorded decisions that one page replays a draft against: a tenth of a second or so."""

ITEM = "itm_[a-z2-7]{26}"
MOST_DIFFERENCE = 2000
"""Lines of a difference that are shown."""

router = APIRouter()


class Draft(Asking):
    """A policy as it is being written. `after`: the item that the page of a replay ended with."""

    text: Annotated[str, StringConstraints(strip_whitespace=False, max_length=MAX_SIZE)]
    after: Annotated[str, Field(pattern=f"^({ITEM})?$")] = ""


@router.get("/policy")
def show_policy(request: Request, visitor: Keeper) -> Response:
    """The policy in force, in its own words and in ours; and what waits for a second person."""
    database = database_of(request)
    with database.reading() as session:
        row = policies.current(session)
        asked = second.waiting(session, database.now(), visitor, (ACT,), SUBJECT)
    return page(request, visitor, "policy/one.html", row=row, asked=asked, current=True,
                **_words(_loaded(row.text) if row else None))  # fmt: skip


@router.get("/policy/history")
def show_history(
    request: Request, visitor: Keeper,
    before: Annotated[str, Query(pattern="^[0-9]{0,18}$")] = "",
) -> Response:  # fmt: skip
    """What was applied, the last first."""
    with database_of(request).reading() as session:
        found = policies.latest(session, int(before) if before else None, SHOWN + 1)
    rows = listed(
        "/console/policy/history", {"before": before}, found, lambda row: row.number, name="before"
    )
    return page(request, visitor, "policy/history.html", rows=rows)


@router.get("/policy/draft")
def show_draft(
    request: Request, visitor: Keeper, number: Annotated[int | None, Query(le=MOST_NUMBER)] = None
) -> Response:
    """A draft, which begins as the policy in force or as an earlier one."""
    with database_of(request).reading() as session:
        row = policies.current(session) if number is None else policies.numbered(session, number)
    return _draft(request, visitor, forms.shown(text=row.text if row else ""))


@router.post("/policy/draft")
def check_draft(
    request: Request, visitor: Keeper, form: Annotated[Form[Draft], forms.form(Draft)]
) -> Response:
    """Say all that is wrong with a draft, or what it says."""
    return _draft(request, visitor, form, checked=True)


@router.post("/policy/replay")
def replay_draft(
    request: Request, visitor: Keeper, form: Annotated[Form[Draft], forms.form(Draft)]
) -> Response:
    """What a draft would have decided of what was decided, so many decisions at a time."""
    policy, _faults = _read(form)
    if form.value is None or policy is None:
        return _draft(request, visitor, form, checked=True)
    with database_of(request).reading() as session:
        some = records.recorded(session, form.value.after, REPLAYED + 1)
    more = len(some) > REPLAYED
    changes = list(replay(policy, some[:REPLAYED]))
    return page(
        request, visitor, "policy/replay.html", form=form, changes=changes,
        read=min(len(some), REPLAYED), after=some[REPLAYED - 1].item if more else "",
        begun=bool(form.value.after), of_verdict=sum(change.of_verdict for change in changes),
    )  # fmt: skip


@router.post("/policy/apply")
def apply_draft(
    request: Request, visitor: Keeper, form: Annotated[Form[Draft], forms.form(Draft)]
) -> Response:
    """Have a draft decide from now on, once a second person agreed to just this text."""
    policy, _faults = _read(form)
    if form.value is None or policy is None:
        return _draft(request, visitor, form, checked=True)
    with database_of(request).reading() as session:
        row = policies.current(session)
    if row is not None and row.text == policy.text:  # nobody is asked to agree to nothing
        form.fail("", _("This policy decides already."))
        return _draft(request, visitor, form, checked=True)
    try:
        _apply(request, visitor, policy, form.value)
    except SecondPersonNeeded:
        return see_other("/console/policy", "second.asked")
    except TutelaError as error:
        form.refuse(error)
        return _draft(request, visitor, form)
    return see_other("/console/policy", "policy.applied")


@router.get("/policy/asked/{number}")
def show_asked(
    request: Request, visitor: Keeper, number: Annotated[int, Path(ge=1, le=MOST)]
) -> Response:
    """A policy that someone asked to apply: what it says, and what it changes."""
    asked = second.one(database_of(request), visitor, (ACT,), SUBJECT, number)
    text = str(asked.facts.get("text", ""))
    with database_of(request).reading() as session:
        row = policies.current(session)
    before = row.text.splitlines() if row else []
    lines = difflib.unified_diff(before, text.splitlines(), _("in force"), _("asked for"), "", "")
    return page(
        request, visitor, "policy/asked.html", asked=asked, text=text,
        difference=[line.rstrip("\n") for line in lines][:MOST_DIFFERENCE],
        **_words(_loaded(text)),
    )  # fmt: skip


@router.post("/policy/asked/{number}")
def apply_asked(
    request: Request, visitor: Keeper, number: Annotated[int, Path(ge=1, le=MOST)]
) -> Response:
    """Apply what was asked for and agreed to."""
    asked = second.mine(database_of(request), visitor, (ACT,), SUBJECT, number)
    try:
        _apply(request, visitor, load(str(asked.facts["text"])), Asking())
    except SecondPersonNeeded:
        return see_other("/console/policy", "second.waits")
    return see_other("/console/policy", "policy.applied")


@router.get("/policy/{number}")
def show_applied(
    request: Request, visitor: Keeper, number: Annotated[int, Path(ge=1, le=MOST_NUMBER)]
) -> Response:
    """A policy that was applied."""
    with database_of(request).reading() as session:
        row, current = policies.numbered(session, number), policies.current(session)
    is_current = current is not None and current.number == row.number
    return page(request, visitor, "policy/one.html", row=row, asked=[], current=is_current,
                **_words(_loaded(row.text)))  # fmt: skip


def _apply(request: Request, visitor: Visitor, policy: Policy, asking: Asking) -> None:
    app = state_of(request).running.app
    now = app.database.now()

    def do(session: Session, who: str) -> None:
        policies.apply(session, now, who, policy.text)

    facts = {"version": policy.version, "text": policy.text}
    app.with_two(
        visitor.caller, Permission.POLICY, ACT, SUBJECT, facts, do,
        why=asking.why, danger=asking.danger,
    )  # fmt: skip


def _read(form: Form[Draft]) -> tuple[Policy | None, list[Any]]:
    """The policy of a draft, or its faults, each with the line that it is in."""
    text = str(form.get("text")).replace("\r\n", "\n").rstrip("\n") + "\n"
    try:
        return load(text), []
    except PolicyError as error:
        lines = text.splitlines()
        return None, [
            (fault, lines[fault.line - 1] if fault.line <= len(lines) else "")
            for fault in error.faults
        ]


def _draft(
    request: Request, visitor: Visitor, form: Form[Any], *, checked: bool = False
) -> Response:
    policy, faults = _read(form) if checked else (None, [])
    status = 422 if faults or form.errors else 200
    return page(
        request, visitor, "policy/draft.html", status, form=form, checked=checked, faults=faults,
        **_words(policy),
    )  # fmt: skip


def _loaded(text: str) -> Policy | None:
    """None for a text that this version no longer reads."""
    try:
        return load(text)
    except PolicyError:
        return None


def _words(policy: Policy | None) -> dict[str, Any]:
    """What a policy says, in words."""
    if policy is None:
        return {"policy": None, "rules": [], "channels": [], "ending": ""}
    return {
        "policy": policy,
        "rules": [(rule, rule_words(rule)) for rule in policy.rules],
        "channels": [channel_words(channel) for channel in policy.channels.values()],
        "ending": ending_words(policy),
    }
