"""How far the default hash of a JPEG lies from the reference's: bits between the two.

By default a JPEG is decoded to brightness only, reduced while its short side stays at 512. Every
photograph of quality 50 or more is stored as JPEG of quality 90, in its own size and as 1080p (with
sensor-like noise); its default hash is compared with that of all its pixels in full colour. The
latter must equal PyPI `pdqhash` on the same pixels in every bit, and quality: `same answer`.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from PIL import Image

from bench import ours, peers, pictures
from bench.record import Goal, Record

TITLE = "the default hash of a JPEG against full decoding"
HOW = (
    "bits of 256, all photographs, JPEG quality 90; same answer: full decoding equals PyPI pdqhash"
    " in every bit"
)
NEAR = 4  # bits


def run() -> Iterator[Record]:
    paths = pictures.meaningful(pictures.find())
    makers: dict[str, Callable[..., Image.Image]] = {
        "own size": pictures.opened,
        "1080p": pictures.full_hd,
    }
    for name, make in makers.items():
        yield from compared(name, (pictures.encoded(make(p), "JPEG", quality=90) for p in paths))


def compared(name: str, stored: Iterator[bytes] | Sequence[bytes]) -> Iterator[Record]:
    compute = peers.pdqhash_compute()
    apart, from_reference, all_same = [], [], True
    for data in stored:
        default, full = ours.plain(data), ours.plain(data, full_decode=True)
        if full[1] < pictures.MEANINGFUL:
            continue
        apart.append(ours.bits_between(default[0], full[0]))
        if compute is not None:
            with Image.open(io.BytesIO(data)) as image:
                reference = compute(np.array(image.convert("RGB")))
            from_reference.append(ours.bits_between(full[0], reference[0]))
            all_same = all_same and full == reference
    bits = np.array(apart)
    more: dict[str, object] = {"photographs": len(apart)}
    if compute is None:
        more["note"] = peers.missing("pdqhash")
    same = None if compute is None else all_same
    for what, value, unit, goal in (
        ("mean", bits.mean(), "bits", Goal(1, "most", "ours")),
        (f"within {NEAR} bits", (bits <= NEAR).mean() * 100, "%", Goal(97, "least", "ours")),
        ("most", bits.max(), "bits", Goal(8, "most", "ours")),
    ):
        label = f"fidelity/{name}: {what}"
        yield Record(label, float(value), unit, same_answer=same, goal=goal, more=more)
    if from_reference:
        yield Record(
            f"fidelity/{name}: full decoding, most",
            float(max(from_reference)),
            "bits",
            same_answer=same,
            goal=Goal(0, "most", "ours"),
            more=more,
        )
