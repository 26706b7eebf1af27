"""What a sample says of all, by the probability with which each was drawn. Pure.

Horvitz and Thompson: each that was drawn stands for one over its probability. A plain mean would
say most of what was looked at most.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tutela.records.intervals import Interval, wilson


@dataclass(frozen=True, slots=True)
class Drawn:
    """So many matches that were drawn with one probability: of how many people said that they are
    what the bank says, of how many that they are not; the rest is open."""

    probability: float
    drawn: int
    confirmed: int
    rejected: int

    def __post_init__(self) -> None:
        if not 0 < self.probability <= 1:
            raise ValueError("what was drawn had a probability above 0, and at most 1")
        if min(self.confirmed, self.rejected, self.drawn - self.confirmed - self.rejected) < 0:
            raise ValueError("more were decided than drawn")

    @property
    def open(self) -> int:
        return self.drawn - self.confirmed - self.rejected


@dataclass(frozen=True, slots=True)
class Pooled:
    """Precision over strata. `precision` is None, and `why_not` says why, where it cannot be told;
    then it lies between `lowest` and `highest`, whatever becomes of what is open."""

    drawn: int
    decided: int
    confirmed_of_all: float | None
    precision: Interval | None
    lowest: float | None
    highest: float | None
    why_not: str = ""


def total(of: Iterable[Drawn]) -> float:
    """Horvitz and Thompson's estimate of how many of all are what the bank says. It is right on the
    average if all that was drawn was decided."""
    return sum(one.confirmed / one.probability for one in of)


def pooled(of: Iterable[Drawn]) -> Pooled:
    """Precision over all, with an interval of the size that the weights leave of the sample (Kish):
    the more the weights differ, the wider."""
    parts = [one for one in of if one.drawn]
    drawn = sum(one.drawn for one in parts)
    decided = drawn - sum(one.open for one in parts)
    if not drawn:
        return Pooled(0, 0, None, None, None, None, "No match was drawn.")
    if decided < drawn:
        lowest = _interval(parts, of_open=0)
        highest = _interval(parts, of_open=1)
        return Pooled(
            drawn, decided, None, None, lowest.low, highest.high,
            f"Of {drawn} matches that were drawn, {drawn - decided} are not decided.",
        )  # fmt: skip
    found = _interval(parts, of_open=0)
    return Pooled(drawn, decided, total(parts), found, found.low, found.high)


def _interval(parts: list[Drawn], *, of_open: int) -> Interval:
    """`of_open`: what share of those that are open counts as confirmed."""
    weight = sum(one.drawn / one.probability for one in parts)
    squares = sum(one.drawn / one.probability**2 for one in parts)
    confirmed = sum((one.confirmed + of_open * one.open) / one.probability for one in parts)
    size = weight * weight / squares
    found = wilson(min(confirmed / weight, 1.0) * size, size)
    assert found is not None  # noqa: S101 - something was drawn
    return found


def agreement(pairs: Iterable[tuple[str, str]]) -> tuple[int, float | None, float | None]:
    """Of how many things two people said something, the share on which they agreed, and Cohen's
    kappa: how much of that is more than chance. None where it cannot be told: of nothing; and kappa
    where both said one thing of all, since then chance explains everything."""
    said = list(pairs)
    if not said:
        return 0, None, None
    count = len(said)
    same = sum(one == other for one, other in said) / count
    words = {word for pair in said for word in pair}
    chance = sum(
        (sum(one == word for one, _ in said) / count)
        * (sum(other == word for _, other in said) / count)
        for word in words
    )
    return count, same, None if chance == 1 else (same - chance) / (1 - chance)
