"""Secrets of this installation in files of their own, readable by the service's user only."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from tutela.errors import TutelaError

LENGTH = 32


class SecretFileError(TutelaError):
    """A secret that cannot be written or read."""

    exit_code = 3


def make(path: Path) -> None:
    """Write 32 random bytes to a new file of mode 0600. Raises `SecretFileError`."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(LENGTH))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise SecretFileError(
            f"The secret {path} cannot be written: {error.strerror}.",
            "Choose a folder that the service's user may write to with the setting keys.",
        ) from None


def load(path: Path) -> bytes:
    """The secret of a file. Raises `SecretFileError`."""
    try:
        found = path.read_bytes()
    except OSError as error:
        raise SecretFileError(
            f"The secret {path} cannot be read: {error.strerror}.", "Run: tutela init"
        ) from None
    if len(found) != LENGTH:
        raise SecretFileError(f"{path} is not a secret of {LENGTH} bytes.", "Restore its backup.")
    return found
