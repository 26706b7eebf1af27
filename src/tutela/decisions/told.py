"""What decisions tell: `tutela.app` says who does what about it, in the same transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

CONFIRMED, NO_MATCH, CANNOT_TELL, ESCALATED = CONCLUSIONS = (
    "confirmed", "no-match", "cannot-tell", "escalated",
)  # fmt: skip
UNSETTLED = frozenset({CANNOT_TELL, ESCALATED})
"""Conclusions that leave an item for someone else to decide about."""


@dataclass(frozen=True, slots=True)
class Decided:
    """Someone decided about an item or, without one, about a case."""

    at: datetime
    decision_id: str
    case_id: str
    item_id: str | None
    conclusion: str
    actor: str
    test: bool = False


@dataclass(frozen=True, slots=True)
class Undone:
    """A decision was taken back. `again`: another about the same item follows at once."""

    at: datetime
    decision_id: str
    case_id: str
    item_id: str | None
    conclusion: str
    actor: str
    test: bool = False
    again: bool = False


@dataclass(frozen=True, slots=True)
class AppealSettled:
    """An appeal was decided."""

    at: datetime
    appeal_id: str
    case_id: str
    item_id: str | None
    outcome: str


@dataclass(frozen=True, slots=True)
class ReportDue:
    """A confirmed item or, with an empty id, a confirmed case is to be reported: whoever reports
    makes a draft."""

    at: datetime
    decision_id: str
    case_id: str
    item_id: str


@dataclass(frozen=True, slots=True)
class ReportNotDue:
    """What was to be reported was decided otherwise: a draft that was not sent goes."""

    at: datetime
    decision_id: str
    case_id: str
    item_id: str
