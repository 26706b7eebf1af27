"""What screening says of a file."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tutela.decoding import Fingerprint
from tutela.matching import Match


class Verdict(StrEnum):
    ALLOW = "allow"
    REVIEW = "review"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Screened:
    """The verdict on one file. `seconds` is wall time from the first byte read to the verdict."""

    verdict: Verdict
    explanation: str
    matches: tuple[Match, ...]
    fingerprint: Fingerprint
    seconds: float
