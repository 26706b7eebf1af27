"""Checks the audit log in the background, one check at a time on each host. How far it is stands in
a file: whichever web process is asked can say, also after one died."""

from __future__ import annotations

import fcntl
import json
import os
import threading
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from tutela.app import App
from tutela.audit import searching, verification
from tutela.errors import TutelaError

NAME, LOCK = "verifying.json", "verifying.lock"
EACH = 0.5
"""Seconds between writes of how far it is."""

RUNNING, DONE, FAILED, STOPPED = "running", "done", "failed", "stopped"


@dataclass(frozen=True, slots=True)
class Check:
    """How a check stands, or what it found."""

    state: str
    begun: str
    """When, as ISO 8601."""
    read: int = 0
    total: int = 0
    ended: str = ""
    root: str = ""
    checkpoints: int = 0
    signed: int = 0
    faults: tuple[str, ...] = ()
    why: str = ""


def state(folder: Path) -> Check | None:
    """The check that runs, or the last one; None if there was none."""
    try:
        given = json.loads((folder / NAME).read_text())
        found = Check(**{**given, "faults": tuple(given["faults"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None
    if found.state == RUNNING and not _is_locked(folder):
        return replace(found, state=STOPPED)
    return found


def begin(app: App, folder: Path) -> bool:
    """Begin to check; says whether it did: not if one runs already."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return False
    first = Check(RUNNING, app.database.now().isoformat(timespec="seconds"))
    _write(folder, first)
    threading.Thread(
        target=_run, args=(app, folder, lock, first), name="verifying", daemon=True
    ).start()
    return True


def _run(app: App, folder: Path, lock: int, begun: Check) -> None:
    due = 0.0

    def told(read: int) -> None:
        nonlocal due
        if time.monotonic() >= due:
            due = time.monotonic() + EACH
            _write(folder, replace(begun, read=read, total=total))

    try:
        with app.database.reading() as session:
            total = searching.length(session)
        told(0)
        found = verification.verify(app.database, app.checkpoints, app.public_key(), told)
        _write(folder, replace(
            begun, state=DONE, read=found.entries, total=found.entries,
            ended=app.database.now().isoformat(timespec="seconds"), root=found.root.hex(),
            checkpoints=found.checkpoints, signed=found.signed, faults=found.faults,
        ))  # fmt: skip
    except TutelaError as error:
        _write(folder, replace(begun, state=FAILED, why=str(error)))
    finally:
        os.close(lock)


def _write(folder: Path, check: Check) -> None:
    """Replaced by rename, so that nobody reads half of it."""
    temporary = folder / f"{NAME}.tmp"
    temporary.write_text(json.dumps(asdict(check)))
    temporary.replace(folder / NAME)


def _is_locked(folder: Path) -> bool:
    try:
        lock = os.open(folder / LOCK, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(lock)
    return False
