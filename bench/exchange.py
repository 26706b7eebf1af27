"""A partner's whole list, fetched over the network and stored page by page with its checkpoints.

The server is the stand-in for NCMEC's hash sharing, in a process of its own: entries of a week,
each with an MD5, a SHA-1 and a PDQ value, given in no order, a thousand a page. Another process
fetches as the worker does: it asks, reads the XML, and stores what each entry says, the signals,
the bank's root and the audit log, a page a transaction. Time is wall time from the first call to
the last page, with both processes on one machine. Memory is the process's own peak, that of the
whole list against that of a quarter of it: by then the 64 MiB that SQLite may keep of its pages are
full. `BENCH_EXCHANGE` makes the list shorter, for a quick look.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from bench import databases
from bench.record import Goal, Record
from tutela.exchanges import fetching, secrets, service
from tutela.exchanges.models import Exchange
from tutela.exchanges.options import Options
from tutela.outbound import Outbound
from tutela.sealing import Sealing
from tutela.storage import Database
from tutela.testing.hash_sharing import Ncmec

TITLE = "a partner's list, fetched and stored"
HOW = "wall seconds of one run; no peer: none keeps what each entry said"
COUNT = 1_000_000
SECONDS = Goal(600, "most", "ours")
FLAT = Goal(1.25, "most", "ours")
WEEK = timedelta(days=7)
SEALING = Sealing(b"b" * 32)


def run() -> Iterator[Record]:
    yield from measured(int(os.environ.get("BENCH_EXCHANGE", COUNT)))


def measured(count: int) -> Iterator[Record]:
    for engine in databases.ENGINES:
        if why := databases.missing(engine):
            yield Record(f"exchange/{engine}", float("nan"), "s", goal=SECONDS, more={"note": why})
            continue
        few, many = one(engine, count // 4), one(engine, count)
        more = {
            "entries": count, "entries_a_second": round(count / many["seconds"]),
            "cpu_seconds": round(many["cpu"], 1),
        }  # fmt: skip
        yield Record(f"exchange/{engine}", many["seconds"], "s", goal=SECONDS, more=more)
        peaks = {"quarter_mb": round(few["peak_mb"]), "whole_mb": round(many["peak_mb"])}
        yield Record(
            f"exchange/{engine}, memory", many["peak_mb"] / few["peak_mb"], "times a quarter's",
            goal=FLAT, more=peaks,
        )  # fmt: skip


def one(engine: str, count: int) -> dict[str, float]:
    """Fetch a list of so many entries; gives seconds, processor seconds and the peak of memory."""
    with databases.fresh(engine) as (url, _), serving(count) as address:
        ran = subprocess.run(
            [sys.executable, "-m", "bench.exchange", "fetch", url, address],
            check=True, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
    told: dict[str, float] = json.loads(ran.stdout)
    if told["signals"] != 3 * count:
        raise AssertionError(f"{told['signals']} of {3 * count} signals are there")
    return told


@contextmanager
def serving(count: int) -> Iterator[str]:
    """The address of a server with so many entries, in a process of its own."""
    arguments = [sys.executable, "-m", "bench.exchange", "serve", str(count)]
    with subprocess.Popen(
        arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


def serve(count: int) -> None:
    """What the server's process does, until its input ends."""
    at = datetime.now(UTC) - WEEK
    with Ncmec(clock=lambda: at) as server:
        for number in range(count):
            at += WEEK / (count + 1)
            member = server.random.choice([*server.names])
            server.put(member, str(number), **server.prints())
        print(server.url, flush=True)
        sys.stdin.read()


def fetch(url: str, address: str) -> None:
    """What the fetching process does."""
    with Database(url) as database:
        with database.writing() as session:
            config = {"url": address, "user": "bicycle"}
            row = service.add(session, database.now(), "bench", "list", "ncmec", config)
            secrets.put(session, database.now(), "bench", SEALING, row, {"password": "rain"})
            number = row.id
        parts = fetching.Parts(database, Outbound(), lambda: SEALING, Options(rate=0))
        began, spent = time.monotonic(), time.process_time()
        while (outcome := fetching.fetch(parts, number, at_once=True)) != "complete":
            if outcome != "more":
                with database.reading() as session:
                    raise AssertionError(session.get_one(Exchange, number).error)
        seconds, cpu = time.monotonic() - began, time.process_time() - spent
        with database.reading() as session:
            banks = service.filled(session, session.get_one(Exchange, number))
            signals = sum(bank.signals for _, bank in banks)
    print(json.dumps({
        "seconds": seconds, "cpu": cpu, "peak_mb": peak_mb(), "signals": signals,
    }))  # fmt: skip


def peak_mb() -> float:
    """The most memory that this process had. Not ru_maxrss: that begins with its parent's."""
    with open("/proc/self/status") as status:  # noqa: PTH123 - no path of ours
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(int(sys.argv[2]))
    else:
        fetch(sys.argv[2], sys.argv[3])
