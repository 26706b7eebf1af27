"""A list of signals with provenance read into a bank, and an index made of what the database holds.

The list is a CSV of PDQ values in no order, each with a member (of 50), an external id, two labels,
a quality and when it was first seen. A process of its own reads it, as the command does: parses,
checks, stores with the bank's root and the audit log, a chunk a transaction. Time is wall time of
the import alone, since the database works too, and memory is the process's own peak. Flat memory is
that of the whole list against that of half of it: by then the 64 MiB that SQLite may keep of its
pages are full.

Rebuilding is what happens when index files are lost: every value is read from the database, and a
file is made of them.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import numpy as np

from bench import databases
from bench.measure import RUNS
from bench.record import Goal, Record
from tutela.banks import service
from tutela.banks.importing import Importer
from tutela.banks.lists import ListFormat
from tutela.banks.live import BankIndex
from tutela.storage import Database

TITLE = "a list with provenance, imported; and an index rebuilt from the database"
HOW = "wall seconds; no peer: none keeps provenance"
COUNT = 1_000_000
SECONDS = Goal(60, "most", "ours")
FLAT = Goal(1.25, "most", "ours")
BANK = "bench"


def run() -> Iterator[Record]:
    yield from measured(COUNT, RUNS)


def measured(count: int, runs: int) -> Iterator[Record]:
    for engine in databases.ENGINES:
        if why := databases.missing(engine):
            yield Record(f"import/{engine}", float("nan"), "s", goal=SECONDS, more={"note": why})
            continue
        yield from _measured(engine, count, runs)


def _measured(engine: str, count: int, runs: int) -> Iterator[Record]:
    seconds, rebuilt, peaks = [], [], []
    for number in range(runs):
        with databases.fresh(engine) as (url, folder):
            with Database(url) as database, database.writing() as session:
                service.create(session, database.now(), "bench", BANK, "known-csea")
            path = folder.with_name("list.csv")
            if number == 0:
                write(path, count // 2, seed=1)
                peaks.append(child(url, path, count // 2)["peak_mb"])
            write(path, count, seed=2)
            told = child(url, path, count)
            seconds.append(told["seconds"])
            peaks.append(told["peak_mb"])
            with Database(url) as database, BankIndex(database, folder, ["pdq"]) as index:
                began = time.monotonic()
                index.make_ready()
                rebuilt.append(time.monotonic() - began)
    more = {"signals": count, "each_us": round(median(seconds) / count * 1e6, 1)}
    yield Record(f"import/{engine}", median(seconds), "s", goal=SECONDS, more=more)
    least, *others = peaks
    memory = {"half_mb": round(least), "whole_mb": round(max(others))}
    yield Record(
        f"import/{engine}, memory", max(others) / least, "times a half's", goal=FLAT, more=memory
    )
    yield Record(f"import/{engine}, rebuild", median(rebuilt), "s", more={"signals": count})


def write(path: Path, count: int, seed: int) -> None:
    """A list of so many values."""
    rng = np.random.default_rng(seed)
    with path.open("w") as file:
        file.write("hash,member,report,tags,quality,first_seen\r\n")
        for start in range(0, count, 10_000):
            values = rng.integers(0, 256, (min(10_000, count - start), 32), np.uint8)
            for number, value in enumerate(values, start):
                file.write(
                    f"{value.tobytes().hex()},member-{number % 50},R-{number},a1;b{number % 7},"
                    f"{50 + number % 51},2026-0{1 + number % 9}-11T09:30:00Z\r\n"
                )


def child(url: str, path: Path, count: int) -> dict[str, float]:
    """Import a list in a process of its own; gives its seconds and its peak of memory."""
    arguments = [sys.executable, "-m", "bench.import", url, str(path)]
    done = subprocess.run(arguments, check=True, capture_output=True, text=True)
    told: dict[str, float] = json.loads(done.stdout)
    if told["added"] != count:
        raise AssertionError(f"{told['added']} of {count} signals were added")
    return told


def import_one(url: str, path: Path) -> None:
    """What the process does."""
    columns = {
        "pdq": "hash", "member": "member", "external_id": "report", "labels": "tags",
        "quality": "quality", "first_seen": "first_seen",
    }  # fmt: skip
    with Database(url) as database, path.open("rb") as stream:
        importer = Importer(database, "bench", BANK, ListFormat(columns=columns))
        began = time.monotonic()
        done = importer.run(stream, path.with_suffix(".rejected"))
        seconds = time.monotonic() - began
    print(json.dumps({"seconds": seconds, "peak_mb": peak_mb(), "added": done.added}))


def peak_mb() -> float:
    """The most memory that this process had. Not ru_maxrss: that begins with its parent's."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    import_one(sys.argv[1], Path(sys.argv[2]))
