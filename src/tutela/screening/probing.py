"""Sees who may be trying how far a picture must be changed: many altered copies of one known value
from one key, or from one creator. In memory: nothing of it is kept."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime, timedelta

from tutela.matching import Match
from tutela.screening.options import Options

WINDOW = timedelta(hours=1)


class Probing:
    """Counts different signals near one known value. Safe to use from many threads."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self._seen: OrderedDict[bytes, tuple[datetime, set[bytes]]] = OrderedDict()
        self._lock = threading.Lock()

    def suspected(self, now: datetime, matches: Iterable[Match], **who: str | None) -> list[str]:
        """Which of these (`key`, `creator`) now came with too many: each is told once a window."""
        found = []
        near = [match for match in matches if match.strength == "near" and match.distance > 0]
        for kind, name in who.items():
            if name is None:
                continue
            for match in near:
                watched = _digest(kind, name, match.owner, match.known.value)
                if self._count(watched, _digest(match.signal.value), now):
                    found.append(kind)
        return sorted(set(found))

    def _count(self, watched: bytes, value: bytes, now: datetime) -> bool:
        with self._lock:
            since, values = self._seen.get(watched, (now, set()))
            if since <= now - WINDOW:
                since, values = now, set()
            before = len(values)
            if before < self.options.probing_values:
                values.add(value)
            self._seen[watched] = since, values
            self._seen.move_to_end(watched)
            while len(self._seen) > self.options.probing_watched:
                self._seen.popitem(last=False)
            return before < len(values) == self.options.probing_values


def _digest(*parts: str) -> bytes:
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=12).digest()
