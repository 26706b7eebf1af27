"""Settings of exchanges with partners, and of what HMA's clients set up."""

from __future__ import annotations

from dataclasses import dataclass, field

from tutela.banks.models import Purpose
from tutela.outbound import OutboundError, Target

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
    opinion_days: int = _whole(
        30,
        "Days for which a second opinion on a value holds: only then it is asked for again, if the"
        " value comes again. Each question tells a partner that somebody has the picture.",
    )

    def __post_init__(self) -> None:
        for name, least, most in (
            ("deletions", 0, 1 << 40), ("run_seconds", 1, 3600), ("pages", 1, 1 << 40),
            ("rate", 0, 1000), ("call_seconds", 1, 3600), ("retry_most", 1, 86_400),
            ("parallel", 1, 64), ("opinion_days", 1, 3650),
        ):  # fmt: skip
            if not least <= getattr(self, name) <= most:
                raise ValueError(f"{name} must be between {least} and {most}")


@dataclass(frozen=True, slots=True)
class Beside:
    """Whether another HMA is asked for what is looked up here, to see that both say the same."""

    url: str = field(
        default="",
        metadata={
            "reason": "The base of another HMA that each lookup of HMA's clients is also asked of,"
            " in the background; empty, none. It is told each value that is looked up here."
        },
    )
    private: bool = field(
        default=False, metadata={"reason": "It is at an address of the own network."}
    )
    name: str = field(
        default="hma",
        metadata={"reason": "What you called it when it was copied: `tutela migrate hma --name`."},
    )
    queue: int = _whole(
        1_000, "Lookups that wait to be asked there, in each web process; more are not compared."
    )
    parallel: int = _whole(2, "Lookups that it is asked for at a time, by each web process.")
    seconds: int = _whole(5, "Seconds that it has to answer; then this lookup is not compared.")
    kept: int = _whole(
        1_000,
        "Lookups that were not answered alike, of which the values are kept, the newest: each was"
        " found in a bank by one of the two.",
    )

    def __post_init__(self) -> None:
        if self.url:
            try:
                Target.of(self.url)
            except OutboundError as error:
                raise ValueError(f"url: {error.what}") from None
        if not 0 < len(self.name) <= 64:
            raise ValueError("name must have 1 to 64 letters")
        for name, most in (
            ("queue", 1 << 20), ("parallel", 64), ("seconds", 600), ("kept", 1 << 20),
        ):  # fmt: skip
            if not 1 <= getattr(self, name) <= most:
                raise ValueError(f"{name} must be between 1 and {most}")


@dataclass(frozen=True, slots=True)
class Hma:
    """What HMA's clients may set up by its own routes, which do not say all that is asked here."""

    purpose: str = field(
        default="test",
        metadata={
            "reason": "Purpose of banks that HMA's clients make, since HMA knows none. With test"
            " they are answered all the same, and no match can lead to a report until somebody says"
            " what a bank is for."
        },
    )
    environment: str = field(
        default="test",
        metadata={
            "reason": "Partners' systems that HMA's clients may connect exchanges with: test, or"
            " production, which an operator must write."
        },
    )
    beside: Beside = field(default_factory=Beside)

    def __post_init__(self) -> None:
        allowed = sorted(one for one in Purpose if not one.vetoes)
        if self.purpose not in allowed:  # what never matches would answer no client
            raise ValueError(f"purpose must be one of {', '.join(allowed)}")
        if self.environment not in ("test", "production"):
            raise ValueError("environment must be test or production")
