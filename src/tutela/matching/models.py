"""What a match is."""

from __future__ import annotations

from dataclasses import dataclass

from tutela.signals import Signal


@dataclass(frozen=True, slots=True)
class Match:
    """An item's `signal` lies `distance` from a `known` one. `owner` says whose that is."""

    signal: Signal
    distance: int
    owner: str
    known: Signal
