"""How soon what is banked or removed here is found so in another process, among a million values.

One process banks, as the commands do. The other holds the index as a service does, reads changes
four times a second, and is asked for the value again and again, a thousandth of a second apart. The
time is from before the first statement of the transaction to the first search that ends otherwise
than those before; both read the machine's monotonic clock. The goal holds for the slowest.

Memory is what the other process adds to the host by holding the index: its anonymous pages after
all is read and warm, less those from before. The index file's pages are there once for all.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import IO

import numpy as np
from sqlalchemy import text

from bench import databases
from bench.record import Goal, Record
from tutela.banks import changes, service
from tutela.banks.changes import New
from tutela.banks.live import BankIndex
from tutela.banks.search import BankSearch, owners
from tutela.signals import Signal
from tutela.storage import Database

TITLE = "banked or removed here, found so in another process"
HOW = "wall seconds, the slowest of the trials; no peer: its index is made anew"
COUNT = 1_000_000
TRIALS = 20
GOAL = Goal(1, "most", "ours")
ADDS = Goal(20, "most", "ours")
PART = 20_000
BANK = "bench"


def run() -> Iterator[Record]:
    yield from measured(COUNT, TRIALS)


def measured(count: int, trials: int) -> Iterator[Record]:
    for engine in databases.ENGINES:
        if why := databases.missing(engine):
            name = f"visibility/{engine}"
            yield Record(name, float("nan"), "s", goal=GOAL, more={"note": why})
            continue
        with databases.fresh(engine) as (url, folder), Database(url) as database:
            number = filled(database, count)
            added, removed, memory = watched(url, folder, database, number, trials)
        for what, times in (("banked", added), ("removed", removed)):
            more = {"p50_s": round(median(times), 4), "trials": trials, "signals": count}
            yield Record(f"visibility/{engine}, {what}", max(times), "s", goal=GOAL, more=more)
        more = {"signals": count}
        yield Record(f"visibility/{engine}, memory", memory, "MB a process", goal=ADDS, more=more)


def filled(database: Database, count: int) -> int:
    """A bank of so many random values; gives its number."""
    rng = np.random.default_rng(count)
    with database.writing() as session:
        number = service.create(session, database.now(), "bench", BANK, "known-csea").id
    for start in range(0, count, PART):
        values = rng.integers(0, 256, (min(PART, count - start), 32), np.uint8)
        with database.writing() as session:
            new = [New("pdq", value.tobytes()) for value in values]
            changes.add(session, database.now(), "bench", number, new)
    return number


def watched(
    url: str, folder: Path, database: Database, number: int, trials: int
) -> tuple[list[float], list[float], float]:
    """Seconds until each of some values was found, and until it was found no more; and the MB that
    the other process's index takes."""
    rng = np.random.default_rng(7)
    added, removed = [], []
    with BankIndex(database, folder, ["pdq"]) as index:
        index.make_ready()  # the file is there when the other process begins
    arguments = [sys.executable, "-m", "bench.visibility", url, str(folder)]
    with subprocess.Popen(
        arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdin is not None and other.stdout is not None
        memory = float(other.stdout.readline())
        for _ in range(trials):
            value = rng.bytes(32)
            ask(other.stdin, other.stdout, f"{value.hex()} found")
            began = time.monotonic()
            with database.writing() as session:
                changes.add(session, database.now(), "bench", number, [New("pdq", value)])
            added.append(float(other.stdout.readline()) - began)
            ask(other.stdin, other.stdout, f"{value.hex()} gone")
            began = time.monotonic()
            with database.writing() as session:
                (owner,) = owners(session, type="pdq", value=value)
                changes.remove(session, database.now(), "bench", number, [owner.number])
            removed.append(float(other.stdout.readline()) - began)
            time.sleep(rng.uniform(0, 0.25))  # not in step with who reads
        other.stdin.close()
    return added, removed, memory


def anonymous_mb() -> float:
    """Memory of this process that no file stands behind."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("Anonymous"))


def ask(there: IO[str], back: IO[str], what: str) -> None:
    """Have the other process watch for a value; it answers before and after."""
    there.write(f"{what}\n")
    there.flush()
    back.readline()


def watch(url: str, folder: Path) -> None:
    """What the other process does."""
    with Database(url) as database, BankIndex(database, folder, ["pdq"]) as index:
        with database.reading() as session:
            session.execute(text("SELECT 1"))
        before = anonymous_mb()
        index.make_ready()
        index.start()
        search = BankSearch(index, database)
        time.sleep(2)  # warmed and checked meanwhile
        print(anonymous_mb() - before, flush=True)
        for line in sys.stdin:
            value, _, wanted = line.strip().partition(" ")
            signal = Signal("pdq", value, 100)
            print("watching", flush=True)
            while bool(search.search([signal])) != (wanted == "found"):
                time.sleep(0.001)
            print(time.monotonic(), flush=True)


if __name__ == "__main__":
    watch(sys.argv[1], Path(sys.argv[2]))
