"""Ten million lines: what takes longer than CI may."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from banks.lists import make_bank
from tutela.banks.live import BankIndex
from tutela.banks.search import BankSearch
from tutela.signals import Signal
from tutela.storage import Database, schema

CHILD = """
import sys
from pathlib import Path
from tutela.banks.importing import Importer
from tutela.banks.lists import ListFormat
from tutela.storage import Database
with Database(sys.argv[1]) as database, open(sys.argv[2], "rb") as file:
    done = Importer(database, "shell:ann", "roads", ListFormat("pdq")).run(file, Path(sys.argv[3]))
status = Path("/proc/self/status").read_text().split()
print(done.added, status[status.index("VmHWM:") + 1])
"""


def imported(place: Path, count: int) -> tuple[int, int, str]:
    """Signals added, peak of memory in KiB, and the database's URL."""
    url = f"sqlite:///{place}/{count}.db"
    with Database(url) as database:
        schema.upgrade(database)
        make_bank(database)
    rng = random.Random(count)
    path = place / str(count)
    with path.open("w") as file:
        for _ in range(count // 10_000):
            file.writelines(rng.randbytes(32).hex() + "\n" for _ in range(10_000))
    ran = subprocess.run(
        [sys.executable, "-c", CHILD, url, path, place / "r"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    added, peak = map(int, ran.stdout.split())
    return added, peak, url


@pytest.mark.soak
def test_ten_million_lines_take_no_more_memory_than_one(tmp_path):
    few, least, _ = imported(tmp_path, 1_000_000)
    many, most, url = imported(tmp_path, 10_000_000)
    assert (few, many) == (1_000_000, 10_000_000)
    assert most < 1.5 * least, (least, most)
    rng = random.Random(10_000_000)
    with Database(url) as database, BankIndex(database, tmp_path / "index", ["pdq"]) as held:
        began = time.monotonic()
        held.make_ready()
        print(f"\nindex of 10 M built from the database in {time.monotonic() - began:.1f} s")
        search = BankSearch(held, database)
        for _ in range(100):
            value = rng.randbytes(32).hex()
            assert search.search([Signal("pdq", value, 100, frame=0)])
