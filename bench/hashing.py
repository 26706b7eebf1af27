"""File bytes to PDQ: what a decoder process does, in this process, against `threatexchange`.

Both sides get the same bytes and give the plain hash. Ours decodes only the brightness of a JPEG,
reduced while its short side stays at 512, so its hash may differ by a few bits: the answers are the
same if every photograph of quality 50 or more lies within 8 bits for JPEG, and within 0 for PNG and
WebP, which are decoded in full by both.

No camera photograph of 12 megapixels can be had from a package, so that row uses photographs
enlarged to 4000 x 3000 with sensor-like noise, as much as makes the file 3 to 4.5 MB, as a phone's:
without the noise it would have 1 MB, decode in a third of the time, and flatter us. The rows of
1080p have noise too (2.5 levels), and JPEG quality 85, WebP 80, PNG compression level 3.

Decoding alone, as ours does it, is measured beside: `ceiling` is the ratio that a hash in no time
at all would reach, and a goal above it cannot be met on that machine by a better hash.

The last row is the time on the clock from bytes to all signals of all default types and variants,
through a confined decoder process and its pipes. It has no peer.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench import measure, ours, peers, pictures
from bench.record import Record, faster
from tutela.decoding import DecoderPool, fingerprint

TITLE = "file bytes to PDQ hash"
HOW = (
    "processor ms a file, plain hash; peer: threatexchange pdq_from_bytes; same answer: every "
    "photograph within 8 bits (JPEG) or 0 (PNG, WebP)"
)


@dataclass(frozen=True, slots=True)
class Files:
    name: str
    photographs: int
    repeats: int
    within: int
    goal: float
    make: Callable[[Path], bytes]


def _small_jpeg(path: Path) -> bytes:
    return pictures.encoded(pictures.sized(path, pictures.SMALL), "JPEG", quality=85)


def _jpeg(path: Path) -> bytes:
    return pictures.encoded(pictures.full_hd(path), "JPEG", quality=85)


def _png(path: Path) -> bytes:
    return pictures.encoded(pictures.full_hd(path), "PNG", compress_level=3)


def _webp(path: Path) -> bytes:
    return pictures.encoded(pictures.full_hd(path), "WEBP", quality=80)


FILES = (
    Files("JPEG, 512 px", 12, 5, 8, 8, _small_jpeg),
    Files("JPEG, 1080p", 8, 2, 8, 10, _jpeg),
    Files("JPEG, 12 MP, 4 MB", 3, 2, 8, 12, pictures.phone_jpeg),
    Files("PNG, 1080p", 3, 2, 0, 1.8, _png),
    Files("WebP, 1080p", 3, 2, 0, 3.5, _webp),
)


def run() -> Iterator[Record]:
    for files in FILES:
        yield measured(files, pictures.find(files.photographs))
    yield through_a_process([_jpeg(path) for path in pictures.find(8)])


def measured(files: Files, paths: Sequence[Path]) -> Record:
    stored = [files.make(path) for path in paths]
    hash_file = peers.threatexchange_pdq()
    own_ms, decode_ms, peer_ms = measure.medians(
        (ours.plain, ours.decoded, hash_file), stored, (files.repeats, files.repeats, 1)
    )
    megabytes = sum(map(len, stored)) / len(stored) / 1e6
    more: dict[str, object] = {
        "photographs": len(stored),
        "megabytes": round(megabytes, 3),
        "decode_ms": round(decode_ms, 3),
    }
    name = f"hashing/{files.name}"
    if hash_file is None:
        more["note"] = peers.missing("pdqhash", "threatexchange")
        return faster(name, own_ms, None, same_answer=None, goal=files.goal, more=more)
    pairs = [(ours.plain(data), hash_file(data)) for data in stored]
    apart = [ours.bits_between(a[0], b[0]) for a, b in pairs if b[1] >= pictures.MEANINGFUL]
    ceiling = peer_ms / decode_ms
    more |= {"bits_most": max(apart), "compared": len(apart), "ceiling": round(ceiling, 2)}
    if ceiling < files.goal:
        more["note"] = (
            f"{files.name}: decoding alone takes {decode_ms:.3g} ms, so no hash could reach more "
            f"than {ceiling:.3g}x here"
        )
    same = max(apart) <= files.within
    return faster(name, own_ms, peer_ms, same_answer=same, goal=files.goal, more=more)


def through_a_process(stored: Sequence[bytes]) -> Record:
    runs = []
    with DecoderPool(size=1) as pool:
        confined = pool.start()
        signals = [len(fingerprint(io.BytesIO(data), pool).signals) for data in stored]
        for _ in range(measure.RUNS):
            began = time.perf_counter()
            for data in stored:
                fingerprint(io.BytesIO(data), pool)
            runs.append((time.perf_counter() - began) * 1000 / len(stored))
    return Record(
        "hashing/JPEG, 1080p, everything",
        median(runs),
        "ms (clock)",
        more={
            "photographs": len(stored),
            "signals": sum(signals) / len(signals),
            "confined": confined,
        },
    )
