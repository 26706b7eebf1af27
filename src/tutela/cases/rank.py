"""Which case comes first: imminent danger, then new material, then the youngest child, then what
most people reported. Pure: one number, the lower, the sooner."""

from __future__ import annotations

from dataclasses import dataclass

OLDEST = 18
"""Of whom no age is said counts as this old: a child of a known age comes before."""

MOST_REPORTS = 99
DANGER, NEW, YEAR = 10_000, 4_000, 100


@dataclass(frozen=True, slots=True)
class Weighed:
    """What of a case says how soon it is to be seen."""

    danger: bool = False
    new: bool = False
    """Some item on it is exactly like none that is known: nobody may have seen it yet."""

    age: int | None = None
    """Of the youngest child concerned, as it is said."""

    reports: int = 0

    def with_(self, other: Weighed) -> Weighed:
        """The same with what one more alert says."""
        ages = [age for age in (self.age, other.age) if age is not None]
        return Weighed(
            self.danger or other.danger,
            self.new or other.new,
            min(ages, default=None),
            self.reports + other.reports,
        )


def of(what: Weighed) -> int:
    """The rank: of two that differ in one thing, the more urgent one's is lower."""
    age = OLDEST if what.age is None else max(0, min(what.age, OLDEST))
    return (
        (0 if what.danger else DANGER)
        + (0 if what.new else NEW)
        + YEAR * age
        + YEAR
        + MOST_REPORTS
        - max(0, min(what.reports, MOST_REPORTS))
    )


def read(rank: int) -> Weighed:
    """What a rank was made of, as far as it tells."""
    not_danger, rest = divmod(rank, DANGER)
    not_new, rest = divmod(rest, NEW)
    year, few = divmod(rest, YEAR)
    age = year - 1
    return Weighed(
        not not_danger, not not_new, None if age >= OLDEST else max(0, age), MOST_REPORTS - few
    )


LAST = of(Weighed())
"""Of a case of which nothing is known."""
