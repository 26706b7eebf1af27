"""Cases with sealed files whose bytes are made up, a store in memory, and a clock that is set."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from decisions.world import add

from tutela import evidence
from tutela.app import wired
from tutela.audit.service import entries
from tutela.events.service import BUS
from tutela.evidence.models import File
from tutela.evidence.sealing import Sealed
from tutela.evidence.store import Store
from tutela.people.permissions import Caller, Permission
from tutela.preservation import papers, service
from tutela.preservation.models import Kind, Request
from tutela.screening.models import Decided
from tutela.storage import Database

ANN = Caller("person:ann", frozenset({Permission.CASES, Permission.REPORTS}))
BOB = Caller("person:bob", frozenset({Permission.CASES}))
START = datetime.fromisoformat("2028-02-29T12:00:00+00:00")
"""A leap day."""

ORDER = "18 USC 2703(f)"


class MemoryStore:
    """A store of names alone; `deaf`: it deletes nothing, and does not say so."""

    def __init__(self) -> None:
        self.kept: set[str] = set()
        self.deaf = False

    def names(self) -> Iterator[tuple[str, datetime]]:
        yield from ((name, START) for name in sorted(self.kept))

    def exists(self, name: str) -> bool:
        return name in self.kept

    def delete(self, name: str) -> None:
        if not self.deaf:
            self.kept.discard(name)

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"nobody needs {name}")


class Shelf:
    """A database with cases of their own accounts, and what is done with them."""

    def __init__(self, database: Database) -> None:
        self.database, self.now = database, START
        database.now = lambda: self.now
        database.info[BUS] = wired()
        self.memory = MemoryStore()
        self.store: Store = self.memory

    def later(self, **time: float) -> None:
        self.now += timedelta(**time)

    def sealed(self) -> Sealed:
        word = hashlib.sha256(secrets.token_bytes(16)).hexdigest()
        name = f"2028/02/{word}.age"
        self.memory.kept.add(name)
        return Sealed(name, 7, 200, bytes.fromhex(word), "0" * 16)

    def file(self, account: str, keep: timedelta | None = timedelta(days=7)) -> str:
        """A sealed file of an item on the case of an account."""
        return self.seal(add(self.database, self.now, account), keep)

    def seal(self, item: str, keep: timedelta | None) -> str:
        """A sealed file of an item."""
        with self.database.writing() as session:
            until = self.now + keep if keep is not None else None
            file = evidence.record(session, self.now, self.sealed(), until)
            session.get_one(Decided, item).evidence_id = file.id
        return file.id

    def case(self, file: str) -> str:
        with self.database.reading() as session:
            found = session.query(Decided).filter_by(evidence_id=file).one().case_id
        assert found is not None
        return found

    def record(self, case: str, kind: Kind, *handed: str, who: Caller = ANN, **more: Any) -> str:
        """The id of a request that was recorded."""
        if kind == Kind.DESTROY and not handed:
            handed = ("order.pdf",)
        given = {
            "agency": "Police of Aix", "reference": "12/27", "basis": ORDER, "note": "",
            "until": None, **more,
        }  # fmt: skip
        with self.database.writing() as session:
            made = service.record(
                session, self.now, who, case, kind,
                handed=[papers.Handed(name, self.sealed()) for name in handed], **given,
            )  # fmt: skip
            return made.id

    def end(self, request: str, who: Caller = ANN) -> None:
        with self.database.writing() as session:
            service.end(session, self.now, who, request, "It is over.")

    def release(self, request: str) -> None:
        with self.database.writing() as session:
            service.release(session, self.now, ANN, request, "They insist.")

    def filed(self, report: str, *files: str) -> int:
        with self.database.writing() as session:
            return service.begin(session, self.now, report, files)

    def purge(self) -> None:
        """What the worker does every ten minutes."""
        service.tend(self.database)
        evidence.purge(self.database, self.store)

    def row(self, file: str) -> File:
        with self.database.reading() as session:
            return session.get_one(File, file)

    def stored(self, file: str) -> bool:
        return self.row(file).name in self.memory.kept

    def request(self, name: str) -> Request:
        with self.database.reading() as session:
            return session.get_one(Request, name)

    def state(self, name: str) -> str:
        return service.state(self.request(name), self.now)

    def acts(self, action: str) -> list[tuple[str, str]]:
        """By whom and on what an act is logged, in order."""
        with self.database.reading() as session:
            return [(e.actor, e.subject) for e in entries(session) if e.action == action]
