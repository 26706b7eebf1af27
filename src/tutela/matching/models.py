"""What a match is."""

from __future__ import annotations

from dataclasses import dataclass

from tutela.signals import Signal


@dataclass(frozen=True, slots=True)
class Match:
    """An item's `signal` lies `distance` from a `known` one. `owner` says whose that is: a bank,
    or a file. The rest is what the bank says of it."""

    signal: Signal
    distance: int
    owner: str
    known: Signal
    purpose: str = ""
    source: str = ""
    labels: tuple[str, ...] = ()
    owners: int = 1
    """Signals of this value in the bank, each from another member or with another external id."""
    members: int = 1
    """How many members of the source gave it, independently of each other."""
    vetoes: bool = False
    """It says that the picture is harmless, and that matches like it do not count."""
    only_review: bool = False
    """The bank asks for so wide a distance that a person must look."""
