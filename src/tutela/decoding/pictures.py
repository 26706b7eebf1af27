"""The right pixels of every format and mode, reduced while decoding where that is safe.

Runs in the decoder process. Whatever Pillow raises on hostile bytes, `Undecodable` leaves here.
"""

from __future__ import annotations

import io
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache, partial
from typing import TypeVar

import numpy as np
from PIL import Image, ImageFile, UnidentifiedImageError

from tutela.decoding.limits import Limits
from tutela.decoding.models import Cause, Note, Picture
from tutela.signals import Frame
from tutela.signals.models import Pixels

REDUCED_SIDE = 512
"""A JPEG is reduced only while its short side stays at least this long: the hash then lies within
8 bits of the full decode's, and within 1 on average (measured: docs/signals.md)."""

FORMATS = (
    "JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "DIB", "AVIF", "HEIF",
    "JPEG2000", "ICO", "PPM", "TGA", "PSD", "PCX",
)  # fmt: skip
"""What is decoded: what phones, cameras, browsers and scanners write (JPEG includes MPO). Left out
on purpose: EPS and the like (an interpreter), WMF (the operating system's), video."""

OTHER_MEDIA = {
    b"ftyp": 4, b"\x1aE\xdf\xa3": 0, b"RIFF": 0, b"OggS": 0, b"FLV\x01": 0, b"%PDF": 0,
    b"\x00\x00\x01\xba": 0, b"\x00\x00\x01\xb3": 0, b"II\x1a\x00\x00\x00HEAPCCDR": 0,
    b"\xff\x0a": 0, b"\x00\x00\x00\x0cJXL ": 0, b"%!PS": 0, b"FUJIFILMCCD-RAW": 0,
}  # fmt: skip
"""Magic numbers, and where they stand, of media that Pillow does not open here."""

PICTURES = (
    b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"RIFF", b"II*\x00", b"MM\x00*", b"BM", b"8BPS",
    b"\x00\x00\x00\x0cjP  ", b"\xff\x4f\xff\x51", b"\x00\x00\x01\x00",
)  # fmt: skip
"""How the formats above begin: a file that does, and that none of them opens, is damaged."""

EXIF_ORIENTATION = 0x0112

STRIP = 1 << 22
"""Pixels copied at a time: few calls, and 16 MB beside the picture."""

T = TypeVar("T")


class Undecodable(Exception):
    """No frame could be read, and why."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause.value)
        self.cause = cause


def prepare() -> None:
    """Load every plugin now: later this process may open no file."""
    Image.init()
    with suppress(ImportError):  # the extra heic
        import pillow_heif

        pillow_heif.register_heif_opener(thumbnails=False)
    ImageFile.MAXBLOCK = 1 << 20  # the bytes are in memory: hand them over in few pieces
    Image.MAX_IMAGE_PIXELS = None  # our own limit is checked on the header, before decoding
    warnings.simplefilter("ignore")  # a decoder has nobody to warn


@cache
def readable() -> tuple[str, ...]:
    """The formats that are installed here: HEIF needs the extra `heic`."""
    prepare()
    return tuple(name for name in FORMATS if name in Image.OPEN)


class Reader:
    """Frames of one file, and what was noticed on the way."""

    def __init__(self, data: bytes, limits: Limits, *, full_decode: bool) -> None:
        self.limits = limits
        self.full_decode = full_decode
        self.notes: set[Note] = set()
        self.hashed = 0
        if not data:
            raise Undecodable(Cause.EMPTY)
        self._data = data
        self._image = self._strictly_or_leniently(self._open)
        self._format, self._mode = self._image.format or "", self._image.mode
        self._size = self._image.size
        self.frames = self._count()

    @property
    def picture(self) -> Picture:
        width, height = self._size
        return Picture(self._format, self._mode, width, height, self.frames, self.hashed)

    def read(self) -> Iterator[Frame]:
        """Frames in order; raises `Undecodable` if not even the first could be read."""
        began = time.process_time()
        for index in self._sample():
            if self.hashed and time.process_time() - began > self.limits.max_frames_seconds:
                self.notes.add(Note.CUT_SHORT)
                return
            try:
                frames = self._strictly_or_leniently(partial(self._frames, index))
            except Undecodable:
                if not self.hashed:
                    raise
                self.notes.add(Note.CUT_SHORT)
                return
            self.hashed += 1
            yield from frames

    def _open(self) -> Image.Image:
        try:
            image = Image.open(io.BytesIO(self._data), formats=readable())
        except UnidentifiedImageError:
            raise Undecodable(_unidentified(self._data)) from None
        self._check(image)
        return image

    def _strictly_or_leniently(self, act: Callable[[], T]) -> T:
        """What `act` gives; decoded as far as it goes where the file is broken, as browsers do.

        Pillow's plugins let almost any exception escape on bytes that lie, so all are caught.
        """
        try:
            return act()
        except Undecodable:
            raise
        except MemoryError:
            raise Undecodable(Cause.OUT_OF_MEMORY) from None
        except Exception:
            self.notes.add(Note.PARTIAL)
        ImageFile.LOAD_TRUNCATED_IMAGES = True
        try:
            self._image = self._open()
            return act()
        except Undecodable:
            raise
        except MemoryError:
            raise Undecodable(Cause.OUT_OF_MEMORY) from None
        except Exception:
            raise Undecodable(Cause.DAMAGED) from None
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = False

    def _check(self, image: Image.Image) -> None:
        if image.width * image.height > self.limits.max_pixels:
            raise Undecodable(Cause.TOO_MANY_PIXELS)

    def _count(self) -> int:
        try:
            return max(int(getattr(self._image, "n_frames", 1)), 1)
        except Exception:  # a count that cannot be read: as above
            self.notes.add(Note.CUT_SHORT)
            return 1

    def _sample(self) -> list[int]:
        """Frame indices spread evenly, first and last included."""
        most = self.limits.max_frames
        if self.frames <= most:
            return list(range(self.frames))
        self.notes.add(Note.SAMPLED)
        return [i * (self.frames - 1) // max(most - 1, 1) for i in range(most)]

    def _frames(self, index: int) -> list[Frame]:
        image = self._image
        if index or self.frames > 1:
            image.seek(index)
            self._check(image)
        width, height = image.size
        if not self.full_decode and self.frames == 1 and image.format in ("JPEG", "MPO"):
            image.draft("L", (REDUCED_SIDE, REDUCED_SIDE))
        reduced = image.size
        factor = -(-width // reduced[0])
        orientation = _orientation(image)
        image.load()
        return [
            Frame(
                np.ascontiguousarray(pixels), height, width, factor, index, orientation, background
            )
            for background, pixels in layers(image)
        ]


def layers(image: Image.Image) -> list[tuple[str | None, Pixels]]:
    """Pixels of a loaded picture, with what they lie over: one layer, or two if transparent."""
    mode = image.mode
    if mode.startswith("I;16"):
        return [(None, _sixteen(np.asarray(image)))]
    if mode in ("I", "F"):
        return [(None, _stretched(np.asarray(image, dtype=np.float64)))]
    if mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        return _over_grounds(image.convert("RGBA"))
    if mode in ("RGB", "RGBX", "L"):
        return [(None, pixels_of(image))]
    if mode == "LAB":  # Pillow has no conversion; its first channel is the lightness
        return [(None, pixels_of(image.getchannel(0)))]
    return [(None, pixels_of(image.convert("L" if mode == "1" else "RGB")))]


def pixels_of(image: Image.Image) -> Pixels:
    """The pixels of an 8-bit picture, strip by strip: Pillow's own way copies a picture twice."""
    strip = max(STRIP // image.width, 1)
    if strip >= image.height:
        return np.asarray(image)
    shape = (image.height, image.width) + ((len(image.getbands()),) if image.mode != "L" else ())
    pixels = np.empty(shape, np.uint8)
    for top in range(0, image.height, strip):
        bottom = min(top + strip, image.height)
        pixels[top:bottom] = np.asarray(image.crop((0, top, image.width, bottom)))
    return pixels


def _over_grounds(rgba: Image.Image) -> list[tuple[str | None, Pixels]]:
    if rgba.getchannel("A").getextrema()[0] == 255:
        return [(None, pixels_of(rgba))]
    return [
        (name, pixels_of(Image.alpha_composite(Image.new("RGBA", rgba.size, name), rgba)))
        for name in ("white", "black")
    ]


def _sixteen(deep: np.ndarray) -> Pixels:
    """The 8 highest bits in use: scanners write 10, 12 or 14 bits into 16."""
    shift = max(int(deep.max(initial=0)).bit_length() - 8, 0)
    narrowed: Pixels = (deep >> shift).astype(np.uint8)
    return narrowed


def _stretched(values: np.ndarray) -> Pixels:
    """Numbers without a stated range, from their lowest to their highest."""
    finite = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(finite.min(initial=0.0)), float(finite.max(initial=0.0))
    span = high - low
    if not np.isfinite(span) or span <= 0:
        return np.zeros(values.shape, np.uint8)
    scaled: Pixels = ((finite - low) * (255.0 / span)).astype(np.uint8)
    return scaled


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(EXIF_ORIENTATION, 1)
        return value if isinstance(value, int) and 1 <= value <= 8 else 1
    except Exception:  # a broken Exif block says nothing, in any way
        return 1


def _unidentified(data: bytes) -> Cause:
    head = data[:32]
    if head.startswith(PICTURES) and head[8:12] not in (b"AVI ", b"WAVE"):
        return Cause.DAMAGED
    known = any(head[at : at + len(magic)] == magic for magic, at in OTHER_MEDIA.items())
    return Cause.UNSUPPORTED_FORMAT if known else Cause.NOT_A_PICTURE
