"""What screening says of a file."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tutela.decoding import Fingerprint
from tutela.matching import Match


class Verdict(StrEnum):
    ALLOW = "allow"
    REVIEW = "review"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict, the reason for it in words for an operator, and the match that decided, if any."""

    verdict: Verdict
    explanation: str
    match: Match | None = None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What of a file to be known could not be learned, in words; or all of it, if unreadable."""

    path: Path
    why: str
    unreadable: bool = False


@dataclass(frozen=True, slots=True)
class Screened:
    """What came of one file. `matches` are all that count, nearest first; `vetoed` those that a
    bank of harmless pictures speaks against.

    `seconds` is wall time from the first byte read to the verdict.
    """

    decision: Decision
    matches: tuple[Match, ...]
    fingerprint: Fingerprint
    seconds: float
    vetoed: tuple[Match, ...] = ()
