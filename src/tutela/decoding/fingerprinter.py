"""From a file's bytes to its signals, in the process that is meant for hostile bytes."""

from __future__ import annotations

from dataclasses import replace

from tutela.decoding.limits import Limits
from tutela.decoding.models import Cause, Decoded, Note
from tutela.decoding.options import Options
from tutela.decoding.pictures import Reader, Undecodable
from tutela.signals import FileSignalType, Frame, PictureSignalType, Signal
from tutela.signals.registry import signal_type

SMALLEST = 5
"""Pixels a side: a smaller picture has no hash, and shows nothing (as the PDQ reference has it)."""


class Fingerprinter:
    """Makes the signals that `options` asks for; raises `SignalError` if a type is not there."""

    def __init__(self, options: Options, limits: Limits) -> None:
        types = [signal_type(name) for name in options.types]
        self.pictures = [t for t in types if isinstance(t, PictureSignalType)]
        self.files = [t for t in types if isinstance(t, FileSignalType)]
        self.variants = frozenset(options.variants)
        self.full_decode = options.full_decode or "nearest-512" in options.variants
        self.low_quality_below = options.low_quality_below
        self.limits = limits

    def decode(self, data: bytes) -> Decoded:
        """Signals of a file's bytes, in this very process: a decoder calls it, and tests do."""
        whole = [s for t in self.files if (s := _whole(t, data)) is not None]
        try:
            reader = Reader(data, self.limits, full_decode=self.full_decode)
            signals: list[Signal] = []
            largest = 0
            for frame in reader.read():
                largest = max(largest, min(frame.full_rows, frame.full_cols))
                for kind in self.pictures:
                    signals += _of_frame(kind, frame, self.variants)
        except Undecodable as problem:
            return Decoded(signals=tuple(whole), cause=problem.cause)
        qualities = [s.quality for s in signals if s.quality is not None]
        if qualities and max(qualities) < self.low_quality_below:
            reader.notes.add(Note.LOW_QUALITY)
        if reader.picture.frames_hashed > 1:
            signals = _distinct(signals)
        cause = None
        if self.pictures and not signals:
            cause = Cause.TOO_SMALL if largest < SMALLEST else Cause.NO_SIGNAL
        return Decoded((*whole, *signals), reader.picture, frozenset(reader.notes), cause)


def _of_frame(kind: PictureSignalType, frame: Frame, variants: frozenset[str]) -> list[Signal]:
    try:
        return list(kind.fingerprint(frame, variants))
    except MemoryError:
        raise
    except Exception:  # a third party's type: no signal of that type
        return []


def _whole(kind: FileSignalType, data: bytes) -> Signal | None:
    try:
        value = kind.hash_file(data)
        return Signal(kind.name, kind.validate(value)) if value else None
    except Exception:  # a third party's type on hostile bytes: no signal of that type
        return None


def _distinct(signals: list[Signal]) -> list[Signal]:
    """Each value once in each variant: still frames repeat. The first frame with it stays."""
    first: dict[Signal, Signal] = {}
    for signal in signals:
        first.setdefault(replace(signal, frame=None), signal)
    return list(first.values())
