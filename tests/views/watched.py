"""Cases with sealed files, and people who look at them, by a clock that a test moves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cases.matters import Matters
from people.standing import everyone

from tutela import evidence
from tutela.cases import work
from tutela.evidence.sealing import Sealed
from tutela.screening.models import Decided
from tutela.storage import Database
from tutela.views import options, service
from tutela.views.models import View

MORNING = datetime(2031, 5, 5, 9, tzinfo=UTC)
"""A Monday."""


class Watched(Matters):
    """People: `ann` may open originals, `cid` may not."""

    def __init__(self, database: Database, **chosen: object) -> None:
        super().__init__(database)
        database.now = lambda: MORNING
        self.people |= everyone(database, mia=("cases", "media"))
        self.set(**chosen)

    def set(self, **chosen: object) -> None:
        self.database.info[options.IN_SESSION] = options.Options(**chosen)

    def held(self, who: str = "mia", creator: str = "rider", *, sealed: Sealed | None = None,
             **more: object) -> tuple[str, str]:  # fmt: skip
        """A case that someone works on, and an item of it whose bytes are sealed."""
        item = self.matched(creator, **more)
        made = sealed or Sealed(f"{item}.age", 7, 9, bytes(32), "x" * 16)
        with self.database.writing() as session:
            file = evidence.record(session, self.now, made)
            decided = session.get_one(Decided, item)
            decided.evidence, decided.evidence_id = "sealed", file.id
        case = self.case(creator).id
        self.do(work.take_one, self[who], case)
        return case, item

    def begin(
        self, who: str, case: str, item: str, rendering: str = "grey", **more: object
    ) -> View:
        return self.do(service.begin, self[who], case, item, rendering, **more)

    def looks(
        self, who: str, case: str, item: str, seconds: float, rendering: str = "grey"
    ) -> View:
        """Someone looks at a file for so long; the clock goes on."""
        self.do(work.take_one, self[who], case)
        view = self.begin(who, case, item, rendering)
        self.pass_(seconds=seconds)
        return self.do(service.ended, self[who], view.id, seconds, whole=False)

    def pass_(self, **time: float) -> None:
        self.later(**time)

    def at(self, hour: int, minute: int = 0, day: int = 5) -> None:
        moment = MORNING.replace(day=day, hour=hour, minute=minute)
        self.database.now = lambda: moment

    @property
    def hour(self) -> timedelta:
        return timedelta(hours=1)
