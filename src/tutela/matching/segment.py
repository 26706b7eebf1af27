"""A set of distinct values that never changes, searched exactly within a distance.

In one buffer, as its layout says. Who owns the buffer, memory or a mapped file, is not known here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tutela.matching.layouts import NEAR, Layout
from tutela.matching.ordered import checked, distinct_hashes

Bytes = NDArray[np.uint8]
Hits = NDArray[np.uint32]


class Segment:
    """Values, and the search among them. Safe to use from many threads."""

    def __init__(self, buffer: Bytes, count: int, layout: Layout = NEAR) -> None:
        """The `count` values that were built in a buffer. Raises ValueError if it is too small."""
        if buffer.nbytes < layout.size_of(count):
            raise ValueError("the buffer is smaller than a segment of so many values")
        self.buffer = buffer
        self.count = count
        self.layout = layout

    @classmethod
    def of(cls, values: Bytes, layout: Layout = NEAR) -> Segment:
        """A segment in memory of values of shape (n, width), in any order, repeated or not.

        Raises ValueError if given something else.
        """
        distinct = distinct_hashes(checked(values, layout.width))
        buffer = np.zeros(layout.size_of(len(distinct)), np.uint8)
        buffer[: distinct.nbytes] = distinct.ravel()
        return cls.built(buffer, len(distinct), layout)

    @classmethod
    def built(cls, buffer: Bytes, count: int, layout: Layout = NEAR) -> Segment:
        """The segment whose `count` distinct values stand at the beginning of a buffer, in byte
        order."""
        made = cls(buffer, count, layout)
        layout.build(buffer, count)
        return made

    @property
    def hashes(self) -> Bytes:
        """All values, of shape (count, width), in byte order: a view."""
        return self.buffer[: self.count * self.layout.width].reshape(-1, self.layout.width)

    def search(self, queries: Bytes, distance: int) -> Hits:
        """Query number, entry and distance of every pair within `distance`: shape (n, 3).

        `queries` has shape (n, width), or (width,) for one. Nothing is left out, however many there
        are. Raises ValueError if given something else, or a distance that the layout does not
        serve, or if the segment is damaged so that it points outside itself.
        """
        layout = self.layout
        if not 0 <= distance <= layout.farthest:
            raise ValueError(f"distance must be between 0 and {layout.farthest}")
        asked = checked(queries[None] if queries.ndim == 1 else queries, layout.width)
        return layout.search(self.buffer, self.count, asked, distance)
