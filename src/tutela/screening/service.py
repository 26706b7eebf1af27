"""Screens a stream against what is known, by the rule that every preset starts from.

Block on an exact match, or on PDQ within its distance where both pictures have detail and nothing
was done to the upload before hashing; all else that matches is for a person; what could not be
looked at is for a person too.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from tutela.decoding import DecoderPool, Fingerprint, fingerprint
from tutela.decoding.models import Cause
from tutela.matching import Known, Match
from tutela.screening.models import Screened, Verdict

EXACT = frozenset({"md5", "sha1", "sha256"})
LEAST_QUALITY = 50
"""The authors of PDQ advise not to trust a match of either picture below this (0..100)."""

HARMLESS = frozenset({Cause.EMPTY, Cause.NOT_A_PICTURE, Cause.TOO_SMALL})
"""Causes that say there is no picture to look at, rather than that one could not be seen."""


class Screener:
    """Screens streams against known signals with a pool of decoders."""

    def __init__(self, pool: DecoderPool, known: Known, distance: int | None = None) -> None:
        self.pool = pool
        self.known = known
        self.distance = distance

    def screen(self, stream: BinaryIO) -> Screened:
        """The verdict on a stream. Raises what reading it raises, and `DecodingError`."""
        began = time.perf_counter()
        found = fingerprint(stream, self.pool)
        matches = tuple(self.known.search(found.signals, self.distance))
        verdict, explanation = judge(found, matches)
        return Screened(verdict, explanation, matches, found, time.perf_counter() - began)


def judge(found: Fingerprint, matches: tuple[Match, ...]) -> tuple[Verdict, str]:
    """Verdict and the reason for it, in words for an operator."""
    exact = {m.signal.type for m in matches if m.signal.type in EXACT}
    if exact - {"md5"}:
        return Verdict.BLOCK, "the same bytes are known"
    if any(_certain(m) for m in matches):
        return Verdict.BLOCK, "nearly the same picture is known"
    if exact:
        return Verdict.REVIEW, "the same MD5 is known, which can be forged"
    if matches:
        nearest = matches[0].signal
        return Verdict.REVIEW, f"an altered copy of a known picture ({nearest.variant})"
    if found.undecodable is not None and found.undecodable not in HARMLESS:
        return Verdict.REVIEW, found.undecodable.meaning
    return Verdict.ALLOW, "nothing known is near"


def _certain(match: Match) -> bool:
    qualities = (match.signal.quality, match.quality)
    return (
        match.signal.type == "pdq"
        and match.signal.variant == "plain"
        and all(q is not None and q >= LEAST_QUALITY for q in qualities)
    )


def learn(files: Iterable[Path], pool: DecoderPool, known: Known) -> list[tuple[Path, str]]:
    """Add the signals of files to `known`, each under its path; gives those left out, and why.

    Only the plain variant is learned: the others are made from the upload. Flat pictures are left
    out: their perceptual hashes are noise that matches other flat pictures.
    """
    left_out: list[tuple[Path, str]] = []
    for path in files:
        try:
            with path.open("rb") as stream:
                found = fingerprint(stream, pool)
        except OSError as error:
            left_out.append((path, error.strerror or "cannot be read"))
            continue
        for signal in found.signals:
            if signal.type in EXACT or (signal.variant == "plain" and not found.low_quality):
                known.add(signal, str(path))
        if found.undecodable is not None:
            left_out.append((path, f"{found.undecodable.meaning} Only its exact hashes are known."))
        elif found.low_quality:
            left_out.append((path, "It is too flat: only its exact hashes are known."))
    return left_out
