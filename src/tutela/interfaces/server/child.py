"""What every role begins with: logs, signals, and an end when the supervisor ends."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable

from tutela.evidence.opening import conceal
from tutela.interfaces.server import logs

LIFELINE = "SUPERVISOR_FD_OF_TUTELA"
"""The descriptor of a pipe that the supervisor holds: it closes with the supervisor, however that
ends."""


def begin(role: str) -> None:
    """Begin a role in this process."""
    logs.begin(role)
    conceal()
    lifeline = os.environ.pop(LIFELINE, None)
    if lifeline is not None:
        threading.Thread(
            target=_end_with, args=(int(lifeline),), name="lifeline", daemon=True
        ).start()


def stopping() -> threading.Event:
    """An event that SIGTERM and SIGINT set."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _end_with(lifeline: int) -> None:
    while os.read(lifeline, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


Main = Callable[[], int]
