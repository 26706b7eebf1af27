"""A vault in this process, on a socket of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tutela import evidence
from tutela.evidence.models import File, Intent, Purpose
from tutela.evidence.vault import Vault

BICYCLE = b"A bicycle leans on a wall in the rain. " * 10_000


@contextmanager
def listening(database, store, held, path, sealer, renderer=None) -> Iterator[Path]:
    opened = Vault(database, store, held, path, sealer, renderer)
    stop = threading.Event()
    thread = threading.Thread(target=opened.run, args=(stop,))
    thread.start()
    try:
        yield path
    finally:
        stop.set()
        thread.join()
    assert not path.exists()


def intent(database, file: File, purpose: Purpose = Purpose.VIEW) -> str:
    with database.writing() as session:
        made = evidence.intend(session, database.now(), "key:anna", file, purpose, "to look at it")
        return made.id


def used(database, name: str) -> bool:
    with database.reading() as session:
        return session.get_one(Intent, name).used_at is not None
