"""Screens a stream against what is known, and learns what is to be known from files."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, Protocol

from tutela.decoding import DecoderPool, Fingerprint, fingerprint
from tutela.decoding.models import Cause, Note
from tutela.matching import Match
from tutela.matching.vetoes import divided
from tutela.policy import Policy
from tutela.screening.files import open_regular
from tutela.screening.judging import Given, facts
from tutela.screening.results import LeftOut, Screened
from tutela.signals import Signal

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
    """Screens files against known signals, by a policy. Records nothing."""

    def __init__(
        self,
        pool: DecoderPool,
        known: Searched,
        policy: Callable[[], Policy],
        distance: int | None = None,
        surging: Callable[[], Collection[str]] = tuple,
        listed: Callable[[Given], Sequence[Signal]] = lambda _: (),
    ) -> None:
        """`policy` gives the one that is in force, `surging` the banks whose rate jumped, `listed`
        the signals of an item's facts."""
        self.pool = pool
        self.known = known
        self.policy = policy
        self.distance = distance
        self.surging = surging
        self.listed = listed

    def screen(self, stream: BinaryIO, given: Given | None = None) -> Screened:
        """What came of a stream. Raises what reading it raises, and `DecodingError`."""
        began = time.perf_counter()
        return self.judge(fingerprint(stream, self.pool), given or Given(), began)

    def judge(self, found: Fingerprint, given: Given, began: float) -> Screened:
        """What comes of a file's signals. Raises `StorageError` or `IndexNotReady`."""
        asked = (*found.signals, *self.listed(given))
        return self.decide(self.known.search(asked, self.distance), found, given, began)

    def decide(
        self, matches: list[Match], found: Fingerprint, given: Given, began: float
    ) -> Screened:
        """What policy says of these matches."""
        counted, vetoed = divided(matches)
        told = facts(found, counted, given, self.surging())
        decision = self.policy().decide(told)
        seconds = time.perf_counter() - began
        return Screened(decision, told, tuple(counted), found, seconds, tuple(vetoed))


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
