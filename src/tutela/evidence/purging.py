"""Sees that bytes go when their time is over."""

from __future__ import annotations

from sqlalchemy import select

from tutela import audit
from tutela.evidence.models import File
from tutela.evidence.store import Store
from tutela.storage import Database

PAGE = 500
"""Files in one transaction: others who write the log wait for it."""

WORKER = "worker"


def purge(database: Database, store: Store) -> int:
    """Delete the bytes of files whose time is over; says of how many. Raises `StorageError` or
    `EvidenceError`; what was then marked and not yet deleted, the sweep deletes."""
    count = 0
    while True:
        now = database.now()
        with database.writing() as session:
            due = session.scalars(
                select(File)
                .where(
                    File.keep_until <= now, File.held_at.is_(None), File.deleted_at.is_(None)
                )
                .order_by(File.keep_until, File.id)
                .limit(PAGE)
                .with_for_update()
            ).all()  # fmt: skip
            for file in due:
                file.deleted_at = now
            for file in due:
                audit.append(session, now, WORKER, "evidence.delete", file.id, why="time is over")
        for file in due:
            store.delete(file.name)
        count += len(due)
        if len(due) < PAGE:
            return count
