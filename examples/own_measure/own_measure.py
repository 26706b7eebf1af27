"""Signal types that are made and compared in a way of their own, as a licence of PhotoDNA allows.

This is NOT PhotoDNA, and finds little: where your licensed software is to be called, a coarse grid
of brightness stands in its place. Put your calls into `Measure.made` and `Grid.search`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tutela.signals import Frame, Signal
from tutela.signals.types.photodna import Licensed

Bytes = NDArray[np.uint8]

LUMA = np.array([0.299, 0.587, 0.114])
"""Of red, green and blue (ITU-R BT.601): a decoder gives luma or colours, as it has them."""

AT_ONCE = 50_000
"""Values that are compared in one step: some 15 MB."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Values of one width, of which each is compared: see `tutela.matching.layouts.Layout`."""

    width: int
    farthest: int

    @property
    def name(self) -> str:
        return f"own-{self.width}"

    def size_of(self, count: int) -> int:
        return count * self.width

    def build(self, buffer: Bytes, count: int) -> None:
        """Nothing stands behind the values. An index of your own may."""

    def search(
        self, buffer: Bytes, count: int, queries: Bytes, distance: int
    ) -> NDArray[np.uint32]:
        """Number of the query, place of the value, and distance of each pair that is near."""
        values = buffer[: count * self.width].reshape(count, self.width)
        hits = [np.zeros((0, 3), np.uint32)]
        for number, query in enumerate(queries.astype(np.int16)):
            for at in range(0, count, AT_ONCE):
                apart = np.abs(values[at : at + AT_ONCE] - query).sum(axis=1, dtype=np.int64)
                (near,) = (apart <= distance).nonzero()
                hits.append(
                    np.column_stack([np.full(len(near), number), near + at, apart[near]]).astype(
                        np.uint32
                    )
                )
        return np.concatenate(hits)


class Measure(Licensed):
    """A type of the name and width of a licensed one."""

    listed = False

    def __init__(self, name: str, rows: int, columns: int, near: int) -> None:
        super().__init__(name, rows * columns)
        self.rows, self.columns = rows, columns
        self.max_distance = 255 * self.size
        self.match_distance = near
        self.layout = Grid(self.size, near)

    def distance(self, one: str, other: str) -> int:
        first, second = (np.frombuffer(bytes.fromhex(v), np.uint8) for v in (one, other))
        return int(np.abs(first.astype(np.int16) - second).sum())

    def fingerprint(self, frame: Frame, variants: Collection[str]) -> Iterable[Signal]:
        """The frame as it is; other variants are not made."""
        value = self.made(frame.pixels)
        if value is not None:
            yield Signal(self.name, value.tobytes().hex(), frame=frame.index)

    def made(self, pixels: Bytes) -> Bytes | None:
        """The value of a picture, or None where it has none."""
        luma = pixels if pixels.ndim == 2 else pixels[:, :, :3] @ LUMA
        if min(luma.shape) < 2 or luma.min() == luma.max():
            return None
        rows, columns = (
            np.linspace(0, size, parts, endpoint=False).astype(int)
            for size, parts in zip(luma.shape, (self.rows, self.columns), strict=True)
        )
        sums = np.add.reduceat(np.add.reduceat(luma.astype(float), rows, 0), columns, 1)
        counts = np.outer(_parts(rows, luma.shape[0]), _parts(columns, luma.shape[1]))
        return np.rint(sums / counts).astype(np.uint8)

    def examples(self) -> Sequence[str]:
        return [f"{0:0{self.digits}x}", f"{255:0{self.digits}x}"]


def _parts(starts: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """How many rows or columns each part has; those that share one have it each."""
    return np.maximum(np.diff(np.append(starts, size)), 1)


values = Measure("photodna", 12, 12, 288)
edges = Measure("photodna-edge", 28, 33, 1_848)
