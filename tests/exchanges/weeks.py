"""A week of a partner's traffic that a process of its own fetches, which is killed at random."""

from __future__ import annotations

import multiprocessing
import random
import signal
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from exchanges.feeds import START
from tutela.banks import changes, roots
from tutela.banks.models import Bank, BankedSignal
from tutela.exchanges import fetching, secrets, service
from tutela.exchanges.models import Exchange, Filled
from tutela.exchanges.options import Options
from tutela.outbound import Outbound
from tutela.sealing import Sealing
from tutela.storage import Database

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload([
    "tutela.exchanges.service", "tutela.exchanges.ncmec.partner", "tutela.exchanges.stopncii",
    "tutela.exchanges.fetching", "psycopg", "http.client", "encodings.idna",
])  # fmt: skip
"""Of the package alone: tests are on no path when it is imported."""

SEALING = Sealing(b"k" * 32)
MOST_KILLS = 3
"""Of the process, in one day."""

NAMES = {"ImagePDQ": "pdq", "ImageMD5": "md5", "VideoMD5": "md5"}
"""Signal types, where the server calls them otherwise."""


class Clock:
    """The time of the week, which the server, the test and the process share; seconds pass only
    when somebody says so."""

    def __init__(self) -> None:
        self.stamp = PROCESSES.Value("d", START.timestamp(), lock=False)

    def __call__(self) -> datetime:
        return datetime.fromtimestamp(self.stamp.value, UTC)

    def passes(self, seconds: float) -> None:
        self.stamp.value += seconds


def fetch_all(url: str, exchange: int, clock: Clock, deletions: int, peak: Any) -> None:
    """What the process does: run after run, until the fetch is complete."""
    options = Options(rate=0, deletions=deletions)
    with Database(url, clock) as database:
        parts = fetching.Parts(
            database, Outbound(), lambda: SEALING, options, sleep=clock.passes,
        )  # fmt: skip
        while (outcome := fetching.fetch(parts, exchange, at_once=True)) != "complete":
            if outcome not in ("more", "failed"):
                raise AssertionError(outcome)
            clock.passes(3600 if outcome == "failed" else 0)
    with open("/proc/self/status") as status:  # noqa: PTH123 - no path of ours
        used = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    peak.value = max(peak.value, used)


class Week:
    """An exchange with a server that has its clock."""

    def __init__(
        self, database: Database, clock: Clock, partner: str, config: dict[str, str],
        given: dict[str, str], entries: int,
    ) -> None:  # fmt: skip
        self.database, self.clock, self.entries = database, clock, entries
        self.kills, self.peak = 0, PROCESSES.Value("l", 0, lock=False)
        with database.writing() as session:
            row = service.add(session, clock(), "test", "week", partner, config)
            secrets.put(session, clock(), "test", SEALING, row, given)
            self.id = row.id

    def run(self, server: Any, seed: int) -> None:
        """Seven days of traffic, each fetched; then the server is well again, and all is as it
        says."""
        chance = random.Random(seed)
        for _ in range(7):
            server.traffic(self.entries // 7)
            self.clock.passes(24 * 3600)
            for _ in range(MOST_KILLS):
                if self._killed(server, chance):
                    self.clock.passes(fetching.LEASE.total_seconds())
                else:
                    break
            else:
                self._finished()
        server.behave()
        self.clock.passes(timedelta(minutes=10).total_seconds())
        self._finished()
        self.require_same(server.held())

    def require_same(self, held: set[tuple[str, str]]) -> None:
        """Fail unless banks hold what the server does, and count and root are of just that."""
        wanted = {(NAMES.get(tag, tag), value) for tag, value in held}
        with self.database.reading() as session:
            banks = session.scalars(
                select(Bank).join(Filled, Filled.bank_id == Bank.id)
                .where(Filled.exchange_id == self.id)
            ).all()  # fmt: skip
            found = set()
            for bank in banks:
                rows = session.execute(
                    select(BankedSignal.type, BankedSignal.value)
                    .where(BankedSignal.bank_id == bank.id)
                ).all()  # fmt: skip
                assert bank.signals == len(rows)
                assert changes.recomputed_root(session, bank) == roots.root(bank.state)
                found |= {(kind, value.hex()) for kind, value in rows}
            assert session.get_one(Exchange, self.id).complete_at is not None
        assert len(found) == len(wanted) and found == wanted

    def _started(self) -> Any:
        url = self.database.url.render_as_string(hide_password=False)
        process = PROCESSES.Process(
            target=fetch_all, args=(url, self.id, self.clock, self.entries, self.peak)
        )
        process.start()
        return process

    def _killed(self, server: Any, chance: random.Random) -> bool:
        """Fetch, and kill who does after some calls; says whether it came to that."""
        process = self._started()
        calls = len(server.calls) + chance.randint(1, 2 + self.entries // 7_000)
        while process.is_alive() and len(server.calls) < calls:
            time.sleep(0.002)
        time.sleep(chance.random() * 0.1)
        process.kill()
        process.join()
        assert process.exitcode in (0, -signal.SIGKILL), process.exitcode
        self.kills += process.exitcode == -signal.SIGKILL
        return bool(process.exitcode)

    def _finished(self) -> None:
        process = self._started()
        process.join()
        assert process.exitcode == 0
