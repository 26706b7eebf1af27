"""Decides about a stream as about any upload, and says it in clamd's words."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from typing import Any

from prometheus_client import Counter
from starlette.concurrency import run_in_threadpool

from tutela import alarms
from tutela.errors import TutelaError
from tutela.interfaces.api import metrics
from tutela.interfaces.api.access import KeyRing
from tutela.interfaces.api.bodies import Memory
from tutela.interfaces.api.screening import Holding
from tutela.interfaces.clamd.acting import Acting
from tutela.running import Running
from tutela.screening.desk import Caller
from tutela.screening.received import Received
from tutela.screening.recording import Answer
from tutela.settings import Clamd

log = logging.getLogger(__name__)

DOOR = "clamd"
UNDECIDED = "clamd.undecided"
SOUNDED = 60.0
"""Seconds between two alarms that something passed undecided."""

OK = "stream: OK"
ERROR = "stream: Nothing was decided, send it again later. ERROR"
NAME = "Tutela.Match."
"""What every FOUND begins with: hooks show it to whoever sent the file, and it says nothing."""

answers = Counter(
    "tutela_clamd_answers_total", "Streams that were answered, by what was said.", ("answer",),
    registry=metrics.registry,
)  # fmt: skip


class Door:
    """What all connections of this process share."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.options: Clamd = running.app.settings.clamd
        self.limits = running.app.settings.service
        self.acting = Acting(running.app.database, self.options.key)
        self.memory = Memory(self.limits.memory)
        self._keyring = KeyRing(running.app.database, 1)
        self._facts: dict[str, Any] = (
            {"item": {"channel": self.options.channel}} if self.options.channel else {}
        )
        self._sounded = -SOUNDED

    def stream(self) -> Stream:
        """A stream that begins."""
        return Stream(self)

    def holding(self) -> Holding:
        running = self.running
        received = Received(running.pool, running.sealer, running.desk.options.spool_over)
        return Holding(received, self.memory)

    async def screened(self, received: Received) -> Answer:
        """What is decided about bytes that have all come. Raises `TutelaError`."""
        holder = self.acting.held()
        if holder is None:
            holder = await run_in_threadpool(self.acting.look_up)
        self._keyring.spend(holder, "screen", self.limits.screen_rate)
        desk = self.running.desk
        accepted = desk.accept(Caller(holder.name, holder.id), DOOR, self._facts)
        began = time.perf_counter()
        with metrics.in_work.track_inprogress():
            answer = await run_in_threadpool(desk.screen, accepted, received)
        metrics.seconds.labels(DOOR).observe(time.perf_counter() - began)
        metrics.screened.labels(DOOR, answer.verdict, "yes" if answer.test else "no").inc()
        if answer.evidence != "none":
            metrics.evidence.labels(answer.evidence).inc()
        return answer

    def said(self, answer: Answer) -> str:
        """The reply to what was decided. The reference is the item's id, which is random."""
        if str(answer.verdict) not in self.options.found:
            return OK
        return f"stream: {NAME}{answer.item_id.removeprefix('itm_')} FOUND"

    async def undecided(self, error: Exception) -> str:
        """The reply where nothing could be decided, as the setting has it."""
        if isinstance(error, TutelaError):
            log.error("a stream was not decided: %s", error)
        else:
            log.exception("a stream failed by a fault of Tutela", exc_info=error)
        if self.options.undecided == "error":
            return ERROR
        if self.options.undecided == "found":
            return f"stream: {NAME}undecided FOUND"
        if time.monotonic() - self._sounded >= SOUNDED:
            self._sounded = time.monotonic()
            await run_in_threadpool(self._sound)
        return OK

    def _sound(self) -> None:
        database = self.running.app.database
        with suppress(Exception), database.writing() as session:  # it may be what is not there
            alarms.sound(
                session, database.now(), UNDECIDED, self.options.key,
                "Streams passed that nobody decided about, since clamd.undecided is ok.",
            )  # fmt: skip


class Stream:
    """One upload while it comes. What goes wrong meanwhile is said when it has ended: a client
    listens only then."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._holding = door.holding()
        self._failed: Exception | None = None
        self._gone = False

    async def add(self, data: bytes) -> None:
        """The next bytes."""
        if self._failed is None:
            try:
                await self._holding.feeder.add(data)
            except Exception as error:  # said when all has come, as `reply` says it
                self._failed = error
                self.drop()

    async def reply(self) -> str:
        """What is said of it."""
        door, received = self._door, self._holding.received
        try:
            if self._failed is not None:
                raise self._failed
            await self._holding.feeder.end()
            said = door.said(await door.screened(received)) if received.size else OK
        except Exception as error:  # whatever went wrong, nothing was decided: that is said
            said = await door.undecided(error)
        finally:
            self.drop()
        answers.labels(said.rpartition(" ")[2].lower()).inc()
        return said

    def drop(self) -> None:
        """Let go of what is held. Again does nothing."""
        if not self._gone:
            self._gone = True
            self._holding.__exit__()
