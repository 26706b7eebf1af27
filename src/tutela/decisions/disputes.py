"""Disputes: that a value of a source was found wrong here, to be told to the source."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from tutela.decisions import effects
from tutela.decisions.models import Dispute
from tutela.decisions.told import NO_MATCH, Decided, Undone
from tutela.screening.models import ItemMatch
from tutela.storage import Session


def record(session: Session, told: Decided) -> None:
    """Dispute each value that an item matched which is no match."""
    if told.conclusion != NO_MATCH or told.test or told.item_id is None:
        return
    matches = session.scalars(
        select(ItemMatch)
        .where(ItemMatch.item_id == told.item_id, ItemMatch.vetoed.is_(False))
        .order_by(ItemMatch.id)
    )
    known: dict[tuple[str, str, str, str], None] = {
        (one.bank, one.type, one.value, one.source): None for one in matches
    }
    made = [
        Dispute(
            decision_id=told.decision_id, bank=bank, type=kind, value=value, source=source,
            at=told.at, withdrawn_at=None,
        )
        for bank, kind, value, source in known
    ]  # fmt: skip
    if made:
        session.add_all(made)
        session.flush()
        effects.put(session, told.at, told.decision_id, effects.DISPUTE, disputes=len(made))


def withdraw(session: Session, told: Undone) -> None:
    """Take back what a decision disputed."""
    for effect in effects.standing(session, told.decision_id, effects.DISPUTE):
        effect.undone_at = told.at
        for one in session.scalars(
            select(Dispute).where(
                Dispute.decision_id == told.decision_id, Dispute.withdrawn_at.is_(None)
            )
        ):
            one.withdrawn_at = told.at
    session.flush()


def standing(session: Session, source: str, after: int = 0, limit: int = 100) -> Sequence[Dispute]:
    """What is disputed with a source, in order, those after a number."""
    return session.scalars(
        select(Dispute)
        .where(Dispute.source == source, Dispute.withdrawn_at.is_(None), Dispute.id > after)
        .order_by(Dispute.id)
        .limit(limit)
    ).all()
