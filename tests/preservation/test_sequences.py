"""Whatever is filed, held, asked for, extended, ended and purged, in whatever order, as time goes
by: nothing is deleted while a clock runs, and what nothing keeps any more is.

The model knows of each file until when it is kept and what keeps it, and nothing of the tables.
"""

from __future__ import annotations

import shutil
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import databases
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from preservation.holding import START, Shelf
from tutela.policy.periods import Period
from tutela.preservation.errors import RequestRefused
from tutela.preservation.models import Kind
from tutela.preservation.options import over
from tutela.storage import Database

ACCOUNTS = ("anna", "carl")
ACCOUNT = st.sampled_from(ACCOUNTS)
DAYS = st.sampled_from([1, 6, 7, 30, 89, 90, 91, 364, 365, 366, 367])
WHICH = st.integers(0, 9)


class Preserving(RuleBasedStateMachine):
    """`keep`: until when a file is kept by its own time; `clocks`: by whose clock it is kept, and
    until when; `doomed`: requests to destroy that are about a file."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.shelf = Shelf(Database(databases.sqlite(self.folder / "tutela.db")))
        self.keep: dict[str, datetime | None] = {}
        self.clocks: dict[str, dict[str, datetime | None]] = {}
        self.of: dict[str, str] = {}
        self.cases: dict[str, str] = {}
        self.holds: dict[str, str] = {}
        self.terms: dict[str, datetime] = {}
        self.doomed: dict[str, set[str]] = {}
        self.gone: set[str] = set()
        for account in ACCOUNTS:
            self.add(account, 7)

    def teardown(self) -> None:
        if hasattr(self, "shelf"):
            self.shelf.database.close()
            shutil.rmtree(self.folder)

    @rule(account=ACCOUNT, days=st.sampled_from([0, 7, 400]))
    def add(self, account: str, days: int) -> None:
        self.shelf.later(microseconds=1)  # what comes after a request is not meant by it
        keep = timedelta(days=days) if days else None
        file = self.shelf.file(account, keep)
        self.of[file] = account
        self.cases[account] = self.shelf.case(file)
        self.keep[file] = self.shelf.now + keep if keep else None
        self.clocks[file] = {}

    @rule(account=ACCOUNT)
    def file(self, account: str) -> None:
        name = f"rpt_{len(self.of)}_{self.shelf.now:%Y%m%d}"
        until = over(Period.parse("P1Y"), self.shelf.now)
        left = self.left(account)
        assert self.shelf.filed(name, *left) == len(left)
        for one in left:
            self.clocks[one].setdefault(name, until)
            kept = self.keep[one]
            self.keep[one] = until if kept is None else max(kept, until)

    @rule(account=ACCOUNT)
    def hold(self, account: str) -> None:
        name = self.shelf.record(self.cases[account], Kind.HOLD)
        self.holds[name] = account
        for one in self.left(account):
            self.clocks[one][name] = None

    @rule(account=ACCOUNT)
    def preserve(self, account: str) -> None:
        name = self.shelf.record(self.cases[account], Kind.PRESERVE)
        self.terms[name] = self.shelf.now + timedelta(days=90)
        for one in self.left(account):
            self.clocks[one][name] = self.terms[name]

    @rule(which=WHICH, days=DAYS)
    def extend(self, which: int, days: int) -> None:
        if not self.terms:
            return
        name = list(self.terms)[which % len(self.terms)]
        case = self.shelf.request(name).case_id
        until = self.terms[name] + timedelta(days=days)
        try:
            self.shelf.record(case, Kind.EXTEND, extends=name, until=until)
        except RequestRefused:
            assert self.terms[name] <= self.shelf.now
            return
        assert self.terms[name] > self.shelf.now
        self.terms[name] = until
        for one in self.left():
            if name in self.clocks[one]:
                self.clocks[one][name] = until

    @rule(which=WHICH)
    def end(self, which: int) -> None:
        running = [*self.holds] + [
            name for name, until in self.terms.items() if until > self.shelf.now
        ]
        if not running:
            return
        name = running[which % len(running)]
        self.shelf.end(name)
        self.holds.pop(name, None)
        self.terms.pop(name, None)
        for held in self.clocks.values():
            held.pop(name, None)

    @rule(account=ACCOUNT)
    def destroy(self, account: str) -> None:
        name = self.shelf.record(self.cases[account], Kind.DESTROY)
        self.doomed[name] = set(self.left(account))

    @rule(which=WHICH)
    def release(self, which: int) -> None:
        if not self.doomed:
            return
        name = list(self.doomed)[which % len(self.doomed)]
        ended = [
            (one, clock) for one in self.left() if one in self.doomed[name]
            for clock in self.clocks[one] if clock.startswith("rpt_") and self.runs(one, clock)
        ]  # fmt: skip
        if not ended:
            return
        self.shelf.release(name)
        for one, clock in ended:
            del self.clocks[one][clock]

    @rule(days=DAYS)
    def later(self, days: int) -> None:
        self.shelf.later(days=days)

    @rule(days=DAYS)
    def purge_later(self, days: int) -> None:
        self.shelf.later(days=days)
        self.purge()

    @rule()
    def purge(self) -> None:
        for name, account in self.holds.items():  # a hold covers what came since
            for one in self.left(account):
                self.clocks[one].setdefault(name, None)
        self.shelf.purge()
        for one in self.left():
            doomed = any(one in about for about in self.doomed.values())
            kept = self.keep[one]
            over_now = doomed or (kept is not None and kept <= self.shelf.now)
            if over_now and not any(self.runs(one, clock) for clock in self.clocks[one]):
                self.gone.add(one)

    @invariant()
    def just_what_nothing_keeps_is_gone(self) -> None:
        for one in getattr(self, "of", {}):
            assert self.shelf.stored(one) == (one not in self.gone), (one, self.clocks[one])
            assert (self.shelf.row(one).gone_at is not None) == (one in self.gone)

    def left(self, account: str = "") -> list[str]:
        return [
            one for one, whose in self.of.items()
            if one not in self.gone and account in ("", whose)
        ]  # fmt: skip

    def runs(self, file: str, clock: str) -> bool:
        until = self.clocks[file][clock]
        return until is None or until > self.shelf.now


Preserving.TestCase.settings = settings(
    max_examples=15, stateful_step_count=25, deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
TestPreserving = Preserving.TestCase


@given(
    since=st.datetimes(datetime(1990, 1, 1), datetime(2190, 1, 1)),
    months=st.integers(0, 60), days=st.integers(0, 400),
)  # fmt: skip
def test_a_period_is_never_over_earlier_than_any_way_to_count_it(
    since: datetime, months: int, days: int
) -> None:
    """The same day of the month, or the day after the last, and no later; a year has 365 days at
    least."""
    end = over(Period(months, 0), since)
    assert (end.year * 12 + end.month) - (since.year * 12 + since.month) in (months, months + 1)
    assert end.day == since.day or (end.day == 1 and since.day > 28)
    assert over(Period(months, days), since) == end + timedelta(days=days)
    assert months != 12 or end - since >= timedelta(days=365)
    assert over(Period(12, 0), START) == START.replace(year=2029, month=3, day=1)
