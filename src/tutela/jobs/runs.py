"""Runs of duties, kept by DBOS in our database: what began is ended, by this worker or the next.

A run is a workflow `duty:id:number`, whose only argument is the id. It is written down in one
transaction that also proves that the lease is held, after a look at one state of the database in
which the id was due and no run of it was under way: so no id is worked on twice at once, and none
because of what was due earlier. DBOS has connections of its own and holds no transaction while a
duty works.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from threading import Lock
from typing import Any

from sqlalchemy import Engine, column, create_engine, event, select, table

from tutela.errors import TutelaError
from tutela.events import emit
from tutela.jobs.duties import Duty, DutyFailed
from tutela.jobs.errors import RunFailed, reason
from tutela.jobs.lease import Lease
from tutela.storage import Database, Session, StorageError
from tutela.storage.database import PATIENCE
from tutela.storage.errors import explained

APPLICATION = "tutela"
VERSION = "1"
"""Of the workflows, not of the source: DBOS would never touch runs of another version again."""

RECOVERIES = 5
"""How often a run is begun again that ended with its process; then it counts as failed."""

QUEUE = "_dbos_internal_queue"
"""DBOS's own queue, which it looks at every second in any case. Queues of ours would each cost a
thread and two queries a second, and could not bound what runs better than `feed` does."""

REST, LONGEST_REST = 5.0, 3600.0
"""Seconds until an id whose duty raised is tried again; four times as long each time."""

MEMORY = 24 * 3600.0
"""Seconds that a failure counts. Finished runs are kept for a day at least."""

PURGED_AT_ONCE = 200
"""Runs deleted in one transaction: a few milliseconds, for which others wait."""

UNDER_WAY = ("ENQUEUED", "PENDING", "DELAYED")
FAILED = ("ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")

log = logging.getLogger(__name__)


class Runs:
    """DBOS, launched for the duties of the holder of a lease. One in a process at a time."""

    def __init__(
        self, database: Database, lease: Lease, duties: Sequence[Duty], lost: Callable[[], None]
    ) -> None:
        self._database = database
        self._lease = lease
        self._lost = lost
        self._here: dict[str, int] = {}
        self._orphans: set[str] = set()
        self._lock = Lock()
        self._engine = engine(database, sum(duty.concurrency for duty in duties))
        schema = None if database.is_sqlite else "dbos"
        names = ("workflow_uuid", "status", "name", "created_at", "started_at_epoch_ms",
                 "completed_at")  # fmt: skip
        self._rows = table("workflow_status", *map(column, names), schema=schema)
        self._duties = {duty.name: duty for duty in duties}

    def launch(self) -> None:
        """Make or upgrade DBOS's tables, begin again what the last holder left, take new runs.

        Raises `StorageError`.
        """
        _quieten()
        from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer, error

        DBOS(config={
            "name": APPLICATION, "application_version": VERSION, "executor_id": self._lease.name,
            "serializer": DBOSPortableJSONSerializer(), "system_database_engine": self._engine,
            "log_level": "WARNING", "use_listen_notify": False,
        })  # fmt: skip
        for duty in self._duties.values():
            work = self._work(duty)
            DBOS.workflow(name=duty.name, max_recovery_attempts=RECOVERIES)(work)
        DBOS.listen_queues([])
        with explained(self._database.name):
            try:
                DBOS.launch()
            except error.DBOSException as refused:
                raise StorageError(
                    f"The tables of durable work cannot be used: {refused}.",
                    "See that the user of the database may make tables and, on Postgres, a schema.",
                ) from refused
            self._client = DBOSClient(
                system_database_engine=self._engine,
                serializer=DBOSPortableJSONSerializer(),
                application_name=APPLICATION,
            )

    def feed(self, duty: Duty) -> int:
        """Write down runs of what is due; gives how many. Raises what `due` raises."""
        now = self._database.now()
        with self._database.reading() as session:
            if not duty.due(session, now, 1):
                return 0
            taken = self._under_way(session, duty)
            room = duty.concurrency - len(taken)
            if room <= 0:
                return 0
            taken |= self._resting(session, duty)
            due = duty.due(session, now, room + len(taken))
        new = [subject for subject in dict.fromkeys(due) if subject not in taken][:room]
        if not new:
            return 0
        with explained(self._database.name), self._database.writing() as session:
            numbers = self._lease.numbers(session, len(new))
            if numbers is None:
                self._lost()
                return 0
            for number, subject in zip(numbers, new, strict=True):
                self._client.enqueue_in_transaction(
                    session,
                    {
                        "workflow_name": duty.name,
                        "queue_name": QUEUE,
                        "workflow_id": f"{duty.name}:{subject}:{number}",
                        "workflow_id_reuse_policy": "reject",
                        "deduplication_id": f"{duty.name}:{subject}",
                        "app_version": VERSION,
                    },
                    subject,
                )
        return len(new)

    def resume_orphans(self) -> int:
        """Begin runs again that count as under way, but not here, twice in a row; gives how many.

        So ends what another executor left, or what was claimed and never started.
        """
        from dbos import DBOS

        rows = self._rows.c
        with self._database.reading() as session:
            pending = session.scalars(
                select(rows.workflow_uuid).where(
                    rows.status == "PENDING", rows.name.in_(self._duties)
                )
            ).all()
        with self._lock:
            orphans = {run for run in pending if run not in self._here}
        again = self._orphans & orphans
        for run in sorted(again):
            log.warning("run %s was left by its worker and begins again", run)
            DBOS.resume_workflow(run)
        self._orphans = orphans - again
        return len(again)

    def purge(self, before: datetime) -> int:
        """Delete runs that ended before a time, few at a time; gives how many."""
        from dbos import DBOS

        rows = self._rows.c
        deleted = 0
        while self._lease.held():
            with self._database.reading() as session:
                old = session.scalars(
                    select(rows.workflow_uuid)
                    .where(rows.completed_at < int(before.timestamp() * 1000))
                    .where(rows.status.not_in(UNDER_WAY))
                    .order_by(rows.completed_at)
                    .limit(PURGED_AT_ONCE)
                ).all()
            if not old:
                break
            DBOS.delete_workflows(list(old))
            deleted += len(old)
            time.sleep(0.05)  # others write now
        return deleted

    def stop(self, limit: float) -> list[str]:
        """Start nothing more, let what runs end for `limit` seconds; gives the runs that did not.

        Then their threads still run: end the process, or they do it twice.
        """
        from dbos import DBOS

        DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=max(1, round(limit)))
        with self._lock:
            left = sorted(self._here)
        if not left:
            self._engine.dispose()
        return left

    def _work(self, duty: Duty) -> Callable[[str], None]:
        """The workflow of a duty. Without steps: its end is all that is remembered."""

        def work(subject: str) -> None:
            from dbos import DBOS

            run = str(DBOS.workflow_id)
            with self._lock:
                self._here[run] = self._here.get(run, 0) + 1
            try:
                if not self._lease.held():
                    self._lost()
                    raise RunFailed("The lease was lost.")
                duty.do(subject)
            except RunFailed:
                raise
            except Exception as error:
                why = reason(error)
                log.warning("%s failed on %s: %s", duty.name, subject, why)
                now = self._database.now()
                with suppress(TutelaError), self._database.writing() as session:
                    emit(session, DutyFailed(duty.name, subject, why, now))
                raise RunFailed(f"{duty.name} raised {type(error).__name__}.") from None
            finally:
                with self._lock:
                    self._here[run] -= 1
                    if not self._here[run]:
                        del self._here[run]

        return work

    def _under_way(self, session: Session, duty: Duty) -> set[str]:
        rows = self._rows.c
        found = session.scalars(
            select(rows.workflow_uuid).where(rows.status.in_(UNDER_WAY), rows.name == duty.name)
        )
        return {_subject(run, duty) for run in found}

    def _resting(self, session: Session, duty: Duty) -> set[str]:
        """Ids whose duty raised, or ended with its process, too short a time ago."""
        rows, now = self._rows.c, time.time()  # DBOS writes the time of the system
        found = session.execute(
            select(rows.workflow_uuid, rows.completed_at).where(
                rows.status.in_(FAILED),
                rows.created_at > int((now - MEMORY) * 1000),
                rows.name == duty.name,
            )
        ).all()
        times = Counter(_subject(run, duty) for run, _ in found)
        return {
            subject
            for run, ended in found
            if (ended or 0) / 1000
            + min(REST * 4.0 ** min(times[subject := _subject(run, duty)] - 1, 9), LONGEST_REST)
            > now
        }


def engine(database: Database, runs: int) -> Engine:
    """Connections for DBOS: a transaction takes SQLite's write lock when it first writes.

    Not asked whether they live before each use, which would cost a third more: DBOS tries again.
    """
    pool = {"pool_size": 5, "max_overflow": runs + 10}
    if not database.is_sqlite:
        arguments = {"connect_timeout": 10, "application_name": "tutela-worker"}
        return create_engine(database.url, connect_args=arguments, **pool)
    made = create_engine(database.url, connect_args={"timeout": PATIENCE}, **pool)
    event.listen(made, "connect", _prepare)
    return made


def _prepare(connection: sqlite3.Connection, _: Any) -> None:
    """As `tutela.storage` opens it, but that reading takes no lock. WAL is the file's own."""
    connection.isolation_level = "IMMEDIATE"
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA trusted_schema=OFF")
    connection.execute("PRAGMA cache_size=-2048")


def _subject(run: str, duty: Duty) -> str:
    return run.removeprefix(f"{duty.name}:").rpartition(":")[0]


def _quieten() -> None:
    """DBOS's log goes where ours goes, from warnings on, without tracebacks of duties."""
    logger = logging.getLogger("dbos")
    if not any(isinstance(found, _WithoutTraces) for found in logger.filters):
        logger.addFilter(_WithoutTraces())
        logger.addHandler(logging.NullHandler())  # else it would add one that writes to stderr


class _WithoutTraces(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        traced = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
        if traced is not None:
            record.msg, record.args = f"{record.getMessage()} {type(traced).__name__}", ()
        record.exc_info = record.exc_text = None
        return not isinstance(traced, RunFailed)  # said by us already
