"""Settings of decisions: how long they can be taken back, what follows from them, and until when
someone may ask for them to be seen again."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta

IN_SESSION = "decisions"
"""Where a session holds these settings (`Database.info`): no caller can forget them."""

BANK = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")
"""What follows the name, where a purpose has a bank of its own, must still fit into one."""


def _whole(default: int, reason: str) -> int:
    value: int = field(default=default, metadata={"reason": reason})
    return value


@dataclass(frozen=True, slots=True)
class Options:
    """What follows from decisions, and for how long."""

    undo_minutes: int = _whole(
        15,
        "Minutes in which who decided can take it back with all that followed: long enough to see"
        " a slip. After that an appeal, or a second look, is the way.",
    )
    appeal_days: int = _whole(
        183,
        "Days in which a decision can be appealed: six months, as Art. 20 of the EU's Digital"
        " Services Act has it. When they are over, sealed bytes and facts about the creator of"
        " what was no match are destroyed.",
    )
    strike_weight: int = _whole(
        1, "What one confirmed item counts against its account; 0 gives no strikes."
    )
    strike_days: int = _whole(
        365, "Days that a strike counts; 0 for ever. Who changed is not to be judged by old things."
    )
    bank: str = field(
        default="confirmed",
        metadata={
            "reason": "The bank of your own that confirmed items are put into, so that the next"
            " copy is blocked at once; empty puts them nowhere. Purposes that are not known-csea"
            " have one each, with the purpose behind its name."
        },
    )
    bank_days: int = _whole(
        365,
        "Days after which what one person confirmed leaves that bank, unless someone confirms it"
        " again; 0 for never. A mistake must not block for ever.",
    )

    def __post_init__(self) -> None:
        for name, least, most in (
            ("undo_minutes", 0, 24 * 60), ("appeal_days", 1, 3650), ("strike_weight", 0, 1000),
            ("strike_days", 0, 36500), ("bank_days", 0, 36500),
        ):  # fmt: skip
            if not least <= getattr(self, name) <= most:
                raise ValueError(f"{name} must be between {least} and {most}")
        if self.bank and not BANK.fullmatch(self.bank):
            raise ValueError("bank must be up to 32 of a-z, 0-9, dot, dash and underscore")

    @property
    def undo(self) -> timedelta:
        return timedelta(minutes=self.undo_minutes)

    @property
    def appeal(self) -> timedelta:
        return timedelta(days=self.appeal_days)

    @property
    def strike(self) -> timedelta | None:
        return timedelta(days=self.strike_days) if self.strike_days else None

    @property
    def banked(self) -> timedelta | None:
        return timedelta(days=self.bank_days) if self.bank_days else None
