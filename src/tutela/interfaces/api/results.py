"""What `/screen`, `/lookup` and `/items` answer, as the description has it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from tutela.policy import Verdict


class MatchOfItem(BaseModel):
    """A bank that has a value near one of the item's signals. `disputed`: another member says that
    it does not belong there; `seed`: no member has checked it."""

    bank: str
    signal_type: str
    value: str
    distance: int
    variant: str
    quality: int | None
    labels: list[str]
    source: str
    purpose: str
    strength: Literal["exact", "weak", "near"]
    disputed: bool = False
    seed: bool = False


class LookedUp(BaseModel):
    """What policy says of signals. `matches` and `explanation` take the scope `match:detail`."""

    verdict: Verdict
    policy_version: str
    test: bool
    matches: list[MatchOfItem] = []
    explanation: str = ""


class ScreenedShown(BaseModel):
    """What policy says of an item, and what became of it. `matches` and `explanation` take the
    scope `match:detail`."""

    item_id: str
    verdict: Verdict
    public_reason: str
    policy_version: str
    case_id: str | None
    evidence: Literal["sealed", "failed", "none"]
    test: bool
    matches: list[MatchOfItem] = []
    explanation: str = ""
