"""The matches that were drawn, and how far people are with each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, or_, select

from tutela.decisions.models import Decision
from tutela.records.models import Sample, Second
from tutela.records.performance import distances
from tutela.records.sampling import SETTLED
from tutela.screening.models import Decided
from tutela.storage import Session

OPEN, DECIDED, WAITS, LOOKED = (
    "undecided", "decided", "waits for a second person", "a second person looked",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Drawn:
    """A match that was drawn. Who decided what is not told: the second person reads this too."""

    number: int
    at: datetime
    item_id: str
    case_id: str | None
    bank: str
    type: str
    distances: str
    design: str
    probability: float
    state: str


def listed(
    session: Session, after: int = 0, limit: int = 100, *, open_only: bool = False
) -> Sequence[Drawn]:
    """What was drawn, in the order in which it was, from the one after a number."""
    settled = and_(
        Decision.item_id == Sample.item_id, Decision.undone_at.is_(None),
        Decision.conclusion.in_(SETTLED),
    )  # fmt: skip
    looked = and_(Second.item_id == Sample.item_id, Second.conclusion.is_not(None))
    query = (
        select(Sample, Decided.case_id, Decision.id, Second.id)
        .join(Decided, Decided.item_id == Sample.item_id)
        .outerjoin(Decision, settled)
        .outerjoin(Second, looked)
        .where(Sample.drawn, Sample.id > after)
        .order_by(Sample.id)
        .limit(limit)
    )
    if open_only:
        query = query.where(or_(Decision.id.is_(None), and_(Sample.second, Second.id.is_(None))))
    return [
        Drawn(
            one.id, one.at, one.item_id, case_id, one.bank, one.type, distances(one.bucket),
            one.design, one.probability, _state(one, decision, second),
        )
        for one, case_id, decision, second in session.execute(query)
    ]  # fmt: skip


def _state(sample: Sample, decision: str | None, second: int | None) -> str:
    if decision is None:
        return OPEN
    if second is not None:
        return LOOKED
    return WAITS if sample.second else DECIDED
