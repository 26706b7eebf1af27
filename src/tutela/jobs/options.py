"""Settings of the worker."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Options:
    """How durable work is done."""

    lease: int = field(
        default=15,
        metadata={
            "reason": "Seconds that a worker may be silent before it ends itself and another takes"
            " its place. On SQLite, longer than any transaction of others."
        },
    )
    stop: int = field(
        default=30,
        metadata={
            "reason": "Seconds that a stopping worker lets work in flight go on. What is cut off is"
            " done again by the next worker."
        },
    )
    keep_runs: int = field(
        default=7,
        metadata={"reason": "Days that finished runs stay to be looked at; then they are purged."},
    )

    def __post_init__(self) -> None:
        if not 3 <= self.lease <= 600:
            raise ValueError("lease must be between 3 and 600")
        if not 1 <= self.stop <= 3600:
            raise ValueError("stop must be between 1 and 3600")
        if not 1 <= self.keep_runs <= 365:
            raise ValueError("keep_runs must be between 1 and 365")
