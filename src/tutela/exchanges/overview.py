"""How an exchange stands, for a person or a program."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tutela.banks.models import Bank
from tutela.exchanges import service
from tutela.exchanges.models import Exchange, Run, Told
from tutela.storage import Session


@dataclass(frozen=True, slots=True)
class Part:
    """A bank that an exchange fills."""

    role: str
    bank: Bank
    types: dict[str, int]
    """How many signals of each type."""
    unmatched: int
    """How many are of types that nothing here is searched by."""

    @property
    def share(self) -> float:
        """Of its signals, that cannot be matched here."""
        total = sum(self.types.values())
        return self.unmatched / total if total else 0.0


def state(row: Exchange, now: datetime) -> str:
    """In one word."""
    fetching = row.busy_until is not None and row.busy_until > now
    for word, holds in (
        ("left", row.left_at), ("held", row.held), ("refused", row.refused_at),
        ("paused", row.paused), ("fetching", fetching), ("failing", row.error),
        ("no secrets", row.due_at is None), ("well", row.complete_at),
    ):  # fmt: skip
        if holds:
            return word
    return "waiting"


def parts(session: Session, row: Exchange, searched: Collection[str]) -> list[Part]:
    """The banks of an exchange; `searched` are the signal types that are matched here."""
    found = []
    for role, bank in service.filled(session, row):
        types = service.types_of(session, bank)
        unmatched = sum(count for kind, count in types.items() if kind not in searched)
        found.append(Part(role, bank, types, unmatched))
    return found


def told(row: Exchange, now: datetime) -> dict[str, Any]:
    """An exchange as commands and programs read it; without secrets."""
    return {
        "name": row.name, "partner": row.partner, "state": state(row, now),
        "advises": row.advises, "every": row.every, "paused": row.paused,
        "held": row.held, "error": row.error,
        "complete_at": _at(row.complete_at), "due_at": _at(row.due_at),
        "secrets_set_at": _at(row.sealed_at), "refused_at": _at(row.refused_at),
        "entries": row.entries, "received": row.received, "rejected": row.rejected,
        "told": row.told, "failures": row.failures, "left_at": _at(row.left_at),
        "config": json.loads(row.config),
    }  # fmt: skip


def told_part(part: Part) -> dict[str, Any]:
    """A bank of an exchange likewise."""
    return {
        "role": part.role, "bank": part.bank.name, "purpose": str(part.bank.purpose),
        "signals": part.bank.signals, "types": part.types, "unmatched": part.unmatched,
        "unmatched_share": round(part.share, 4),
    }  # fmt: skip


def told_run(run: Run) -> dict[str, Any]:
    """A run likewise."""
    return {
        "number": run.id, "started_at": _at(run.started_at), "ended_at": _at(run.ended_at),
        "outcome": run.outcome, "pages": run.pages, "received": run.received, "added": run.added,
        "removed": run.removed, "rejected": run.rejected, "faults": json.loads(run.faults),
        "error": run.error,
    }  # fmt: skip


def told_feedback(one: Told) -> dict[str, Any]:
    """Feedback likewise: whom it is about, and how it stands."""
    return {
        "number": one.id, "key": one.key, "type": one.type, "opinion": one.opinion,
        "state": one.state, "by": one.by, "second": one.second, "at": _at(one.at),
        "due_at": _at(one.due_at), "told_at": _at(one.told_at), "attempts": one.attempts,
        "error": one.error,
    }  # fmt: skip


def _at(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at else None
