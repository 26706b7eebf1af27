"""Takes a bundle apart into a new folder, once all of it was verified: whole or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyrage

from tutela.bundles import container
from tutela.bundles.container import Unpacking
from tutela.bundles.errors import BundleDamaged, BundleRefused
from tutela.bundles.verifying import Verified, unpack
from tutela.evidence.errors import why
from tutela.evidence.store import sync_folder

NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
MODE, MODE_OF_FOLDER = 0o600, 0o700
INSIDE = container.FILES.rstrip("/")


def extract(
    path: Path,
    into: Path,
    verified: Verified,
    held: list[pyrage.x25519.Identity] | None = None,
) -> int:
    """Write the parts of a bundle that was verified into a folder that is not there yet; says how
    many bytes. They are read anew, and each must be what it was then. Raises `BundleRefused`,
    `BundleDamaged`: then nothing is left."""
    if verified.faults or not verified.said:
        raise BundleDamaged("Nothing is taken out of a bundle that is not whole.")
    size = sum(count for count, _ in verified.found.values())
    with _new_folder(into, size) as folder:
        writing = _Writing(folder, verified)
        try:
            unpack(path, Unpacking(writing.begin, writing.take, writing.end), held)
        finally:
            writing.close()
        writing.finish()
    return size


@contextmanager
def _new_folder(into: Path, size: int) -> Iterator[Path]:
    """A folder of another name beside it, which gets its name if all goes well."""
    if os.path.lexists(into):
        raise BundleRefused(f"{into} is there already.", "Choose a new folder.")
    part = into.parent / f".{into.name}.{os.getpid()}"
    try:
        free = shutil.disk_usage(into.parent).free
        if free < size:
            raise BundleRefused(
                f"The bundle holds {size:,} bytes, and there is room for {free:,}.",
                "Choose a folder on a larger disk.",
            )
        part.mkdir(MODE_OF_FOLDER)
    except OSError as error:
        raise BundleRefused(
            f"{into} cannot be made: {why(error)}.", "Choose a new folder in one that is there."
        ) from None
    try:
        yield part
        part.rename(into)
        sync_folder(into.parent)
    except OSError as error:
        raise BundleRefused(f"{into} cannot be written: {why(error)}.") from None
    finally:
        shutil.rmtree(part, ignore_errors=True)


class _Writing:
    """Takes parts as they come, and writes each to a new file. Their names are those of a
    container and no others, so that none leads elsewhere."""

    def __init__(self, folder: Path, verified: Verified) -> None:
        self._folder, self._known = folder, dict(verified.found)
        self._name, self._size, self._handle = "", 0, -1
        self._digest = hashlib.sha256()

    def begin(self, name: str, size: int) -> None:
        if self._known.get(name, (-1, ""))[0] != size:
            raise BundleDamaged(f"{name} is not what was verified.")
        self._name, self._size, self._digest = name, size, hashlib.sha256()
        try:
            if name.startswith(container.FILES):
                (self._folder / INSIDE).mkdir(MODE_OF_FOLDER, exist_ok=True)
            self._handle = os.open(self._folder / name, NEW, MODE)
        except OSError as error:
            raise BundleRefused(f"{name} cannot be written: {why(error)}.") from None

    def take(self, data: bytes) -> None:
        self._digest.update(data)
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(self._handle, view) :]
        except OSError as error:
            raise BundleRefused(f"{self._name} cannot be written: {why(error)}.") from None

    def end(self) -> None:
        try:
            os.fsync(self._handle)
        except OSError as error:
            raise BundleRefused(f"{self._name} cannot be written: {why(error)}.") from None
        self.close()
        if self._known.pop(self._name) != (self._size, self._digest.hexdigest()):
            raise BundleDamaged(f"{self._name} is not what was verified.")

    def finish(self) -> None:
        if self._known:
            raise BundleDamaged(f"{min(self._known)} is not there any more.")

    def close(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
