"""Screens a stream against what is known, by the rule that every preset starts from.

Block on an exact match, or on PDQ within its distance where both pictures have detail and nothing
was done to the upload before hashing; all else that matches is for a person; what could not be
looked at, or only in part, is for a person too.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, Protocol

from tutela.decoding import DecoderPool, Fingerprint, fingerprint
from tutela.decoding.models import Cause, Note
from tutela.matching import Match
from tutela.matching.vetoes import divided
from tutela.screening.files import open_regular
from tutela.screening.models import Decision, LeftOut, Screened, Verdict
from tutela.signals import Signal

TRUSTED = frozenset({"sha1", "sha256"})
"""Exact hashes that alone decide. MD5 can be forged; of other types nothing is known here."""

HARMLESS = frozenset({Cause.EMPTY, Cause.NOT_A_PICTURE, Cause.TOO_SMALL})
"""Causes that say there is no picture to look at, rather than that one could not be seen."""


IN_PART = frozenset({Note.PARTIAL, Note.CUT_SHORT, Note.SAMPLED})
"""Notes that say that something of the file was not looked at."""


class Searched(Protocol):
    """What is known: signals in memory (`tutela.matching.Known`), or banks."""

    def search(
        self, signals: Iterable[Signal], distance: int | None = None
    ) -> list[Match]: ...  # pragma: no cover


class Learner(Protocol):
    """What takes signals to know."""

    def add(self, signal: Signal, owner: str) -> None: ...  # pragma: no cover


class Screener:
    """Screens streams against known signals with a pool of decoders."""

    def __init__(self, pool: DecoderPool, known: Searched, distance: int | None = None) -> None:
        self.pool = pool
        self.known = known
        self.distance = distance

    def screen(self, stream: BinaryIO) -> Screened:
        """What came of a stream. Raises what reading it raises, and `DecodingError`."""
        began = time.perf_counter()
        found = fingerprint(stream, self.pool)
        counted, vetoed = divided(self.known.search(found.signals, self.distance))
        decision = judge(found, counted, self.pool.options.low_quality_below)
        seconds = time.perf_counter() - began
        return Screened(decision, tuple(counted), found, seconds, tuple(vetoed))


def judge(found: Fingerprint, matches: Sequence[Match], least_quality: int) -> Decision:
    """The verdict on a file of these matches, nearest first."""
    for match in matches:
        if match.signal.type in TRUSTED and not match.only_review:
            return Decision(Verdict.BLOCK, f"the same {match.signal.type} is known", match)
    for match in matches:
        if _certain(match, least_quality):
            return Decision(Verdict.BLOCK, "nearly the same picture is known", match)
    if matches:
        match = matches[0]
        return Decision(Verdict.REVIEW, _why_a_person(match, least_quality), match)
    if found.undecodable is not None and found.undecodable not in HARMLESS:
        return Decision(Verdict.REVIEW, found.undecodable.meaning)
    if found.notes & IN_PART:
        return Decision(Verdict.REVIEW, "only a part of the picture could be looked at")
    return Decision(Verdict.ALLOW, "nothing known is near")


def _certain(match: Match, least_quality: int) -> bool:
    return (
        match.signal.type == "pdq"
        and match.signal.variant == "plain"
        and not match.only_review
        and _has_detail(match, least_quality)
    )


def _has_detail(match: Match, least_quality: int) -> bool:
    """Lists often do not say how much detail the known picture has; that of the upload decides,
    and a hash that is near one of a picture with detail is seldom one of a flat picture."""
    own, known = match.signal.quality, match.known.quality
    return own is not None and min(own, own if known is None else known) >= least_quality


def _why_a_person(match: Match, least_quality: int) -> str:
    if match.signal.type == "md5":
        return "the same md5 is known, which can be forged"
    if match.signal.type != "pdq":
        return f"a known {match.signal.type} matches"
    if match.only_review:
        return "the bank asks for so wide a distance that a person must look"
    if not _has_detail(match, least_quality):
        return "a picture with little detail is near a known one"
    return f"an altered copy of a known picture ({match.signal.variant})"


def learn(files: Iterable[Path], pool: DecoderPool, known: Learner) -> list[LeftOut]:
    """Add the signals of files to `known`, each under its path; gives what was left out, and why.

    Only the plain variant is learned: the others are made from the upload. Flat pictures are left
    out: their perceptual hashes are noise that matches other flat pictures.
    """
    left_out: list[LeftOut] = []

    def hashed(path: Path) -> Fingerprint | str:
        try:
            with open_regular(path) as stream:
                return fingerprint(stream, pool)
        except OSError as error:
            return f"cannot be read: {error.strerror or type(error).__name__}."

    chosen = list(files)
    with ThreadPoolExecutor(pool.size) as threads:
        for path, found in zip(chosen, threads.map(hashed, chosen), strict=True):
            if isinstance(found, str):
                left_out.append(LeftOut(path, found, unreadable=True))
                continue
            why = _learn_one(found, str(path), known, pool.options.low_quality_below)
            if why:
                left_out.append(LeftOut(path, why))
    return left_out


def _learn_one(found: Fingerprint, owner: str, known: Learner, least_quality: int) -> str:
    """What was left out of one file, and why, or an empty text."""
    if found.undecodable is Cause.EMPTY:
        return found.undecodable.meaning  # else every other empty file would be the same
    for signal in found.signals:
        flat = signal.quality is not None and signal.quality < least_quality
        if signal.variant == "plain" and not flat:
            known.add(signal, owner)
    only_exact = "Only its exact hashes are known."
    if found.undecodable is not None:
        return f"{found.undecodable.meaning} {only_exact}"
    if found.low_quality:
        return f"The picture is too flat to be known by. {only_exact}"
    if found.notes & IN_PART:
        return "Only a part of the picture could be read; that part is known."
    return ""
