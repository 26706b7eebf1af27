"""The worker: whoever holds the lease does chores by the clock and duties when they are due."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from datetime import datetime, timedelta
from threading import Event, Thread

from tutela.errors import TutelaError
from tutela.events import emit
from tutela.jobs.duties import Chore, ChoreFailed, ChoreWorksAgain, Duty, DutyFailed
from tutela.jobs.errors import reason
from tutela.jobs.lease import BEATS, Lease
from tutela.jobs.options import Options
from tutela.jobs.runs import Runs
from tutela.storage import Database, StorageError

TICK = 1.0
"""Seconds between two looks at the clock and at what is due."""

WATCH = 0.5
"""Seconds between two looks at whether the lease ran out."""

ORPHANS = timedelta(minutes=1)
"""Between two looks for runs that nobody works on; longer than a transaction may have to wait."""

LOST = 3
"""How the process ends that lost the lease: as one in which something is broken."""

log = logging.getLogger(__name__)


class Worker:
    """Chores and duties of one installation, in this process. At most one `run` at a time."""

    def __init__(
        self,
        database: Database,
        chores: Sequence[Chore],
        duties: Sequence[Duty],
        options: Options | None = None,
    ) -> None:
        names = [chore.name for chore in chores] + [duty.name for duty in duties]
        if len(set(names)) < len(names):
            raise ValueError("two chores or duties have the same name")
        self._database = database
        self._options = options or Options()
        self._lease = Lease(database, self._options.lease)
        self._duties = duties
        self._runs = Runs(database, self._lease, duties, _end)
        self._chores = [
            *chores,
            Chore("jobs.orphans", ORPHANS, self._resume),
            Chore("jobs.purge", timedelta(hours=1), self._purge),
        ]
        self._last: dict[str, datetime] = {}
        self._failing: set[str] = set()
        self._unknown: dict[str, str] = {}

    @property
    def holder(self) -> str:
        """How the lease names this process."""
        return self._lease.holder

    def run(self, stop: Event) -> list[str]:
        """Wait for the lease, then work until `stop` is set; gives the runs that were cut off.

        If there are any, end the process with `os._exit`: their threads cannot be stopped, and the
        next worker begins them again when the lease runs out. Whoever loses the lease ends the
        process at once, with 3. Raises `StorageError` if the database fails at the start; then
        too the process must end, as it holds the lease.
        """
        if not self._lease.take(stop):
            return []
        over = Event()
        for guard in (self._beat, self._watch):
            Thread(target=guard, args=(over,), name=guard.__name__, daemon=True).start()
        self._runs.launch()
        hand = ThreadPoolExecutor(1, thread_name_prefix="chore")
        doing: Future[None] | None = None
        while not stop.is_set():
            if doing is None or doing.done():
                now = self._database.now()
                chore = next((chore for chore in self._chores if self._is_due(chore, now)), None)
                doing = hand.submit(self._do, chore, now) if chore else None
            fed = [self._feed(duty) for duty in self._duties]
            busy = any(fed) or (doing is not None and not doing.done())
            stop.wait(TICK / 4 if busy else TICK)
        log.info("stopping: what is in flight has %s s to end", self._options.stop)
        hand.shutdown(wait=False, cancel_futures=True)
        left = self._runs.stop(self._options.stop)
        if doing is not None and wait([doing], 0 if left else self._options.stop).not_done:
            left.append("a chore")
        over.set()
        if left:
            log.warning("cut off, to be done again: %s", ", ".join(left))
        else:
            self._lease.give_back()
        return left

    def _feed(self, duty: Duty) -> int:
        try:
            fed = self._runs.feed(duty)
        except Exception as error:  # whatever `due` does must not end other duties
            why = reason(error)
            if self._unknown.get(duty.name) != why:
                log.error("what is due of %s is not known: %s", duty.name, why)
                self._unknown[duty.name] = why
                self._tell(DutyFailed(duty.name, "", why, self._database.now()))
            return 0
        self._unknown.pop(duty.name, None)
        return fed

    def _is_due(self, chore: Chore, now: datetime) -> bool:
        """By the injected clock; a clock that was set back makes all of them due."""
        last = self._last.get(chore.name)
        return last is None or not last <= now < last + chore.every

    def _do(self, chore: Chore, now: datetime) -> None:
        if not self._lease.held():
            _end()
        self._last[chore.name] = now
        try:
            chore.do()
        except Exception as error:  # whatever it is, the next chore must run
            log.error("the chore %s failed: %s", chore.name, reason(error))
            self._failing.add(chore.name)
            self._tell(ChoreFailed(chore.name, reason(error), now))
        else:
            if chore.name in self._failing:
                self._failing.remove(chore.name)
                self._tell(ChoreWorksAgain(chore.name, now))

    def _tell(self, happened: object) -> None:
        with suppress(TutelaError), self._database.writing() as session:
            emit(session, happened)

    def _resume(self) -> None:
        self._runs.resume_orphans()

    def _purge(self) -> None:
        self._runs.purge(self._database.now() - timedelta(days=self._options.keep_runs))

    def _beat(self, over: Event) -> None:
        while not over.wait(self._lease.seconds / BEATS):
            with suppress(StorageError):
                if not self._lease.renew() and not over.is_set():
                    _end()

    def _watch(self, over: Event) -> None:
        """Apart from the beat, which waits for the database."""
        while not over.wait(WATCH):
            if self._lease.expired():
                _end()


def _end() -> None:
    """End the process here and now: another may be doing its work."""
    log.critical("the lease of the worker was lost: this process ends")
    logging.shutdown()
    os._exit(LOST)
