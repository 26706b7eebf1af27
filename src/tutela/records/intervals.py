"""Intervals for a share that was counted. Pure: numbers in, numbers out."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, isfinite, sqrt

Z95 = 1.959963984540054
"""Of the normal distribution, what leaves 2.5 % on either side."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A share and between what it lies with 95 % confidence."""

    share: float
    low: float
    high: float


def wilson(confirmed: float, reviewed: float, z: float = Z95) -> Interval | None:
    """Wilson's score interval of `confirmed` among `reviewed`, which need not be whole: weighted
    counts are not. None of none. Raises ValueError for counts that cannot be."""
    if not (isfinite(confirmed) and isfinite(reviewed) and 0 <= confirmed <= reviewed):
        raise ValueError("the confirmed must be some of the reviewed")
    if not reviewed:
        return None
    share = confirmed / reviewed
    bend = z * z / reviewed
    middle = (share + bend / 2) / (1 + bend)
    half = z / (1 + bend) * sqrt(share * (1 - share) / reviewed + bend / (4 * reviewed))
    low = 0.0 if confirmed == 0 else max(0.0, min(share, middle - half))
    high = 1.0 if confirmed == reviewed else min(1.0, max(share, middle + half))
    return Interval(share, low, high)


def needed(expected: int, margin: float, z: float = Z95) -> int:
    """How many of `expected` must be looked at to know a share to within `margin`, whatever it is:
    the worst case is a half, and of few not all are needed."""
    if not 0 < margin < 1:
        raise ValueError("the margin must be between 0 and 1")
    if expected <= 0:
        return 0
    endless = z * z / (4 * margin * margin)
    return min(expected, ceil(endless / (1 + (endless - 1) / expected) - 1e-9))
