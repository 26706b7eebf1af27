"""What only the vault does: gets hold of the identity, and opens what was sealed."""

from __future__ import annotations

import ctypes
import hashlib
import logging
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

import pyrage

from tutela.evidence import identities
from tutela.evidence.errors import EvidenceError, NotOpened, why
from tutela.evidence.models import File

VARIABLE = "TUTELA_EVIDENCE_IDENTITY"
"""Holds the identity itself, for who keeps no file of it. Only the vault may be given it."""

COMMAND_SECONDS = 60
PR_SET_DUMPABLE = 4
log = logging.getLogger(__name__)


def held_identities(path: Path, command: tuple[str, ...]) -> list[pyrage.x25519.Identity]:
    """Those of the variable, else of the command, else of the file; the variable is then gone.
    Raises `EvidenceError`."""
    given = os.environ.pop(VARIABLE, None)
    if given is not None:
        return identities.parsed(given, VARIABLE)
    if not command:
        return identities.read(path)
    try:
        ran = subprocess.run(
            command, capture_output=True, timeout=COMMAND_SECONDS, check=True,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise EvidenceError(
            f"The command evidence.identity_command failed: {type(error).__name__}.",
            "Run it by hand as the service's user.",
        ) from None
    return identities.parsed(ran.stdout.decode("utf-8", "replace"), "evidence.identity_command")


def conceal() -> None:
    """Keep what this process holds out of core files, and its memory and first environment from
    other processes of its user, where the system can."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux" and ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0):
        log.warning("other processes of this user can look into this one")


class Compared:
    """Where opened bytes go: on to `give`, and compared with what was sealed."""

    def __init__(self, file: File, give: Callable[[bytes], None] = lambda _: None) -> None:
        self._file = file
        self._give = give
        self._digest = hashlib.sha256()
        self.size = 0
        self.error: Exception | None = None

    def write(self, data: bytes) -> int:
        try:
            self._give(data)
        except Exception as error:  # age would hide what it was
            self.error = error
            raise
        self._digest.update(data)
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """All was given on."""

    @property
    def whole(self) -> bool:
        """Whether all that was sealed came, and nothing else."""
        return self.size == self._file.size and self._digest.digest() == self._file.digest

    def require_whole(self) -> None:
        """Raises `NotOpened`."""
        if not self.whole:
            raise NotOpened(
                f"The evidence {self._file.id} is not what was sealed.",
                "Restore it from the backup of evidence, and find out who changed it.",
            )


class _Source:
    """Where sealed bytes come from, and why they did not: age would call it damage."""

    def __init__(self, sealed: BinaryIO) -> None:
        self._sealed = sealed
        self.error: OSError | None = None

    def read(self, count: int = -1) -> bytes:
        try:
            return self._sealed.read(count)
        except OSError as error:
            self.error = error
            raise


def decrypt(
    name: str, sealed: BinaryIO, into: Compared, held: Sequence[pyrage.x25519.Identity]
) -> None:
    """Open sealed bytes. Raises `NotOpened`, after some of them were given on perhaps, or what
    taking them raised, if that is an `EvidenceError`."""
    source = _Source(sealed)
    try:
        pyrage.decrypt_io(source, into, held)
    except BaseException as error:  # age may even panic over what it is given
        if isinstance(into.error, EvidenceError):
            raise into.error from None
        if source.error is not None:
            raise NotOpened(
                f"The evidence {name} cannot be read: {why(source.error)}.",
                "See the disk or the bucket of evidence, and try again.",
            ) from None
        if isinstance(error, pyrage.DecryptError):
            raise NotOpened(
                f"The evidence {name} cannot be opened: it is damaged, or sealed for others.",
                "Restore its backup, or give the vault the identity that it was sealed for.",
            ) from None
        raise NotOpened(
            f"The evidence {name} is damaged.", "Restore it from the backup of evidence."
        ) from None
