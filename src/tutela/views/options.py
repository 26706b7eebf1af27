"""Settings of views: what is shown, and how much of it to one person."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

RENDERINGS = ("stylised", "blurred", "small", "grey")
"""What stands in place of a file, from what shows least to what shows most."""

IN_SESSION = "views"
"""Where a session holds these settings (`Database.info`)."""

CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


def most_shown(floor: str) -> tuple[str, ...]:
    """The renderings that a floor leaves, that which shows least first."""
    return RENDERINGS[: RENDERINGS.index(floor) + 1]


@dataclass(frozen=True, slots=True)
class Options:
    """What is shown in place of a file, and how long people may be exposed to it."""

    floor: str = field(
        default="grey",
        metadata={
            "reason": "The rendering that shows most and that is offered in place of a file: of"
            " stylised, blurred, small and grey, in this order, those up to it are offered. Nobody"
            " can lower it for themselves."
        },
    )
    longest: int = field(
        default=480,
        metadata={
            "reason": "Pixels of the longer side of what is shown in place of a file: enough to see"
            " what it is, on any screen."
        },
    )
    day_minutes: int = field(
        default=300,
        metadata={
            "reason": "Minutes of exposure of one person in a shift. Analysts of the Internet Watch"
            " Foundation have five hours a day."
        },
    )
    week_minutes: int = field(
        default=1200,
        metadata={"reason": "Minutes of exposure of one person in seven days: it adds up."},
    )
    stretch_minutes: int = field(
        default=50,
        metadata={"reason": "Minutes of work after which a break is due: one in each hour."},
    )
    break_minutes: int = field(
        default=10,
        metadata={"reason": "Minutes without anything in sight that count as a break."},
    )
    shift_hours: int = field(
        default=8,
        metadata={
            "reason": "Hours of the shift of who did not say when theirs is: it begins with the"
            " first thing they see."
        },
    )
    late_minutes: int = field(
        default=60,
        metadata={
            "reason": "Minutes at the end of a shift in which nothing is shown any more, so that"
            " nobody goes home with it. IWF stops at four in the afternoon."
        },
    )
    worst: tuple[str, ...] = field(
        default=("A1",),
        metadata={
            "reason": "Codes of the worst grades, as labels in banks and in your grades say them."
        },
    )
    worst_run: int = field(
        default=5,
        metadata={
            "reason": "Files of the worst grades in a row, after which one is shown something else"
            " or takes a break."
        },
    )
    exceptions: bool = field(
        default=True,
        metadata={
            "reason": "Whether someone may pass a limit with a reason. It is recorded, and managers"
            " see it. What concerns a child in danger passes in any case."
        },
    )
    unreported_seconds: int = field(
        default=60,
        metadata={
            "reason": "Seconds that a view counts of which the browser never said how long it was"
            " in sight, and a use of the match debugger."
        },
    )
    unusual_views: int = field(
        default=200,
        metadata={
            "reason": "Files opened by one person in an hour that sound the alarm views.unusual."
        },
    )
    unusual_cases: int = field(
        default=60,
        metadata={
            "reason": "Cases in which one person opened files in an hour that sound that alarm."
        },
    )
    unusual_ratio: int = field(
        default=30,
        metadata={
            "reason": "Files opened by one person in a day for each of the cases among them that"
            " was closed, that sound that alarm: work ends in decisions."
        },
    )

    def __post_init__(self) -> None:
        if self.floor not in RENDERINGS:
            raise ValueError(f"floor must be one of {', '.join(RENDERINGS)}")
        for name, least, most in (
            ("longest", 64, 1024), ("day_minutes", 1, 600), ("week_minutes", 1, 3600),
            ("stretch_minutes", 5, 120), ("break_minutes", 1, 60), ("shift_hours", 1, 12),
            ("late_minutes", 0, 480), ("worst_run", 1, 1000), ("unreported_seconds", 1, 3600),
            ("unusual_views", 1, 1 << 20), ("unusual_cases", 1, 1 << 20),
            ("unusual_ratio", 1, 1 << 20),
        ):  # fmt: skip
            if not least <= getattr(self, name) <= most:
                raise ValueError(f"{name} must be between {least} and {most}")
