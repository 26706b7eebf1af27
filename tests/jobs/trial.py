"""A worker in a process of its own, on a duty whose ids are rows of a table made for the test.

`python -m jobs.trial URL SETTINGS` works until SIGTERM. Every begin and end of the duty is a row
of `trial_act`, and a line on standard output.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import time
from datetime import datetime, timedelta
from threading import Event

from sqlalchemy import text

from tutela.events import Bus
from tutela.jobs import Chore, ChoreFailed, ChoreWorksAgain, Duty, DutyFailed, Worker
from tutela.jobs import worker as trial_worker
from tutela.jobs.options import Options
from tutela.storage import Database, Session

TABLES = (
    "CREATE TABLE trial_ware (id TEXT PRIMARY KEY, due INTEGER, takes REAL, done INTEGER)",
    "CREATE TABLE trial_act (id TEXT, what TEXT, pid INTEGER)",
)


def make(database: Database) -> None:
    with database.writing() as session:
        for made in TABLES:
            session.execute(text(made))


def add(database: Database, *names: str, takes: float = 0.0) -> None:
    with database.writing() as session:
        for name in names:
            session.execute(
                text("INSERT INTO trial_ware VALUES (:name, 1, :takes, 0)"),
                {"name": name, "takes": takes},
            )


def acts(database: Database) -> list[tuple[str, str, int]]:
    with database.reading() as session:
        return [tuple(row) for row in session.execute(text("SELECT id, what, pid FROM trial_act"))]


class Trial:
    """What the duty `trial` does: `takes` seconds on each id, less than nothing raises."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def due(self, session: Session, now: datetime, limit: int) -> list[str]:
        found = session.execute(
            text("SELECT id FROM trial_ware WHERE due = 1 ORDER BY id LIMIT :limit"),
            {"limit": limit},
        )
        return list(found.scalars())

    def do(self, name: str) -> None:
        with self.database.reading() as session:
            takes = session.scalar(
                text("SELECT takes FROM trial_ware WHERE id = :name"), {"name": name}
            )
        self.act(name, "begin")
        if takes < 0:
            raise ValueError("bicycle in the rain")
        time.sleep(takes)
        with self.database.writing() as session:
            session.execute(
                text("UPDATE trial_ware SET due = 0, done = done + 1 WHERE id = :name"),
                {"name": name},
            )
        self.act(name, "end")

    def act(self, name: str, what: str) -> None:
        with self.database.writing() as session:
            session.execute(
                text("INSERT INTO trial_act VALUES (:name, :what, :pid)"),
                {"name": name, "what": what, "pid": os.getpid()},
            )
        print(what, name, flush=True)


def main(url: str, given: str) -> None:
    settings = json.loads(given)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    database = Database(url)
    trial = Trial(database)
    bus = Bus()
    for kind in (ChoreFailed, ChoreWorksAgain, DutyFailed):
        bus.on(kind, lambda _, told: print(type(told).__name__, told.name, flush=True))
    database.info["bus"] = bus
    trial_worker.ORPHANS = timedelta(seconds=settings.pop("orphans", 60))
    chores = [Chore("trial.chore", timedelta(hours=1), lambda: trial.act("-", "chore"))]
    worker = Worker(
        database, chores,
        [Duty("trial", trial.due, trial.do, settings.pop("concurrency", 4))],
        Options(**{"lease": 3, "stop": 20} | settings),
    )  # fmt: skip
    print("start", worker.holder, flush=True)
    left = worker.run(stop)
    print("left", *left, flush=True)
    if left:
        os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
