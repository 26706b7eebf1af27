"""What law packs ask of rooms that they do not know."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(slots=True)
class ReportsAsked:
    """Which authorities were told of a case, and when first? Who reports says so, with what the
    report says: `incident` and `priority` stay None while nobody said them."""

    case_id: str
    filed: dict[str, datetime] = field(default_factory=dict)
    incident: str | None = None
    priority: int | None = None
    danger: bool = False
