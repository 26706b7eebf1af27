"""The right pixels of every format and mode, reduced while decoding where that is safe.

Runs in the decoder process. Whatever Pillow raises on hostile bytes, `Undecodable` leaves here.
"""

from __future__ import annotations

import io
import math
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache, partial
from typing import TypeVar

import numpy as np
from PIL import Image, ImageFile, UnidentifiedImageError

from tutela.decoding.limits import Limits
from tutela.decoding.mending import essential
from tutela.decoding.models import Cause, Note, Picture
from tutela.decoding.recognition import cause_of
from tutela.signals import Frame
from tutela.signals.models import Pixels

REDUCED_SIDE = 512
"""A JPEG is reduced only while its short side stays at least this long: the hash then lies within
8 bits of the full decode's, and within 1 on average (measured: docs/signals.md)."""

FORMATS = (
    "JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "DIB", "AVIF", "HEIF",
    "JPEG2000", "ICO", "PPM", "PSD", "PCX", "TGA",
)  # fmt: skip
"""What is decoded: what phones, cameras, browsers and scanners write (JPEG includes MPO). Left out
on purpose: EPS and the like (an interpreter), WMF (the operating system's), video. TGA has no
beginning of its own: it is read only where its end says so."""

TGA_END = b"TRUEVISION-XFILE.\x00"

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


class Hasty(io.BytesIO):
    """A file in memory that can be read only for so long: some counts walk it all."""

    deadline = math.inf
    reads = 0

    def read(self, size: int | None = -1, /) -> bytes:
        self.reads += 1
        if self.reads % 256 == 0 and time.process_time() > self.deadline:
            raise TimeoutError
        return super().read(size)


class Reader:
    """Frames of one file, and what was noticed on the way."""

    def __init__(self, data: bytes, limits: Limits, *, full_decode: bool) -> None:
        self.limits = limits
        self.full_decode = full_decode
        self.notes: set[Note] = set()
        self.hashed = 0
        self.frames = 1
        if not data:
            raise Undecodable(Cause.EMPTY)
        self._given = self._data = data
        self._image = self._somehow(self._open)
        self._format, self._mode = self._image.format or "", self._image.mode
        self._size = self._image.size

    @property
    def picture(self) -> Picture:
        width, height = self._size
        return Picture(self._format, self._mode, width, height, self.frames, self.hashed)

    def read(self) -> Iterator[Frame]:
        """Frames in order; raises `Undecodable` if not even the first could be read.

        The first comes before the others are counted: they may be millions.
        """
        deadline = time.process_time() + self.limits.max_frames_seconds
        yield from self._somehow(partial(self._frames, 0))
        self.hashed = 1
        self.frames = self._count(deadline)
        for index in self._sample()[1:]:
            if time.process_time() > deadline:
                self.notes.add(Note.CUT_SHORT)
                return
            try:
                frames = self._somehow(partial(self._frames, index))
            except Undecodable:
                self.notes.add(Note.CUT_SHORT)
                return
            self.hashed += 1
            yield from frames

    def count_frames(self) -> int:
        """How many there are, for who has read the first and wants no other."""
        return self._count(time.process_time() + self.limits.max_frames_seconds)

    def _open(self) -> Image.Image:
        formats = readable()
        if not self._data.endswith(TGA_END):
            formats = tuple(name for name in formats if name != "TGA")
        self._file = Hasty(self._data)
        image = Image.open(self._file, formats=formats)
        self._check(image)
        return image

    def _somehow(self, act: Callable[[], T]) -> T:
        """What `act` gives: strictly, or as far as it goes, or without what viewers pass over.

        Browsers show what is broken as far as they can, so a file that is refused here would be a
        picture that nobody looked at. Pillow's plugins let almost any exception escape on bytes
        that lie, so all are caught.
        """
        for lenient in (False, True, True):
            ImageFile.LOAD_TRUNCATED_IMAGES = lenient
            try:
                if lenient:
                    self.notes.add(Note.PARTIAL)
                    self._image = self._open()
                return act()
            except Undecodable:
                raise
            except MemoryError:
                raise Undecodable(Cause.OUT_OF_MEMORY) from None
            except Exception as error:  # hostile bytes raise anything, see above
                unknown = isinstance(error, UnidentifiedImageError)
            finally:
                ImageFile.LOAD_TRUNCATED_IMAGES = False
            if lenient:
                mended = essential(self._data)
                if mended is None:
                    break
                self._data = mended
        raise Undecodable(cause_of(self._given) if unknown else Cause.DAMAGED)

    def _check(self, image: Image.Image) -> None:
        width, height = image.size
        if width * height > self.limits.max_pixels or max(image.size) > self.limits.max_side:
            raise Undecodable(Cause.TOO_MANY_PIXELS)

    def _count(self, deadline: float) -> int:
        """Frames, pages, or the pictures of an icon."""
        self._file.deadline = deadline
        try:
            if self._image.format == "ICO":
                return len(self._image.ico.entry)  # type: ignore[attr-defined]
            return max(int(getattr(self._image, "n_frames", 1)), 1)
        except Exception:  # a count that cannot be read, or takes too long
            self.notes.add(Note.CUT_SHORT)
            return 1
        finally:
            self._file.deadline = math.inf

    def _sample(self) -> list[int]:
        """Frame indices spread evenly, first and last included."""
        most = self.limits.max_frames
        if self.frames <= most:
            return list(range(self.frames))
        self.notes.add(Note.SAMPLED)
        return [i * (self.frames - 1) // max(most - 1, 1) for i in range(most)]

    def _frames(self, index: int) -> list[Frame]:
        image = self._image
        if image.format == "ICO":
            image = image.ico.frame(index)  # type: ignore[attr-defined]
            self._check(image)
        elif index:
            image.seek(index)
            self._check(image)
        width, height = image.size
        if not index and not self.full_decode and image.format in ("JPEG", "MPO"):
            image.draft("L", (REDUCED_SIDE, REDUCED_SIDE))
        factor = -(-width // image.width)
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
    """Numbers without a stated range, from nearly their lowest to nearly their highest: one pixel
    far off must not make all others alike."""
    finite = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    low, high = np.percentile(finite, (0.1, 99.9))
    if not high > low:
        low, high = float(finite.min()), float(finite.max())
    span = high - low
    if not np.isfinite(span) or span <= 0:
        return np.zeros(values.shape, np.uint8)
    scaled: Pixels = (np.clip((finite - low) / span, 0, 1) * 255).astype(np.uint8)
    return scaled


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(EXIF_ORIENTATION, 1)
        return value if isinstance(value, int) and 1 <= value <= 8 else 1
    except Exception:  # a broken Exif block says nothing, in any way
        return 1
