"""All that is known, searched in this process, and kept up to date with the database.

The index proposes values; whose they are, and whether that counts, the database says
(`tutela.banks.search`). So what was withdrawn or disabled no longer matches once that is committed;
what was added matches when this process has read of it, four times a second.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sqlalchemy import select

from tutela.banks.errors import BuilderBusy, Damaged, IndexFileError, IndexNotReady
from tutela.banks.index import Change, Found, TypeIndex, due
from tutela.banks.models import Bank, BankedSignal, Clock, Removal
from tutela.banks.segment_files import OpenSegment
from tutela.banks.values import bankable, has_bits, layout, limit
from tutela.errors import TutelaError
from tutela.matching.layouts import INDEXED, SCANNED
from tutela.signals import SignalType
from tutela.storage import Database, Session

POLLED = 0.25
"""Seconds between looks at the database: one read of one row, if nothing changed."""

STALE = 5.0
"""Seconds without such a look after which this process says that it is not ready."""

RETRIED = 5.0
"""Seconds before a build that failed is tried again."""

FETCHED = 100_000
"""Changes read at a time: some 10 MB."""

INSTANCE = "INSTANCE"


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether all that is known can be searched, and if not why. `through` is the number of the
    last change that is."""

    ready: bool
    why: str
    through: int


class BankIndex:
    """The indexes of some signal types. Safe to search from many threads.

    `refresh` and `make_ready` do at once what `start` does in threads of its own. Not for use
    across a fork.
    """

    def __init__(self, database: Database, folder: Path, types: Sequence[str]) -> None:
        """Raises `SignalError` or `BankError` for a type that cannot be banked."""
        self.database = database
        self.folder = folder
        self.types = {name: bankable(name) for name in types}
        self.indexes = {
            name: TypeIndex(folder / name, name, layout(kind)) for name, kind in self.types.items()
        }
        self.wide: dict[str, TypeIndex] = {}
        """Of each type, the values of banks that ask for more than the tables serve."""
        self._coming: dict[str, TypeIndex] = {}
        """What takes their place when it can be searched: a bank's distance was changed."""
        self.wide_distance = 0
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._reading = threading.Lock()
        self._looked = -STALE
        self._trouble = "the database was not read yet"
        self._checked: set[tuple[int, int]] = set()
        self._prepared = False
        self._served = False
        """Whether all could be searched at some time: what comes later replaces what is there."""

    def search(self, kind: SignalType, queries: Sequence[bytes]) -> list[Found]:
        """Query number, value and distance of each known value near a query, each pair once: as
        far as any bank asks for. Raises `IndexNotReady`."""
        asked = np.frombuffer(b"".join(queries), np.uint8).reshape(len(queries), -1)
        index = self.indexes[kind.name]
        if not has_bits(kind):
            return index.search(asked, limit(kind, None))
        found = index.search(asked, INDEXED)
        wide = self.wide.get(kind.name)
        if wide is None and not self._served:
            wide = self._coming.get(kind.name)
        if wide is not None:
            found += wide.search(asked, self.wide_distance)
        return list(dict.fromkeys(found))

    def is_empty(self, name: str) -> bool:
        """Whether no value of a type was known when the database was last read; not if that cannot
        be said."""
        view = self.indexes[name].view
        return (
            view is not None
            and not len(view.delta.values)
            and (view.opened is None or not view.opened.count)
        )

    def readiness(self) -> Readiness:
        """Whether a search would now see all changes that are older than a second or so."""
        through = min((index.through for index in self._all()), default=0)
        for index in self._all():
            if index.view is None:
                return Readiness(False, f"the index of {index.kind}: {index.trouble}", through)
        if self.behind > STALE:
            return Readiness(False, f"the changes are not being read: {self._trouble}", through)
        return Readiness(True, "", through)

    @property
    def behind(self) -> float:
        """Seconds since the database was last read."""
        return time.monotonic() - self._looked

    def refresh(self) -> None:
        """Read what changed. Raises `StorageError` or `IndexFileError`."""
        with self._reading:
            with self.database.reading() as session:
                clock = session.execute(select(Clock.number, Clock.instance)).one()
                self._prepare(clock.instance)
                self._widen(session)
                for index in self._all():
                    if index.view is None:
                        index.open(session, clock.number)
                self._replace_wide()
                self._read(session, clock.number)
            for index in self._all():
                try:
                    index.reopen()
                except Damaged as error:
                    index.trouble, index.view = error.what, None
            self._looked = time.monotonic()
            self._served |= all(index.view is not None for index in self._all())

    def make_ready(self, patience: float = 600.0) -> None:
        """Build what is missing or damaged, and wait until all can be searched.

        Raises `IndexNotReady` after `patience` seconds, `StorageError`, or `IndexFileError`.
        """
        until = time.monotonic() + patience
        while True:
            self.refresh()
            busy = False
            for index in self._all():
                busy |= not self._maintain(index)
            if not busy and self.readiness().ready:
                return
            if time.monotonic() > until:
                raise IndexNotReady(
                    f"What is known cannot be searched: {self.readiness().why}.",
                    "Another process may be building it: try again.",
                )
            if busy:
                time.sleep(POLLED)

    def start(self, *, builds: bool = True) -> None:
        """Keep up to date from now on, in two threads: one reads; one builds or, if another process
        does that, only checks what was built."""
        for name, act, pause in (
            ("index-reader", self.refresh, POLLED),
            ("index-builder", self._maintain_all if builds else self._check_all, POLLED),
        ):
            thread = threading.Thread(
                target=self._repeat, args=(act, pause), name=name, daemon=True
            )
            thread.start()
            self._threads.append(thread)

    def close(self) -> None:
        """Stop keeping up to date."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def __enter__(self) -> BankIndex:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _all(self) -> list[TypeIndex]:
        return [*self.indexes.values(), *self.wide.values(), *self._coming.values()]

    def _repeat(self, act: Callable[[], None], pause: float) -> None:
        wait = 0.0
        while not self._stop.wait(wait):
            try:
                act()
                wait = pause
            except TutelaError as error:
                self._trouble, wait = error.what, RETRIED if act != self.refresh else POLLED

    def _maintain_all(self) -> None:
        failed: TutelaError | None = None
        for index in self._all():
            if self._stop.is_set():
                return
            try:
                self._check(index)
                self._maintain(index)
            except TutelaError as error:  # the others are still to be seen to
                failed = error
        if failed is not None:
            raise failed

    def _check_all(self) -> None:
        for index in self._all():
            self._check(index)

    def _maintain(self, index: TypeIndex) -> bool:
        """Build or compact a file where that is due; gives False if another process builds it."""
        try:
            if index.view is None:
                index.build(self.database)
            elif due(index.view):
                index.compact()
        except BuilderBusy:
            return False
        except Damaged as error:  # found while it was compacted
            index.trouble, index.view = error.what, None
            index.files.discard()
        except IndexFileError as error:
            index.trouble = error.what
            raise
        return True

    def _check(self, index: TypeIndex) -> None:
        """Read a file that was just mapped, in this thread: so its pages are there when they are
        asked for, and a bit that the disk turned is found."""
        opened: OpenSegment | None = index.view.opened if index.view else None
        if opened is None or opened.identity in self._checked:
            return
        try:
            opened.warm()
            opened.verify()
            self._checked.add(opened.identity)
        except Damaged as error:
            index.trouble, index.view = error.what, None
            index.files.discard()

    def _read(self, session: Session, now: int) -> None:
        """Give all indexes what changed up to `now`, in the order of its numbers."""
        open_ones = [index for index in self._all() if index.view is not None]
        at = min((index.through for index in open_ones), default=now)
        while at < now:
            added: list[Change] = [
                (row.id, row.type, row.value, row.bank_id)
                for row in session.execute(
                    select(
                        BankedSignal.id, BankedSignal.type, BankedSignal.value, BankedSignal.bank_id
                    )
                    .where(BankedSignal.id > at, BankedSignal.id <= now)
                    .order_by(BankedSignal.id)
                    .limit(FETCHED)
                )
            ]
            upto = added[-1][0] if len(added) == FETCHED else now
            removed: list[Change] = [
                (row.number, row.type, row.value, 0)
                for row in session.execute(
                    select(Removal.number, Removal.type, Removal.value)
                    .where(Removal.number > at, Removal.number <= upto)
                    .order_by(Removal.number)
                    .limit(FETCHED)
                )
            ]
            if len(removed) == FETCHED and removed[-1][0] < upto:
                upto = removed[-1][0]
                added = [change for change in added if change[0] <= upto]
            for index in open_ones:
                index.read(upto, added, removed)
            at = upto

    def _widen(self, session: Session) -> None:
        """Have an index of the banks that ask for more than the tables serve, if there are any."""
        banks = session.execute(
            select(Bank.id, Bank.distance)
            .where(Bank.distance > INDEXED, Bank.deleted_at.is_(None))
            .order_by(Bank.id)
        ).all()
        chosen = tuple(bank.id for bank in banks)
        self.wide_distance = max((bank.distance for bank in banks), default=0)
        mark = hashlib.sha256(repr(chosen).encode()).hexdigest()[:16]
        for name, kind in self.types.items():
            held = self._coming.get(name) or self.wide.get(name)
            if not has_bits(kind) or (held.banks if held else ()) == chosen:
                continue
            self._coming.pop(name, None)
            if chosen:
                folder = self.folder / f"{name}-wide-{mark}"
                self._coming[name] = TypeIndex(folder, name, SCANNED, chosen)
            else:
                self.wide.pop(name, None)
            for other in self.folder.glob(f"{name}-wide-*"):
                if other.name != f"{name}-wide-{mark}":
                    shutil.rmtree(other, ignore_errors=True)  # who maps a file keeps it

    def _replace_wide(self) -> None:
        """Take the indexes of banks that ask for more that can now be searched. Until then those
        before them are: nothing that was found is missed meanwhile."""
        for name, index in list(self._coming.items()):
            if index.view is not None:
                self.wide[name] = self._coming.pop(name)

    def _prepare(self, instance: str) -> None:
        """See that the files here are of this database; those of another are not used."""
        if self._prepared:
            return
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with (self.folder / "lock").open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                path = self.folder / INSTANCE
                if not path.exists() or path.read_text() != instance:
                    for current in self.folder.glob("*/CURRENT"):
                        current.unlink()
                    temporary = self.folder / f"{INSTANCE}.{os.getpid()}"
                    temporary.write_text(instance)
                    temporary.replace(path)
        except OSError as error:
            raise IndexFileError(
                f"The folder {self.folder} cannot be used: {error.strerror}.",
                "See that the disk is well, and that the folder belongs to the service's user.",
            ) from error
        self._prepared = True
