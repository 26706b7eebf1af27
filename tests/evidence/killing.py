"""Seals and records a file again and again, each time in a fork that kills itself before the next
step, until one comes to its end: the program of `test_killed`. Prints the steps of each."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import event

from tutela import evidence
from tutela.evidence.sealing import Sealer
from tutela.evidence.store import FolderStore
from tutela.storage import Database

STEPS = ("open", "write", "fsync", "link", "unlink", "mkdir", "close")
PLAIN = b"A bicycle. " * 20_000


def sealed_and_recorded(url: str, sealer: Sealer, way: str, last: int) -> None:
    count, write = 0, os.write

    def step(name: str) -> None:
        nonlocal count
        if count == last:
            os.kill(os.getpid(), signal.SIGKILL)
        count += 1
        write(1, f"{name} ".encode())

    def stepping(name: str) -> None:
        real: Callable[..., Any] = getattr(os, name)

        def counted(*given: Any, **named: Any) -> Any:
            step(name)
            return real(*given, **named)

        setattr(os, name, counted)

    with Database(url) as database, database.writing() as session:
        session.connection()
        for name in STEPS:
            stepping(name)
        if way == "memory":
            sealed = sealer.seal(PLAIN)
        else:
            spool = sealer.spool()
            for at in range(0, len(PLAIN), 11_000):
                spool.write(PLAIN[at : at + 11_000])
            sealed = spool.finish()
        step("record")
        evidence.record(session, database.now(), sealed)
        event.listen(session, "before_commit", lambda _: step("commit"))
    write(1, b"done")


def main(url: str, folder: Path, recipient: str, way: str) -> None:
    sealer = Sealer([recipient], FolderStore(folder / "evidence"), folder / "spool")
    status, last = -1, 0
    while status:
        child = os.fork()
        if child == 0:
            sealed_and_recorded(url, sealer, way, last)
            os._exit(0)
        status = os.waitpid(child, 0)[1]
        os.write(1, b"\n")
        if status not in (0, signal.SIGKILL):
            sys.exit(f"step {last} ended with {status}")
        last += 1


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4])
