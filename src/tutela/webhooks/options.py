"""Settings of webhooks."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True)
class Options:
    """How messages are sent, and how often again."""

    waits: tuple[str, ...] = field(
        default=("5s", "1m", "5m", "30m", "2h", "8h", "24h"),
        metadata={
            "reason": "How long a message waits after each failure (s, m, h, d); after the last it"
            " is dead, and there is an alarm. A receiver may be down for a weekend day."
        },
    )
    seconds: int = field(
        default=15,
        metadata={"reason": "What one try may take; the receiver is to queue, not to work."},
    )
    at_once: int = field(
        default=4,
        metadata={
            "reason": "Messages under way to one endpoint: one that hangs must not keep the others."
        },
    )
    overlap_hours: int = field(
        default=24,
        metadata={
            "reason": "How long the old secret still signs beside the new, after a rotation."
        },
    )
    keep_days: int = field(
        default=30, metadata={"reason": "Delivered messages are kept so long, to be sent again."}
    )
    keep_dead_days: int = field(
        default=90, metadata={"reason": "Dead messages are kept so long, until someone looks."}
    )

    def __post_init__(self) -> None:
        if not 1 <= len(self.waits) <= 30:
            raise ValueError("waits must be between 1 and 30 durations")
        for wait in self.waits:
            duration(wait)
        for name, most in (
            ("seconds", 300), ("at_once", 100), ("overlap_hours", 24 * 30),
            ("keep_days", 3650), ("keep_dead_days", 3650),
        ):  # fmt: skip
            if not 1 <= getattr(self, name) <= most:
                raise ValueError(f"{name} must be between 1 and {most}")

    @property
    def lease(self) -> timedelta:
        """How long a try is taken to be under way: more than it may take."""
        return timedelta(seconds=2 * self.seconds + 10)


def duration(text: str) -> timedelta:
    """`5s`, `1m`, `2h` or `1d`. Raises ValueError."""
    found = re.fullmatch(r"([1-9][0-9]{0,5})([smhd])", text)
    if found is None:
        raise ValueError(f"waits: {text!r} is not a duration such as 30s, 5m, 2h or 1d")
    return timedelta(**{UNITS[found[2]]: int(found[1])})
