"""A file that holds a segment, which all processes of a host map and share.

It is a header of 4096 bytes, then the buffer of a `Segment`. The header, little-endian:

    magic, 8 bytes · layout, 16 bytes of text · format, u32 · count, u64 · bytes of data, u64 ·
    through, i64 · sha256 of the data, 32 bytes · zeros · sha256 of all that, the last 32 bytes

The file's name says `through` and `count` again. A named file never changes.
"""

from __future__ import annotations

import errno
import hashlib
import mmap
import os
import re
import stat
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from tutela.banks.errors import Damaged
from tutela.matching.layouts import NEAR, Layout
from tutela.matching.segment import Segment

HEADER = 4096
"""Bytes before the data, so that the data begins on a page and is aligned as a segment must be."""

MAGIC = b"TUTELASG"
FORMAT = 1
FIELDS = struct.Struct("<8s16sIQQq32s")
DIGEST = hashlib.sha256().digest_size

MOST = 2**32 - 1 - 64
"""Values that a segment may hold: entries are 32-bit numbers, and scans read 64 past the last."""

WARMED = 16 << 20
"""Bytes asked for at a time: `madvise` keeps the interpreter's lock while it starts to read."""

NAME = re.compile(r"segment-(0|[1-9][0-9]{0,18})-(0|[1-9][0-9]{0,9})\.seg")


@dataclass(frozen=True, slots=True)
class Header:
    """What a segment file says of itself."""

    layout: Layout
    count: int
    size: int
    """Bytes of data."""
    through: int
    digest: bytes
    """The SHA-256 of the data."""

    def packed(self) -> bytes:
        """The page at the beginning of a file."""
        name = self.layout.name.encode()
        fields = FIELDS.pack(MAGIC, name, FORMAT, self.count, self.size, self.through, self.digest)
        page = fields.ljust(HEADER - DIGEST, b"\0")
        return page + hashlib.sha256(page).digest()

    @classmethod
    def of(cls, path: Path, page: bytes, layout: Layout) -> Self:
        """The header in the first page of a file of this layout. Raises `Damaged`."""
        if len(page) < HEADER or not page.startswith(MAGIC):
            raise Damaged(path, "it is not a segment file")
        if hashlib.sha256(page[:-DIGEST]).digest() != page[-DIGEST:]:
            raise Damaged(path, "its header does not have its checksum")
        _, name, form, count, size, through, digest = FIELDS.unpack_from(page)
        if form != FORMAT:
            raise Damaged(path, f"it has format {form}, and this version reads {FORMAT}")
        if name.rstrip(b"\0") != layout.name.encode():
            raise Damaged(path, "it was built for another layout, kernel or processor")
        if count > MOST or size != layout.size_of(count):
            raise Damaged(path, "a segment of so many values has another size")
        return cls(layout, count, size, through, digest)


class OpenSegment:
    """A segment file, mapped for reading. Safe to use from many threads; keeps working when the
    file is replaced."""

    def __init__(self, path: Path, layout: Layout = NEAR) -> None:
        """Map a file of this layout, reading only its header.

        Raises `Damaged`, FileNotFoundError or OSError.
        """
        try:
            file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise Damaged(path, "it is a link") from error
            raise
        try:
            facts = os.fstat(file)
            if not stat.S_ISREG(facts.st_mode):
                raise Damaged(path, "it is not a file")
            header = Header.of(path, os.pread(file, HEADER, 0), layout)
            if path.name != named(header.through, header.count):
                raise Damaged(path, "its header is that of another file")
            if facts.st_size != HEADER + header.size:
                raise Damaged(path, f"it has {facts.st_size} bytes, not {HEADER + header.size}")
            whole = mmap.mmap(file, facts.st_size, access=mmap.ACCESS_READ)
        finally:
            os.close(file)
        self.path = path
        self.through = header.through
        self.count = header.count
        self.identity = identity(facts)
        """Of the file itself, not of its name: no other file has it while this one is mapped."""
        self._digest = header.digest
        segment = Segment(np.frombuffer(whole, np.uint8)[HEADER:], header.count, layout)
        self._held: tuple[Segment, mmap.mmap] | None = (segment, whole)

    @property
    def segment(self) -> Segment:
        """The segment, on the mapped file. Raises ValueError when closed."""
        return self._open()[0]

    def verify(self) -> None:
        """Read all data and compare its checksum: about two seconds a GB. Raises `Damaged`."""
        if hashlib.sha256(self.segment.buffer.data).digest() != self._digest:
            raise Damaged(self.path, "its data does not have its checksum")

    def warm(self) -> None:
        """Bring all data into memory, where it is not yet: as long as the disk takes."""
        segment, whole = self._open()
        for start in range(0, len(whole), WARMED):
            whole.madvise(mmap.MADV_WILLNEED, start, min(WARMED, len(whole) - start))
            segment.buffer[start : start + WARMED : mmap.PAGESIZE].sum()  # one byte a page

    def close(self) -> None:
        """Let go of the file. It is unmapped when the last search in it has ended."""
        self._held = None

    def _open(self) -> tuple[Segment, mmap.mmap]:
        if self._held is None:
            raise ValueError("the segment is closed")
        return self._held


def named(through: int, count: int) -> str:
    """The name of a segment file."""
    return f"segment-{through}-{count}.seg"


def identity(facts: os.stat_result) -> tuple[int, int]:
    """Which file it is, whatever its name."""
    return facts.st_dev, facts.st_ino
