"""Decoded pixels to PDQ hash and quality: the compiled kernel against PyPI `pdqhash`.

Processor time for one picture of red, green and blue, without decoding. Photographs are resized
(LANCZOS); each is hashed once a round, so that none is found in the nearest cache, except where all
of them fit. The answers are the same if hash and quality are, for every photograph: 0 bits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import measure, peers, pictures
from bench.ours import bits_between
from bench.record import Record, faster
from tutela.signals.kernels import kernel
from tutela.signals.models import Pixels

TITLE = "decoded pixels to PDQ hash and quality"
HOW = (
    "processor ms a picture, red-green-blue; peer: PyPI pdqhash; same answer: 0 bits, same quality"
)


@dataclass(frozen=True, slots=True)
class Size:
    width: int
    height: int
    photographs: int
    repeats: int
    goal: float


SIZES = (
    Size(*pictures.SMALL, photographs=6, repeats=20, goal=15),
    Size(*pictures.FULL_HD, photographs=4, repeats=8, goal=30),
    Size(*pictures.TWELVE, photographs=2, repeats=3, goal=40),
)
"""Fewer of the larger: the peer needs seconds for each. The ratio grows with size because the peer
passes over the whole picture several times, ours once."""


def run() -> Iterator[Record]:
    for size in SIZES:
        yield measured(size, pictures.find(size.photographs))


def measured(size: Size, paths: Sequence[Path]) -> Record:
    arrays = [pictures.pixels(pictures.sized(path, (size.width, size.height))) for path in paths]
    compute = peers.pdqhash_compute()
    own_ms, peer_ms = measure.medians((own, compute), arrays, (size.repeats, 1))
    more: dict[str, object] = {"photographs": len(arrays)}
    name = f"kernel/{size.width}x{size.height}"
    if compute is None:
        more["note"] = peers.missing("pdqhash")
        return faster(name, own_ms, None, same_answer=None, goal=size.goal, more=more)
    pairs = [(own(array), compute(array)) for array in arrays]
    more["bits_most"] = max(bits_between(one[0], other[0]) for one, other in pairs)
    same = all(one == other for one, other in pairs)
    return faster(name, own_ms, peer_ms, same_answer=same, goal=size.goal, more=more)


def own(pixels: Pixels) -> tuple[bytes, int]:
    return kernel.pdq(pixels, pixels.shape[0], pixels.shape[1], 1, False)
