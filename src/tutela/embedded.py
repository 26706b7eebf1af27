"""The screening service inside another program: `tutela.screen`."""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Mapping
from typing import Any

from tutela.app import App
from tutela.errors import TutelaError
from tutela.running import Running
from tutela.screening.desk import Caller
from tutela.screening.received import Received
from tutela.screening.recording import Answer

CALLER = Caller("python")

_lock = threading.Lock()
_running: tuple[int, Running] | None = None


class Empty(TutelaError):
    """There is nothing to screen."""


def screen(data: bytes, facts: Mapping[str, Any], idempotency_key: str | None) -> Answer:
    """What `tutela.screen` gives."""
    if not data:
        raise Empty("The file has no bytes.", "Give the file's bytes.")
    running = _started()
    request = running.desk.accept(CALLER, "python", dict(facts), idempotency_key)
    received = Received(running.pool, running.sealer, running.desk.options.spool_over)
    received.feed(data)
    return running.desk.screen(request, received)


def _started() -> Running:
    """This process's service: started once, and again after a fork."""
    global _running  # noqa: PLW0603 - one for each process
    with _lock:
        if _running is None or _running[0] != os.getpid():
            running = Running(App.open(), builds=True)
            running.index.make_ready()
            running.start()
            _running = os.getpid(), running
            atexit.register(_end, running, os.getpid())
        return _running[1]


def _end(running: Running, owner: int) -> None:
    if os.getpid() == owner:
        running.close()
        running.app.close()
