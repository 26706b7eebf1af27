"""The lease of the worker: one process at a time does durable work under a name.

Nobody compares clocks of two hosts. Who waits takes the lease when its `beat` has stood still for
the whole lease time, measured by the waiter's own clock since boot; who holds it lets go when its
own clock says that the last renewal that succeeded *began* that long ago. So the holder is always
the first to know, whatever was paused and whichever wall clock jumped.
"""

from __future__ import annotations

import logging
import os
import platform
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import cast

from sqlalchemy import CursorResult, select, update
from sqlalchemy.exc import IntegrityError

from tutela.jobs.models import Held
from tutela.storage import Database, Session, StorageError

NAME = "worker"
"""The lease of the only worker that there is so far, and its stable executor id."""

LOOKS = 15
"""How often a waiter looks within the lease time."""

BEATS = 5
"""How often a holder renews within the lease time: four may fail."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LeaseState:
    """Whether a worker is at work, and which. `until` is by the clock of its holder."""

    alive: bool
    holder: str
    until: datetime


def lease_state(session: Session, now: datetime, name: str = NAME) -> LeaseState:
    """What readiness says of the worker."""
    row = session.get(Held, name)
    if row is None:
        return LeaseState(False, "", datetime.fromtimestamp(0, UTC))
    return LeaseState(bool(row.holder) and row.until > now, row.holder, row.until)


def since_boot() -> float:
    """Seconds by a clock that nobody sets and that goes on while the machine sleeps."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


class Lease:
    """A lease as one process takes, renews and gives it back. For use by several threads."""

    def __init__(self, database: Database, seconds: float, name: str = NAME) -> None:
        self.name = name
        self.seconds = seconds
        self.holder = f"{platform.node()[:64]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._database = database
        self._good_until = 0.0

    def take(self, stop: Event) -> bool:
        """Wait for the lease and take it; False if `stop` was set first.

        Raises `StorageError`.
        """
        seen: tuple[str, int] | None = None
        since = since_boot()
        while not stop.is_set():
            with self._database.reading() as session:
                row = session.get(Held, self.name)
                found = None if row is None else (row.holder, row.beat)
            if found is None:
                with suppress(IntegrityError), self._database.writing() as session:
                    session.add(Held(
                        name=self.name, holder="", beat=0, runs=0, until=self._database.now()
                    ))  # fmt: skip
                continue
            if found != seen:
                if found[0] and seen is None:
                    log.info("waiting for the lease of %s, which %s holds", self.name, found[0])
                seen, since = found, since_boot()
            if (not found[0] or since_boot() - since >= self.seconds) and self._put(*found):
                log.info("%s holds the lease of %s", self.holder, self.name)
                return True
            stop.wait(self.seconds / LOOKS)
        return False

    def renew(self) -> bool:
        """Hold it for another lease time; False if another has it. Raises `StorageError`."""
        return self._put(self.holder, None)

    def expired(self) -> bool:
        """By the own clock alone: others may have it now."""
        return since_boot() >= self._good_until

    def held(self) -> bool:
        """Whether this process holds it at this moment, as the database says too."""
        while not self.expired():
            try:
                with self._database.reading() as session:
                    holder = session.scalar(select(Held.holder).where(Held.name == self.name))
                return holder == self.holder and not self.expired()
            except StorageError:
                time.sleep(0.2)
        return False

    def numbers(self, session: Session, count: int) -> range | None:
        """The next `count` numbers of runs, if it is held until the session ends; else None."""
        row = session.get(Held, self.name, with_for_update=True)
        if row is None or row.holder != self.holder or self.expired():
            return None
        first = row.runs + 1
        row.runs += count
        return range(first, first + count)

    def give_back(self) -> None:
        """From now on anyone may take it: nothing that this process does needs it any more."""
        self._good_until = 0.0
        with self._database.writing() as session:
            session.execute(
                update(Held)
                .where(Held.name == self.name, Held.holder == self.holder)
                .values(holder="", beat=Held.beat + 1, until=self._database.now())
            )

    def _put(self, holder: str, beat: int | None) -> bool:
        """Become or stay the holder, if the row still is as it was seen."""
        began = since_boot()
        until = self._database.now() + timedelta(seconds=self.seconds)
        change = update(Held).where(Held.name == self.name, Held.holder == holder)
        if beat is not None:
            change = change.where(Held.beat == beat)
        with self._database.writing() as session:
            done = cast(
                "CursorResult[None]",
                session.execute(change.values(holder=self.holder, beat=Held.beat + 1, until=until)),
            ).rowcount
        if done:
            self._good_until = began + self.seconds
        return bool(done)
