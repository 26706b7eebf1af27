"""The everyday edits that copies of a picture go through: a fixed list, for measuring recall.

What phones, apps and people do to a picture on its way: stored again, resized, cropped, turned,
framed, written on. Names, order and strengths were fixed by a survey before the first variant was
written (it found 54.6 % of the copies with plain PDQ); what its names left open has one usual value
here. Nothing is tuned against the hash, searched for, or combined beyond what is listed, and every
edit gives the same result each time.

An edit takes a picture of red, green and blue, and gives a picture, or bytes where it says how the
file is stored. Shares are of the width for what goes left and right, of the height for the rest.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from bench import overlays
from bench.pictures import encoded, grained

Change = Callable[[Image.Image], Image.Image]
Apply = Callable[[Image.Image], Image.Image | bytes]

RE_ENCODING = "re-encoding"
RESIZING = "resizing"
CROPPING = "cropping"
SMALL_ROTATION = "small rotation"
RIGHT_ANGLES = "right angles and mirrors"
BORDERS = "borders and letterboxes"
OVERLAYS = "overlays"
LIGHT = "light and colour"
NOISE = "noise and blur"
SCREENSHOTS = "screenshots and combinations"

FAMILIES = (
    RE_ENCODING, RESIZING, CROPPING, SMALL_ROTATION, RIGHT_ANGLES, BORDERS, OVERLAYS, LIGHT, NOISE,
    SCREENSHOTS,
)  # fmt: skip

SHARPEST = Image.Resampling.LANCZOS
SMOOTH = Image.Resampling.BICUBIC
SEPIA = (0.393, 0.769, 0.189, 0, 0.349, 0.686, 0.168, 0, 0.272, 0.534, 0.131, 0)
"""Red, green and blue of sepia toning, as in the CSS filter of that name (W3C Filter Effects)."""


@dataclass(frozen=True, slots=True)
class Edit:
    name: str
    family: str
    apply: Apply


def stored(kind: str, quality: int, *before: Change) -> Apply:
    """Changes, then the file they are stored in."""

    def apply(picture: Image.Image) -> bytes:
        for change in before:
            picture = change(picture)
        return encoded(picture, kind, quality=quality)

    return apply


def scaled(across: float, down: float | None = None) -> Change:
    def apply(picture: Image.Image) -> Image.Image:
        shares = (across, across if down is None else down)
        size = [max(round(n * s), 1) for n, s in zip(picture.size, shares, strict=True)]
        return picture.resize((size[0], size[1]), SHARPEST)

    return apply


def squared(picture: Image.Image) -> Image.Image:
    side = min(picture.size)
    return picture.resize((side, side), SHARPEST)


def cropped(share: float) -> Change:
    """The middle: `share` of each length is lost, half of it at either end."""

    def apply(picture: Image.Image) -> Image.Image:
        width, height = picture.size
        x, y = round(width * share / 2), round(height * share / 2)
        return picture.crop((x, y, width - x, height - y))

    return apply


def cropped_right(share: float) -> Change:
    def apply(picture: Image.Image) -> Image.Image:
        return picture.crop((0, 0, round(picture.width * (1 - share)), picture.height))

    return apply


def turned(degrees: float) -> Change:
    """Turned on the spot; what is empty then is black."""

    def apply(picture: Image.Image) -> Image.Image:
        return picture.rotate(degrees, SMOOTH)

    return apply


def straightened(degrees: float) -> Change:
    """Turned, then cropped to the largest part of the same shape without empty corners."""

    def apply(picture: Image.Image) -> Image.Image:
        width, height = picture.size
        sine, cosine = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
        kept = min(
            width / (width * cosine + height * sine), height / (width * sine + height * cosine)
        )
        x, y = math.ceil(width * (1 - kept) / 2), math.ceil(height * (1 - kept) / 2)
        return picture.rotate(degrees, SMOOTH).crop((x, y, width - x, height - y))

    return apply


def transposed(how: Image.Transpose) -> Change:
    def apply(picture: Image.Image) -> Image.Image:
        return picture.transpose(how)

    return apply


def framed(share: float, colour: str) -> Change:
    """In a frame as wide, on every side, as this share of the shorter side."""

    def apply(picture: Image.Image) -> Image.Image:
        return ImageOps.expand(picture, max(round(min(picture.size) * share), 1), colour)

    return apply


def framed_in_paper(picture: Image.Image) -> Image.Image:
    """In a grey frame that is lighter at the bottom, with the faint noise of a scan."""
    inner = min(picture.size) // 20
    width, height = (n + 2 * inner for n in picture.size)
    shade = np.linspace(120, 136, height).round().astype(np.uint8)
    paper = Image.fromarray(np.repeat(shade[:, None], width, 1)).convert("RGB")
    paper = grained(paper, 2)
    paper.paste(picture, (inner, inner))
    return paper


def letterboxed(colour: str) -> Change:
    """Bars above and below, of a sixth of the height each: a 16:9 picture on a 4:3 screen."""

    def apply(picture: Image.Image) -> Image.Image:
        return ImageOps.expand(picture, (0, round(picture.height / 6)), colour)

    return apply


def brighter(factor: float) -> Change:
    return lambda picture: ImageEnhance.Brightness(picture).enhance(factor)


def contrasted(factor: float) -> Change:
    return lambda picture: ImageEnhance.Contrast(picture).enhance(factor)


def saturated(picture: Image.Image) -> Image.Image:
    return ImageEnhance.Color(picture).enhance(2)


def gamma(exponent: float) -> Change:
    curve = [round(255 * (v / 255) ** exponent) for v in range(256)]
    return lambda picture: picture.point(curve * 3)


def grey(picture: Image.Image) -> Image.Image:
    return picture.convert("L")


def sepia(picture: Image.Image) -> Image.Image:
    return picture.convert("RGB", SEPIA)


def noisy(sigma: float) -> Change:
    return lambda picture: grained(picture, sigma)


def blurred(radius: float) -> Change:
    return lambda picture: picture.filter(ImageFilter.GaussianBlur(radius))


def sharpened(picture: Image.Image) -> Image.Image:
    return picture.filter(ImageFilter.SHARPEN)


def from_the_side(share: float) -> Change:
    """As photographed a little from the side: the right edge loses `share` at either end."""

    def apply(picture: Image.Image) -> Image.Image:
        width, height = picture.size
        corners = [(0, 0), (width, 0), (width, height), (0, height)]
        sources = [
            (0, 0), (width, height * share), (width, height * (1 - share)), (0, height)
        ]  # fmt: skip
        rows, wanted = [], []
        for (x, y), (u, v) in zip(corners, sources, strict=True):
            rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
            wanted += [u, v]
        eight = np.linalg.solve(np.array(rows, float), np.array(wanted, float))
        return picture.transform(
            picture.size, Image.Transform.PERSPECTIVE, tuple(map(float, eight)), SMOOTH
        )

    return apply


def _re_encoding() -> Iterator[Edit]:
    for quality in (90, 70, 50, 30, 20, 10):
        yield Edit(f"jpeg q{quality}", RE_ENCODING, stored("JPEG", quality))
    for quality in (80, 30, 10):
        yield Edit(f"webp q{quality}", RE_ENCODING, stored("WEBP", quality))


def _resizing() -> Iterator[Edit]:
    for percent in (25, 50, 75, 150, 200, 400):
        yield Edit(f"resize {percent}%", RESIZING, scaled(percent / 100))
    yield Edit("aspect 80% width", RESIZING, scaled(0.8, 1))
    yield Edit("aspect square", RESIZING, squared)


def _cropping() -> Iterator[Edit]:
    for percent in (1, 2, 5, 10, 20, 30):
        yield Edit(f"crop {percent}% centred", CROPPING, cropped(percent / 100))
    for percent in (2, 5, 10, 20):
        yield Edit(f"crop {percent}% right only", CROPPING, cropped_right(percent / 100))


def _small_rotation() -> Iterator[Edit]:
    for degrees in (1, 2, 5, 10):
        yield Edit(f"rotate {degrees} (black corners)", SMALL_ROTATION, turned(degrees))
    for degrees in (1, 2, 5):
        yield Edit(f"rotate {degrees} + crop inside", SMALL_ROTATION, straightened(degrees))


def _right_angles() -> Iterator[Edit]:
    ways = {
        "rotate 90": Image.Transpose.ROTATE_90,
        "rotate 180": Image.Transpose.ROTATE_180,
        "rotate 270": Image.Transpose.ROTATE_270,
        "mirror": Image.Transpose.FLIP_LEFT_RIGHT,
        "flip": Image.Transpose.FLIP_TOP_BOTTOM,
    }
    for name, how in ways.items():
        yield Edit(name, RIGHT_ANGLES, transposed(how))
    yield Edit("mirror+jpeg50", RIGHT_ANGLES, stored("JPEG", 50, transposed(ways["mirror"])))


def _borders() -> Iterator[Edit]:
    for percent in (1, 2, 5, 10):
        for colour in ("black", "white"):
            yield Edit(f"border {percent}% {colour}", BORDERS, framed(percent / 100, colour))
    yield Edit("border 5% white + jpeg40", BORDERS, stored("JPEG", 40, framed(0.05, "white")))
    yield Edit("border 5% grey gradient-noise", BORDERS, framed_in_paper)
    yield Edit("letterbox black", BORDERS, letterboxed("black"))
    yield Edit("letterbox white+jpeg60", BORDERS, stored("JPEG", 60, letterboxed("white")))


def _overlays() -> Iterator[Edit]:
    for percent in (5, 10):
        yield Edit(f"text {percent}%", OVERLAYS, overlays.text(percent / 100))
    yield Edit("meme 2 lines 12%", OVERLAYS, overlays.meme)
    yield Edit("caption bar 20% white", OVERLAYS, overlays.caption)
    yield Edit("watermark tiled", OVERLAYS, overlays.watermark)
    yield Edit("logo corner", OVERLAYS, overlays.logo)


def _light() -> Iterator[Edit]:
    for factor in (0.5, 0.8, 1.2, 1.5):
        yield Edit(f"brightness x{factor}", LIGHT, brighter(factor))
    for factor in (0.5, 1.5, 2):
        yield Edit(f"contrast x{factor}", LIGHT, contrasted(factor))
    for exponent in (0.5, 0.7, 1.5, 2.2):
        yield Edit(f"gamma {exponent}", LIGHT, gamma(exponent))
    yield Edit("grayscale", LIGHT, grey)
    yield Edit("saturate x2", LIGHT, saturated)
    yield Edit("sepia", LIGHT, sepia)
    yield Edit("invert", LIGHT, ImageOps.invert)


def _noise() -> Iterator[Edit]:
    for sigma in (5, 15, 30):
        yield Edit(f"noise sigma {sigma}", NOISE, noisy(sigma))
    for radius in (2, 5):
        yield Edit(f"blur r{radius}", NOISE, blurred(radius))
    yield Edit("sharpen", NOISE, sharpened)


def _screenshots() -> Iterator[Edit]:
    yield Edit("screenshot padding", SCREENSHOTS, overlays.screenshot)
    yield Edit(
        "screenshot + jpeg60 + resize50%",
        SCREENSHOTS,
        stored("JPEG", 60, overlays.screenshot, scaled(0.5)),
    )
    yield Edit("perspective 3%", SCREENSHOTS, from_the_side(0.03))
    yield Edit(
        "combo: crop5+resize50+jpeg40", SCREENSHOTS, stored("JPEG", 40, cropped(0.05), scaled(0.5))
    )


EDITS: tuple[Edit, ...] = (
    *_re_encoding(),
    *_resizing(),
    *_cropping(),
    *_small_rotation(),
    *_right_angles(),
    *_borders(),
    *_overlays(),
    *_light(),
    *_noise(),
    *_screenshots(),
)
