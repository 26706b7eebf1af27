"""What people and apps lay over or around a picture: words, watermarks, the screen of a phone."""

from __future__ import annotations

from collections.abc import Callable

from PIL import Image, ImageDraw, ImageFont

WORDS = "a day at the lake"
"""Any words do: what matters is how much of the picture they cover."""


def text(share: float) -> Callable[[Image.Image], Image.Image]:
    """A white line with a black outline near the bottom, `share` of the height high."""

    def apply(picture: Image.Image) -> Image.Image:
        written = picture.copy()
        _line(written, WORDS, share, 0.92, outlined=True)
        return written

    return apply


def meme(picture: Image.Image) -> Image.Image:
    """Two lines of capitals of 12 % of the height, at top and bottom."""
    written = picture.copy()
    _line(written, "ONE DOES NOT", 0.12, 0.1, outlined=True)
    _line(written, "SIMPLY SWIM", 0.12, 0.9, outlined=True)
    return written


def caption(picture: Image.Image) -> Image.Image:
    """A white bar above the picture, a fifth of its height, with black words."""
    bar = round(picture.height / 5)
    framed = Image.new("RGB", (picture.width, picture.height + bar), "white")
    framed.paste(picture, (0, bar))
    _line(framed, WORDS, bar * 0.4 / framed.height, bar / 2 / framed.height, outlined=False)
    return framed


def watermark(picture: Image.Image) -> Image.Image:
    """Words all over, three across and six down, in white at a quarter of its strength."""
    width, height = picture.size
    layer = Image.new("RGBA", picture.size)
    draw = ImageDraw.Draw(layer)
    font = ImageFont.load_default(max(height // 20, 6))
    for row in range(6):
        for column in range(-1, 3):
            x = width * (column + 0.5 * (row % 2)) / 3
            draw.text((x, height * (row + 0.3) / 6), WORDS, (255, 255, 255, 64), font)
    return Image.alpha_composite(picture.convert("RGBA"), layer).convert("RGB")


def logo(picture: Image.Image) -> Image.Image:
    """A red disc on a white square in the lower right corner, 15 % of the shorter side."""
    marked = picture.copy()
    width, height = picture.size
    side = round(min(picture.size) * 0.15)
    gap = side // 5
    left, top = width - gap - side, height - gap - side
    draw = ImageDraw.Draw(marked)
    draw.rectangle((left, top, left + side, top + side), "white")
    inset = side // 8
    draw.ellipse(
        (left + inset, top + inset, left + side - inset, top + side - inset), (200, 30, 30)
    )
    return marked


def screenshot(picture: Image.Image) -> Image.Image:
    """The picture as a post in an app, on a phone whose screen is 19.5 by 9.

    A clock above, a round portrait and a name over the picture, two lines of words under it.
    """
    unit = max(picture.width // 36, 4)
    top = unit * 9
    height = max(round(picture.width * 19.5 / 9), picture.height + unit * 24)
    screen = Image.new("RGB", (picture.width, height), "white")
    screen.paste(picture, (0, top))
    draw = ImageDraw.Draw(screen)
    font = ImageFont.load_default(unit * 1.5)
    draw.text((unit, unit), "9:41", "black", font)
    draw.rectangle((picture.width - unit * 4, unit, picture.width - unit, unit * 2), "black")
    draw.ellipse((unit, unit * 4, unit * 5, unit * 8), (90, 120, 160))
    draw.text((unit * 6, unit * 5), "somebody", "black", font)
    under = top + picture.height + unit
    draw.text((unit, under), "128 people like this", "black", font)
    draw.text((unit, under + unit * 2.5), WORDS, "black", font)
    draw.line((0, height - unit * 5, picture.width, height - unit * 5), (200, 200, 200))
    return screen


def _line(picture: Image.Image, words: str, share: float, middle: float, *, outlined: bool) -> None:
    """Words centred at `middle` of the height, smaller where the picture is too narrow for them."""
    height = max(round(picture.height * share), 6)
    font = ImageFont.load_default(height)
    needed = font.getlength(words)
    if needed > picture.width * 0.96:
        font = ImageFont.load_default(max(height * picture.width * 0.96 / needed, 6))
    ImageDraw.Draw(picture).text(
        (picture.width / 2, picture.height * middle),
        words,
        "white" if outlined else "black",
        font,
        anchor="mm",
        stroke_width=max(height // 16, 1) if outlined else 0,
        stroke_fill="black",
    )
