"""Seals bytes with age for the recipients: the service cannot open again what it sealed.

https://age-encryption.org/v1
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import queue
import secrets
import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyrage

from tutela.evidence.errors import EvidenceError, SealingFailed, why
from tutela.evidence.store import ENDING, Store

PIECE = 1 << 20
"""Bytes given to be sealed at a time."""

WAITING = 4
"""Pieces of an upload that wait to be sealed: who sends faster than a disk takes waits."""

SPOOLED = ".part"


@dataclass(frozen=True, slots=True)
class Sealed:
    """A file that is sealed and stored."""

    name: str
    size: int
    sealed_size: int
    digest: bytes
    """SHA-256 of the bytes before they were sealed."""
    recipients: str
    """The fingerprint of those who can open it."""


class Sealer:
    """Seals whole files in memory, and large ones while they come. For any number of threads."""

    def __init__(self, recipients: Iterable[str], store: Store, spool: Path) -> None:
        """Raises `EvidenceError` if there is nobody to seal for."""
        texts = list(recipients)
        if not texts:
            raise EvidenceError("Nobody could open what is sealed.", "Run: tutela init")
        self.recipients = [pyrage.x25519.Recipient.from_str(text) for text in texts]
        self.fingerprint = fingerprint(texts)
        self.store = store
        self.spool_folder = spool

    def seal(self, data: bytes | bytearray | memoryview) -> Sealed:
        """Seal bytes: stored safely when this returns. Raises `SealingFailed`."""
        plain = bytes(data)
        sealed = pyrage.encrypt(plain, self.recipients)
        name = name_of(hashlib.sha256(sealed).hexdigest())
        self.store.put(name, sealed)
        return Sealed(
            name, len(plain), len(sealed), hashlib.sha256(plain).digest(), self.fingerprint
        )

    def spool(self) -> Spool:
        """A file that is sealed while it comes. Raises `SealingFailed`."""
        return Spool(self)

    def probe(self) -> str | None:
        """Why nothing can be sealed, or None if it can: neither stored, nor spooled before."""
        try:
            path, handle = _held(self.spool_folder)
            os.close(handle)
            path.unlink()
        except OSError as error:
            return _failed(why(error)).what
        return self.store.probe()

    def sweep_spool(self) -> int:
        """Remove what processes left that ended: it was sealed, and nothing names it."""
        gone = 0
        for path in self.spool_folder.glob(f"*{SPOOLED}"):
            with suppress(OSError), path.open("r+b") as file:  # who still writes it holds its lock
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
                gone += 1
        return gone


class Spool:
    """Bytes that are sealed to a file of the spool: only sealed ones ever reach the disk.

    Used by one thread; ends with `finish` or `drop`, and after a failure with either.
    """

    def __init__(self, sealer: Sealer) -> None:
        self.size = 0
        self._sealer = sealer
        self._plain = hashlib.sha256()
        self._failed: str | None = None
        self._pieces: queue.Queue[bytes] = queue.Queue(WAITING)
        try:
            self._path, handle = _held(sealer.spool_folder)
        except OSError as error:
            raise _failed(why(error)) from None
        self._file = Written(handle)
        self._thread = threading.Thread(target=self._seal, name="sealing", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:
            self._remove()
            raise _failed("no thread can be started") from None

    def write(self, chunk: bytes | bytearray) -> None:
        """The next bytes. Raises `SealingFailed`; then nothing of the file is kept."""
        self.size += len(chunk)
        self._plain.update(chunk)
        with memoryview(chunk) as view:
            for at in range(0, len(view), PIECE):
                self._give(bytes(view[at : at + PIECE]))

    def finish(self) -> Sealed:
        """Store what came. Raises `SealingFailed`."""
        try:
            self._end()
            name = name_of(self._file.digest.hexdigest())
            self._sealer.store.take(name, self._path)
            return Sealed(
                name, self.size, self._file.size, self._plain.digest(), self._sealer.fingerprint
            )
        finally:
            self._remove()

    def drop(self) -> None:
        """Let go of what came. Again does nothing."""
        try:
            with suppress(SealingFailed):
                self._end()
        finally:
            self._remove()

    def _give(self, piece: bytes) -> None:
        while self._failed is None:
            with suppress(queue.Full):
                self._pieces.put(piece, timeout=0.5)
                return
        self._thread.join()
        self._remove()
        raise _failed(self._failed)

    def _end(self) -> None:
        if self._thread.is_alive():
            self._give(b"")
            self._thread.join()
        if self._failed is not None:
            raise _failed(self._failed)

    def _seal(self) -> None:
        try:
            pyrage.encrypt_io(_Reader(self._pieces), self._file, self._sealer.recipients)
        except BaseException as error:  # whatever it is, who writes must not wait for ever
            cause = self._file.error
            self._failed = why(cause) if cause else f"age failed ({type(error).__name__})"

    def _remove(self) -> None:
        self._file.close()
        with suppress(OSError):  # what stays is swept at the next start
            self._path.unlink(missing_ok=True)


class _Reader:
    """What age reads from: pieces as they come, an empty one at the end."""

    def __init__(self, pieces: queue.Queue[bytes]) -> None:
        self._pieces = pieces
        self._piece = memoryview(b"")
        self._ended = False

    def read(self, count: int = -1) -> bytes:
        if not self._piece and not self._ended:
            self._piece = memoryview(self._pieces.get())
            self._ended = not self._piece
        taken = self._piece if count < 0 else self._piece[:count]
        self._piece = self._piece[len(taken) :]
        return bytes(taken)


class Written:
    """An open file, what was written to it, and why that failed: age's own error does not say."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self.digest = hashlib.sha256()
        self.size = 0
        self.error: OSError | None = None

    def write(self, data: bytes) -> int:
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._handle, view) :]
        except OSError as error:
            self.error = error
            raise
        self.digest.update(data)
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """All was written."""

    def close(self) -> None:
        handle, self._handle = self._handle, -1
        if handle >= 0:
            os.close(handle)


def fingerprint(recipients: Iterable[str]) -> str:
    """What tells one set of recipients from another."""
    return hashlib.sha256("\n".join(sorted(set(recipients))).encode()).hexdigest()[:16]


def name_of(digest: str) -> str:
    """The name of a sealed file of this month."""
    return f"{datetime.now(UTC):%Y/%m}/{digest}{ENDING}"


def _held(folder: Path) -> tuple[Path, int]:
    """A new file of the spool, locked, so that nobody sweeps it. Raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    while True:
        path = folder / f"{secrets.token_hex(16)}{SPOOLED}"
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX)
        if os.fstat(handle).st_nlink:
            return path, handle
        os.close(handle)  # it was swept before it was locked


def _failed(reason: str) -> SealingFailed:
    return SealingFailed(
        f"The spool cannot be written to: {reason}.", "Free the disk of the data directory."
    )
