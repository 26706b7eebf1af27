"""What a match is."""

from __future__ import annotations

from dataclasses import dataclass

from tutela.signals import Signal
from tutela.signals.urls import EXACT as ADDRESS
from tutela.signals.urls import KEYWORD, LISTED

EXACT = frozenset({"md5", "sha1", "sha256"})
"""Types that are a hash of all bytes of a file."""

FORGEABLE = frozenset({"md5"})
"""Exact hashes that anyone can give to another file: alone they say little."""


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
    """How many members of the source say that it belongs there, independently of each other."""
    vetoes: bool = False
    """It says that the picture is harmless, and that matches like it do not count."""
    agreed: bool | None = None
    """Of an exact match: whether all exact hashes that its source gives for the file agree, and one
    of them cannot be forged; None where nobody looked."""
    only_review: bool = False
    """The bank asks for so wide a distance that a person must look."""
    disputed: bool = False
    """Another owner of the value in the bank says that it does not belong there."""
    seed: bool = False
    """No owner of the value has checked it: a person must look."""

    @property
    def strength(self) -> str:
        """`exact`: it is that very file; `weak`: it may be another that was made to look so;
        `near`: it is a picture like it. Of an address: exact if all of it is listed, weak if only
        its beginning or its host is; words are `near`."""
        if self.signal.type == ADDRESS:
            return "exact"
        if self.signal.type in LISTED:
            return "near" if self.signal.type == KEYWORD else "weak"
        if self.signal.type not in EXACT:
            return "near"
        trusted = self.signal.type not in FORGEABLE if self.agreed is None else self.agreed
        return "exact" if trusted else "weak"
