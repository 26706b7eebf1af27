"""Sees that bytes go when their time is over and no clock runs, and proves that they are gone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from tutela import alarms, audit
from tutela.evidence import clocks
from tutela.evidence.errors import EvidenceError
from tutela.evidence.models import UNPROVEN, File
from tutela.evidence.store import ENDING, Store
from tutela.storage import Database

PAGE = 500
"""Files in one transaction: others who write the log wait for it."""

FAILURES = 5
"""One after another, after which the store itself is at fault: each may take as long as it waits
for an answer. The rest is tried the next time."""

WORKER = "worker"
NOT_DELETED = "evidence.not-deleted"
OVER = "its time is over"


@dataclass(slots=True)
class _Pass:
    """How far a pass is."""

    proven: int = 0
    failed: int = 0
    row: int = 0
    """Failures one after another."""

    @property
    def stopped(self) -> bool:
        return self.row >= FAILURES


def purge(database: Database, store: Store) -> int:
    """Delete the bytes of files whose time is over and on which no clock runs; says how many of
    them the store was then found not to have. Raises `StorageError`.

    A file is marked first, and can then no longer be opened. What is marked and not proven gone,
    because the process died or the store failed, is deleted again, here each time and by the sweep.
    """
    done = _Pass()
    more = True
    while more and not done.stopped:
        more = _mark(database) == PAGE
        _destroy(database, store, done)
    _tell(database, done)
    return done.proven


def _mark(database: Database) -> int:
    """Write down of a page of files that their bytes go; says how many it looked at."""
    with database.writing() as session:
        now = database.now()
        due = session.scalars(
            select(File)
            .where(
                File.keep_until <= now, File.held_at.is_(None), File.deleted_at.is_(None),
                clocks.free(File.id, now),
            )
            .order_by(File.keep_until, File.id)
            .limit(PAGE)
            .with_for_update()
        ).all()  # fmt: skip
        ids = [file.id for file in due]
        free = session.scalars(  # asked again with the rows locked: a clock may have just begun
            select(File.id).where(File.id.in_(ids), clocks.free(File.id, now))
        ).all()
        for file in due:
            if file.id in free:
                file.deleted_at, file.deleted_why = now, file.deleted_why or OVER
    return len(due)


def _destroy(database: Database, store: Store, done: _Pass) -> None:
    """Delete what is marked, page by page, and prove it."""
    after = ""
    while not done.stopped:
        with database.reading() as session:
            page = session.execute(
                select(File.id, File.name)
                .where(UNPROVEN, File.id > after)
                .order_by(File.id)
                .limit(PAGE)
            ).all()
        gone = []
        for name, stored in page:
            if _is_gone(store, stored):
                gone.append((name, stored))
                done.row = 0
            else:
                done.failed += 1
                done.row += 1
                if done.stopped:
                    break
        done.proven += _prove(database, gone)
        if len(page) < PAGE:
            return
        after = page[-1][0]


def _is_gone(store: Store, name: str) -> bool:
    """Delete a stored file and ask whether it is there."""
    try:
        store.delete(name)
        return not store.exists(name)
    except EvidenceError:
        return False


def _prove(database: Database, gone: Sequence[tuple[str, str]]) -> int:
    """Write down that files are gone, each with what it was in the store."""
    if not gone:
        return 0
    stored = dict(gone)
    with database.writing() as session:
        now = database.now()
        rows = session.scalars(
            select(File)
            .where(File.id.in_(stored), UNPROVEN)
            .order_by(File.id)
            .with_for_update()
        ).all()  # fmt: skip
        proven = [file for file in rows if file.name == stored[file.id]]
        for file in proven:
            file.gone_at = now
        for file in proven:
            audit.append(
                session, now, WORKER, "evidence.delete", file.id, why=file.deleted_why or OVER,
                sealed_digest=file.name.rpartition("/")[2].removesuffix(ENDING),
                sealed_size=file.sealed_size, marked_at=_text(file.deleted_at), found_gone=True,
            )  # fmt: skip
    return len(proven)


def _tell(database: Database, done: _Pass) -> None:
    """Sound an alarm over what is still there, or is not known to be gone."""
    with database.writing() as session:
        now = database.now()
        if not done.failed:
            alarms.clear(session, now, NOT_DELETED, "store")
            return
        left = session.scalar(select(func.count()).select_from(File).where(UNPROVEN)) or 0
        alarms.sound(
            session, now, NOT_DELETED, "store",
            "Sealed files whose time is over are still in the store, or it does not say that they"
            " are gone. They open no more, and are deleted again every ten minutes. See the disk"
            " or the bucket, and the rights of the service in it.", files=left,
        )  # fmt: skip


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
