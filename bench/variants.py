"""What the default variants add to hashing a file: mirrored, turned, trimmed, inverted and so on.

Processor time of decoding and hashing JPEG files of 512 x 384 with all default variants, less that
with the plain hash only; the file is decoded once in both. There is no peer: none has variants in
one pass.
"""

from __future__ import annotations

from collections.abc import Iterator

from bench import measure, ours, pictures
from bench.record import Goal, Record

TITLE = "what the default variants add to one file"
HOW = "processor ms a file, JPEG of 512 x 384, all default variants less plain only; no peer"
PHOTOGRAPHS = 24
REPEATS = 4


def run() -> Iterator[Record]:
    stored = [
        pictures.encoded(pictures.sized(path, pictures.SMALL), "JPEG", quality=85)
        for path in pictures.find(PHOTOGRAPHS)
    ]
    every, plain = measure.medians((ours.every_variant, ours.plain), stored, (REPEATS, REPEATS))
    signals = sum(len(ours.every_variant(data)) for data in stored) / len(stored)
    yield Record(
        "variants/JPEG, 512 px: added",
        every - plain,
        "ms",
        goal=Goal(1, "most", "ours"),
        more={
            "plain_ms": round(plain, 4),
            "every_ms": round(every, 4),
            "signals": round(signals, 2),
            "photographs": len(stored),
        },
    )
