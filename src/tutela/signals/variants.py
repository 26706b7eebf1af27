"""What may be done to an uploaded picture before it is hashed, each under its name.

A bank holds the hash of one picture; copies of it are mirrored, turned, framed or inverted. Each
variant undoes one everyday edit at query time, so nothing changes in the bank. Every variant adds
as many chances of an accidental match as the plain hash has: that is why a match names its variant,
and why the list is a setting.
"""

from __future__ import annotations

VARIANTS: dict[str, str] = {
    "plain": "the picture as stored; a transparent one laid over white",
    "upright": "turned as its Exif orientation says; only where it says so",
    "mirrored": "left and right exchanged",
    "flipped": "top and bottom exchanged",
    "rotated-90": "turned clockwise by 90 degrees",
    "rotated-180": "turned by 180 degrees",
    "rotated-270": "turned clockwise by 270 degrees",
    "transposed": "mirrored along the main diagonal",
    "transversed": "mirrored along the other diagonal",
    "trimmed": "without its uniform borders or letterbox bars; only where it has any",
    "inverted": "light and dark exchanged",
    "over-black": "a transparent picture laid over black; only where it is transparent",
    "nearest-512": "sampled to 512 x 512 first where a side is larger, as the C++ reference tool"
    " does; needs full decoding",
}

DEFAULT_VARIANTS: tuple[str, ...] = tuple(name for name in VARIANTS if name != "nearest-512")

ORIENTATIONS: tuple[str, ...] = (
    "plain",
    "mirrored",
    "flipped",
    "rotated-180",
    "transposed",
    "rotated-270",
    "rotated-90",
    "transversed",
)
"""In the order in which the kernel gives the hashes of the 8 orientations (native/pdq.h)."""

UPRIGHT: dict[int, str] = {
    2: "mirrored",
    3: "rotated-180",
    4: "flipped",
    5: "transposed",
    6: "rotated-90",
    7: "transversed",
    8: "rotated-270",
}
"""Exif orientation (CIPA DC-008, tag 0x0112) to what turns the stored pixels upright."""
