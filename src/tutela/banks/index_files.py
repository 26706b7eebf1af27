"""The index of one 256-bit signal type in files that all processes of a host map and share.

The folder holds a segment file, `segment-<through>-<count>.seg`, and `CURRENT`, a text that names
it. A named file never changes: a new one takes its place by rename, and who has mapped the old one
keeps it until closing. Nothing here is the truth: what is damaged is built again from the database.

A segment file is a header of 4096 bytes, then the buffer of a `Segment`. The header, little-endian:

    magic, 8 bytes · layout, 16 bytes of text · format, u32 · count, u64 · bytes of data, u64 ·
    through, i64 · sha256 of the data, 32 bytes · zeros · sha256 of all that, the last 32 bytes
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import mmap
import os
import re
import stat
import struct
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tutela.banks.errors import BuilderBusy, Damaged, IndexFileError
from tutela.matching.segment import BYTES, Segment, size_of
from tutela.signals.kernels import NATIVE

HEADER = 4096
"""Bytes before the data, so that the data begins on a page and is aligned as a segment must be."""

MAGIC = b"TUTELASG"
FORMAT = 1
LAYOUT = f"mih16-{sys.byteorder}" if NATIVE else "hashes"
"""What stands in the data. The compiled search keeps 16 tables of this machine's integers behind
the hashes, numpy none; neither can use the other's file."""

FIELDS = struct.Struct("<8s16sIQQq32s")
DIGEST = hashlib.sha256().digest_size

MOST = 2**32 - 1 - 64
"""Hashes that a segment may hold: entries are 32-bit numbers, and scans read 64 past the last."""

PART = 1 << 18
"""Hashes handled at a time, 8 MiB: small beside the file, large beside the cost of a call."""

WARMED = 16 << 20
"""Bytes asked for at a time: `madvise` keeps the interpreter's lock while it starts to read."""

CURRENT = "CURRENT"
LOCK = "builder.lock"
TEMPORARY = re.compile(r"building-.*\.tmp")
NAME = re.compile(r"segment-(0|[1-9][0-9]{0,18})-(0|[1-9][0-9]{0,9})\.seg")

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
NOT_SUPPORTED = (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP)

Bytes = NDArray[np.uint8]
Entries = NDArray[np.bytes_]
"""Hashes as byte strings of one length, which numpy orders bytewise, without copies of its own."""

ENTRY = np.dtype(f"S{BYTES}")


__all__ = ["BuilderBusy", "Built", "Damaged", "IndexFileError", "IndexFiles", "OpenSegment"]


@dataclass(frozen=True, slots=True)
class Built:
    """What a builder left: its file, the last change in it, and how many distinct hashes it has."""

    path: Path
    through: int
    count: int


@dataclass(frozen=True, slots=True)
class Header:
    """What a segment file says of itself."""

    count: int
    size: int
    """Bytes of data."""
    through: int
    digest: bytes
    """The SHA-256 of the data."""

    def packed(self) -> bytes:
        """The page at the beginning of a file."""
        fields = FIELDS.pack(
            MAGIC, LAYOUT.encode(), FORMAT, self.count, self.size, self.through, self.digest
        )
        page = fields.ljust(HEADER - DIGEST, b"\0")
        return page + hashlib.sha256(page).digest()

    @classmethod
    def of(cls, path: Path, page: bytes) -> Self:
        """The header in the first page of a file. Raises `Damaged`."""
        if len(page) < HEADER or not page.startswith(MAGIC):
            raise Damaged(path, "it is not a segment file")
        if hashlib.sha256(page[:-DIGEST]).digest() != page[-DIGEST:]:
            raise Damaged(path, "its header does not have its checksum")
        _, layout, form, count, size, through, digest = FIELDS.unpack_from(page)
        if form != FORMAT:
            raise Damaged(path, f"it has format {form}, and this version reads {FORMAT}")
        if layout.rstrip(b"\0") != LAYOUT.encode():
            raise Damaged(path, "it was built for another kernel or another processor")
        if count > MOST or size != size_of(count):
            raise Damaged(path, "a segment of so many hashes has another size")
        return cls(count, size, through, digest)


class OpenSegment:
    """A segment file, mapped for reading. Safe to use from many threads; keeps working when the
    file is replaced."""

    def __init__(self, path: Path) -> None:
        """Map a file, reading only its header. Raises `Damaged`, FileNotFoundError or OSError."""
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
            header = Header.of(path, os.pread(file, HEADER, 0))
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
        segment = Segment(np.frombuffer(whole, np.uint8)[HEADER:], header.count)
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


class IndexFiles:
    """The files of one index in a folder of their own, on a disk of this host."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def build(self, hashes: Bytes | Iterable[Bytes], through: int) -> Built:
        """Make a segment file of these hashes, and make it the current one.

        `hashes` are of shape (n, 32), in one array or in several, in any order, repeated or not;
        an array at a time is asked for while the builder's lock is held. `through` is the number
        of the last change that they contain. Takes about 130 bytes of disk a hash beside the
        current file, and no memory of its own but pages of that file, which the system may write
        out.

        Raises `BuilderBusy` if another builds, `IndexFileError` if the disk is full or fails,
        ValueError if given something else, and whatever the iterable raises. The current file is
        then still what it was.
        """
        if not 0 <= through < 2**63:
            raise ValueError("a change has a number from 0 to 2^63 - 1")
        parts = (hashes,) if isinstance(hashes, np.ndarray) else hashes
        with self._lock():
            self._remove_leftovers()
            try:
                return self._build(parts, through)
            finally:
                self._remove_leftovers()

    def merge(
        self, current: OpenSegment | None, added: Bytes, removed: Bytes, through: int
    ) -> Built:
        """Make a segment file of (`current` and `added`) without `removed`, not of the database.

        `added` has shape (n, 32), `removed` (m, 32). What was removed is out, even if also added.
        Raises `Damaged` if the data of `current` is not what was built: its mistakes would get a
        valid checksum here. Raises ValueError if `current` is closed or has later changes than
        `through`; else as `build`.
        """
        if current is not None and current.through > through:
            raise ValueError("a segment cannot go back to an earlier change")
        return self.build(merged(current, checked(added), checked(removed)), through)

    def open(self) -> OpenSegment | None:
        """The current segment, or None if none was built yet. Reads its header, not its data.

        Raises `Damaged` if it must be built again, `IndexFileError` if it may not be read.
        """
        gone = None
        with self._explained("read"):
            while (name := self._current()) is not None:
                try:
                    return OpenSegment(self.folder / name)
                except FileNotFoundError as error:
                    if name == gone:
                        raise Damaged(self.folder / name, "it is missing") from error
                    gone = name  # replaced since its name was read, or missing: read it again
        return None

    def changed(self, opened: OpenSegment | None) -> bool:
        """Whether `open` would now give something else. Costs a few system calls; never raises."""
        try:
            name = self._current()
            if name is None or opened is None:
                return name is not None or opened is not None
            return identity((self.folder / name).lstat()) != opened.identity
        except (Damaged, OSError):
            return True

    def _current(self) -> str | None:
        """The name in CURRENT, or None if there is none. Raises `Damaged` or OSError."""
        path = self.folder / CURRENT
        try:
            with path.open("rb") as file:
                text = file.read(256)
        except FileNotFoundError:
            return None
        name = text.decode("ascii", "replace").removesuffix("\n")
        if not NAME.fullmatch(name):
            raise Damaged(path, "it does not name a segment file")
        return name

    def _build(self, parts: Iterable[Bytes], through: int) -> Built:
        with self._temporary() as (file, path):
            written = 0
            self._write(file, bytes(HEADER))
            for part in parts:
                rows = checked(part)
                written += len(rows)
                if written > MOST:
                    raise IndexFileError(
                        f"The index {self.folder} would hold more than {MOST} hashes.",
                        "Divide its banks between two deployments.",
                    )
                self._write(file, rows.reshape(-1).data)
            with self._explained("written"):
                count = fill(file, written, through)
                os.fsync(file)  # writes mapped pages too; msync would keep the interpreter's lock
                made = self.folder / named(through, count)
                path.replace(made)
                self._write_through()
        with self._temporary() as (file, path):
            self._write(file, f"{made.name}\n".encode())
            with self._explained("written"):
                os.fsync(file)
                path.replace(self.folder / CURRENT)
                self._write_through()
        return Built(made, through, count)

    def _write(self, file: int, data: bytes | memoryview) -> None:
        with self._explained("written"):
            while data:
                data = data[os.write(file, data) :]

    def _write_through(self) -> None:
        """Make the names in the folder outlast a power failure."""
        folder = os.open(self.folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _remove_leftovers(self) -> None:
        """Remove what builders that failed or were killed left, and segments that are not current.

        What cannot be removed now waits for the next builder.
        """
        with suppress(OSError):
            try:
                current = self._current()
            except Damaged:
                current = None  # no segment can be opened then: all are left over
            for path in list(self.folder.iterdir()):
                segment = NAME.fullmatch(path.name) and path.name != current
                if segment or TEMPORARY.fullmatch(path.name):
                    with suppress(OSError):
                        path.unlink()

    @contextmanager
    def _temporary(self) -> Iterator[tuple[int, Path]]:
        """A new file, open for reading and writing: left over, unless it is renamed."""
        with self._explained("written"):
            file, name = tempfile.mkstemp(".tmp", "building-", self.folder)
        try:
            yield file, Path(name)
        finally:
            os.close(file)

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """Hold the builder's lock, which the system releases when a builder dies."""
        with self._explained("written"):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = os.open(self.folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            with self._explained("written"):
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError as error:
                    raise BuilderBusy(
                        f"Another builder is at work on the index {self.folder}.",
                        "Open what it makes, or try again when it has ended.",
                    ) from error
            try:
                yield
            finally:
                fcntl.flock(file, fcntl.LOCK_UN)  # a child forked meanwhile would keep it
        finally:
            os.close(file)

    @contextmanager
    def _explained(self, done: str) -> Iterator[None]:
        """Errors of the system, as errors that say what to do."""
        try:
            yield
        except OSError as error:
            if error.errno in FULL:
                raise IndexFileError(
                    f"There is no room to build the index {self.folder}: {error.strerror}.",
                    "Free disk space there: a build takes about 130 bytes a hash beside the "
                    "current file, which stays in use.",
                ) from error
            raise IndexFileError(
                f"The index {self.folder} could not be {done}: {error.strerror or error}.",
                "See that the disk is well, and that the folder belongs to the service's user.",
            ) from error


def named(through: int, count: int) -> str:
    """The name of a segment file."""
    return f"segment-{through}-{count}.seg"


def identity(facts: os.stat_result) -> tuple[int, int]:
    """Which file it is, whatever its name."""
    return facts.st_dev, facts.st_ino


def checked(hashes: Bytes) -> Bytes:
    """The hashes, one after the other in memory. Raises ValueError unless they are hashes."""
    if hashes.dtype != np.uint8 or hashes.ndim != 2 or hashes.shape[1] != BYTES:
        raise ValueError(f"hashes are bytes of shape (n, {BYTES})")
    return np.ascontiguousarray(hashes)


def mapped(file: int, length: int) -> Bytes:
    """The bytes of a file, to write in; unmapped when no view of them is left."""
    return np.frombuffer(mmap.mmap(file, length, access=mmap.ACCESS_WRITE), np.uint8)


def fill(file: int, written: int, through: int) -> int:
    """Make a segment file of the hashes `written` behind its header; gives how many are distinct.

    All happens in the mapped file: it may be larger than the memory that is free.
    """
    count = make_distinct(mapped(file, HEADER + written * BYTES)[HEADER:].view(ENTRY))
    end = HEADER + count * BYTES
    os.ftruncate(file, end)
    reserve(file, end, HEADER + size_of(count))
    whole = mapped(file, HEADER + size_of(count))
    segment = Segment.built(whole[HEADER:], count)
    digest = hashlib.sha256(segment.buffer.data).digest()
    header = Header(count, segment.buffer.nbytes, through, digest)
    whole[:HEADER] = np.frombuffer(header.packed(), np.uint8)
    return count


def make_distinct(entries: Entries) -> int:
    """Put each entry once at the beginning, in byte order; gives how many there are."""
    entries.sort()
    kept = 0
    for start in range(0, len(entries), PART):
        part = entries[start : start + PART]
        fresh = np.ones(len(part), bool)
        fresh[1:] = part[1:] != part[:-1]
        if kept:
            fresh[0] = part[0] != entries[kept - 1]
        chosen = part[fresh]
        entries[kept : kept + len(chosen)] = chosen
        kept += len(chosen)
    return kept


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


def merged(current: OpenSegment | None, added: Bytes, removed: Bytes) -> Iterator[Bytes]:
    """The hashes of (`current` and `added`) without `removed`, in parts. Raises `Damaged`."""
    gone = np.sort(removed.reshape(-1).view(ENTRY))
    if current is not None:
        current.verify()
        known = current.segment.hashes.reshape(-1).view(ENTRY)
        kept = np.ones(len(known), bool)
        places = places_of(gone, known)
        kept[places[places >= 0]] = False
        for start in range(0, len(known), PART):
            yield rows_of(known[start : start + PART][kept[start : start + PART]])
    new = added.reshape(-1).view(ENTRY)
    yield rows_of(new[places_of(new, gone) < 0])


def places_of(asked: Entries, ordered: Entries) -> NDArray[np.intp]:
    """Where each entry stands among those in byte order, or -1."""
    places = np.searchsorted(ordered, asked)
    there = places < len(ordered)
    there[there] = ordered[places[there]] == asked[there]
    return np.where(there, places, -1)


def rows_of(entries: Entries) -> Bytes:
    """Entries as hashes of shape (n, 32)."""
    return entries.view(np.uint8).reshape(-1, BYTES)
