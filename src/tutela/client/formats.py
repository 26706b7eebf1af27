"""By which first bytes a file is one that Tutela decodes: of those, none passes unscreened."""

from __future__ import annotations

from collections.abc import Sequence

STARTS = (
    b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+",
    b"8BPS", b"\x28\0\0\0", b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51", b"\0\0\x01\0",
    b"P1", b"P2", b"P3", b"P4", b"P5", b"P6",
)  # fmt: skip
"""JPEG, PNG, GIF, BMP, TIFF and BigTIFF, Photoshop, DIB, JPEG 2000, ICO, netpbm."""

TGA_END = b"TRUEVISION-XFILE.\x00"

LOOKED_AT = 32


def decoded(pieces: Sequence[bytes | memoryview]) -> bool:
    """Whether these bytes begin as a picture."""
    head = b""
    for piece in pieces:
        head += bytes(piece[:LOOKED_AT])
        if len(head) >= LOOKED_AT:
            break
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return True
    if head[:1] == b"\x0a" and head[1:2] <= b"\x05":
        return True  # PCX
    if pieces and bytes(pieces[-1][-len(TGA_END) :]) == TGA_END:
        return True
    return head[4:8] == b"ftyp" or head.startswith(STARTS)  # ftyp: HEIC, AVIF, and video
