"""The age identity that opens evidence: a file outside the data directory, read by the vault only.

The format is that of `age-keygen`, so that other programs that know age can open what is sealed.
"""

from __future__ import annotations

import os
from pathlib import Path

import pyrage

from tutela.evidence.errors import EvidenceError, why
from tutela.evidence.store import sync_folder

NOTE = """\
# Tutela: this identity opens sealed evidence. Keep a copy where the data is not.
# public key: {recipient}
{identity}
"""


def make(path: Path) -> str:
    """Write a new identity to a new file of mode 0600; gives its recipient. Raises
    `EvidenceError`."""
    identity = pyrage.x25519.Identity.generate()
    recipient = str(identity.to_public())
    begun = path.parent / f".{path.name}.{os.getpid()}"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(begun, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(handle, "w") as file:
                file.write(NOTE.format(recipient=recipient, identity=identity))
                file.flush()
                os.fsync(file.fileno())
            os.link(begun, path)  # whole or not at all: what is sealed next needs it for ever
        finally:
            begun.unlink()
        for folder in path.parents[:2]:
            sync_folder(folder)
    except OSError as error:
        raise EvidenceError(
            f"The identity {path} cannot be written: {why(error)}.",
            "Choose a folder that the service's user may write to with the setting keys.",
        ) from None
    return recipient


def read(path: Path) -> list[pyrage.x25519.Identity]:
    """The identities of a file. Raises `EvidenceError`, also if others may read the file."""
    try:
        mode, text = path.stat().st_mode, path.read_text()
    except OSError as error:
        raise EvidenceError(
            f"The identity {path} cannot be read: {why(error)}.",
            "Restore it from its backup, or say where it is with evidence.identity_command.",
        ) from None
    except UnicodeDecodeError:
        raise EvidenceError(f"{path} holds no age identity.", "Restore its backup.") from None
    if mode & 0o077:
        raise EvidenceError(
            f"Others than its owner can read the identity {path}.", f"Run: chmod 600 {path}"
        )
    return parsed(text, str(path))


def parsed(text: str, place: str) -> list[pyrage.x25519.Identity]:
    """The identities of a text, a line each, but for comments. Raises `EvidenceError`, which never
    repeats the text."""
    found = []
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            try:
                found.append(pyrage.x25519.Identity.from_str(line.strip()))
            except pyrage.IdentityError:
                raise EvidenceError(
                    f"{place} holds a line that is no age identity.", "Restore its backup."
                ) from None
    if not found:
        raise EvidenceError(f"{place} holds no age identity.", "Restore its backup.")
    return found


def recipient(path: Path) -> str:
    """The recipient of the first identity of a file. Raises `EvidenceError`."""
    return str(read(path)[0].to_public())
