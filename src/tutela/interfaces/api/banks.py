"""`/banks`: banks as a whole; what is in them is in `bank_lists`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from tutela.audit.service import Fact
from tutela.banks import roots, service
from tutela.banks.models import Bank, Purpose
from tutela.banks.search import Owner, owners
from tutela.banks.service import Licence
from tutela.banks.values import bankable, packed
from tutela.interfaces.api.access import Holder
from tutela.interfaces.api.json_bodies import (
    NO_ZERO,
    WHOLE,
    AfterName,
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
from tutela.interfaces.api.state import Limit, Shared, State, with_scope
from tutela.matching import Match
from tutela.matching.layouts import FARTHEST
from tutela.people import approvals
from tutela.people.errors import SecondPersonNeeded
from tutela.people.permissions import Permission
from tutela.signals import Signal
from tutela.storage import Session

Done = TypeVar("Done")
Reader = Annotated[Holder, Depends(with_scope(Permission.BANKS_READ))]
Writer = Annotated[Holder, Depends(with_scope(Permission.BANKS_WRITE))]
Exporter = Annotated[Holder, Depends(with_scope(Permission.EXPORT))]
Why = Annotated[
    str,
    Query(
        max_length=approvals.LONGEST_REASON,
        pattern=NO_ZERO,
        description="A reason, where one person does what takes two, or there is danger.",
    ),
]
Danger = Annotated[
    bool, Query(description="Imminent danger: done at once, for a reason, and reviewed afterwards.")
]
Distance = Annotated[int, Field(ge=0, le=FARTHEST, description="Bits that may differ."), WHOLE]
Share = Annotated[float, Field(ge=0, le=1, description="Share of items that it is asked for.")]
router = APIRouter(tags=["banks"])


class NewBank(Given):
    """A bank to be made. Its licence allows nothing but what is said here."""

    name: Annotated[str, Field(pattern=f"^{service.NAME.pattern}$")]
    purpose: Annotated[Purpose, Field(strict=False)]
    source: Annotated[Text, Field(min_length=1, max_length=128)] = "own"
    note: Annotated[Text, Field(max_length=10_000)] = ""
    distance: Distance | None = None
    rollout: Share = 1.0
    licence: Annotated[Text, Field(max_length=128)] = ""
    may_export: bool = False
    may_publish: bool = False
    may_seed: bool = False
    delete_on_leaving: bool = False


class BankChange(Given):
    """What of a bank is to be another; what is not named stays. `distance` null: the type's own."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    purpose: Annotated[Purpose, Field(strict=False)] = Purpose.TEST
    note: Annotated[Text, Field(max_length=10_000)] = ""
    distance: Distance | None = None
    rollout: Share = 1.0
    licence: Annotated[Text, Field(max_length=128)] = ""
    may_export: bool = False
    may_publish: bool = False
    may_seed: bool = False
    delete_on_leaving: bool = False


class Disabling(Given):
    """Until when a bank is to be off; null for good."""

    until: At | None = None


class Sought(Given):
    """A value that banks may know. It stands in no URL, and so in no log."""

    type: SignalName
    value: SignalValue
    distance: Distance | None = None
    after: Annotated[str, Field(pattern="^[0-9]{1,18}$")] = "0"
    limit: Annotated[int, Field(ge=1, le=1000), WHOLE] = 100


class BankShown(BaseModel):
    """A bank. `on` says whether it matches now; `root` is the digest of its signals."""

    name: str
    purpose: Purpose
    source: str
    signals: int
    on: bool
    disabled_until: datetime | None
    note: str
    distance: int | None
    rollout: float
    licence: str
    may_export: bool
    may_publish: bool
    may_seed: bool
    delete_on_leaving: bool
    version: int
    root: str
    created_at: datetime
    changed_at: datetime

    @classmethod
    def of(cls, bank: Bank, now: datetime) -> BankShown:
        made = {name: getattr(bank, name) for name in cls.model_fields if hasattr(bank, name)}
        on = service.is_on(bank, now)
        made["disabled_until"] = None if on else bank.disabled_until
        return cls(**made, on=on, root=roots.root(bank.state))


class SignalShown(BaseModel):
    """A signal of a bank, with all that is known of where it comes from."""

    number: int
    bank: str
    type: str
    value: str
    quality: int | None
    labels: tuple[str, ...]
    source: str
    member: str
    external_id: str
    hashed_by: str
    first_seen: datetime
    last_seen: datetime

    @classmethod
    def of(cls, owner: Owner) -> SignalShown:
        return cls(**{name: getattr(owner, name) for name in cls.model_fields})


class MatchShown(BaseModel):
    """A bank that knows a value, or one near it."""

    bank: str
    purpose: Purpose
    value: str
    distance: int
    labels: tuple[str, ...]
    source: str
    owners: int
    members: int

    @classmethod
    def of(cls, match: Match) -> MatchShown:
        return cls(
            bank=match.owner, purpose=Purpose(match.purpose), value=match.known.value,
            distance=match.distance, labels=match.labels, source=match.source,
            owners=match.owners, members=match.members,
        )  # fmt: skip


class Found(BaseModel):
    """Banks that are on and know the value or one near it, and all owners of this very value.
    `searched` says whether the type is one that is matched here."""

    searched: bool
    matches: list[MatchShown]
    owners: Page[SignalShown]


@router.get("/banks")
def list_banks(
    _: Reader,
    shared: Shared,
    purpose: Purpose | None = None,
    containing: Annotated[
        str, Query(max_length=128, pattern=NO_ZERO, description="Part of a name or a source.")
    ] = "",
    after: AfterName = "",
    limit: Limit = 100,
) -> Page[BankShown]:
    """List banks by name."""
    database = shared.running.app.database
    with database.reading() as session:
        found = service.listed(
            session, purpose=purpose, containing=containing, after=after, limit=limit + 1
        )
        now = database.now()
        return page(found, limit, lambda bank: BankShown.of(bank, now), lambda bank: bank.name)


@router.post("/banks", status_code=201, responses={409: {}})
def create_bank(
    holder: Writer, body: Annotated[NewBank, given(NewBank)], shared: Shared
) -> BankShown:
    """Make a bank."""
    database = shared.running.app.database
    rules = Licence(
        body.licence, body.may_export, body.may_publish, body.may_seed, body.delete_on_leaving
    )
    with database.writing() as session:
        now = database.now()
        bank = service.create(
            session, now, actor(holder), body.name, body.purpose, source=body.source,
            note=body.note, distance=body.distance, rollout=body.rollout, licence=rules,
        )  # fmt: skip
    return BankShown.of(bank, now)


@router.post("/signals/find")
def find_value(_: Reader, body: Annotated[Sought, given(Sought)], shared: Shared) -> Found:
    """Say which banks know a value, or one near it, and from whom."""
    running = shared.running
    kind = bankable(body.type)
    stored = packed(kind, body.value, running.app.keyer)
    matches = running.search.search([Signal(kind.name, stored.hex())], body.distance)
    with running.app.database.reading() as session:
        known = owners(
            session, type=kind.name, value=stored, after=int(body.after), limit=body.limit + 1
        )
    return Found(
        searched=kind.name in running.index.types,
        matches=[MatchShown.of(match) for match in matches],
        owners=page(known, body.limit, SignalShown.of, lambda owner: owner.number),
    )


@router.get("/banks/{name}", responses={404: {}})
def show_bank(_: Reader, name: BankName, shared: Shared) -> BankShown:
    """Show a bank."""
    database = shared.running.app.database
    with database.reading() as session:
        return BankShown.of(service.get(session, name), database.now())


@router.patch("/banks/{name}", responses={404: {}, 409: {}})
def change_bank(
    holder: Writer,
    body: Annotated[BankChange, given(BankChange)],
    name: BankName,
    shared: Shared,
    why: Why = "",
    danger: Danger = False,
) -> BankShown:
    """Change a bank. Its purpose and what its licence allows take two people: answered 409 until
    another key has approved, then done when it is sent again; or at once where there is danger, and
    another reviews it."""
    new = body.model_dump(mode="json", exclude_unset=True)
    if not new:
        raise Problem(422, "wrong-input", "Nothing is to be changed.", "Name what is.")
    database = shared.running.app.database
    now = database.now()

    def do(session: Session, who: str) -> Bank:
        return service.change(session, now, who, name, new)

    with database.reading() as session:
        service.get(session, name)
    if service.TAKES_TWO.isdisjoint(new):
        with database.writing() as session:
            bank = do(session, actor(holder))
    else:
        bank = with_two(
            shared, holder, Permission.BANKS_WRITE, "bank.change", f"bank:{name}", new, do, why,
            danger=danger,
        )  # fmt: skip
    return BankShown.of(bank, now)


@router.post("/banks/{name}/disable", responses={404: {}, 409: {}})
def disable_bank(
    holder: Writer,
    body: Annotated[Disabling, given(Disabling, optional=True)],
    name: BankName,
    shared: Shared,
) -> BankShown:
    """From now on nothing matches in the bank, for good or until a time."""
    database = shared.running.app.database
    now = database.now()
    with database.writing() as session:
        bank = service.disable(session, now, actor(holder), name, body.until)
    return BankShown.of(bank, now)


@router.post("/banks/{name}/enable", responses={404: {}})
def enable_bank(holder: Writer, name: BankName, shared: Shared) -> BankShown:
    """What is in the bank matches again."""
    database = shared.running.app.database
    now = database.now()
    with database.writing() as session:
        bank = service.enable(session, now, actor(holder), name)
    return BankShown.of(bank, now)


@router.delete("/banks/{name}", status_code=204, responses={404: {}, 409: {}})
def delete_bank(holder: Writer, name: BankName, shared: Shared) -> None:
    """Delete a bank: from now on nothing matches in it. What it held, the worker removes."""
    database = shared.running.app.database
    with database.writing() as session:
        service.mark_deleted(session, database.now(), actor(holder), name)


def actor(holder: Holder) -> str:
    """Who acts, in the audit log."""
    return holder.caller.actor


def with_two(
    shared: State,
    holder: Holder,
    permission: Permission,
    act: str,
    subject: str,
    facts: Mapping[str, Fact],
    do: Callable[[Session, str], Done],
    why: str = "",
    *,
    danger: bool = False,
) -> Done:
    """Do what takes two people, if another key approved just this. Raises `Problem` 409 that names
    the request if nobody did."""
    app = shared.running.app
    try:
        return app.with_two(
            holder.caller, permission, act, subject, facts, do, why=why, danger=danger
        )
    except SecondPersonNeeded as error:
        raise Problem(
            409, "second-person-needed", error.what,
            f"Someone else, with a key of their own, sends POST /api/v1/approvals/{error.number}."
            " Then send this again.",
            more={"approval": error.number},
        ) from None  # fmt: skip
