"""What is done with banks as a whole: made, listed, changed, disabled, deleted."""

from __future__ import annotations

import math
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select

from tutela import audit
from tutela.banks import changes, roots
from tutela.banks.errors import BankError, NoSuchBank, NotAllowed
from tutela.banks.models import Bank, BankedSignal, Import, Origin, Purpose
from tutela.matching.layouts import FARTHEST
from tutela.storage import Database, Session

NAME = re.compile(r"[a-z0-9_][a-z0-9._-]{0,63}")
TEST = "tutela-test"
"""The bank that is always on: it holds one picture made by code (`tutela.banks.made_picture`)."""

TAKES_TWO = frozenset({"purpose", "may_export", "may_publish", "may_seed", "delete_on_leaving"})
"""What of a bank is not one person's to change."""

PURGED = 5000
"""Signals of a deleted bank removed at a time: others write in between."""


@dataclass(frozen=True, slots=True)
class Licence:
    """What the source of a bank allows. Nothing, unless it is said."""

    name: str = ""
    may_export: bool = False
    """May be written to a file that leaves this installation."""
    may_publish: bool = False
    """May be given to partners by an exchange."""
    may_seed: bool = False
    """May be copied into a bank of one's own."""
    delete_on_leaving: bool = False
    """Must be deleted when the membership of its source ends."""


def create(
    session: Session,
    now: datetime,
    actor: str,
    name: str,
    purpose: str,
    *,
    source: str = "own",
    note: str = "",
    distance: int | None = None,
    rollout: float = 1.0,
    licence: Licence = Licence(),
) -> Bank:
    """A new bank. Raises `BankError` that says what cannot be."""
    _require_name(session, name)
    if not source or len(source) > 128:
        raise BankError("A bank has a source.", "Say who its signals come from, in 128 letters.")
    rules = asdict(licence)
    values = checked({
        "purpose": purpose, "distance": distance, "rollout": rollout, "note": note,
        "licence": rules.pop("name"),
    })  # fmt: skip
    bank = Bank(
        name=name, source=source, **rules, **values,
        disabled=False, disabled_until=None, signals=0, version=0,
        salt=secrets.token_bytes(16), state=roots.EMPTY,
        created_at=now, changed_at=now, deleted_at=None,
    )  # fmt: skip
    session.add(bank)
    session.flush()
    audit.append(
        session, now, actor, "bank.create", f"bank:{name}", source=source,
        purpose=str(bank.purpose), root=roots.root(bank.state), **rules,
    )  # fmt: skip
    return bank


def _require_name(session: Session, name: str) -> None:
    """Raises `BankError` unless a bank can have this name."""
    if not NAME.fullmatch(name):
        raise BankError(
            f"{name!r} cannot be the name of a bank.",
            "Use up to 64 of a-z, 0-9, dot, dash and underscore.",
        )
    if session.scalar(select(Bank.id).where(Bank.name == name)) is not None:
        raise BankError(f"There is a bank {name} already.", "Choose another name.")


def get(session: Session, name: str) -> Bank:
    """The bank of this name. Raises `NoSuchBank`."""
    bank = session.scalar(select(Bank).where(Bank.name == name, Bank.deleted_at.is_(None)))
    if bank is None:
        raise NoSuchBank(name)
    return bank


def fillable(session: Session, name: str) -> Bank:
    """The bank of this name, if signals may come and go. Raises `NoSuchBank` or `NotAllowed`."""
    bank = get(session, name)
    if bank.name == TEST:
        raise NotAllowed(f"The bank {TEST} stays as it is.", "Make a bank of your own.")
    return bank


def listed(
    session: Session,
    *,
    purpose: str | None = None,
    containing: str = "",
    after: str = "",
    limit: int = 100,
) -> Sequence[Bank]:
    """Banks by name, from the one after `after`; `containing` is part of a name or source."""
    query = select(Bank).where(Bank.deleted_at.is_(None), Bank.name > after)
    if purpose is not None:
        query = query.where(Bank.purpose == checked({"purpose": purpose})["purpose"])
    if containing:
        part = Bank.name.contains(containing, autoescape=True)
        query = query.where(part | Bank.source.contains(containing, autoescape=True))
    return session.scalars(query.order_by(Bank.name).limit(limit)).all()


def change(
    session: Session, now: datetime, actor: str, name: str, values: Mapping[str, Any]
) -> Bank:
    """Change a bank's `note`, `distance`, `rollout`, `licence`, or what takes two people.

    Who calls this has seen to the second person (`TAKES_TWO`). Raises `BankError`.
    """
    changes.locked(session)
    bank = get(session, name)
    if bank.name == TEST:
        raise NotAllowed(f"The bank {TEST} stays as it is.", "Make a bank of purpose test.")
    new = checked(values)
    before = {field: getattr(bank, field) for field in new}
    for field, value in new.items():
        setattr(bank, field, value)
    bank.changed_at = now
    facts: dict[str, Any] = {}
    for field in new:
        if before[field] != new[field] and field != "note":
            facts |= {f"{field}_before": before[field], field: new[field]}
    audit.append(
        session, now, actor, "bank.change", f"bank:{name}", root=roots.root(bank.state), **facts
    )
    return bank


def rename(session: Session, now: datetime, actor: str, name: str, new: str) -> Bank:
    """Give a bank another name; what is in it stays. Raises `BankError`."""
    changes.locked(session)
    bank = fillable(session, name)
    _require_name(session, new)
    bank.name, bank.changed_at = new, now
    audit.append(session, now, actor, "bank.rename", f"bank:{name}", name=new)
    return bank


def disable(
    session: Session, now: datetime, actor: str, name: str, until: datetime | None = None
) -> Bank:
    """From now on nothing matches in the bank, until it is enabled or until a time."""
    changes.locked(session)
    bank = get(session, name)
    if bank.name == TEST:
        raise NotAllowed(f"The bank {TEST} is always on.", "It alone shows that all works.")
    if until is not None and until <= now:
        raise BankError("That time has passed.", "Name one to come, or none.")
    bank.disabled, bank.disabled_until, bank.changed_at = True, until, now
    shown = until.isoformat(timespec="seconds") if until else None
    audit.append(session, now, actor, "bank.disable", f"bank:{name}", until=shown)
    return bank


def enable(session: Session, now: datetime, actor: str, name: str) -> Bank:
    """What is in the bank matches again."""
    changes.locked(session)
    bank = get(session, name)
    bank.disabled, bank.disabled_until, bank.changed_at = False, None, now
    audit.append(session, now, actor, "bank.enable", f"bank:{name}")
    return bank


def is_on(bank: Bank, now: datetime) -> bool:
    """Whether matches in the bank count at this time."""
    over = bank.disabled_until is not None and bank.disabled_until <= now
    return bank.deleted_at is None and (not bank.disabled or over)


def mark_deleted(session: Session, now: datetime, actor: str, name: str) -> int:
    """From now on the bank is gone; gives its number, for `purge` to remove what it held."""
    changes.locked(session)
    bank = get(session, name)
    if bank.name == TEST:
        raise NotAllowed(f"The bank {TEST} is always on.", "It alone shows that all works.")
    audit.append(
        session, now, actor, "bank.delete", f"bank:{name}", version=bank.version,
        root=roots.root(bank.state), signals=bank.signals,
    )  # fmt: skip
    bank.deleted_at = bank.changed_at = now
    bank.name = f"{name} (deleted {bank.id})"  # the name is free again
    return bank.id


def purge(database: Database) -> int:
    """Remove what deleted banks held, also those whose removal was interrupted; gives how many
    signals that were."""
    total = 0
    while True:
        with database.writing() as session:
            clock = changes.locked(session)
            number = session.scalar(select(Bank.id).where(Bank.deleted_at.is_not(None)).limit(1))
            if number is None:
                return total
            rows = session.execute(
                select(BankedSignal.id, BankedSignal.type, BankedSignal.value)
                .where(BankedSignal.bank_id == number)
                .order_by(BankedSignal.id)
                .limit(PURGED)
            ).all()
            changes.withdraw(session, clock, [(r.id, r.type, r.value) for r in rows])
            total += len(rows)
            if len(rows) < PURGED:
                session.execute(delete(Origin).where(Origin.bank_id == number))
                session.execute(delete(Import).where(Import.bank_id == number))
                session.execute(delete(Bank).where(Bank.id == number))


def leave(session: Session, now: datetime, actor: str, source: str) -> tuple[list[str], list[str]]:
    """The membership of a source ended: delete its banks where the licence says so, and disable the
    others; gives the names of both. `purge` then removes what was held. Raises `BankError`."""
    changes.locked(session)
    banks = session.scalars(
        select(Bank).where(Bank.source == source, Bank.deleted_at.is_(None), Bank.name != TEST)
    ).all()
    if not banks:
        raise BankError(f"No bank has the source {source!r}.", "Run: tutela bank list")
    deleted = sorted(bank.name for bank in banks if bank.delete_on_leaving)
    kept = sorted(bank.name for bank in banks if not bank.delete_on_leaving)
    for name in deleted:
        mark_deleted(session, now, actor, name)
    for name in kept:
        disable(session, now, actor, name)
    return deleted, kept


def require_seed(own: Bank, other: Bank) -> None:
    """Raises `NotAllowed` unless signals of `other` may be copied into `own`."""
    if not other.may_seed:
        raise NotAllowed(
            f"The licence of the bank {other.name} does not let its signals into other banks.",
            "Ask its source, then: tutela bank change --may-seed",
        )
    if own.purpose is not other.purpose:
        raise NotAllowed(
            f"The bank {other.name} serves {other.purpose}, and {own.name} serves {own.purpose}.",
            "Purposes are never mixed: make a bank of the same purpose.",
        )


def checked(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of a bank's fields, if they can be. Raises `BankError`."""
    new = dict(values)
    if "purpose" in new:
        try:
            new["purpose"] = Purpose(new["purpose"])
        except ValueError:
            raise BankError(
                f"{new['purpose']!r} is not a purpose.", f"Purposes are {', '.join(Purpose)}."
            ) from None
    distance = new.get("distance")
    if distance is not None and not 0 <= distance <= FARTHEST:
        raise BankError(
            f"A bank's distance is from 0 to {FARTHEST} bits.",
            "Unrelated pictures begin at about 80 of 256.",
        )
    rollout = new.get("rollout", 1.0)
    if not (math.isfinite(rollout) and 0 <= rollout <= 1):
        raise BankError("A bank's rollout is a share from 0 to 1.", "1 asks it for every item.")
    if len(new.get("note", "")) > 10_000:
        raise BankError("The note is too long.", "It has up to 10000 letters.")
    if len(new.get("licence", "")) > 128:
        raise BankError("The licence's name is too long.", "It has up to 128 letters.")
    return new


@dataclass(frozen=True, slots=True)
class Totals:
    """How many banks there are, how many signals they hold, and the largest of them."""

    banks: int
    signals: int
    largest: list[tuple[str, int]]


def totals(session: Session, most: int) -> Totals:
    """All banks together, by the counts that each keeps of itself."""
    there = Bank.deleted_at.is_(None)
    banks, signals = session.execute(
        select(func.count(), func.coalesce(func.sum(Bank.signals), 0)).where(there)
    ).one()
    largest = session.execute(
        select(Bank.name, Bank.signals)
        .where(there)
        .order_by(Bank.signals.desc(), Bank.name)
        .limit(most)
    )
    return Totals(int(banks), int(signals), [(row.name, row.signals) for row in largest])
