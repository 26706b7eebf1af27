"""What comes into a new segment file: which values they are, and how they get their layout there.

All happens in parts or in the mapped file: it may be larger than the memory that is free.
"""

from __future__ import annotations

import errno
import hashlib
import mmap
import os
from collections.abc import Iterator

import numpy as np

from tutela.banks.segment_files import HEADER, Header, OpenSegment
from tutela.matching.layouts import Layout
from tutela.matching.ordered import (
    PART,
    Bytes,
    checked,
    entries_of,
    make_distinct,
    places_of,
    rows_of,
)
from tutela.matching.segment import Segment

NOT_SUPPORTED = (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP)


def merged(
    current: OpenSegment | None, added: Bytes, removed: Bytes, width: int
) -> Iterator[Bytes]:
    """The values of (`current` and `added`) without `removed`, in parts. Raises `Damaged`."""
    gone = np.sort(entries_of(removed, width))
    if current is not None:
        current.verify()
        known = entries_of(checked(current.segment.hashes, width), width)
        kept = np.ones(len(known), bool)
        places = places_of(gone, known)
        kept[places[places >= 0]] = False
        for start in range(0, len(known), PART):
            yield rows_of(known[start : start + PART][kept[start : start + PART]])
    new = entries_of(added, width)
    yield rows_of(new[places_of(new, gone) < 0])


def fill(file: int, layout: Layout, written: int, through: int) -> int:
    """Make a segment file of the values `written` behind its header; gives how many are distinct.

    Raises OSError.
    """
    values = mapped(file, HEADER + written * layout.width)[HEADER:]
    count = make_distinct(entries_of(values, layout.width))
    del values  # unmapped before the file is cut
    end = HEADER + count * layout.width
    os.ftruncate(file, end)
    reserve(file, end, HEADER + layout.size_of(count))
    whole = mapped(file, HEADER + layout.size_of(count))
    segment = Segment.built(whole[HEADER:], count, layout)
    digest = hashlib.sha256(segment.buffer.data).digest()
    header = Header(layout, count, segment.buffer.nbytes, through, digest)
    whole[:HEADER] = np.frombuffer(header.packed(), np.uint8)
    return count


def reserve(file: int, end: int, length: int) -> None:
    """Lengthen a file from `end` with zeros that have their place on the disk.

    On a full disk this is an error; in a mapping without a place, writing would end the process.
    """
    if hasattr(os, "posix_fallocate"):
        try:
            os.posix_fallocate(file, 0, length)
            return
        except OSError as error:
            if error.errno not in NOT_SUPPORTED:
                raise
    zeros = memoryview(bytes(1 << 20))
    while end < length:
        end += os.pwrite(file, zeros[: length - end], end)


def mapped(file: int, length: int) -> Bytes:
    """The bytes of a file, to write in; unmapped when no view of them is left."""
    return np.frombuffer(mmap.mmap(file, length, access=mmap.ACCESS_WRITE), np.uint8)
