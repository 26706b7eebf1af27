"""Signals of many records, held in small until they are stored in the order of an index.

Hashes come in no order, and an index has one. Stored as they come, each dirties a page of its own,
which is written twice; of a million in order, several fall on a page.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator

import numpy as np

from tutela.banks.changes import From, New

MD5 = 16
"""Bytes of what names a record."""


class Window:
    """Signals of one origin, some 60 bytes each and 20 more a record."""

    def __init__(self, origin: From) -> None:
        self.origin = origin
        self._names = bytearray()
        self._labels = array("H")
        self._kinds: dict[str, tuple[bytearray, array[int]]] = {}
        self._known: dict[str, int] = {}
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def add(self, md5: bytes, labels: str, values: list[tuple[str, bytes]]) -> None:
        """Take a record: what names it, and its values by type, each as long as others of it."""
        number = len(self._labels)
        self._names += md5
        self._labels.append(self._known.setdefault(labels, len(self._known)))
        for kind, value in values:
            if kind not in self._kinds:
                self._kinds[kind] = bytearray(), array("I")
            held, records = self._kinds[kind]
            held += value
            records.append(number)
        self._size += len(values)

    def signals(self, start: int = 0) -> Iterator[New]:
        """From the one at `start` on, by type and the first eight bytes of the value; what begins
        alike, as it came. The same order for the same records."""
        labels = list(self._known)
        for kind, (held, records) in sorted(self._kinds.items()):
            count = len(records)
            if start >= count:
                start -= count
                continue
            width = len(held) // count
            heads = np.frombuffer(held, np.uint8).reshape(count, width)[:, :8]
            order = np.argsort(np.ascontiguousarray(heads).view(">u8").ravel(), kind="stable")
            for at in order[start:].tolist():
                record = records[at]
                name = self._names[record * MD5 : (record + 1) * MD5].hex()
                value = bytes(held[at * width : (at + 1) * width])
                yield New(kind, value, self.origin, name, labels=labels[self._labels[record]])
            start = 0
