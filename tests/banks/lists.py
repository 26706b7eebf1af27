"""Banks to fill and lists to fill them with."""

from __future__ import annotations

import io
import random
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from tutela.banks import service
from tutela.banks.importing import Importer, Progress
from tutela.banks.lists import ListFormat
from tutela.storage import Database


def make_bank(database: Database, name: str = "roads", purpose: str = "known-csea", **more) -> int:
    with database.writing() as session:
        return service.create(session, database.now(), "shell:ann", name, purpose, **more).id


def values(count: int, seed: int = 1) -> list[str]:
    """So many random PDQ values."""
    return [random.Random(f"{seed}-{n}").randbytes(32).hex() for n in range(count)]


def read_list(
    database: Database, data: bytes, rejects: Path, form: ListFormat | None = None, **more
) -> Progress:
    importer = Importer(database, "shell:ann", "roads", form or ListFormat("pdq"), **more)
    return importer.run(io.BytesIO(data), rejects)


def killed_and_run_again(arguments: Sequence[object], kills: int = 6) -> int:
    """Run a program that prints a line now and then, and again after each kill at any of them,
    until it ends by itself. Gives how often it was killed."""
    done = 0
    for turn in range(60):
        with subprocess.Popen(list(map(str, arguments)), stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            chance = random.Random(turn)
            begun = [child.stdout.readline() for _ in range(chance.randint(1, 30))]
            if done < kills and begun[-1]:
                time.sleep(chance.uniform(0, 0.005))
                child.send_signal(signal.SIGKILL)
                done += 1
            child.stdout.read()
        if child.returncode == 0:
            break
    return done
