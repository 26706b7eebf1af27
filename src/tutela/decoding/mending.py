"""What is left of a file without the parts that viewers pass over.

A browser shows a PNG with a wrong checksum on a comment, or a JPEG with a strange application
segment; Pillow refuses both. These functions keep what makes the picture, and nothing else. They
run in the decoder process, on files that could not be read as they are.
"""

from __future__ import annotations

import zlib

PNG_HEAD = b"\x89PNG\r\n\x1a\n"
PNG_STILL = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
AVIF_BRANDS = (b"avif", b"avis")
HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"mif1", b"msf1")


def essential(data: bytes) -> bytes | None:
    """The picture alone, or None if there is nothing to leave out, or no known format."""
    if data.startswith(PNG_HEAD):
        mended = _png(data)
    elif data.startswith(b"\xff\xd8"):
        mended = _jpeg(data)
    elif data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        mended = _webp(data)
    elif data[4:8] == b"ftyp":
        mended = _iso(data)
    elif data.startswith(b"\x00\x00\x02\x00"):
        mended = b"\x00\x00\x01\x00" + data[4:]  # a cursor is an icon with a place to point from
    else:
        return None
    return mended if mended != data else None


def _png(data: bytes) -> bytes:
    """The still picture's chunks, each with its right checksum (PNG, sections 5 and 11)."""
    parts, at = [PNG_HEAD], len(PNG_HEAD)
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4])
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        if kind in PNG_STILL:
            checksum = zlib.crc32(kind + body).to_bytes(4)
            parts.append(len(body).to_bytes(4) + kind + body + checksum)
        at += 12 + length
        if kind == b"IEND":
            break
    return b"".join(parts)


def _jpeg(data: bytes) -> bytes:
    """Without application segments and comments, but for well-formed Exif and Adobe ones."""
    parts, at = [b"\xff\xd8"], 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            at += 1  # bytes between segments are passed over
            continue
        marker = data[at + 1]
        if marker in (0x00, 0x01, 0xFF) or 0xD0 <= marker <= 0xD8:
            at += 1 if marker == 0xFF else 2  # fill bytes, and markers without a segment
            continue
        if marker in (0xDA, 0xD9):
            break  # from the scan on, everything stays
        length = int.from_bytes(data[at + 2 : at + 4])
        segment = data[at : at + 2 + length]
        comment = 0xE0 <= marker <= 0xEF or marker == 0xFE
        exif = marker == 0xE1 and segment[4:10] == b"Exif\0\0" and length > 16
        adobe = marker == 0xEE and segment[4:9] == b"Adobe" and length >= 14
        if not comment or exif or adobe:
            parts.append(segment)
        at += 2 + max(length, 2)
    return b"".join(parts) + data[at:]


def _webp(data: bytes) -> bytes:
    """With the size that the file has."""
    return data[:4] + (len(data) - 8).to_bytes(4, "little") + data[8:]


def _iso(data: bytes) -> bytes:
    """Under the brand that it is compatible with, whichever it puts first (ISO/IEC 14496-12)."""
    length = int.from_bytes(data[:4])
    brands = {data[at : at + 4] for at in range(16, min(length, len(data), 512), 4)}
    for brand in (*AVIF_BRANDS, *HEIF_BRANDS):
        if brand in brands:
            return data[:8] + brand + data[12:]
    return data
