"""What a file is that no picture format of ours opens: told by how it begins."""

from __future__ import annotations

from tutela.decoding.models import Cause

LOOKED_AT = 4096
"""Bytes of a text in which an `<svg` must stand to be one: browsers look no farther by far."""

PICTURES = (
    b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"II*\x00", b"MM\x00*", b"BM", b"8BPS",
    b"\x00\x00\x00\x0cjP  ", b"\xff\x4f\xff\x51", b"\x00\x00\x01\x00", b"\x00\x00\x02\x00",
)  # fmt: skip
"""How the formats that are read begin: a file that does, and that none opens, is damaged."""

OTHER_MEDIA = (
    # pictures
    b"II+\x00", b"MM\x00+", b"IIU\x00", b"IIRO", b"IIRS", b"II\xbc", b"II\x1a\x00", b"\x00MRM",
    b"FOVb", b"FUJIFILM", b"\xff\x0a", b"\x00\x00\x00\x0cJXL ", b"qoif", b"FLIF", b"BPG\xfb",
    b"DDS ", b"v/1\x01", b"#?RADIANCE", b"#?RGBE", b"icns", b"gimp xcf", b"\xd7\xcd\xc6\x9a",
    b"\x01\x00\x09\x00\x00\x03", b"\x8aMNG", b"\x8bJNG", b"%!PS", b"\xc5\xd0\xd3\xc6", b"AT&TFORM",
    # video
    b"\x1aE\xdf\xa3", b"OggS", b"FLV\x01", b"\x00\x00\x01\xba", b"\x00\x00\x01\xb3",
    b"\x30\x26\xb2\x75", b".RMF", b"FWS", b"CWS", b"ZWS",
    # what may hold pictures
    b"PK\x03\x04", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"\x1f\x8b", b"BZh", b"\xfd7zXZ",
    b"(\xb5/\xfd", b"MSCF", b"\xd0\xcf\x11\xe0",
)  # fmt: skip
"""Beginnings of media and containers that are not read here; a person must see that they came."""

BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"skip", b"free", b"pnot")
"""First boxes of ISO and QuickTime files, after four bytes of length."""

RIFF_KINDS = (b"AVI ", b"WAVE", b"RMID")
TRANSPORT = (0, 188, 376)
"""Where MPEG transport streams have their sync byte 0x47."""


def cause_of(data: bytes) -> Cause:
    """Why no picture could be opened."""
    if data.startswith(b"RIFF"):
        return Cause.UNSUPPORTED_FORMAT if data[8:12] in RIFF_KINDS else Cause.DAMAGED
    if data.startswith(PICTURES):
        return Cause.DAMAGED
    if data.startswith(OTHER_MEDIA) or data[4:8] in BOXES or data[128:132] == b"DICM":
        return Cause.UNSUPPORTED_FORMAT
    if len(data) > TRANSPORT[-1] and all(data[at] == 0x47 for at in TRANSPORT):
        return Cause.UNSUPPORTED_FORMAT
    if b"%PDF-" in data[:1024] or _is_svg(data):
        return Cause.UNSUPPORTED_FORMAT
    return Cause.NOT_A_PICTURE


def _is_svg(data: bytes) -> bool:
    """A drawing may embed a photograph, and browsers show it."""
    return b"<svg" in data[:LOOKED_AT].replace(b"\0", b"").lower()  # zeros: UTF-16
