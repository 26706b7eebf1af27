"""The index of one signal type in files that all processes of a host map and share.

The folder holds a segment file, `segment-<through>-<count>.seg`, and `CURRENT`, a text that names
it. A named file never changes: a new one takes its place by rename, and who has mapped the old one
keeps it until closing. Nothing here is the truth: what is damaged is built again from the database.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tutela.banks.contents import fill, merged
from tutela.banks.errors import BuilderBusy, Damaged, IndexFileError
from tutela.banks.segment_files import HEADER, MOST, NAME, OpenSegment, identity, named
from tutela.matching.layouts import NEAR, Layout
from tutela.matching.ordered import Bytes, checked

CURRENT = "CURRENT"
LOCK = "builder.lock"
TEMPORARY = re.compile(r"building-.*\.tmp")
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

__all__ = ["BuilderBusy", "Built", "Damaged", "IndexFileError", "IndexFiles", "OpenSegment"]


@dataclass(frozen=True, slots=True)
class Built:
    """What a builder left: its file, the last change in it, and how many distinct values it has."""

    path: Path
    through: int
    count: int


class IndexFiles:
    """The files of one index in a folder of their own, on a disk of this host."""

    def __init__(self, folder: Path, layout: Layout = NEAR) -> None:
        self.folder = folder
        self.layout = layout

    def build(self, values: Bytes | Iterable[Bytes], through: int) -> Built:
        """Make a segment file of these values, and make it the current one.

        `values` are of shape (n, width), in one array or in several, in any order, repeated or not;
        an array at a time is asked for while the builder's lock is held. `through` is the number
        of the last change that they contain. Takes as much disk as the layout says (`NEAR` about
        130 bytes a hash) beside the current file, and no memory of its own but pages of that file,
        which the system may write out.

        Raises `BuilderBusy` if another builds, `IndexFileError` if the disk is full or fails,
        ValueError if given something else, and whatever the iterable raises. The current file is
        then still what it was.
        """
        if not 0 <= through < 2**63:
            raise ValueError("a change has a number from 0 to 2^63 - 1")
        parts = (values,) if isinstance(values, np.ndarray) else values
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

        `added` has shape (n, width), `removed` (m, width). What was removed is out, even if also
        added. Raises `Damaged` if the data of `current` is not what was built: its mistakes would
        get a valid checksum here. Raises ValueError if `current` is closed, has later changes than
        `through`, or values of another width; else as `build`.
        """
        if current is not None and current.through > through:
            raise ValueError("a segment cannot go back to an earlier change")
        width = self.layout.width
        new, gone = checked(added, width), checked(removed, width)
        return self.build(merged(current, new, gone, width), through)

    def open(self) -> OpenSegment | None:
        """The current segment, or None if none was built yet. Reads its header, not its data.

        Raises `Damaged` if it must be built again, `IndexFileError` if it may not be read.
        """
        gone = None
        with self._explained("read"):
            while (name := self._current()) is not None:
                try:
                    return OpenSegment(self.folder / name, self.layout)
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

    def discard(self) -> None:
        """Forget the current file, which is damaged: whoever opens it next finds none. Raises
        `IndexFileError`."""
        with self._explained("written"):
            (self.folder / CURRENT).unlink(missing_ok=True)

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
                rows = checked(part, self.layout.width)
                written += len(rows)
                if written > MOST:
                    raise IndexFileError(
                        f"The index {self.folder} would hold more than {MOST} values.",
                        "Divide its banks between two deployments.",
                    )
                self._write(file, rows.reshape(-1).data)
            with self._explained("written"):
                count = fill(file, self.layout, written, through)
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
                each = round(self.layout.size_of(MOST) / MOST)
                raise IndexFileError(
                    f"There is no room to build the index {self.folder}: {error.strerror}.",
                    f"Free disk space there: a build takes about {each} bytes a value beside the "
                    "current file, which stays in use.",
                ) from error
            raise IndexFileError(
                f"The index {self.folder} could not be {done}: {error.strerror or error}.",
                "See that the disk is well, and that the folder belongs to the service's user.",
            ) from error
