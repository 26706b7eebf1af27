"""Asks another HMA for what was looked up here, and counts where the two differ.

In the background: who looks something up waits for nothing of it, and is told nothing of it. What
comes faster than it is answered there is dropped, and counted.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from queue import Empty, Full, Queue
from typing import Any, Self
from urllib.parse import urlencode

from tutela.errors import TutelaError
from tutela.exchanges.options import Beside as Options
from tutela.migrating import comparing
from tutela.migrating.errors import MigrationError
from tutela.migrating.hma import rows_of
from tutela.outbound import Hosts, Outbound, Target
from tutela.outbound import Options as OutboundOptions
from tutela.storage import Database

log = logging.getLogger(__name__)

LARGEST = 16 << 20
"""Bytes of an answer."""

OUTCOMES = ("alike", "unlike", "failed", "dropped")
"""Both said the same, or not; it did not answer; there was no room to wait."""

PASSED_ON = ("banks", "seed")
"""Parameters of a lookup that both are asked with."""


@dataclass(frozen=True, slots=True)
class Job:
    """A lookup that was answered here."""

    route: str
    kind: str
    value: str
    ours: Mapping[str, Sequence[tuple[int, str]]]
    query: Mapping[str, str]


class Beside:
    """One for a process. `count` hears of each outcome."""

    def __init__(
        self,
        database: Database,
        outbound: Outbound,
        options: Options,
        count: Callable[[str], object],
    ) -> None:
        self._database, self._outbound, self._options = database, outbound, options
        self._base = options.url.rstrip("/")
        self._hosts = Hosts.only(Target.of(options.url), private=options.private)
        self._count = count
        self._waiting: Queue[Job] = Queue(options.queue)
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, name=f"beside {n}", daemon=True)
            for n in range(options.parallel)
        ]
        for thread in self._threads:
            thread.start()

    @classmethod
    def of(
        cls,
        database: Database,
        outbound: OutboundOptions,
        options: Options,
        count: Callable[[str], object],
    ) -> Self | None:
        """None if no HMA is to be asked."""
        return cls(database, Outbound(outbound), options, count) if options.url else None

    def offer(
        self,
        route: str,
        kind: str,
        value: str,
        ours: Mapping[str, Sequence[Mapping[str, Any]]],
        query: Mapping[str, str],
    ) -> None:
        """Have a lookup compared, if there is room. Takes no time."""
        rows = {
            bank: [(row["bank_content_id"], row["distance"]) for row in found]
            for bank, found in ours.items()
        }
        more = {name: query[name] for name in PASSED_ON if name in query}
        try:
            self._waiting.put_nowait(Job(route, kind, value, rows, more))
        except Full:
            self._count("dropped")

    def close(self) -> None:
        """Ask no more; what waits is dropped."""
        self._stop.set()
        for thread in self._threads:
            thread.join(self._options.seconds)

    def _work(self) -> None:
        while not self._stop.is_set():
            try:
                job = self._waiting.get(timeout=0.2)
            except Empty:
                continue
            try:
                self._count("unlike" if self._compare(job) else "alike")
            except TutelaError:
                self._count("failed")
            except Exception:  # else nothing would be compared any more
                log.exception("a comparison with the other HMA failed by a fault of Tutela")
                self._count("failed")

    def _compare(self, job: Job) -> bool:
        """Whether it was answered otherwise; then that is kept. Raises `TutelaError`."""
        theirs = self._asked(job)
        drawn = job.route == "lookup" and "seed" not in job.query
        name = self._options.name
        with self._database.reading() as session:
            found = comparing.unlike(session, name, job.ours, theirs, drawn=drawn)
        if found:
            with self._database.writing() as session:
                comparing.keep(
                    session, self._database.now(), job.route, job.kind, job.value, found,
                    self._options.kept,
                )  # fmt: skip
        return bool(found)

    def _asked(self, job: Job) -> dict[str, list[tuple[int, str]]]:
        raw = {"include_distance": "true"} if job.route == "raw_lookup" else {}
        query = urlencode({"signal": job.value, "signal_type": job.kind, **raw, **job.query})
        reply = self._outbound.fetch(
            f"{self._base}/m/{job.route}?{query}", hosts=self._hosts, largest=LARGEST,
            seconds=self._options.seconds, redirects=0,
        )  # fmt: skip
        if reply.status != 200:
            raise MigrationError(f"It answers with status {reply.status}.")
        try:
            said = json.loads(reply.body)
            return rows_of({"": said["matches"]} if raw else said)
        except (ValueError, TypeError, KeyError, RecursionError):
            raise MigrationError("It does not answer as HMA does.") from None
