"""Puts the mark of who views into a picture: a photograph of a screen then says whose it was.

It works on pixels that were decoded already, and so in the process that asked for them.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tutela.decoding.models import Rendered

LEAST = 160
"""Pixels of the shorter side of what is marked: what is smaller lies on a ground that has room."""

FAINT = 26
"""Of 255: read where one looks for it, and no more in the way than that."""

TURNED = 24
"""Degrees: to cut a slanted text away takes the picture with it."""

GROUND = 128


def marked(made: Rendered, mark: str) -> Rendered:
    """The same picture with the mark all over it."""
    pixels = np.frombuffer(made.pixels, np.uint8).reshape(made.height, made.width, 3)
    height, width = max(made.height, LEAST), max(made.width, LEAST)
    if (height, width) != pixels.shape[:2]:
        ground = np.full((height, width, 3), GROUND, np.uint8)
        top, left = (height - made.height) // 2, (width - made.width) // 2
        ground[top : top + made.height, left : left + made.width] = pixels
        pixels = ground
    light = _tiles(mark, width, height)
    dark = np.roll(light, (1, 1), axis=(0, 1))
    out = pixels.astype(np.int16)
    out += ((light.astype(np.int16) - dark) * FAINT // 255)[:, :, None]
    return Rendered(width, height, np.clip(out, 0, 255).astype(np.uint8).tobytes(), made.whole)


def _tiles(mark: str, width: int, height: int) -> np.ndarray:
    """The mark again and again, slanted: 255 where it is, else 0."""
    font = _font(min(max(min(width, height) // 22, 12), 48))
    text = mark.encode("ascii", "replace").decode() + "    "
    left, top, right, bottom = font.getbbox(text)
    wide, high = max(int(right - left), 1), max(int(bottom - top), 1)
    side = int(np.hypot(width, height)) + 2
    sheet = Image.new("L", (side, side))
    draw = ImageDraw.Draw(sheet)
    for number, y in enumerate(range(0, side, high * 4)):
        for x in range(-(wide * (number % 2)) // 2, side, wide):
            draw.text((x, y), text, fill=255, font=font)
    turned = sheet.rotate(TURNED, Image.Resampling.BILINEAR)
    x, y = (side - width) // 2, (side - height) // 2
    return np.asarray(turned.crop((x, y, x + width, y + height)))


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
