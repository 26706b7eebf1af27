"""Opens what strangers put into folders: regular files only, whatever stands there meanwhile."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO


class NotAFileError(OSError):
    """A folder, pipe, socket or device."""


def open_regular(path: Path) -> BinaryIO:
    """The open file. Looked at after it was opened, and opened without waiting: a pipe put in its
    place would make the caller wait for ever. Raises OSError, also for a name no file can have.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except ValueError:  # a zero byte in the name
        raise OSError(0, "no file can have this name") from None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise NotAFileError(0, "it is a folder, pipe or device, not a file")
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def regular_files(folder: Path, complain: Callable[[str, str], None]) -> Iterator[Path]:
    """Regular files below a folder, sorted; links are not followed.

    `complain` is told name and reason of what cannot be looked at.
    """

    def unreadable(error: OSError) -> None:
        complain(str(error.filename), f"cannot be read: {error.strerror}.")

    for place, folders, names in os.walk(folder, onerror=unreadable):
        folders.sort()
        for name in sorted(names):
            path = Path(place, name)
            try:
                if stat.S_ISREG(path.lstat().st_mode):
                    yield path
            except OSError as error:  # it was there a moment ago
                unreadable(error)
