"""Items that matched, of which some are drawn, by a clock that a test moves."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from decisions.world import ANN, BOB, add, name
from sqlalchemy import select

from tutela.app import wired
from tutela.banks import service as banks
from tutela.cases import work
from tutela.decisions import service
from tutela.events import emit
from tutela.events.service import BUS
from tutela.evidence.models import File, Intent
from tutela.matching import Match
from tutela.people.permissions import Caller, Permission
from tutela.records.models import Sample
from tutela.records.options import IN_SESSION, Options
from tutela.records.sampling import KEY
from tutela.screening.models import Decided
from tutela.screening.recording import ItemRecorded
from tutela.signals import Signal
from tutela.storage import Database
from tutela.views import service as views

__all__ = ["ANN", "BOB", "CAT", "Bench"]

START = datetime.fromisoformat("2031-05-01T12:00:00+00:00")
CAT = Caller("person:cat", frozenset(Permission))


class Bench:
    def __init__(self, database: Database) -> None:
        self.database, self.now = database, START
        database.now = lambda: self.now
        database.info[BUS] = wired()
        database.info[KEY] = lambda: b"a key of this test"
        self.options()
        with database.writing() as session:
            banks.create(session, self.now, "shell:test", "partner-list", purpose="known-csea",
                         source="partner", distance=30)  # fmt: skip

    def options(self, **changed: int) -> None:
        self.database.info[IN_SESSION] = Options(**changed)

    def match(self, known: str = "", distance: int = 0, bank: str = "partner-list",
              kind: str = "pdq", purpose: str = "known-csea") -> Match:  # fmt: skip
        value = hashlib.sha256((known or name("v")).encode()).hexdigest()
        return Match(
            Signal(kind, value), distance, bank, Signal(kind, value), purpose, "partner"
        )  # fmt: skip

    def item(self, *matches: Match, account: str | None = None, test: bool = False,
             data: str = "") -> str:  # fmt: skip
        """An item with sealed bytes, on a case."""
        item = add(self.database, self.now, account, data=data)
        with self.database.writing() as session:
            file = File(
                id=name("ev"), name=name("file"), size=7, sealed_size=9, digest=bytes(32),
                recipients="", sealed_at=self.now, keep_until=None, held_at=None,
                deleted_at=None, deleted_why="", gone_at=None,
            )  # fmt: skip
            session.add(file)
            session.flush()
            session.get_one(Decided, item).evidence_id = file.id
            told = matches or (self.match(),)
            emit(session, ItemRecorded(self.now, item, test, "picture", told))
        return item

    def samples(self, item: str = "") -> list[Sample]:
        query = select(Sample).order_by(Sample.id)
        with self.database.reading() as session:
            return list(session.scalars(query.where(Sample.item_id == item) if item else query))

    def decide(self, item: str, conclusion: str, who: Caller = ANN) -> str:
        with self.database.writing() as session:
            case_id = session.get_one(Decided, item).case_id
            assert case_id is not None
            case = work.take_over(session, self.now, who, case_id, "its turn")
        if conclusion == "no-match":
            self.look(case_id, item, who)
        with self.database.writing() as session:
            (one,) = service.decide(
                session, self.now, who, case, [item], conclusion, "So it is.", agreed=True,
                copies=False,
            )  # fmt: skip
            return one.id

    def look(self, case: str, item: str, who: Caller) -> None:
        """Someone sees the file, in grey."""
        with self.database.writing() as session:
            view = views.begin(session, self.now, who, case, item, "grey")
            session.get_one(Intent, view.intent_id).used_at = self.now

    def later(self, **by: float) -> None:
        self.now += timedelta(**by)
