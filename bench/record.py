"""What one row of a benchmark says, and whether its goal is met."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

MARGIN = 0.25
"""A miss within this part of the goal is a note: runs on a shared machine differ by as much."""

Verdict = Literal["met", "note", "MISSED"]


@dataclass(frozen=True, slots=True)
class Goal:
    """`value` is the least or the most that `of` ("ratio" or "ours") may be."""

    value: float
    at: Literal["least", "most"] = "least"
    of: Literal["ratio", "ours"] = "ratio"

    def __str__(self) -> str:
        return f"{'>=' if self.at == 'least' else '<='} {self.value:g}"

    def verdict(self, reached: float) -> Verdict:
        if self.at == "least":
            reached, limit, slack = -reached, -self.value, self.value * MARGIN
        else:
            limit, slack = self.value, self.value * MARGIN
        if reached <= limit:
            return "met"
        return "note" if reached <= limit + slack else "MISSED"


@dataclass(frozen=True, slots=True)
class Record:
    """One measured row.

    `ours` and `peer` are in `unit`; `ratio` is how many times better ours is. `peer`, `ratio` and
    `same_answer` are None where there is no peer. `more` holds further facts, by name.
    """

    name: str
    ours: float
    unit: str
    peer: float | None = None
    ratio: float | None = None
    same_answer: bool | None = None
    goal: Goal | None = None
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict | None:
        """None without a goal, or without the peer that the goal compares with."""
        if self.goal is None:
            return None
        reached = self.ratio if self.goal.of == "ratio" else self.ours
        return None if reached is None else self.goal.verdict(reached)

    def as_json(self) -> dict[str, Any]:
        """The contract's keys, without those of the machine (`Surroundings.as_json`)."""
        row: dict[str, Any] = {
            "name": self.name,
            "ours": _short(self.ours),
            "unit": self.unit,
            "peer": _short(self.peer),
            "ratio": _short(self.ratio),
            "same_answer": self.same_answer,
        }
        if self.goal is not None:
            verdict = self.verdict
            row |= {
                "goal": str(self.goal),
                "goal_of": self.goal.of,
                "met": None if verdict is None else verdict == "met",
                "verdict": verdict,
            }
        return row | self.more


def faster(
    name: str,
    ours: float,
    peer: float | None,
    *,
    same_answer: bool | None,
    goal: float | None,
    more: dict[str, Any],
) -> Record:
    """A record of times in ms: the ratio is how many times faster ours is."""
    ratio = None if peer is None else peer / ours
    least = None if goal is None else Goal(goal)
    return Record(name, ours, "ms", peer, ratio, same_answer, least, more)


def _short(number: float | None) -> float | None:
    """4 digits: more are noise, and make lines hard to compare."""
    return None if number is None else float(f"{number:.4g}")
