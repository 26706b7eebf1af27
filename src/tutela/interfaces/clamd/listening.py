"""The sockets of the clamd door: the supervisor opens them, so that they outlive its process."""

from __future__ import annotations

import os
import socket
import stat
from contextlib import suppress
from pathlib import Path

from tutela.errors import TutelaError
from tutela.settings import Clamd, place_of

SOCKETS = "CLAMD_FDS_OF_TUTELA"
"""The descriptors of the sockets, for the role."""

BACKLOG = 2048


class CannotListen(TutelaError):
    """A place to listen that is taken or refused."""


def listen(options: Clamd) -> list[socket.socket]:
    """Sockets that listen where the settings say; none where they say nothing. Raises
    `CannotListen`."""
    opened: list[socket.socket] = []
    try:
        if options.listen:
            opened.append(_tcp(*place_of(options.listen)))
        if options.socket:
            opened.append(_unix(Path(options.socket), int(options.socket_mode, 8)))
    except OSError as error:
        for each in opened:
            each.close()
        raise CannotListen(
            f"The clamd door cannot listen: {error.strerror or error}.",
            "Choose other places with clamd.listen and clamd.socket.",
        ) from None
    for each in opened:
        each.set_inheritable(True)
    return opened


def close(opened: list[socket.socket], options: Clamd) -> None:
    """Listen no more, and leave no file behind."""
    for each in opened:
        if each.family == socket.AF_UNIX:
            with suppress(OSError):
                Path(options.socket).unlink()
        each.close()


def given() -> list[socket.socket]:
    """What the supervisor opened for this process, or nothing."""
    named = os.environ.pop(SOCKETS, "")
    return [socket.socket(fileno=int(number)) for number in named.split()]


def _tcp(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((host, port))
        opened.listen(BACKLOG)
    except BaseException:
        opened.close()
        raise
    return opened


def _unix(path: Path, mode: int) -> socket.socket:
    with suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise OSError(0, f"{path} is there, and is no socket")
        path.unlink()  # of a service that did not end in order; who else runs holds the lock
    opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o777 & ~mode)
    try:
        opened.bind(str(path))
        opened.listen(BACKLOG)
    except BaseException:
        opened.close()
        raise
    finally:
        os.umask(before)
    return opened
