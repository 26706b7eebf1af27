"""Files that claim or become far more than they are. All hold nothing but grey."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image


def chunk(kind: bytes, body: bytes) -> bytes:
    """A PNG chunk (PNG specification, section 5.3)."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, body: bytes, *before: bytes) -> bytes:
    """A grey PNG whose header claims this size, over any compressed body."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = [chunk(b"IHDR", header), *before, chunk(b"IDAT", body), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def claimed_png(width: int, height: int) -> bytes:
    """Nothing behind the claim."""
    return png(width, height, zlib.compress(b"\0" * 100))


def real_png(side: int) -> bytes:
    """Every pixel is there: side * side bytes in about a thousandth of that."""
    packer, body, line = zlib.compressobj(9), bytearray(), b"\0" + b"\x5a" * side
    for _ in range(side):
        body += packer.compress(line)
    return png(side, side, bytes(body + packer.flush()))


def png_with_text(picture: Image.Image, megabytes: int) -> bytes:
    """A small picture, with a text that unpacks to much more."""
    data = io.BytesIO()
    picture.save(data, "PNG")
    whole = data.getvalue()
    packer, body, block = zlib.compressobj(9), bytearray(), b"a" * (1 << 20)
    for _ in range(megabytes):
        body += packer.compress(block)
    body += packer.flush()
    text = chunk(b"zTXt", b"Comment\0\0" + bytes(body))
    after_header = 8 + 25
    return whole[:after_header] + text + whole[after_header:]


def animation(frames: int, side: int = 64) -> bytes:
    """A GIF of so many frames, each a few bytes (GIF89a specification)."""
    image = b"\x2c" + struct.pack("<HHHHB", 0, 0, side, side, 0)
    first = io.BytesIO()
    Image.new("L", (side, side), 90).save(first, "GIF")
    start = first.getvalue().index(b"\x2c")
    head, body = first.getvalue()[:start], first.getvalue()[start + len(image) : -1]
    delay = b"\x21\xf9\x04\x00\x01\x00\x00\x00"
    return head + (delay + image + body) * frames + b"\x3b"


def claimed_jpeg(width: int, height: int) -> bytes:
    """A small JPEG whose header says otherwise (ITU-T T.81, SOF0)."""
    data = io.BytesIO()
    Image.new("L", (16, 16), 90).save(data, "JPEG")
    whole = bytearray(data.getvalue())
    at = whole.index(b"\xff\xc0")
    whole[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(whole)


def claimed_bmp(width: int, height: int) -> bytes:
    data = io.BytesIO()
    Image.new("L", (16, 16), 90).save(data, "BMP")
    whole = bytearray(data.getvalue())
    whole[18:26] = struct.pack("<ii", width, height)
    return bytes(whole)
