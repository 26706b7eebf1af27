"""Our side of a comparison: what a decoder process does with a file, without the process."""

from __future__ import annotations

from functools import cache

from tutela.decoding import Limits
from tutela.decoding.fingerprinter import Fingerprinter
from tutela.decoding.options import Options
from tutela.decoding.pictures import Reader
from tutela.signals import Frame, Signal
from tutela.signals.variants import DEFAULT_VARIANTS

LIMITS = Limits()


@cache
def _fingerprinter(variants: tuple[str, ...] = (), *, full_decode: bool = False) -> Fingerprinter:
    return Fingerprinter(Options(("pdq",), variants, full_decode), LIMITS)


def plain(data: bytes, *, full_decode: bool = False) -> tuple[bytes, int]:
    """Hash and quality of a file's picture as it is stored, and no variant of it."""
    signal = _fingerprinter(full_decode=full_decode).decode(data).signals[0]
    return bytes.fromhex(signal.value), signal.quality or 0


def decoded(data: bytes) -> list[Frame]:
    """The pixels that the default hash is made of: what `plain` does before it hashes."""
    return list(Reader(data, LIMITS, full_decode=False).read())


def every_variant(data: bytes) -> tuple[Signal, ...]:
    """All signals of a file's picture in the default variants."""
    return _fingerprinter(DEFAULT_VARIANTS).decode(data).signals


def bits_between(one: bytes, other: bytes) -> int:
    return (int.from_bytes(one) ^ int.from_bytes(other)).bit_count()
