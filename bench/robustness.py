"""How many everyday copies of a picture are found, and whether anything else is.

The bank holds the plain hash of each photograph of quality 50 or more, from the file as shipped.
Each is edited in each way of :data:`bench.edits.EDITS`, stored as JPEG of quality 85 (as most
copies are; a lossless file would be slower and kinder) unless the edit says otherwise, and
fingerprinted with the default variants by the code that a decoder process runs. A copy is found if
one of its signals lies within 31 bits of its own photograph's hash; plain PDQ is the same with the
plain hash only. The bank is the same for both: variants are made of the copy.

False pairs: every signal of every copy is compared with the hash of every *other* photograph, and
any within 31 bits is counted. The bound is the largest rate of such pairs, for one comparison, that
would still show so few in 1 run of 20 (Poisson; 3/n for none). It takes comparisons as independent;
those of one photograph's copies are not, so it says what this set can say, and no more.
"""

from __future__ import annotations

import math
import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bench import ours, pictures
from bench.edits import EDITS, FAMILIES, RIGHT_ANGLES
from bench.record import Goal, Record
from tutela.signals.types.pdq import signal_type

TITLE = "everyday copies found, in % (peer: plain PDQ)"
HOW = (
    f"{len(EDITS)} edits of every photograph; found: some default variant within "
    f"{signal_type.match_distance} bits of the original's plain hash"
)
QUALITY = 85
GOALS = {RIGHT_ANGLES: Goal(100, "least", "ours")}
MEAN_GOAL = Goal(73, "least", "ours")

Words = NDArray[np.uint64]
"""Hashes as 4 words of 64 bits: shape (n, 4)."""


@dataclass(frozen=True, slots=True)
class Copies:
    """Every signal of every copy, one a row; `photograph` and `edit` are indices."""

    photograph: NDArray[np.intp]
    edit: NDArray[np.intp]
    plain: NDArray[np.bool_]
    variant: NDArray[np.str_]
    hashes: Words


def run() -> Iterator[Record]:
    paths = pictures.meaningful(pictures.find())
    bank = words([ours.plain(path.read_bytes())[0] for path in paths])
    copies = made(paths)
    own = distances(copies.hashes, bank[copies.photograph])
    yield from recalls(copies, own, len(paths))
    yield false_pairs(copies, bank)


def made(paths: list[Path]) -> Copies:
    """All copies of all photographs, on all processors: nothing here is timed."""
    start = multiprocessing.get_context("spawn")  # a fork would copy numpy's threads half-way
    rows: list[tuple[int, int, str, bytes]] = []
    with ProcessPoolExecutor(mp_context=start) as workers:
        for index, signals in enumerate(workers.map(signals_of_copies, paths)):
            rows += [(index, *signal) for signal in signals]
    photograph, edit, variant, values = zip(*rows, strict=True)
    names = np.array(variant)
    return Copies(
        np.array(photograph), np.array(edit), names == "plain", names, words(list(values))
    )


def signals_of_copies(path: Path) -> list[tuple[int, str, bytes]]:
    """Index of the edit, variant and hash of each signal of each copy of a photograph."""
    picture = pictures.opened(path)
    return [
        (index, signal.variant, bytes.fromhex(signal.value))
        for index, edit in enumerate(EDITS)
        for signal in ours.every_variant(_file(edit.apply(picture)))
    ]


def _file(copy: Image.Image | bytes) -> bytes:
    return copy if isinstance(copy, bytes) else pictures.encoded(copy, "JPEG", quality=QUALITY)


def words(hashes: list[bytes]) -> Words:
    return np.frombuffer(b"".join(hashes), np.uint64).reshape(-1, 4)


def distances(one: Words, other: Words) -> NDArray[np.intp]:
    """Bits between hashes, over the last dimension."""
    apart: NDArray[np.intp] = np.bitwise_count(one ^ other).sum(axis=-1, dtype=np.intp)
    return apart


def recalls(copies: Copies, own: NDArray[np.intp], photographs: int) -> Iterator[Record]:
    """A record for each family of edits, and one for the mean over the edits."""
    found = {}
    for name, of in (("ours", slice(None)), ("plain", copies.plain)):
        nearest = np.full((len(EDITS), photographs), signal_type.max_distance)
        np.minimum.at(nearest, (copies.edit[of], copies.photograph[of]), own[of])
        found[name] = (nearest <= signal_type.match_distance).mean(axis=1) * 100
    for family in FAMILIES:
        at = [i for i, edit in enumerate(EDITS) if edit.family == family]
        each = {
            EDITS[i].name: [round(float(found[who][i]), 1) for who in ("ours", "plain")] for i in at
        }
        more: dict[str, object] = {"edits": len(at), "photographs": photographs, "each": each}
        yield _recall(family, found["ours"][at], found["plain"][at], GOALS.get(family), more)
    more = {"edits": len(EDITS), "photographs": photographs}
    yield _recall("mean over the edits", found["ours"], found["plain"], MEAN_GOAL, more)


def _recall(
    name: str,
    with_variants: NDArray[np.float64],
    plain: NDArray[np.float64],
    goal: Goal | None,
    more: dict[str, object],
) -> Record:
    here, there = float(with_variants.mean()), float(plain.mean())
    more = {"peer_is": "plain PDQ"} | more
    ratio = here / there if there else None
    return Record(f"robustness/{name}", here, "%", there, ratio, goal=goal, more=more)


def false_pairs(copies: Copies, bank: Words) -> Record:
    """Signals near the hash of another photograph; one that copies another is not another."""
    alike = distances(bank[:, None], bank[None, :]) <= signal_type.match_distance
    count, compared, nearest, by = 0, 0, signal_type.max_distance, ""
    for index in range(len(bank)):
        others = bank[~alike[index]]
        rows = np.flatnonzero(copies.photograph == index)
        apart = distances(copies.hashes[rows, None], others[None, :])
        count += int((apart <= signal_type.match_distance).sum())
        compared += apart.size
        if apart.size and apart.min() < nearest:
            nearest = int(apart.min())
            first = rows[int(apart.min(axis=1).argmin())]
            by = f"{EDITS[copies.edit[first]].name}, {copies.variant[first]}"
    bound = upper_bound(count) / compared
    return Record(
        "robustness/false pairs",
        count,
        "pairs",
        goal=Goal(0, "most", "ours"),
        more={
            "comparisons": compared,
            "upper_bound_95": float(f"{bound:.3g}"),
            "nearest_bits": nearest,
            "nearest_by": by,
            "near_copies_left_out": int((alike.sum() - len(bank)) // 2),
            "note": (
                f"false pairs: {count} of {compared:,} comparisons; with 95 % confidence at most "
                f"{bound:.1e} of comparisons; the nearest lies {nearest} bits apart ({by})"
            ),
        },
    )


def upper_bound(seen: int) -> float:
    """Upper 95 % bound of a Poisson mean of which `seen` events were seen: 3.0 for none."""
    low, high = float(seen), seen + 10 + 5 * math.sqrt(seen)
    for _ in range(60):  # halvings: as exact as a float is
        middle = (low + high) / 2
        logs = [k * math.log(middle) - middle - math.lgamma(k + 1) for k in range(seen + 1)]
        low, high = (middle, high) if sum(map(math.exp, logs)) > 0.05 else (low, middle)
    return high
