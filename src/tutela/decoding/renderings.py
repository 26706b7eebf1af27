"""What a person is shown in place of a file, or of it: pixels in colour, from its first frame.

Runs in the decoder process, like all that looks at hostile bytes. The mark of who views is put on
by the parent (`marking`), which trusts no decoder with it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageFilter

from tutela.decoding.derivatives import upright
from tutela.decoding.limits import Limits
from tutela.decoding.models import Cause, Rendered, Rendering
from tutela.decoding.pictures import Reader, Undecodable
from tutela.signals import Frame
from tutela.signals.models import Pixels

DETAIL = 224
"""Pixels of the longer side that `stylised` is made from, however large it is shown: what is finer
is gone before anything else is done."""

COLOURS = 12
"""That are left in `stylised`: areas, as in a poster."""

MEDIAN, MODE = 7, 7
"""Pixels of the squares whose middle and most frequent colours are taken: edges stay, texture
goes."""

BLUR = 1 / 24
"""Of the longer side."""

SMALL = 3
"""`small` is so many times smaller than the others."""


def rendered(data: bytes, limits: Limits, rendering: Rendering, longest: int) -> Rendered | Cause:
    """The first frame, upright; or why there is none. No side is longer than `longest`."""
    try:
        reader = Reader(data, limits, full_decode=True)
        for frame in reader.read():
            made, reduced = _made(frame, rendering, longest)
            del frame
            whole = rendering is Rendering.MARKED and not reduced and _is_whole(reader)
            pixels = np.ascontiguousarray(np.asarray(made.convert("RGB")))
            return Rendered(made.width, made.height, pixels.tobytes(), whole)
    except Undecodable as problem:
        return problem.cause
    return Cause.DAMAGED


def _is_whole(reader: Reader) -> bool:
    """Whether nothing is missing from the file, and it has no frame but the first."""
    return reader.count_frames() == 1 and not reader.notes


def _made(frame: Frame, rendering: Rendering, longest: int) -> tuple[Image.Image, bool]:
    """The picture, and whether it has fewer pixels than the file."""
    rows, cols = frame.full_rows, frame.full_cols
    if rendering is Rendering.SMALL:
        longest = max(longest // SMALL, 1)
    scale = min(1.0, longest / max(rows, cols))
    size = max(1, round(cols * scale)), max(1, round(rows * scale))
    first = size
    if rendering is Rendering.STYLISED:
        least = min(1.0, DETAIL / max(size))
        first = max(1, round(size[0] * least)), max(1, round(size[1] * least))
    image = Image.fromarray(_shrunk(frame.pixels, first[1], first[0]))
    image = image.resize(first, Image.Resampling.BOX)
    image = MADE[rendering](image)
    if first != size:
        image = image.resize(size, Image.Resampling.BICUBIC)
    turned = Image.fromarray(np.ascontiguousarray(upright(np.asarray(image), frame.orientation)))
    return turned, size != (cols, rows)


def _stylised(image: Image.Image) -> Image.Image:
    flat = image.convert("RGB").filter(ImageFilter.MedianFilter(MEDIAN))
    few = flat.quantize(COLOURS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    return few.filter(ImageFilter.ModeFilter(MODE)).convert("RGB")


def _blurred(image: Image.Image) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(max(image.size) * BLUR))


def _same(image: Image.Image) -> Image.Image:
    return image


MADE: dict[Rendering, Callable[[Image.Image], Image.Image]] = {
    Rendering.STYLISED: _stylised,
    Rendering.GREY: lambda image: image.convert("L"),
    Rendering.BLURRED: _blurred,
    Rendering.SMALL: _same,
    Rendering.MARKED: _same,
}


def _shrunk(pixels: Pixels, height: int, width: int) -> Pixels:
    """Means of whole blocks of pixels, at least so many as asked for, strip by strip: a picture may
    be as large as memory allows. Grey stays grey."""
    rows, cols = pixels.shape[:2]
    down, across = max(rows // height, 1), max(cols // width, 1)
    if pixels.ndim == 3:
        pixels = pixels[:, :, :3]
    if down == across == 1:
        return np.ascontiguousarray(pixels)
    high, wide = rows // down, cols // across
    made = np.empty((high, wide, *pixels.shape[2:]), np.uint8)
    for row in range(high):
        strip = pixels[row * down : (row + 1) * down, : wide * across]
        made[row] = strip.reshape(down, wide, across, *pixels.shape[2:]).mean(axis=(0, 2))
    return made
