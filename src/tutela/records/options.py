"""Settings of records: how many matches people look at again."""

from __future__ import annotations

from dataclasses import dataclass, field

IN_SESSION = "records"
"""Where a session holds these settings (`Database.info`)."""


def _whole(default: int, reason: str) -> int:
    found: int = field(default=default, metadata={"reason": reason})
    return found


@dataclass(frozen=True, slots=True)
class Options:
    """How samples of matches are drawn for people."""

    least: int = _whole(
        30,
        "Matches of a bank, type and bucket of distances that are drawn in a month at least: of"
        " fewer, an interval says nearly nothing.",
    )
    margin: int = _whole(
        3,
        "Per cent points, up and down, to which the precision of such a stratum is to be known in"
        " a month, at 95 %: 3 takes at most 1068 matches, and fewer where there are few.",
    )
    new_source: int = _whole(
        200,
        "Matches of a source that people must have decided about before only a part of them is"
        " drawn: a list that nobody checked here may hold errors.",
    )
    second_percent: int = _whole(
        10,
        "Per cent of the matches drawn that a second person looks at, without seeing what the"
        " first decided. Each exposes one more person: 0 for none, 100 for all.",
    )

    def __post_init__(self) -> None:
        for name, least, most in (
            ("least", 1, 100_000), ("margin", 1, 50), ("new_source", 0, 1_000_000),
            ("second_percent", 0, 100),
        ):  # fmt: skip
            if not least <= getattr(self, name) <= most:
                raise ValueError(f"{name} must be between {least} and {most}")
