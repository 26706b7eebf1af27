"""A polite rate: calls to one authority are spread evenly over time, whoever makes them."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock


class Pace:
    """At most `rate` calls a second to each authority, 0: any number. For any number of threads."""

    def __init__(
        self,
        rate: int,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._apart = 1 / rate if rate else 0.0
        self._monotonic, self._sleep = monotonic, sleep
        self._next: dict[str, float] = {}
        self._lock = Lock()

    def wait(self, authority: str) -> None:
        """Return when it is this call's turn; who asks first has the earlier one."""
        if not self._apart:
            return
        with self._lock:
            now = self._monotonic()
            turn = max(now, self._next.get(authority, now))
            self._next[authority] = turn + self._apart
        if turn > now:
            self._sleep(turn - now)
