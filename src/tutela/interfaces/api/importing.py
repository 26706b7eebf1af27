"""A list that comes over HTTP, read by the importer in a thread while its bytes arrive.

What was rejected is kept in a file of the data directory until the import is done: so that whoever
sends a list again after an interruption is told of all its lines.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import os
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

from anyio import from_thread
from fastapi import Request
from pydantic import BaseModel

from tutela.banks.importing import Importer, rejected_lines
from tutela.banks.lists import ListFormat, Rejected
from tutela.interfaces.api import bodies
from tutela.interfaces.api.problems import Problem, unavailable
from tutela.interfaces.api.state import State

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

FOLDER = "imports"
MOST_REJECTED = 1000
"""Rejected lines that an answer lists; the others are counted."""

KEPT = 30 * 24 * 3600
"""Seconds that the rejected lines of an import are kept which nobody goes on with."""

LARGEST = 1 << 46
"""Bytes of a list: no limit in practice, since none of it is held."""

LONGEST = 1 << 20
"""Seconds that a list may take, 12 days: it comes as fast as the database takes it."""

HELD = 1 << 20
"""Bytes held in memory of what may have to be read again; more are in an unnamed file."""


MOST_IMPORTS = 3
"""Imports in work at a time, in each process: each has a thread, and the database's writing lock
again and again."""


class Places:
    """How many may do something at a time. For one thread."""

    def __init__(self, most: int) -> None:
        self.left = most

    @contextmanager
    def one(self) -> Iterator[None]:
        """Raises `Problem` 503 if none is left."""
        if not self.left:
            raise unavailable("too-busy", "Too many imports are in work.")
        self.left -= 1
        try:
            yield
        finally:
            self.left += 1


places = Places(MOST_IMPORTS)


class RejectedLine(BaseModel):
    """A line that is no record."""

    line: int
    reason: str


class Imported(BaseModel):
    """What an import came to, since its beginning also if it was resumed. `rejects` are the first
    of the rejected lines."""

    bank: str
    lines: int
    added: int
    known: int
    rejected: int
    resumed: bool
    rejects: list[RejectedLine]


class Arriving(io.RawIOBase):
    """The body of a request as a stream that waits for its bytes, to be read in a thread.

    It can be sought back to its beginning until `settle`: an importer that finds another list than
    the one it was to go on with begins anew.
    """

    def __init__(self, chunks: AsyncIterator[bytes], folder: Path) -> None:
        self._chunks = chunks
        self._waiting = memoryview(b"")
        self._again: IO[bytes] = tempfile.SpooledTemporaryFile(HELD, dir=str(folder))  # noqa: SIM115
        self._place = self._kept = 0
        self._settled = False

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return not self._settled

    def tell(self) -> int:
        return self._place

    def seek(self, place: int, whence: int = os.SEEK_SET) -> int:
        """Raises OSError once it is settled."""
        if whence == os.SEEK_CUR:
            place += self._place
        if place != self._place:
            if self._settled or whence == os.SEEK_END or not 0 <= place <= self._kept:
                raise io.UnsupportedOperation("this was let go of")
            self._place = place
        return self._place

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Raises `Problem` as `bodies.chunks` does."""
        into = memoryview(buffer).cast("B")
        if self._place < self._kept:
            self._again.seek(self._place)
            data = self._again.read(min(len(into), self._kept - self._place))
        else:
            data = self._next(len(into))
        into[: len(data)] = data
        self._place += len(data)
        return len(data)

    def settle(self) -> None:
        """From now on it only goes forward, and nothing more is kept."""
        self._settled = True

    def close(self) -> None:
        self._again.close()
        super().close()

    def _next(self, most: int) -> bytes:
        """Bytes that have not been read yet."""
        if not self._waiting:
            self._waiting = memoryview(from_thread.run(self._arrived))
        data = bytes(self._waiting[:most])
        self._waiting = self._waiting[most:]
        if not self._settled:
            self._again.seek(self._kept)
            self._again.write(data)
            self._kept += len(data)
        elif self._kept:
            self._again.truncate(0)
            self._kept = 0
        return data

    async def _arrived(self) -> bytes:
        return await anext(self._chunks, b"")


class Work:
    """One import of one request."""

    def __init__(
        self,
        shared: State,
        request: Request,
        who: str,
        bank: str,
        form: ListFormat,
        seeded_from: str | None,
        chunks: AsyncIterator[bytes] | None = None,
    ) -> None:
        """`chunks` is the list, where it is not the whole body."""
        self.shared, self.request, self.chunks = shared, request, chunks
        self.who, self.bank, self.form, self.seeded_from = who, bank, form, seeded_from

    def run(self) -> Imported:
        """In a thread. Raises `Problem`, `BankError` and `StorageError`: what was stored is kept,
        and the same request goes on behind it."""
        app = self.shared.running.app
        chosen = app.settings.imports
        importer = Importer(
            app.database, self.who, self.bank, self.form, seeded_from=self.seeded_from,
            chunk=chosen.chunk, longest_line=chosen.longest_line,
        )  # fmt: skip
        limits = replace(self.shared.limits, max_body=LARGEST, body_seconds=LONGEST)
        chunks = self.chunks or bodies.chunks(self.request, limits)
        folder = app.data / FOLDER
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            with alone(folder, importer) as rejects:
                raw = Arriving(chunks, folder)
                with io.BufferedReader(raw, 1 << 16) as stream:
                    done = importer.run(stream, rejects, decided=raw.settle)
                first = rejected_lines(rejects, MOST_REJECTED)
                rejects.unlink(missing_ok=True)
        except Rejected as error:
            what = f"What all lines share: {error}."
            raise Problem(422, "list-refused", what, "See docs/banks.md.") from None
        except OSError as error:
            raise Problem(
                503, "not-available", f"The import stopped: {error.strerror}.",
                "What was stored is kept; the same request goes on behind it.",
            ) from error  # fmt: skip
        return Imported(
            bank=importer.bank, lines=done.line, added=done.added, known=done.known,
            rejected=done.rejected, resumed=done.resumed,
            rejects=[RejectedLine(line=line, reason=reason) for line, reason in first],
        )  # fmt: skip


@contextmanager
def alone(folder: Path, importer: Importer) -> Iterator[Path]:
    """The file for rejected lines of an import, which no other on this machine now uses. Raises
    `Problem` 409."""
    for old in folder.glob("*.csv"):
        with suppress(FileNotFoundError):
            if old.stat().st_mtime < time.time() - KEPT:
                old.unlink()
    name = hashlib.sha256(f"{importer.bank_id} {importer.options}".encode()).hexdigest()[:32]
    path = folder / f"{name}.csv"
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if not _locked(file, path):
            raise Problem(
                409, "import-at-work", f"Another import into {importer.bank} is at work.",
                "Let it end: nothing is lost, and nothing was added twice.",
            )  # fmt: skip
        try:
            yield path
        finally:
            if path.exists() and not path.stat().st_size:
                path.unlink()
    finally:
        os.close(file)


def _locked(file: int, path: Path) -> bool:
    """Whether the file is now ours alone, and still the one of this name."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(file), path.stat())
    except (BlockingIOError, FileNotFoundError):
        return False
