"""What preservation asks of rooms that it does not know."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class FilesAsked:
    """Which sealed files belong to a case, beside those of its items? Who knows of some adds them:
    what was said to an authority and what it said is content of the case too."""

    case_id: str
    found: set[str] = field(default_factory=set)
    """Ids of evidence."""
