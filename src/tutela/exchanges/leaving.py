"""Leaves a programme: what its licence says is deleted, and that it was is proved.

First, in one transaction, the exchange ends, its secrets are wiped and its banks are marked as
deleted, so that nothing of them matches any more; then the rows go, part by part, whatever is
killed in between; at the end they are counted, and what is left is signed.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update

from tutela import alarms, audit
from tutela.banks import changes, roots
from tutela.banks import service as banks
from tutela.banks.models import BankedSignal
from tutela.exchanges import outcomes, service
from tutela.exchanges.errors import ExchangeRefused
from tutela.exchanges.models import Asked, Exchange, Filled, Held, Told
from tutela.exchanges.outcomes import subject
from tutela.signatures import SigningKey
from tutela.storage import Database, Session

ACT = "exchange.leave"
KIND = "application/vnd.tutela.exchange-left+json"
PART = 5_000
"""Entries deleted in one transaction: others write in between."""


def leave(session: Session, now: datetime, actor: str, name: str) -> Exchange:
    """End an exchange. The caller has seen to the second person, and calls `finish`. Raises
    `NoSuchExchange`, `ExchangeRefused` if it was left already."""
    changes.locked(session)
    row = service.get(session, name, lock=True)
    if row.left_at is not None:
        raise ExchangeRefused(f"{name} was left.", f"Its statement: tutela exchange leave {name}")
    told: list[dict[str, Any]] = []
    for role, bank in service.filled(session, row):
        root = roots.root(bank.state)
        told.append({
            "bank": bank.name, "number": bank.id, "role": role, "purpose": str(bank.purpose),
            "licence": bank.licence, "signals": bank.signals, "version": bank.version,
            "root_before": root, "deleted": bank.delete_on_leaving,
            "root_after": roots.root(roots.EMPTY) if bank.delete_on_leaving else root,
        })  # fmt: skip
    for one in told:
        if one["deleted"]:
            banks.mark_deleted(session, now, actor, one["bank"])
        else:
            banks.disable(session, now, actor, one["bank"])
    row.turn, row.busy_until, row.due_at, row.left_at = row.turn + 1, None, None, now
    row.sealed = row.sealed_at = row.refused_at = row.checkpoint = row.checkpoint_at = None
    row.held, row.held_count, row.error = "", 0, ""
    said = {"by": actor, "entries": row.entries, "banks": told}
    row.left = json.dumps(said, sort_keys=True)
    session.execute(
        update(Told)
        .where(Told.exchange_id == row.id, Told.state == "waiting")
        .values(state="withdrawn", error="The exchange was left.")
    )
    for kind in outcomes.ALARMS:
        alarms.clear(session, now, kind, subject(row))
    audit.append(
        session, now, actor, ACT, subject(row), entries=row.entries,
        signals=sum(one["signals"] for one in told),
        deleted=" ".join(one["bank"] for one in told if one["deleted"]),
        kept=" ".join(one["bank"] for one in told if not one["deleted"]),
    )  # fmt: skip
    return row


def finish(database: Database, actor: str, name: str) -> dict[str, Any]:
    """Delete what is left of an exchange that was left, and count what remains; gives the
    statement. Raises `ExchangeRefused` if it was not left, or something remains."""
    with database.reading() as session:
        row = service.get(session, name)
    if row.left_at is None:
        raise ExchangeRefused(f"{name} was not left.", f"Run: tutela exchange leave {name}")
    while _forget(database, row.id):
        pass
    banks.purge(database)
    said = json.loads(row.left)
    numbers = [one["number"] for one in said["banks"] if one["deleted"]]
    with database.writing() as session:
        now = database.now()
        remaining = session.scalar(
            select(func.count()).where(BankedSignal.bank_id.in_(numbers))
        ) or 0  # fmt: skip
        entries = session.scalar(select(func.count()).where(Held.exchange_id == row.id)) or 0
        if remaining or entries:
            raise ExchangeRefused(f"Of {name}, {remaining} signals remain.", "Run it again.")
        session.execute(delete(Asked).where(Asked.exchange_id == row.id))
        session.execute(delete(Filled).where(Filled.exchange_id == row.id))
        session.execute(update(Exchange).where(Exchange.id == row.id).values(entries=0))
        number = audit.append(session, now, actor, "exchange.left", subject(row), remaining=0)
    return {
        "exchange": name, "partner": row.partner, "left_at": _at(row.left_at),
        "left_by": said["by"], "entries": said["entries"],
        "banks": [{k: v for k, v in one.items() if k != "number"} for one in said["banks"]],
        "remaining": 0, "secrets": "wiped", "checked_at": _at(now), "audit_entry": number,
    }  # fmt: skip


def statement(key: SigningKey, said: dict[str, Any]) -> bytes:
    """What was said of leaving, signed."""
    return key.envelope(said, KIND)


def _forget(database: Database, exchange_id: int) -> bool:
    with database.writing() as session:
        keys = session.scalars(
            select(Held.key).where(Held.exchange_id == exchange_id).limit(PART)
        ).all()
        for at in range(0, len(keys), 500):
            session.execute(
                delete(Held).where(
                    Held.exchange_id == exchange_id, Held.key.in_(keys[at : at + 500])
                )
            )
        return len(keys) == PART


def _at(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
