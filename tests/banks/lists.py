"""Banks to fill and lists to fill them with."""

from __future__ import annotations

import io
import random
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
