"""What a signal is, and the pixels that picture signals are made from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Signal:
    """A fingerprint: a type and a value.

    ``quality`` is 0..100 where the type measures it (PDQ does), else None.
    ``variant`` names what was done to the picture before it was hashed (:mod:`.variants`).
    ``frame`` is the index of the frame or page it came from; None for a hash of the whole file.
    """

    type: str
    value: str
    quality: int | None = None
    variant: str = "plain"
    frame: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """Decoded pixels of one frame or page.

    ``pixels`` is uint8 of shape (rows, cols) for luma, or (rows, cols, n) with n >= 3 for red,
    green, blue and channels that are ignored. ``full_rows`` and ``full_cols`` are the size before
    a decoder averaged ``factor`` x ``factor`` pixels into one: rows = ceil(full_rows / factor).
    ``orientation`` is the Exif tag 0x0112 (1..8; 1 is upright).
    ``background`` says what a transparent picture was laid over; None if it is opaque.
    """

    pixels: Pixels
    full_rows: int
    full_cols: int
    factor: int = 1
    index: int = 0
    orientation: int = 1
    background: str | None = None

    @classmethod
    def of(cls, pixels: Pixels) -> Frame:
        """A frame of pixels that were not reduced."""
        return cls(pixels, pixels.shape[0], pixels.shape[1])
