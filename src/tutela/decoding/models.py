"""What came of a file: its signals, or why there are none."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from enum import StrEnum

from tutela.signals import Signal

LEVEL = 2
"""Of zlib, for pictures that are shown once: they go to this machine or the next."""


class Cause(StrEnum):
    """Why a file gave no picture signal. Exact hashes exist in every case."""

    EMPTY = "empty"
    NOT_A_PICTURE = "not_a_picture"
    UNSUPPORTED_FORMAT = "unsupported_format"
    DAMAGED = "damaged"
    TOO_SMALL = "too_small"
    TOO_MANY_BYTES = "too_many_bytes"
    TOO_MANY_PIXELS = "too_many_pixels"
    NO_SIGNAL = "no_signal"
    OUT_OF_MEMORY = "out_of_memory"
    OUT_OF_TIME = "out_of_time"
    DECODER_DIED = "decoder_died"

    @property
    def meaning(self) -> str:
        """One sentence for a person."""
        return MEANINGS[self]


MEANINGS = {
    Cause.EMPTY: "The file has no bytes.",
    Cause.NOT_A_PICTURE: "No picture format recognises the file.",
    Cause.UNSUPPORTED_FORMAT: "The file is a picture, video or archive of a kind that is not read.",
    Cause.DAMAGED: "The file begins as a picture, but nothing of it could be decoded.",
    Cause.TOO_SMALL: "The picture has fewer than 5 pixels on a side; no hash means anything.",
    Cause.TOO_MANY_BYTES: "The file is larger than decoding.limits.max_bytes.",
    Cause.TOO_MANY_PIXELS: "The header claims more than decoding.limits.max_pixels or max_side.",
    Cause.NO_SIGNAL: "The picture was read, but no signal type made a signal of it.",
    Cause.OUT_OF_MEMORY: "Decoding wanted more than decoding.limits.max_memory.",
    Cause.OUT_OF_TIME: "Decoding took longer than decoding.limits.max_cpu_seconds (or wall).",
    Cause.DECODER_DIED: "The decoder process died on the file; a new one took its place.",
}


class Note(StrEnum):
    """What a reader of the signals should know."""

    PARTIAL = "partial"
    """The file ends early or is damaged; what could be decoded was hashed."""

    SAMPLED = "sampled"
    """There are more frames than were hashed."""

    CUT_SHORT = "cut_short"
    """Some frames could not be decoded, or time for frames ran out."""

    LOW_QUALITY = "low_quality"
    """The picture is flat or nearly so: its perceptual hashes are noise."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What the header says, and what was read."""

    format: str
    mode: str
    width: int
    height: int
    frames: int
    frames_hashed: int


@dataclass(frozen=True, slots=True)
class Decoded:
    """A decoder's answer for one file: a cause exactly when there are no signals."""

    signals: tuple[Signal, ...] = ()
    picture: Picture | None = None
    notes: frozenset[Note] = frozenset()
    cause: Cause | None = None


@dataclass(frozen=True, slots=True)
class Derivative:
    """A small blurred picture of a file in grey, a byte a pixel: to look at in its place."""

    width: int
    height: int
    grey: bytes

    def png(self) -> bytes:
        """The same as a file."""
        return _png(self.width, self.height, self.grey)


class Rendering(StrEnum):
    """How a file is shown to a person. All but the last are derivatives."""

    STYLISED = "stylised"
    """Areas of few colours, as in a poster: detail is reduced."""

    BLURRED = "blurred"
    SMALL = "small"
    GREY = "grey"
    MARKED = "marked"
    """The original, in all its pixels."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A picture that was made of a file, three bytes a pixel: red, green, blue."""

    width: int
    height: int
    pixels: bytes
    whole: bool
    """Nothing of the file is left out: neither pixels nor frames."""

    def png(self) -> bytes:
        """The same as a file."""
        return _png(self.width, self.height, self.pixels)


def _png(width: int, height: int, pixels: bytes) -> bytes:
    """A picture of 8 bits a value, grey or in colour, as a PNG without filters."""
    values = len(pixels) // (width * height)
    row = width * values
    press = zlib.compressobj(LEVEL)
    lines = [press.compress(b"\0" + pixels[at : at + row]) for at in range(0, len(pixels), row)]
    header = struct.pack(">IIBBBBB", width, height, 8, {1: 0, 3: 2}[values], 0, 0, 0)
    parts = (b"IHDR", header), (b"IDAT", b"".join([*lines, press.flush()])), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        len(body).to_bytes(4) + kind + body + zlib.crc32(kind + body).to_bytes(4)
        for kind, body in parts
    )


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """All signals of one file. `undecodable` is None when there are picture signals."""

    size: int
    signals: tuple[Signal, ...]
    picture: Picture | None
    notes: frozenset[Note]
    undecodable: Cause | None

    @property
    def low_quality(self) -> bool:
        return Note.LOW_QUALITY in self.notes
