"""Items that matched, people who work on cases, and what a test asks of them."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import Any

from people.standing import SHELL, everyone
from sqlalchemy import select

from tutela.cases import alerts
from tutela.cases.alerts import Received
from tutela.cases.models import Case, Step
from tutela.people.permissions import Caller
from tutela.screening.judging import Given
from tutela.screening.models import Decided, Item, ItemMatch
from tutela.screening.recording import ItemDecided
from tutela.storage import Database

__all__ = ["SHELL", "Matters"]
numbers = count(1)


class Matters:
    """A database with people, and ways to put alerts there."""

    def __init__(self, database: Database, *, people: bool = True) -> None:
        self.database = database
        may = ("cases", "release")
        self.people = everyone(database, ann=may, bob=may, cid=("cases",)) if people else {}

    def __getitem__(self, name: str) -> Caller:
        return self.people[name]

    @property
    def now(self):
        return self.database.now()

    def later(self, **time: float) -> None:
        at = self.now + timedelta(**time)
        self.database.now = lambda: at

    def matched(
        self,
        creator: str | None = "rider",
        *,
        purpose: str = "known-csea",
        strength: str = "exact",
        labels: str = "",
        channel: str = "public",
        test: bool = False,
        given: str = "{}",
        **facts: Any,
    ) -> str:
        """An item that matched; gives its id."""
        name = f"itm_{next(numbers):026d}"
        with self.database.writing() as session:
            session.add(Item(
                id=name, at=self.now, key_id=None, door="raw", test=test, external_id=f"x{name}",
                creator_id=creator, channel=channel, size=7, given=given,
            ))  # fmt: skip
            session.flush()
            session.add(ItemMatch(
                item_id=name, bank="known", type="pdq", value="00", item_value="00", distance=0,
                variant="plain", quality=100, known_quality=100, labels=labels, source="us",
                purpose=purpose, strength=strength, vetoed=False,
            ))  # fmt: skip
            session.add(Decided(
                item_id=name, at=self.now, verdict="block", rule="r", explanation="",
                public_reason="", policy_version="v", facts="{}", background="[]", evidence="none",
                evidence_id=None, case_id=None,
            ))  # fmt: skip
            session.flush()
            told = Given({"id": f"x{name}"}, {"id": creator, **facts} if creator else {}, {},
                          channel)  # fmt: skip
            alerts.put_alert(session, ItemDecided(self.now, name, "block", test, told))
        return name

    def reported(self, about: str = "account", about_id: str = "rider", **more: Any) -> int:
        with self.database.writing() as session:
            return alerts.report(session, self.now, Received(about, about_id, **more)).id

    def case(self, subject: str = "rider", *, is_open: bool = True) -> Case:
        with self.database.reading() as session:
            query = select(Case).where(Case.subject == subject)
            query = query.where(Case.closed_at.is_(None)) if is_open else query
            return session.scalars(query).one()

    def do(self, what: Any, *given: Any, **more: Any) -> Any:
        """A function of cases, in a transaction of its own."""
        with self.database.writing() as session:
            return what(session, self.now, *given, **more)

    def steps(self, case_id: str) -> list[tuple[str, str]]:
        with self.database.reading() as session:
            return [
                (one.actor, one.what)
                for one in session.scalars(
                    select(Step).where(Step.case_id == case_id).order_by(Step.id)
                )
            ]
