"""Where sealed files lie: created once, on disk when that is said, never changed."""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from tutela.errors import TutelaError
from tutela.evidence.errors import EvidenceError, NotOpened, SealingFailed, why

ENDING = ".age"
NAME = re.compile(r"[0-9]{4}/[0-9]{2}/[0-9a-f]{64}\.age")
CHUNK = 1 << 20
BEGUN = ".tmp"
"""How the name of a file ends that is still being written."""

PROBED = 1 << 20
"""Bytes written to see whether there is room: a disk with a block or two left is full."""


class Store(Protocol):
    """A folder, or a bucket. Names are `yyyy/mm/<sha256 of the sealed bytes>.age`: nothing of what
    was sealed can be guessed from one, and the same name means the same bytes."""

    def put(self, name: str, data: bytes) -> None:
        """Store new bytes: safe when this returns. Raises `SealingFailed`."""

    def take(self, name: str, path: Path) -> None:
        """Store a file of this machine, which is then gone. Raises `SealingFailed`."""

    def open(self, name: str) -> BinaryIO:
        """The sealed bytes. Raises `NotOpened`."""

    def names(self) -> Iterator[tuple[str, datetime]]:
        """Every file in the order of names, and when it was stored. Raises `EvidenceError`."""

    def exists(self, name: str) -> bool:
        """Raises `EvidenceError` if that cannot be told."""

    def delete(self, name: str) -> None:
        """Again does nothing. Raises `EvidenceError`."""

    def tidy(self, before: datetime) -> int:
        """Remove what was begun before then and never ended; says how much. Raises
        `EvidenceError`."""

    def probe(self) -> str | None:
        """Why nothing can be stored, or None if it can."""


def open_store(url: str, folder: Path) -> Store:
    """The store that the setting `evidence.url` names: empty for the folder. Raises
    `TutelaError`."""
    if not url:
        return FolderStore(folder)
    if url.startswith("s3://"):
        try:
            from tutela.evidence.s3 import BucketStore
        except ImportError:
            raise TutelaError(
                "Object storage needs a package that is not installed.", "Install tutela[s3]."
            ) from None
        return BucketStore(url)
    raise TutelaError(
        "The setting evidence.url is not a place for evidence.", "Write s3://bucket/prefix."
    )


def checked(name: str) -> str:
    """The name, if it is one that a sealed file can have: a row changed behind our back must not
    lead elsewhere. Raises `NotOpened`."""
    if not NAME.fullmatch(name):
        raise NotOpened("This is no name of a sealed file.", "See whether the database is whole.")
    return name


class FolderStore:
    """Files in a folder by year and month, readable by the service's user only."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._safe: set[Path] = set()
        """Folders whose names this process has put on disk."""

    def put(self, name: str, data: bytes) -> None:
        with _storing():
            target = self._prepared(name)
            with _begun(target.parent) as (temporary, file):
                _write(file, data)
                os.fsync(file)
                _settle(temporary, target)

    def take(self, name: str, path: Path) -> None:
        with _storing():
            target = self._prepared(name)
            with path.open("rb") as source:
                os.fsync(source.fileno())
                try:
                    _settle(path, target)
                except OSError as error:
                    if error.errno != errno.EXDEV:  # mounts of one disk are two to a link
                        raise
                    with _begun(target.parent) as (temporary, file):
                        with os.fdopen(os.dup(file), "wb") as copy:
                            shutil.copyfileobj(source, copy, CHUNK)
                        os.fsync(file)
                        _settle(temporary, target)
            path.unlink()

    def open(self, name: str) -> BinaryIO:
        path = self.folder / checked(name)
        try:
            return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb")
        except OSError as error:
            raise NotOpened(
                f"The sealed file {name} cannot be read: {why(error)}.",
                "Restore it from the backup of evidence.",
            ) from None

    def names(self) -> Iterator[tuple[str, datetime]]:
        with _managing():
            for month in self._months():
                with os.scandir(month) as entries:
                    words = sorted(e.name for e in entries if e.is_file(follow_symlinks=False))
                for word in words:
                    name = f"{month.parent.name}/{month.name}/{word}"
                    if NAME.fullmatch(name):  # what else lies there is none of ours
                        with suppress(FileNotFoundError):
                            stored = (month / word).stat().st_mtime
                            yield name, datetime.fromtimestamp(stored, UTC)

    def exists(self, name: str) -> bool:
        path = self.folder / checked(name)
        with _managing():
            try:
                path.stat()
            except FileNotFoundError:
                return False
            return True

    def delete(self, name: str) -> None:
        path = self.folder / checked(name)
        with _managing(), suppress(FileNotFoundError):
            path.unlink()
            sync_folder(path.parent)

    def tidy(self, before: datetime) -> int:
        gone = 0
        with _managing():
            for month in (self.folder, *self._months()):
                for path in month.glob(f".*{BEGUN}"):
                    with suppress(FileNotFoundError):
                        if path.stat().st_mtime < before.timestamp():
                            path.unlink()
                            gone += 1
        return gone

    def probe(self) -> str | None:
        try:
            with _storing():
                self._make(self.folder)
                with _begun(self.folder) as (_, file):
                    _write(file, bytes(PROBED))
                    os.fsync(file)
        except SealingFailed as error:
            return error.what
        return None

    def _months(self) -> list[Path]:
        found = self.folder.glob("[0-9][0-9][0-9][0-9]/[0-9][0-9]")
        return sorted(path for path in found if path.is_dir())

    def _prepared(self, name: str) -> Path:
        target = self.folder / checked(name)
        for folder in (self.folder, target.parents[1], target.parent):
            self._make(folder)
        return target

    def _make(self, folder: Path) -> None:
        """Make a folder for this user only, and have its name on disk, also if another process
        made it just now. Not the data directory: without it, its disk is not there."""
        if folder in self._safe and folder.is_dir():
            return
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        sync_folder(folder.parent)
        self._safe.add(folder)


@contextmanager
def _begun(folder: Path) -> Iterator[tuple[Path, int]]:
    """A new file of the folder, which goes unless it was linked to a name that stays."""
    path = folder / f".{secrets.token_hex(16)}{BEGUN}"
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        yield path, file
    finally:
        os.close(file)
        path.unlink(missing_ok=True)


def _settle(begun: Path, target: Path) -> None:
    """Give a file that is on disk its name, and have that on disk too."""
    with suppress(FileExistsError):  # the same sealed bytes: nothing is written over
        os.link(begun, target)
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write(file: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


@contextmanager
def _storing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SealingFailed(
            f"The evidence folder cannot be written to: {why(error)}.",
            "Free its disk, or see whose it is: items are answered, and their bytes are lost.",
        ) from None


@contextmanager
def _managing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise EvidenceError(
            f"The evidence folder cannot be used: {why(error)}.",
            "See that its disk is there, and whose the folder is.",
        ) from None
