"""Sees that store and database say the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy import func, select

from tutela import alarms
from tutela.evidence.models import File
from tutela.evidence.store import Store
from tutela.storage import Database

STRAY = timedelta(hours=1)
"""How old a stored file without a row must be: a younger one may just be being recorded."""

FEW = 20
"""Files without a row that crashes may have left; more mean another database, or an old one."""

STRAYS, MISSING = "evidence.strays", "evidence.missing"
PAGE = 500


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep found: stored files that nothing named, how much was deleted, and rows whose
    files are gone."""

    strays: int
    deleted: int
    missing: int


def sweep(database: Database, store: Store, *, however_many: bool = False) -> Swept:
    """Delete stored files that no row names or whose row says that they are gone, and sound an
    alarm for rows whose files are missing.

    More files without a row than crashes leave are not deleted unless `however_many`: the database
    may have been restored from a backup, and they may be all that is left of what came after it.
    Raises `StorageError` or `EvidenceError`.
    """
    now = database.now()
    found = _compared(database, store, now - STRAY)
    many = len(found.strays) > max(FEW, found.known // 100) or (found.strays and not found.known)
    gone = found.left if many and not however_many else found.left + found.strays
    for name in gone:
        store.delete(name)
    deleted = len(gone) + store.tidy(now - STRAY)
    with database.writing() as session:
        if found.missing:
            alarms.sound(
                session, now, MISSING, "store",
                "Sealed files are not in the store: restore them from its backup. Run tutela"
                " evidence check --all to see which.", files=found.missing,
            )  # fmt: skip
        else:
            alarms.clear(session, now, MISSING, "store")
        if many and not however_many:
            alarms.sound(
                session, now, STRAYS, "store",
                "More stored files are named by no row than crashes leave, and nothing was deleted."
                " If the database is older than they are, restore a newer one; else run tutela"
                " evidence sweep --yes.", files=len(found.strays),
            )  # fmt: skip
        else:
            alarms.clear(session, now, STRAYS, "store")
    return Swept(len(found.strays), deleted, found.missing)


@dataclass(slots=True)
class _Compared:
    strays: list[str]
    left: list[str]
    """Files of rows that say that they are deleted."""
    missing: int
    known: int


def _compared(database: Database, store: Store, before: datetime) -> _Compared:
    found = _Compared([], [], 0, 0)
    with database.reading() as session:
        found.known = session.scalar(select(func.count()).select_from(File)) or 0
    stored = store.names()
    after, more = "", True
    while more:
        page = dict(islice(stored, PAGE))
        more = len(page) == PAGE
        upto = max(page) if more else None
        for name, sealed_at in _kept(database, after, upto):
            if page.pop(name, None) is None and sealed_at < before:
                found.missing += not store.exists(name)
        after = upto or after
        with database.reading() as session:
            left = session.scalars(
                select(File.name).where(File.name.in_(page), File.deleted_at.is_not(None))
            ).all()
        found.left += left
        found.strays += [name for name, at in page.items() if at < before and name not in left]
    return found


def _kept(database: Database, after: str, upto: str | None) -> Iterator[tuple[str, datetime]]:
    """Names of files whose rows say that they are kept, from one to another, and since when."""
    while True:
        query = select(File.name, File.sealed_at).where(
            File.name > after, File.deleted_at.is_(None)
        )
        if upto is not None:
            query = query.where(File.name <= upto)
        with database.reading() as session:
            page = session.execute(query.order_by(File.name).limit(PAGE)).all()
        yield from ((name, sealed_at) for name, sealed_at in page)
        if len(page) < PAGE:
            return
        after = page[-1][0]
