"""Files outside that evidence is written to: there whole or not at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def new_file(path: Path) -> Iterator[int]:
    """A handle to write a new file with, of mode 0600. It has its name once the block ended well
    and all is on the disk; else nothing is left of it, also if this is killed. Raises OSError."""
    part = path.parent / f".{path.name}.{os.getpid()}"
    how = os.O_WRONLY | os.O_CLOEXEC
    try:
        handle = os.open(path.parent, how | getattr(os, "O_TMPFILE", 0), 0o600)
        nameless = True
    except OSError:  # not every disk has files without names: killed there, a part stays
        handle = os.open(part, how | os.O_CREAT | os.O_EXCL, 0o600)
        nameless = False
    try:
        yield handle
        os.fsync(handle)
        if nameless:  # the descriptor has linkat follow the link, as open(2) shows
            os.link(f"/proc/self/fd/{handle}", path, src_dir_fd=handle)
        else:
            _name(part, path)
    finally:
        os.close(handle)
        if not nameless:
            part.unlink(missing_ok=True)


def _name(part: Path, path: Path) -> None:
    """Give what was written its name, which nobody may have."""
    try:
        os.link(part, path)
    except PermissionError:  # sticks have no links
        if path.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from None
        part.rename(path)
