"""A VICS hash set of some GB, read into a bank in SQLite.

The file is made: random hashes in records as hash sets have them, with MD5, SHA-1 and, of every
other, a PhotoDNA value, and all fields that readers must pass over. A process of its own reads it,
as the command does, with the bank's root and the audit log. Memory is the process's own peak.
`BENCH_VICS_MB` makes the file smaller, for a quick look.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench import databases
from bench.record import Goal, Record
from tutela.banks import service
from tutela.banks.vics_import import VicsImporter
from tutela.storage import Database

TITLE = "a VICS hash set, streamed into a bank"
HOW = "wall time of one run, SQLite; no peer: readers at hand hold the whole file"
MEGABYTES = 2048
SPEED = Goal(20_000, "least", "ours")
MEMORY = Goal(300, "most", "ours")
BANK = "bench"


def run() -> Iterator[Record]:
    yield from measured(int(os.environ.get("BENCH_VICS_MB", MEGABYTES)))


def measured(megabytes: int) -> Iterator[Record]:
    with databases.fresh("SQLite") as (url, folder):
        with Database(url) as database, database.writing() as session:
            service.create(session, database.now(), "bench", BANK, "known-csea")
        path = folder.with_name("set.json")
        count = write(path, megabytes << 20)
        told = child(url, path)
    if told["added"] != count:
        raise AssertionError(f"{told['added']} of {count} signals were added")
    more = {
        "signals": count, "megabytes": megabytes, "seconds": round(told["seconds"], 1),
        "records": told["records"],
    }  # fmt: skip
    yield Record("vics/SQLite", count / told["seconds"], "signals/s", goal=SPEED, more=more)
    yield Record("vics/SQLite, memory", told["peak_mb"], "MB", goal=MEMORY)


def write(path: Path, size: int) -> int:
    """A hash set of so many bytes; gives how many signals it has."""
    rng = np.random.default_rng(1)
    count = number = 0
    with path.open("w") as file:
        head = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#Media"
        file.write(f'{{"@odata.context":"{head}","value":[')
        while file.tell() < size:
            for row in rng.integers(0, 256, (2_000, 180), np.uint8):
                made, some = _record(number, row.tobytes())
                file.write(("," if number else "") + made)
                count, number = count + some, number + 1
        file.write("]}")
    return count


def _record(number: int, data: bytes) -> tuple[str, int]:
    record = {
        "MediaID": number, "Category": 1 + number % 2, "MD5": data[:16].hex().upper(),
        "SHA1": data[16:36].hex().upper(), "MediaSize": str(50_000 + number),
        "MimeType": "image/jpeg", "RelativeFilePath": f"a\\b\\{number:08}.jpg", "Series": "",
        "VictimIdentified": "false", "OffenderIdentified": None, "IsDistributed": "False",
        "IsPrecategorized": True, "Tags": "rain,bicycle", "DateUpdated": "2026-03-01T09:30:00",
        "MediaFiles": [], "AlternativeHashes": [],
    }  # fmt: skip
    if number % 2 == 0:
        hashed = {"HashName": "PhotoDNA", "HashValue": base64.b64encode(data[36:]).decode()}
        record["AlternativeHashes"] = [hashed]
    return json.dumps(record, separators=(",", ":")), 3 if number % 2 == 0 else 2


def child(url: str, path: Path) -> dict[str, float]:
    """Read a set in a process of its own; gives its seconds and its peak of memory."""
    arguments = [sys.executable, "-m", "bench.vics", url, str(path)]
    done = subprocess.run(arguments, check=True, capture_output=True, text=True)
    told: dict[str, float] = json.loads(done.stdout)
    return told


def import_one(url: str, path: Path) -> None:
    """What the process does."""
    with Database(url) as database, path.open("rb") as stream:
        importer = VicsImporter(database, "bench", BANK, {1: "a1", 2: "b2"})
        began = time.monotonic()
        done = importer.run(stream, path.with_suffix(".rejected"))
        seconds = time.monotonic() - began
    lines = Path("/proc/self/status").read_text().splitlines()
    peak = next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
    print(json.dumps({
        "seconds": seconds, "peak_mb": peak, "added": done.added, "records": done.line,
    }))  # fmt: skip


if __name__ == "__main__":
    import_one(sys.argv[1], Path(sys.argv[2]))
