"""For whom evidence is sealed: public keys, a line each, in the data directory."""

from __future__ import annotations

import os
from pathlib import Path

import pyrage

from tutela.evidence.errors import EvidenceError, why
from tutela.evidence.store import sync_folder

FILE = "recipients.txt"
IDENTITY = "AGE-SECRET-KEY-"
LONGEST_NOTE = 200
PRODUCTION = 2
"""Recipients that there must be before production: a lost identity must not lose all evidence."""


def listed(data: Path) -> list[str]:
    """The recipients, none if none were written. Raises `EvidenceError` that names the line."""
    path = data / FILE
    try:
        lines = path.read_text().splitlines()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError):
        raise EvidenceError(f"{path} cannot be read.", "See whose it is.") from None
    found = []
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.startswith("#"):
            try:
                found.append(str(pyrage.x25519.Recipient.from_str(line.strip())))
            except pyrage.RecipientError:
                raise EvidenceError(
                    f"{path}:{number}: this is no age recipient.", "It begins with age1."
                ) from None
    return list(dict.fromkeys(found))


def required(data: Path, *, production: bool = False) -> list[str]:
    """The recipients. Raises `EvidenceError` if there are none, or too few for production."""
    found = listed(data)
    if not found:
        raise EvidenceError(
            f"There is no recipient in {data / FILE}: nobody could open what is sealed.",
            "Run: tutela init",
        )
    if production:
        require_for_production(found)
    return found


def require_for_production(found: list[str]) -> None:
    """Raises `EvidenceError` if a lost identity would lose all evidence."""
    if len(found) < PRODUCTION:
        raise EvidenceError(
            "Evidence is sealed for one recipient only: if its identity is lost, so is everything.",
            "Run: tutela evidence recipients add age1…, whose identity is kept elsewhere.",
        )


def checked(recipient: str, note: str = "") -> str:
    """The recipient, as age writes it, if it can be added with this note. Raises `EvidenceError`,
    which never repeats what was given."""
    if IDENTITY in recipient.upper():
        raise EvidenceError(
            "This is an identity, not a recipient: whoever has it can open evidence.",
            "Keep it secret, and add what age-keygen -y prints for it.",
        )
    if len(note) > LONGEST_NOTE or not note.isprintable():
        raise EvidenceError(
            "The note cannot be written.", f"Give one line of up to {LONGEST_NOTE} letters."
        )
    try:
        return str(pyrage.x25519.Recipient.from_str(recipient.strip()))
    except pyrage.RecipientError:
        raise EvidenceError(
            "This is no age recipient.", "It begins with age1; age-keygen -y shows it."
        ) from None


def add(data: Path, recipient: str, note: str = "") -> bool:
    """Add a recipient for what is sealed from the service's next start on; says whether it is new.
    Raises `EvidenceError`."""
    new = checked(recipient, note)
    found = listed(data)
    if new in found:
        return False
    path, temporary = data / FILE, data / f".{FILE}.{os.getpid()}"
    before = path.read_text() if path.exists() else ""
    if before and not before.endswith("\n"):
        before += "\n"
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(before + (f"# {note}\n" if note else "") + new + "\n")
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(data)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise EvidenceError(f"{path} cannot be written: {why(error)}.") from None
    return True
