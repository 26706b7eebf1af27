"""Settings of preservation."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from tutela.policy.periods import Period

IN_SESSION = "preservation"
"""Where a session holds these settings (`Database.info`)."""


@dataclass(frozen=True, slots=True)
class Options:
    """How long what was reported is kept. What a law demands, law packs in use say: the
    longer of both counts."""

    after_report: str = field(
        default="P1Y",
        metadata={
            "reason": "How long what was reported is kept from its receipt on, as a calendar period"
            " (P1Y, P6M, P90D): one year in the US (18 USC 2258A(h)(1)) and the UK. The papers of"
            " a request are kept as long from when it ended."
        },
    )
    basis: str = field(
        default="18 USC 2258A(h)(1)",
        metadata={"reason": "The law that this period follows, as it is written to each clock."},
    )
    for_request: str = field(
        default="P90D",
        metadata={
            "reason": "The term of a request to preserve, and of its extension, that names none: 90"
            " days, and 90 more when it is renewed (18 USC 2703(f)(2))."
        },
    )

    def __post_init__(self) -> None:
        for name in ("after_report", "for_request"):
            try:
                Period.parse(getattr(self, name))
            except ValueError:
                raise ValueError(f"{name} must be a period such as P1Y") from None
        if not 0 < len(self.basis) <= 256:
            raise ValueError("basis must have between 1 and 256 letters")

    @property
    def period(self) -> Period:
        return Period.parse(self.after_report)

    @property
    def term(self) -> Period:
        return Period.parse(self.for_request)


def over(period: Period, since: datetime) -> datetime:
    """When a period in which something must be kept is over: the same day of a later month, or the
    first of the next where that month has no such day. A year from 29 February ends on 1 March:
    never earlier than a court may count."""
    months = Period(period.months, 0).after(since)
    if months.day != since.day:
        months += timedelta(days=1)
    return months + timedelta(days=period.days)


def end_of(day: date) -> datetime:
    """The end of a day that a paper names, in UTC: the day itself is kept too."""
    return datetime.combine(day + timedelta(days=1), time(), UTC)
