"""A small grey picture to look at in place of the file: never its own bytes, and no detail of it.

Runs in the decoder process, like all that looks at hostile bytes.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from tutela.decoding.limits import Limits
from tutela.decoding.models import Cause, Derivative
from tutela.decoding.pictures import Reader, Undecodable
from tutela.signals import Frame
from tutela.signals.models import Pixels

BLUR = 1 / 170
"""Of the longer side: 1.5 pixels of 256. Fine detail goes; how the picture is made up stays."""

LUMA = np.array([0.299, 0.587, 0.114])
"""Rec. ITU-R BT.601, as PDQ has it."""


def derived(data: bytes, limits: Limits, longest: int) -> Derivative | Cause:
    """The first frame, upright, in grey and blurred; or why there is none."""
    try:
        for frame in Reader(data, limits, full_decode=False).read():
            return _small(frame, longest)
    except Undecodable as problem:
        return problem.cause
    return Cause.DAMAGED


def _small(frame: Frame, longest: int) -> Derivative:
    rows, cols = frame.full_rows, frame.full_cols
    scale = min(1.0, longest / max(rows, cols))
    height, width = (max(1, round(side * scale)) for side in (rows, cols))
    grey = Image.fromarray(_averaged(frame.pixels, height, width))
    grey = grey.resize((width, height), Image.Resampling.BOX)
    grey = grey.filter(ImageFilter.GaussianBlur(max(width, height) * BLUR))
    turned = upright(np.asarray(grey), frame.orientation)
    return Derivative(turned.shape[1], turned.shape[0], turned.tobytes())


def _averaged(pixels: Pixels, height: int, width: int) -> Pixels:
    """Grey means of whole blocks of pixels, at least so many as asked for: strip by strip, since a
    picture may be as large as memory allows."""
    rows, cols = pixels.shape[:2]
    down, across = max(rows // height, 1), max(cols // width, 1)
    high, wide = rows // down, cols // across
    made = np.empty((high, wide), np.uint8)
    for row in range(high):
        strip = pixels[row * down : (row + 1) * down, : wide * across]
        means = strip.reshape(down, wide, across, -1).mean(axis=(0, 2))
        made[row] = means[:, 0] if pixels.ndim == 2 else means[:, :3] @ LUMA
    return made


def upright(pixels: Pixels, orientation: int) -> Pixels:
    """Turned as the Exif orientation says (CIPA DC-008, tag 0x0112)."""
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)  # colours stay last
    across, down = {
        2: (True, False), 3: (True, True), 4: (False, True),
        6: (True, False), 7: (True, True), 8: (False, True),
    }.get(orientation, (False, False))  # fmt: skip
    pixels = pixels[:, ::-1] if across else pixels
    return pixels[::-1] if down else pixels
