"""What screening says of a file, before anything of it is recorded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tutela.decoding import Fingerprint
from tutela.matching import Match
from tutela.policy import Decision, Facts


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What of a file to be known could not be learned, in words; or all of it, if unreadable."""

    path: Path
    why: str
    unreadable: bool = False


@dataclass(frozen=True, slots=True)
class Screened:
    """What came of one file. `matches` are all that count, nearest first; `vetoed` those that a
    bank of harmless pictures speaks against. `facts` is all that policy was told.

    `seconds` is wall time from the first byte read to the verdict.
    """

    decision: Decision
    facts: Facts
    matches: tuple[Match, ...]
    fingerprint: Fingerprint
    seconds: float
    vetoed: tuple[Match, ...] = ()

    @property
    def match(self) -> Match | None:
        """The match that decided, if one did."""
        return None if self.decision.match is None else self.matches[self.decision.match]

    @property
    def test(self) -> bool:
        """Whether all that matched are banks for tests."""
        return bool(self.matches) and all(match.purpose == "test" for match in self.matches)
