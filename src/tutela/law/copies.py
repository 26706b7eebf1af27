"""Copies of an operator's own packs as they were when they last had no fault, so that a slip in a
file, or what a disk does to it, loses no law: also not when all processes start anew."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from tutela.evidence.store import sync_folder

END = ".yaml"

_known: dict[str, bytes] = {}
"""What this process saw last without a fault, by the path of the file."""

_folders: dict[str, Path] = {}
"""Where copies of the packs of a folder are kept."""


def keep_in(packs: str, folder: Path) -> None:
    """Have copies of the packs of a folder be kept in another, in the data directory."""
    _folders[str(Path(packs))] = folder


def keep(place: str, text: bytes) -> str:
    """Keep what a file says; why that cannot be, in words, empty if it can."""
    if _known.get(place) == text:
        return ""
    _known[place] = text
    folder = _folders.get(str(Path(place).parent))
    if folder is None or not folder.parent.is_dir():
        return ""
    file = folder / f"{_named(place)}.{hashlib.sha256(text).hexdigest()}{END}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        if file.exists():
            os.utime(file)
        else:
            _write(file, text)
        for one in _copies(folder, place):
            if one != file:
                one.unlink(missing_ok=True)
    except OSError as error:
        return f"No copy of the pack {place} can be kept in {folder}: {error.strerror}."
    return ""


def kept(place: str) -> bytes | None:
    """What a file said when it last had no fault; None if nobody knows. A copy that is not as it
    was written is none."""
    if place in _known:
        return _known[place]
    folder = _folders.get(str(Path(place).parent))
    if folder is None:
        return None
    for file in _copies(folder, place):
        with suppress(OSError):
            text = file.read_bytes()
            if file.name.split(".")[1] == hashlib.sha256(text).hexdigest():
                return text
    return None


def _copies(folder: Path, place: str) -> list[Path]:
    """Those of a file, the last first."""
    found = []
    for one in folder.glob(f"{_named(place)}.*{END}"):
        with suppress(OSError):  # another process may just take it away
            found.append((one.stat().st_mtime_ns, one))
    return [one for _, one in sorted(found, reverse=True)]


def _named(place: str) -> str:
    return hashlib.sha256(place.encode()).hexdigest()[:32]


def _write(file: Path, text: bytes) -> None:
    part = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        part.replace(file)
        sync_folder(file.parent)
    finally:
        part.unlink(missing_ok=True)
