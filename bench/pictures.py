"""Photographs in the sizes and file formats that are measured, the same on every machine."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from bench import ours
from tutela.errors import TutelaError
from tutela.testing import photographs

SMALL, FULL_HD, TWELVE = (512, 384), (1920, 1080), (4000, 3000)

SENSOR = 2.5
"""Standard deviation of made sensor noise, in levels of 255. An enlarged picture is smoother than
any camera's, and its small file flatters whoever decodes less of it."""

PHONE_BYTES = (3_000_000, 4_500_000)
"""What 12-megapixel photographs of phones take as JPEG (3.2 to 3.7 MB in Meta's own test set)."""

PHONE_QUALITY = 93
PHONE_NOISE = (2.5, 2.0, 3.0, 1.5, 3.5, 1.0, 4.0, 0.5, 5.0)
"""Tried in this order until the file has a phone's size: a busy picture needs less noise."""

MEANINGFUL = 50
"""PDQ quality below which its authors advise not to compare hashes."""


def find(count: int | None = None) -> list[Path]:
    """`count` photographs, spread evenly over all of them; all without it."""
    paths = photographs.find()
    return paths if count is None else [paths[i * len(paths) // count] for i in range(count)]


def meaningful(paths: Sequence[Path]) -> list[Path]:
    """Those whose hash means something."""
    return [path for path in paths if ours.plain(path.read_bytes())[1] >= MEANINGFUL]


def opened(path: Path) -> Image.Image:
    """In 8-bit red, green and blue; none of the photographs is transparent."""
    with Image.open(path) as image:
        return image.convert("RGB")


def sized(path: Path, size: tuple[int, int]) -> Image.Image:
    return opened(path).resize(size, Image.Resampling.LANCZOS)


def pixels(picture: Image.Image) -> np.ndarray:
    return np.array(picture)


def grained(picture: Image.Image, sigma: float) -> Image.Image:
    """With the noise of a sensor: the same noise for the same size, whenever it is asked for."""
    clean = np.asarray(picture)
    rng = np.random.default_rng(0)
    noise = rng.standard_normal(clean.shape, np.float32) * np.float32(sigma)
    return Image.fromarray(np.clip(clean + noise, 0, 255).round().astype(np.uint8))


def full_hd(path: Path) -> Image.Image:
    return grained(sized(path, FULL_HD), SENSOR)


def encoded(picture: Image.Image, kind: str, **options: int) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def phone_jpeg(path: Path) -> bytes:
    """A JPEG of 12 megapixels as large as a phone's; raises `TutelaError` if none comes out so."""
    picture = sized(path, TWELVE)
    for sigma in PHONE_NOISE:
        data = encoded(grained(picture, sigma), "JPEG", quality=PHONE_QUALITY)
        if PHONE_BYTES[0] <= len(data) <= PHONE_BYTES[1]:
            return data
    raise TutelaError(f"No noise makes {path.name} as large as a phone's photograph.")
