"""Signed roots of the log, in files outside the database: who rewrites the log cannot rewrite them.

A file `checkpoints/<entries>.json` is an envelope (`tutela.signatures`) that says how many entries
the log had, their root and last hash, when, and the SHA-256 of the file before it. Copies elsewhere
make them stronger: without one, who can delete the last files and the log's tail is not found out.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from tutela.audit import tree
from tutela.audit.models import Head
from tutela.audit.service import nodes
from tutela.errors import TutelaError
from tutela.signatures import MOST, PublicKey, SignatureError, SigningKey
from tutela.storage import Database

KIND = "application/vnd.tutela.audit-checkpoint+json"
NAME = re.compile(r"([0-9]{12,19})\.json")


class CheckpointError(TutelaError):
    """A checkpoint could not be written or read."""

    exit_code = 3


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a file says of the log when it had `entries` entries."""

    entries: int
    root: bytes
    path: Path


def write(database: Database, folder: Path, key: SigningKey) -> Path | None:
    """Sign the log as it is; gives the new file, or None if its last state is signed already.

    Raises `CheckpointError`.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return _write(database, folder, key)
        finally:
            os.close(lock)
    except OSError as error:
        raise CheckpointError(
            f"The checkpoint could not be written to {folder}: {error.strerror}.",
            "The log itself is well. Free disk space there, then run: tutela audit checkpoint",
        ) from error


def _write(database: Database, folder: Path, key: SigningKey) -> Path | None:
    with database.reading() as session:
        head = session.execute(select(Head)).scalar_one()
    made = files(folder)
    if head.number == 0 or (made and made[-1][0] >= head.number):
        return None
    before = hashlib.sha256(made[-1][1].read_bytes()).hexdigest() if made else ""
    statement = {
        "entries": head.number,
        "root": tree.root(nodes(head)).hex(),
        "last": head.hash.hex(),
        "at": database.now().isoformat(timespec="seconds"),
        "before": before,
    }
    path = folder / f"{head.number:012}.json"
    temporary = folder / "checkpoint.tmp"
    with temporary.open("wb") as file:
        file.write(key.envelope(statement, KIND) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    directory = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
    return path


def files(folder: Path) -> list[tuple[int, Path]]:
    """Checkpoint files with the entries in their names, in order."""
    if not folder.is_dir():
        return []
    named = ((NAME.fullmatch(path.name), path) for path in folder.iterdir())
    return sorted((int(name[1]), path) for name, path in named if name)


def read(folder: Path, key: PublicKey) -> tuple[list[Checkpoint], list[str]]:
    """The checkpoints that this key signed, and what is wrong with the files, in words."""
    found: list[Checkpoint] = []
    wrong: list[str] = []
    before: str | None = ""
    for count, path in files(folder):
        try:
            with path.open("rb") as file:
                data = file.read(MOST)
            said = key.opened(data, KIND)
            entries, root = int(said["entries"]), bytes.fromhex(said["root"])
        except (SignatureError, OSError, KeyError, TypeError, ValueError) as error:
            why = error.what if isinstance(error, SignatureError) else "It cannot be read."
            wrong.append(f"The checkpoint {path.name} is not valid. {why}")
            before = None  # what the next one says of it cannot be checked
            continue
        if entries != count:
            wrong.append(f"The checkpoint {path.name} is that of {entries} entries, renamed.")
        if before is not None and said.get("before") != before:
            wrong.append(f"A checkpoint before {path.name} was removed or replaced.")
        before = hashlib.sha256(data).hexdigest()
        found.append(Checkpoint(entries, root, path))
    return found, wrong
