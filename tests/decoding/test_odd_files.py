"""What a viewer shows is hashed, however odd the file; what is not read is not called harmless."""

from __future__ import annotations

import io
import struct

import pytest
from made import bombs
from made.stored_forms import FORMS, Form, saved
from PIL import Image

from tutela.decoding import Cause, Limits
from tutela.decoding.fingerprinter import Fingerprinter
from tutela.decoding.models import Decoded, Note
from tutela.decoding.options import Options
from tutela.signals.registry import signal_type

HARMLESS = frozenset({"empty", "not_a_picture", "too_small"})
PDQ = signal_type("pdq")


def of(data: bytes, **limits: int) -> Decoded:
    return Fingerprinter(Options(("pdq",)), Limits(**limits)).decode(data)


@pytest.fixture(scope="module")
def picture(photos) -> Image.Image:
    with Image.open(photos[0]) as image:
        return image.convert("RGB").resize((256, 192))


@pytest.fixture(scope="module")
def plain(picture) -> str:
    return of(saved(picture, "PNG")).signals[0].value


def after_header(png: bytes, *chunks: bytes) -> bytes:
    return png[:33] + b"".join(chunks) + png[33:]


def wrong(kind: bytes, body: bytes) -> bytes:
    """A chunk whose checksum is not its own."""
    return bombs.chunk(kind, body)[:-4] + b"\0\0\0\0"


def with_segment(jpeg: bytes, marker: int, body: bytes) -> bytes:
    return jpeg[:2] + struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body + jpeg[2:]


def as_cursor(ico: bytes) -> bytes:
    return b"\0\0\2\0" + ico[4:]


def png(picture: Image.Image, *chunks: bytes) -> bytes:
    """The picture, with chunks between its header and the rest."""
    return after_header(saved(picture, "PNG"), *chunks)


def jpeg(picture: Image.Image) -> bytes:
    return saved(picture, "JPEG", quality=95)


def png_with_wrong_header(picture: Image.Image) -> bytes:
    data = saved(picture, "PNG")
    return data[:29] + b"\0\0\0\0" + data[33:]


def png_with_much_text(picture: Image.Image) -> bytes:
    data, rest = bombs.png_with_text(picture, 40), len(saved(picture, "PNG")) - 33
    return after_header(data, data[33:-rest])


def long_webp(picture: Image.Image) -> bytes:
    data = saved(picture, "WEBP", quality=95)
    return data[:4] + b"\xff\xff\xff\x00" + data[8:]


def renamed(form: str) -> Form:
    return lambda picture: FORMS[form](picture)[:8] + b"xxxx" + FORMS[form](picture)[12:]


ODD: dict[str, Form] = {
    "PNG, text with a wrong checksum": lambda p: png(p, wrong(b"tEXt", b"a\0b")),
    "PNG, size in metres with a wrong checksum": lambda p: png(p, wrong(b"pHYs", bytes(9))),
    "PNG, empty colour profile": lambda p: png(p, bombs.chunk(b"iCCP", b"")),
    "PNG, a frame before any animation": lambda p: png(p, bombs.chunk(b"fdAT", bytes(8))),
    "PNG, 80 MB of text": png_with_much_text,
    "PNG, header with a wrong checksum": png_with_wrong_header,
    "JPEG, a marker without meaning": lambda p: b"\xff\xd8\xff\x01" + jpeg(p)[2:],
    "JPEG, short JFIF": lambda p: with_segment(jpeg(p), 0xE0, b"JFIF\0"),
    "JPEG, short colour profile": lambda p: with_segment(jpeg(p), 0xE2, b"ICC_PROFILE\0"),
    "JPEG, short Adobe": lambda p: with_segment(jpeg(p), 0xEE, b"Adobe"),
    "AVIF under another name": renamed("AVIF"),
    "HEIC under another name": renamed("HEIC (extra heic)"),
    "WebP that claims to be longer": long_webp,
    "cursor": lambda p: as_cursor(saved(p.resize((256, 256)), "ICO", sizes=[(256, 256)])),
}


@pytest.mark.parametrize("name", ODD)
def test_what_viewers_pass_over_hides_no_picture(picture, plain, name):
    decoded = of(ODD[name](picture))
    assert decoded.cause is None
    nearest = min(PDQ.distance(s.value, plain) for s in decoded.signals)
    assert nearest <= PDQ.match_distance


def test_every_picture_of_an_icon_is_hashed(picture):
    """The largest may be grey, and another be shown."""
    small = saved(picture.resize((255, 255)), "PNG")
    grey = saved(Image.new("RGB", (256, 256), (90, 90, 90)), "PNG")
    entries, at = b"", 6 + 2 * 16
    for side, body in ((0, grey), (255, small)):
        entries += struct.pack("<BBBBHHII", side, side, 0, 0, 1, 32, len(body), at)
        at += len(body)
    decoded = of(b"\0\0\1\0\2\0" + entries + grey + small)
    expected = of(small).signals[0].value
    assert expected in {s.value for s in decoded.signals}


@pytest.mark.parametrize(
    "data",
    [
        b'\xef\xbb\xbf<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>',
        '<?xml version="1.0" encoding="utf-16"?><SVG/>'.encode("utf-16"),
        b"\x30\x26\xb2\x75\x8e\x66\xcf\x11" + bytes(99),
        (b"\x47" + bytes(187)) * 9,
        b"\0\0\0\x08wide" + bytes(99),
        b"\0\0\0\x10free" + bytes(8) + b"\0\0\0\x18ftypavif",
        b"II+\0" + bytes(99),
        b"II\xbc\x01" + bytes(99),
        b"qoif" + bytes(99),
        b"icns" + bytes(99),
        bytes(128) + b"DICM" + bytes(99),
        b"PK\x03\x04" + bytes(99),
        b"Rar!\x1a\x07\x01\x00" + bytes(99),
        b"\x1f\x8b\x08" + bytes(99),
        b"bicycle" * 9 + b"%PDF-1.7" + bytes(99),
        b"RIFF\x24\0\0\0AVI " + bytes(99),
        b"RIFF\x24\0\0\0WEBP" + bytes(99),
        b"\0\0\2\0\1\0" + bytes(99),
    ],
)
def test_media_and_archives_that_are_not_read_are_never_harmless(data):
    cause = of(data).cause
    assert cause is not None and cause not in HARMLESS, cause


def test_a_side_that_no_browser_shows_is_too_many_pixels_not_too_small():
    for width, height in ((2**24 + 1, 5), (5, 2**24 + 1)):
        assert of(bombs.claimed_png(width, height)).cause is Cause.TOO_MANY_PIXELS


def test_a_long_thin_picture_is_cheap(picture):
    """The taps of a side of a million pixels are few: their weights are known without adding."""
    import time

    thin = saved(Image.new("L", (1_000_000, 8), 90), "PNG")
    began = time.process_time()
    assert of(thin).cause is None
    assert time.process_time() - began < 20


def test_the_first_frame_counts_however_many_follow(picture, plain):
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    data = saved(picture, "GIF")[:-1] + frame * 3_000_000 + b"\x3b"
    decoded = of(data, max_frames_seconds=1)
    assert decoded.notes & {Note.CUT_SHORT, Note.SAMPLED}
    assert min(PDQ.distance(s.value, plain) for s in decoded.signals) <= PDQ.match_distance


def test_one_pixel_far_off_does_not_flatten_a_picture(picture, plain):
    import numpy as np

    values = np.asarray(picture.convert("L"), np.float32)
    values[0, 0] = 1e9
    data = io.BytesIO()
    Image.fromarray(values).save(data, "TIFF")
    decoded = of(data.getvalue())
    assert Note.LOW_QUALITY not in decoded.notes
    assert min(PDQ.distance(s.value, plain) for s in decoded.signals) <= PDQ.match_distance
