"""PDQ: 256 bits that stay nearly the same when a picture is re-encoded or resized.

Facebook, "The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm" (2019).
There are two reference tools, and they differ by up to 10 bits on the same picture: the Java code
(and PyPI `pdqhash`, threatexchange, HMA) hashes all pixels; the C++ tool samples pictures larger
than 512 to 512 x 512 first. Ours equals the first, bit for bit; the variant `nearest-512` equals
the second.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

import numpy as np

from tutela.signals.borders import trim
from tutela.signals.errors import SignalError
from tutela.signals.kernels import kernel
from tutela.signals.models import Frame, Signal
from tutela.signals.variants import ORIENTATIONS, UPRIGHT

NEAREST = 512
"""The side above which the C++ tool samples (pdqio.cpp, DOWNSAMPLE_DIMS)."""

HASH = 32  # bytes


class Pdq:
    name = "pdq"
    digits = 64
    max_distance = 256
    match_distance = 31
    """Meta's recommended "confident match" threshold (threatexchange, pdq_utils)."""

    _form = re.compile(r"[0-9a-f]{64}")

    def validate(self, value: str) -> str:
        canonical = value.strip().lower()
        if not self._form.fullmatch(canonical):
            raise SignalError("This is not a pdq value.", "It has 64 hexadecimal digits.")
        return canonical

    def distance(self, one: str, other: str) -> int:
        return (int(one, 16) ^ int(other, 16)).bit_count()

    def examples(self) -> Sequence[str]:
        """Hashes of three pictures made by code: a ramp, a disc, a weave."""
        y, x = np.mgrid[0:64, 0:64].astype(float)
        made = (
            2 * x + y,
            200.0 * (np.hypot(x - 20, y - 40) < 15) + x,
            99 + 60 * np.sin(x) * np.cos(y / 3),
        )
        return [self._plain(np.clip(p, 0, 255).astype(np.uint8)) for p in made]

    def _plain(self, pixels: np.ndarray) -> str:
        return kernel.pdq(pixels, pixels.shape[0], pixels.shape[1], 1, False)[0].hex()

    def fingerprint(self, frame: Frame, variants: Collection[str]) -> Iterable[Signal]:
        """Plain first, then the variants asked for; `inverted` is the complement of plain.

        A frame laid over black gives `over-black` and nothing else: its other variants are those
        of the same frame over white.
        """
        if min(frame.full_rows, frame.full_cols) < 5:
            return  # the reference gives these no hash
        if frame.background == "black":
            if "over-black" in variants:
                yield self._hash(frame, "over-black")
            return
        upright = UPRIGHT.get(frame.orientation) if "upright" in variants else None
        wanted = {name for name in ORIENTATIONS if name in variants or name == upright}
        hashes, quality = kernel.pdq(
            frame.pixels, frame.full_rows, frame.full_cols, frame.factor, bool(wanted - {"plain"})
        )
        yield self._signal(frame, "plain", hashes[:HASH], quality)
        for at, name in enumerate(ORIENTATIONS):
            if name in wanted and name != "plain":
                value = hashes[HASH * at : HASH * (at + 1)]
                yield self._signal(frame, "upright" if name == upright else name, value, quality)
        if "inverted" in variants:
            yield self._signal(frame, "inverted", bytes(b ^ 0xFF for b in hashes[:HASH]), quality)
        if "trimmed" in variants and (inner := trim(frame)) is not None:
            yield self._hash(inner, "trimmed")
        if "nearest-512" in variants and (sampled := nearest(frame)) is not None:
            yield self._hash(sampled, "nearest-512")

    def _hash(self, frame: Frame, variant: str) -> Signal:
        value, quality = kernel.pdq(
            frame.pixels, frame.full_rows, frame.full_cols, frame.factor, False
        )
        return self._signal(frame, variant, value, quality)

    def _signal(self, frame: Frame, variant: str, value: bytes, quality: int) -> Signal:
        return Signal(self.name, value.hex(), quality, variant, frame.index)


def nearest(frame: Frame) -> Frame | None:
    """The frame sampled as the C++ tool does, or None where that tool would hash all pixels."""
    rows, cols = frame.pixels.shape[:2]
    if frame.factor != 1 or max(rows, cols) <= NEAREST:
        return None
    at = np.arange(NEAREST)
    sampled = frame.pixels[at * rows // NEAREST][:, at * cols // NEAREST]
    return Frame(np.ascontiguousarray(sampled), NEAREST, NEAREST, index=frame.index)


signal_type = Pdq()
