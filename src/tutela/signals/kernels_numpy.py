"""The PDQ kernel in numpy: what runs without a compiler, and the oracle of the compiled one.

The same arithmetic in the same order as native/pdq.c; what is said there on exactness holds here.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from tutela.signals.models import Pixels

SIDE = 64
COEFFICIENTS = 16
SMALLEST = 5  # the reference gives no hash below 5 pixels a side
LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601, as the reference


class Taps:
    """One dimension of the downscale: sample o is a weighted sum of a few pixels, over a scale."""

    def __init__(self, full: int, reduced: int, factor: int, *, mirrored: bool) -> None:
        width = -(-full // (2 * SIDE))
        right = (width + 2) // 2 - 1
        left = width - right - 1
        self.rows: list[tuple[int, NDArray[np.float32]]] = []
        for o in range(SIDE):
            centre = int((o + 0.5) * full / SIDE)
            a, b = max(centre - left, 0), min(centre + right, full - 1)
            low, high = max(a - left, 0), min(b + right, full - 1)
            cut = b - a + 1 != width or a - left < 0 or b + right > full - 1
            k = np.arange(high - low + 1)
            tent = np.minimum(k + 1.0, 2.0 * width - 1 - k)
            if cut:
                tent[:] = 0
                for j in range(a, b + 1):
                    c, d = max(j - left, 0), min(j + right, full - 1)
                    tent[c - low : d - low + 1] += width * width / ((b - a + 1) * (d - c + 1))
            first = low
            if mirrored:
                first, tent = full - 1 - high, tent[::-1]
            at = np.minimum((first + np.arange(len(tent))) // factor, reduced - 1)
            weights = np.zeros(at[-1] - at[0] + 1, np.float32)
            np.add.at(weights, at - at[0], tent.astype(np.float32))
            self.rows.append((int(at[0]), weights))
        self.scale = float(width * width)

    def matrix(self, reduced: int) -> NDArray[np.float64]:
        """The taps as a dense matrix of 64 x reduced."""
        dense = np.zeros((SIDE, reduced))
        for o, (first, weights) in enumerate(self.rows):
            dense[o, first : first + len(weights)] = weights
        return dense


@cache
def cosines() -> NDArray[np.float32]:
    """Rows 1..16 of the 64-point cosine transform: the constant term is left out."""
    i = np.arange(1, COEFFICIENTS + 1)[:, None]
    j = np.arange(SIDE)[None, :]
    scale = float(np.float32(np.sqrt(2.0 / SIDE)))
    matrix: NDArray[np.float32] = (scale * np.cos((np.pi / 2.0 / SIDE) * i * (2 * j + 1))).astype(
        np.float32
    )
    return matrix


def downscale(pixels: Pixels, down: Taps, side: Taps) -> NDArray[np.float32]:
    """64 x 64 samples of the picture."""
    rows, cols = pixels.shape[:2]
    flat = (
        pixels.reshape(rows, -1)
        if pixels.flags.c_contiguous
        else np.stack([r.ravel() for r in pixels])
    )
    sums = np.zeros((SIDE, flat.shape[1]), np.float32)
    for o, (first, weights) in enumerate(down.rows):
        for k, weight in enumerate(weights):
            sums[o] += weight * flat[first + k].astype(np.float32)
    luma = sums.astype(np.float64)
    if pixels.ndim == 3 and pixels.shape[2] > 1:
        luma = luma.reshape(SIDE, cols, -1)[:, :, :3] @ LUMA
    samples = luma @ side.matrix(cols).T / (down.scale * side.scale)
    return samples.astype(np.float32)


def quality_of(samples: NDArray[np.float32]) -> int:
    """The reference's quality: significant gradients of the samples, 0..100."""
    steps = (np.diff(samples, axis=0), np.diff(samples, axis=1))
    total = sum(
        int(np.abs((d * np.float32(100) / np.float32(255)).astype(int)).sum()) for d in steps
    )
    return min(total // 90, 100)


def transform(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """16 x 16 cosine coefficients, summed in the reference's order, in single precision."""
    d = cosines()
    half = np.zeros((COEFFICIENTS, SIDE), np.float32)
    for k in range(SIDE):
        half += d[:, k, None] * samples[None, k, :]
    out = np.zeros((COEFFICIENTS, COEFFICIENTS), np.float32)
    for k in range(SIDE):
        out += half[:, k, None] * d[None, :, k]
    return out


def bits_of(coefficients: NDArray[np.float32]) -> bytes:
    """A bit for each coefficient above the lower median, highest bit first."""
    flat = coefficients.ravel()
    middle = np.partition(flat, 127)[127]
    return np.packbits((flat > middle)[::-1]).tobytes()


def pdq(
    pixels: Pixels, full_rows: int, full_cols: int, factor: int, dihedral: bool, /
) -> tuple[bytes, int]:
    reduced = tuple(-(-full // factor) for full in (full_rows, full_cols)) if factor > 0 else ()
    if pixels.dtype != np.uint8 or pixels.ndim not in (2, 3) or pixels.shape[:2] != reduced:
        raise ValueError("pixels are bytes; rows and cols are the full size by factor, rounded up")
    if min(full_rows, full_cols) < SMALLEST:
        return bytes(32 * (8 if dihedral else 1)), 0
    rows, cols = pixels.shape[:2]
    hashes, turned, quality = b"", b"", -1
    for flip in (False, True) if dihedral else (False,):
        down = Taps(full_rows, rows, factor, mirrored=flip)
        for mirror in (False, True) if dihedral else (False,):
            samples = downscale(pixels, down, Taps(full_cols, cols, factor, mirrored=mirror))
            quality = quality_of(samples) if quality < 0 else quality
            coefficients = transform(samples)
            hashes += bits_of(coefficients)
            turned += bits_of(coefficients.T) if dihedral else b""
    return hashes + turned, quality


def border(luma: Pixels, edge: str, level: int, tolerance: int, share: float, /) -> int:
    if not (edge and edge[0] in "tblr" and 0 <= level <= 255 and 0 <= share <= 1):
        raise ValueError("border needs luma, an edge, and levels and shares in range")
    lines = {"t": luma, "b": luma[::-1], "l": luma.T, "r": luma.T[::-1]}[edge[0]]
    needed = np.ceil(share * lines.shape[1])
    for count, line in enumerate(lines):
        if (np.abs(line.astype(np.int16) - level) <= tolerance).sum() < needed:
            return count
    return len(lines)


def family() -> str:
    return "numpy"
