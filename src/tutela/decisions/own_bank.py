"""The bank of one's own that confirmed items are put into, so that the next copy is blocked at
once. Each decision owns what it put there, under its id: taken out, all else stays as it was."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import select

from tutela import audit
from tutela.banks import changes, service
from tutela.banks.changes import From, New
from tutela.banks.errors import BankError
from tutela.banks.models import Bank, BankedSignal, Purpose
from tutela.banks.values import bankable, packed
from tutela.decisions import effects, grades, items
from tutela.decisions.errors import DecisionRefused
from tutela.decisions.models import Decision, Effect
from tutela.decisions.told import CONFIRMED, Decided, Undone
from tutela.people.permissions import Caller
from tutela.policy.presets import QUALITY
from tutela.screening.models import ItemSignal
from tutela.signals.errors import SignalError
from tutela.storage import Database, Session
from tutela.views import exposure

WORKER = "worker"
PAGE = 100
"""Decisions whose signals are removed in one transaction: others write in between."""


def add(session: Session, told: Decided) -> None:
    """Put the plain signals of what was confirmed into the bank of its purpose."""
    options = effects.options_of(session)
    if told.conclusion != CONFIRMED or told.test or told.item_id is None or not options.bank:
        return
    signals = _signals(session, told)
    if not signals:
        return
    bank = _bank(session, told, options.bank, items.purpose_of(session, told.item_id))
    changes.add(session, told.at, told.actor, bank.id, signals)
    effects.put(
        session, told.at, told.decision_id, effects.BANK,
        told.at + options.banked if options.banked else None,
        bank=bank.name, bank_id=bank.id, signals=len(signals),
    )  # fmt: skip


def take_out(session: Session, told: Undone) -> None:
    """Take out of the bank what a decision put there."""
    for effect in effects.standing(session, told.decision_id, effects.BANK):
        _remove(session, told.at, told.actor, effect)


def reconfirm(session: Session, now: datetime, caller: Caller, decision: Decision) -> datetime:
    """What was confirmed is still right: its signals stay for the whole time again. Raises
    `DecisionRefused`."""
    options = effects.options_of(session)
    standing = effects.standing(session, decision.id, effects.BANK)
    if decision.undone_at is not None or not standing or options.banked is None:
        raise DecisionRefused(
            "Nothing of this decision is in a bank that would leave it.", "Look at it again."
        )
    until = now + options.banked
    for effect in standing:
        effect.expires_at = until
    audit.append(
        session, now, caller.actor, "decision.reconfirm", decision.case_id, decision=decision.id
    )
    return until


def expire(database: Database) -> int:
    """Take out what nobody confirmed again in time; says of how many decisions."""
    count = 0
    while True:
        with database.writing() as session:
            now = database.now()
            changes.locked(session)
            due = session.scalars(
                select(Effect)
                .where(
                    Effect.kind == effects.BANK, Effect.undone_at.is_(None),
                    Effect.expires_at <= now,
                )
                .order_by(Effect.id)
                .limit(PAGE)
                .with_for_update()
            ).all()  # fmt: skip
            for effect in due:
                _remove(session, now, WORKER, effect)
        count += len(due)
        if len(due) < PAGE:
            return count


def _remove(session: Session, now: datetime, actor: str, effect: Effect) -> None:
    effect.undone_at = now
    bank = session.get(Bank, effects.facts(effect)["bank_id"])
    if bank is None or bank.deleted_at is not None:
        return
    numbers = session.scalars(
        select(BankedSignal.id).where(
            BankedSignal.bank_id == bank.id, BankedSignal.external_id == effect.decision_id
        )
    ).all()
    changes.remove(session, now, actor, bank.id, numbers)


def _signals(session: Session, told: Decided) -> list[New]:
    """What of an item can be banked: as it is, neither mirrored nor turned; and of pictures with
    too little detail nothing but the exact hashes, since others would be near them. What is of the
    worst grades says so, for whoever is asked to look at the next copy."""
    given = json.loads(session.get_one(Decision, told.decision_id).grades)
    labels = " ".join(sorted(grades.codes(given) & set(exposure.options_of(session).worst)))
    rows = session.scalars(
        select(ItemSignal)
        .where(ItemSignal.item_id == told.item_id, ItemSignal.variant == "plain")
        .order_by(ItemSignal.id)
    )
    made = []
    for row in rows:
        if row.quality is not None and row.quality < QUALITY:
            continue
        try:
            kind = bankable(row.type)
            value = packed(kind, row.value)
        except (BankError, SignalError):
            continue
        origin = From(hashed_by="tutela")
        made.append(New(kind.name, value, origin, told.decision_id, row.quality, labels))
    return made


def _bank(session: Session, told: Decided, name: str, purpose: str) -> Bank:
    """The bank of a purpose, made if there is none."""
    if purpose != Purpose.KNOWN_CSEA:
        name = f"{name}-{purpose}"
    bank = session.scalar(select(Bank).where(Bank.name == name, Bank.deleted_at.is_(None)))
    if bank is None:
        note = "What was confirmed here. Each decision owns what it put in."
        return service.create(
            session, told.at, told.actor, name, purpose, source=items.OWN, note=note
        )
    if str(bank.purpose) != purpose or bank.source != items.OWN:
        raise DecisionRefused(
            f"The bank {name} is not one for what is confirmed here: {bank.purpose}, of the source"
            f" {bank.source}.",
            "Name another in the setting decisions.bank.",
        )
    return bank
