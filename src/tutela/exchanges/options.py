"""Settings of exchanges with partners."""

from __future__ import annotations

from dataclasses import dataclass, field

IN_SESSION = "exchanges"
"""Where a session holds these settings (`Database.info`)."""


def _whole(default: int, reason: str) -> int:
    found: int = field(default=default, metadata={"reason": reason})
    return found


@dataclass(frozen=True, slots=True)
class Options:
    """How lists are fetched from partners."""

    deletions: int = _whole(
        1_000,
        "Entries that a partner may delete between two complete fetches before a person must look;"
        " of a large list 5 in 100. A feed gone wrong must not empty a bank.",
    )
    run_seconds: int = _whole(
        60,
        "Seconds of one run of a fetch; then it goes on with the next, so that a worker which stops"
        " need not wait long.",
    )
    pages: int = _whole(
        100_000,
        "Pages of one fetch: some hundred million entries. More are pages that never end.",
    )
    rate: int = _whole(
        5, "Calls a second to one partner, one at a time: nobody is to be burdened by us; 0: any."
    )
    call_seconds: int = _whole(120, "Seconds of one call: large pages of slow partners.")
    retry_most: int = _whole(
        3600,
        "Seconds between two tries, at most, while a partner does not answer; waits double.",
    )
    parallel: int = _whole(2, "Partners that are fetched from at a time, by one worker.")

    def __post_init__(self) -> None:
        for name, least, most in (
            ("deletions", 0, 1 << 40), ("run_seconds", 1, 3600), ("pages", 1, 1 << 40),
            ("rate", 0, 1000), ("call_seconds", 1, 3600), ("retry_most", 1, 86_400),
            ("parallel", 1, 64),
        ):  # fmt: skip
            if not least <= getattr(self, name) <= most:
                raise ValueError(f"{name} must be between {least} and {most}")
