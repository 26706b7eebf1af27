"""Sends one report in a process of its own, and may die by `kill -9` after a step.

`python -m reporting.sender DATABASE FOLDER SERVER REPORT NOW STEP`: STEP is how many steps are
made before it dies, -1 for never. `ready` is said once all is imported.
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import datetime
from pathlib import Path

from tutela.evidence import identities
from tutela.evidence.sealing import Sealer
from tutela.evidence.store import FolderStore
from tutela.outbound import Outbound
from tutela.reporting import driving
from tutela.reporting.driving import Parts
from tutela.reporting.facts import Reporter
from tutela.reporting.options import IN_SESSION, Options
from tutela.reporting.pacing import Pace
from tutela.sealing import Sealing
from tutela.storage import Database


class Deadly:
    """Dies after so many steps, as a process does whose machine loses its power."""

    def __init__(self, step: int) -> None:
        self.left = step

    def __call__(self, step: str) -> None:
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self.left -= 1


def main(url: str, folder: Path, server: str, report: str, now: str, step: int) -> None:
    at = datetime.fromisoformat(now)
    options = Options(
        test_urls=(f"ncmec={server}",), rate=0, call_seconds=3,
        reporter=Reporter("Tess", "Sato", "trust@example.org", "+1 555 0100"),
    )  # fmt: skip
    recipient = identities.recipient(folder / "evidence.identity")
    with Database(url) as database:
        database.now = lambda: at  # type: ignore[method-assign]
        database.info[IN_SESSION] = options
        sealer = Sealer([recipient], FolderStore(folder / "evidence"), folder / "spool")
        sealing = Sealing.load(folder / "reporting.key")
        parts = Parts(
            database, Outbound(), sealing, sealer, folder / "vault.sock", options, Pace(0),
            Deadly(step),
        )  # fmt: skip
        print("ready", flush=True)
        driving.send(parts, report)


if __name__ == "__main__":
    _, url, folder, server, report, now, step = sys.argv
    main(url, Path(folder), server, report, now, int(step))
