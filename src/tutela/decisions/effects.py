"""What followed from a decision, each with what takes it back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import rfc8785
from sqlalchemy import select

from tutela.decisions.models import Effect
from tutela.decisions.options import IN_SESSION, Options
from tutela.storage import Session

STRIKE, BANK, DISPUTE, DRAFT, WEBHOOK = "strike", "bank", "dispute", "draft", "webhook"
REPLACED, FORGOTTEN, ANSWERED = "replaced", "forgotten", "answered"


def options_of(session: Session) -> Options:
    """The settings of decisions."""
    found: Options = session.info.get(IN_SESSION) or Options()
    return found


def put(
    session: Session,
    now: datetime,
    decision_id: str,
    kind: str,
    expires_at: datetime | None = None,
    **facts: Any,
) -> Effect:
    """Write down that something followed."""
    effect = Effect(
        decision_id=decision_id, kind=kind, facts=rfc8785.dumps(facts).decode(), done_at=now,
        expires_at=expires_at, undone_at=None,
    )  # fmt: skip
    session.add(effect)
    session.flush()
    return effect


def standing(session: Session, decision_id: str, kind: str) -> Sequence[Effect]:
    """What followed from a decision and was not taken back, the latest first."""
    return session.scalars(
        select(Effect)
        .where(
            Effect.decision_id == decision_id, Effect.kind == kind, Effect.undone_at.is_(None)
        )
        .order_by(Effect.id.desc())
        .with_for_update()
    ).all()  # fmt: skip


def standing_now(session: Session, decision_id: str, kind: str) -> Effect | None:
    """The last of these, only to be looked at."""
    return session.scalar(
        select(Effect)
        .where(Effect.decision_id == decision_id, Effect.kind == kind, Effect.undone_at.is_(None))
        .order_by(Effect.id.desc())
        .limit(1)
    )


def facts(effect: Effect) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(effect.facts)
    return found
