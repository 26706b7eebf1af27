"""The decoder process: reads files from a pipe, answers with signals, holds nothing.

Started by :mod:`.pool` as `python -I -m tutela.decoding.child`.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from typing import Any

from tutela.decoding import confinement, warmup, wire
from tutela.decoding.limits import Limits
from tutela.decoding.models import Cause, Decoded, Note
from tutela.decoding.pictures import Reader, Undecodable, prepare
from tutela.signals import FileSignalType, PictureSignalType, Signal, SignalError, SignalType
from tutela.signals.registry import signal_type


def fingerprint(
    data: bytes,
    types: list[SignalType],
    variants: list[str],
    limits: Limits,
    *,
    full_decode: bool = False,
    low_quality_below: int = 50,
) -> Decoded:
    """Signals of a file's bytes, in this process: only a decoder calls it on hostile bytes."""
    pictures = [t for t in types if isinstance(t, PictureSignalType)]
    files = [t for t in types if isinstance(t, FileSignalType)]
    whole = [s for t in files if (s := _whole(t, data)) is not None]
    try:
        reader = Reader(data, limits, full_decode=full_decode or "nearest-512" in variants)
        signals = [
            signal
            for frame in reader.read()
            for t in pictures
            for signal in t.fingerprint(frame, variants)
        ]
    except Undecodable as problem:
        return Decoded(signals=tuple(whole), cause=problem.cause)
    notes = set(reader.notes)
    qualities = [s.quality for s in signals if s.quality is not None and s.variant != "over-black"]
    if qualities and max(qualities) < low_quality_below:
        notes.add(Note.LOW_QUALITY)
    cause = Cause.TOO_SMALL if pictures and not signals else None
    return Decoded((*whole, *_distinct(signals)), reader.picture, frozenset(notes), cause)


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


def main() -> int:
    requests, answers = os.fdopen(0, "rb"), os.fdopen(1, "wb")
    start = wire.receive(requests, 0)
    if start is None:
        return 0
    order: dict[str, Any] = start[0]
    limits = Limits(**order["limits"])
    try:
        types = [signal_type(name) for name in order["types"]]
    except SignalError as error:
        wire.send(answers, {"ready": False, "problem": str(error)})
        return 1
    prepare()
    warmup.run(types)
    confined = confinement.confine(limits.max_memory)
    wire.send(answers, {"ready": True, "confined": confined})
    while (request := wire.receive(requests, limits.max_bytes)) is not None:
        confinement.limit_cpu(limits.max_cpu_seconds)
        try:
            decoded = fingerprint(
                request[1],
                types,
                order["variants"],
                limits,
                full_decode=order["full_decode"],
                low_quality_below=order["low_quality_below"],
            )
        except MemoryError:
            decoded = Decoded(cause=Cause.OUT_OF_MEMORY)
        request = None  # the bytes go before the next file's come
        wire.send(answers, wire.encode(decoded))
    return 0


if __name__ == "__main__":
    sys.exit(main())
