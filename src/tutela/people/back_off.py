"""How much longer each wrong try makes one wait, and how much of it is written down."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

FREE = 5
"""Wrong tries before the first wait: fingers slip."""

FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)
"""A wait doubles with each further wrong try: at its longest, 24 guesses a day, and its owner is
never shut out for good."""

BURST, A_SECOND = 100, 1.0
"""Failures of unknown names that are written to the log: a stranger must not fill the disk."""


def waits(failures: int) -> timedelta:
    """How long there is a wait after so many wrong tries."""
    if failures < FREE:
        return timedelta()
    return min(FIRST_WAIT * (1 << min(failures - FREE, 10)), LONGEST_WAIT)


class Written:
    """How many failures are written down, and how many were not."""

    def __init__(self) -> None:
        self._left, self._at, self._missed = float(BURST), 0.0, 0
        self._lock = threading.Lock()

    def take(self, now: datetime) -> int:
        """For how many failures a line is to stand; 0 if none is to be written."""
        with self._lock:
            at = now.timestamp()
            grown = max(0.0, at - self._at) * A_SECOND
            self._left = min(BURST, self._left + grown)
            self._at = at
            self._missed += 1
            if self._left < 1:
                return 0
            self._left -= 1
            times, self._missed = self._missed, 0
            return times
