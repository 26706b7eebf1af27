"""What a policy can be refused for, and what a policy refuses."""

from __future__ import annotations

from dataclasses import dataclass

from tutela.errors import TutelaError


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One fault of a policy. Lines and columns count from 1."""

    line: int
    column: int
    what: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.what} {self.hint}".strip()


MAX_SHOWN = 50
"""Faults told at once: a person mends them from the top."""


class PolicyError(TutelaError):
    """A text that is no policy: all of its faults that could be found, each with its place."""

    exit_code = 2

    def __init__(self, place: str, faults: tuple[Fault, ...]) -> None:
        self.faults = faults
        lines = [f"{place}:{fault.line}:{fault.column}: {fault}" for fault in faults[:MAX_SHOWN]]
        if len(faults) > MAX_SHOWN:
            lines.append(f"{place}: There are {len(faults) - MAX_SHOWN} faults more.")
        super().__init__("\n".join(lines))


class ChannelRefused(TutelaError):
    """Items of this channel may not be screened. `reason` says why."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason, "Channels are listed in the policy, under channels.")


class FactsRefused(TutelaError):
    """Facts that came with an item and are not what facts may be."""
