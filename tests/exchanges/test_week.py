"""A week of a partner's traffic, whatever goes wrong, ends in what its server holds."""

from __future__ import annotations

import random
import time
from datetime import datetime, timedelta
from typing import Any

import databases
import pytest
from sqlalchemy import select

from exchanges import weeks
from exchanges.feeds import START, Desk, Killed
from tutela.banks.models import Bank, BankedSignal
from tutela.exchanges import fetching, partners, secrets, service
from tutela.exchanges.models import Exchange, Filled
from tutela.storage import Database
from tutela.testing.hash_sharing import Ncmec, StopNcii

STEPS = ("begun", "asked", "stored", "swept")


class Clock:
    """The time of a desk, which is made after the server."""

    def __init__(self) -> None:
        self.desk: Desk | None = None

    def __call__(self) -> datetime:
        return START if self.desk is None else self.desk.at


class Week(Desk):
    """An exchange with a server that has the desk's clock."""

    def __init__(
        self, database: Database, partner: str, config: dict[str, str], given: dict[str, str]
    ) -> None:
        super().__init__(database, partners.named("sample"))  # type: ignore[arg-type] # a partner
        with database.writing() as session:
            row = service.add(session, self.at, "test", "week", partner, config)
            secrets.put(session, self.at, "test", self.sealing, row, given)
            self.id = row.id

    def banked(self) -> set[tuple[str, str]]:
        """Type and value of all that its banks hold."""
        with self.database.reading() as session:
            rows = session.execute(
                select(BankedSignal.type, BankedSignal.value)
                .join(Bank, Bank.id == BankedSignal.bank_id)
                .join(Filled, Filled.bank_id == Bank.id)
                .where(Filled.exchange_id == self.id)
            )
            return {(kind, value.hex()) for kind, value in rows}

    def poll(self, chance: random.Random | None = None) -> None:
        """Fetch until all is here, killed now and then."""
        for _ in range(500):
            if chance is not None and chance.random() < 0.5:
                self.dies_after = {chance.choice(STEPS): chance.randint(1, 4)}
            try:
                outcome = self.fetch()
            except Killed:
                self.at += fetching.LEASE
                continue
            self.dies_after.clear()
            if outcome == "complete":
                return
            assert outcome in ("more", "failed"), (outcome, self.row().held, self.row().error)
            self.at += timedelta(hours=1) if outcome == "failed" else timedelta()
        raise AssertionError(self.row().error)


def week(desk: Week, server: Any, entries: int, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(7):
        server.traffic(entries // 7)
        desk.at += timedelta(hours=24)
        desk.poll(chance)
    server.behave()
    desk.at += timedelta(minutes=10)
    desk.poll()
    assert desk.banked() == {(NAMES.get(tag, tag), value) for tag, value in server.held()}
    with desk.database.reading() as session:
        row = session.get_one(Exchange, desk.id)
        assert row.complete_at is not None


NAMES = {"ImagePDQ": "pdq", "ImageMD5": "md5", "VideoMD5": "md5"}
"""Signal types, where the server calls them otherwise."""

FAULTS = {"unavailable": 0.05, "reset": 0.02}


@pytest.mark.parametrize("seed", [1, 2])
def test_a_week_of_hash_sharing(database: Database, seed: int) -> None:
    clock = Clock()
    with Ncmec(clock=clock, size=100, seed=seed, faults=dict(FAULTS)) as server:
        desk = Week(database, "ncmec", {"url": server.url, "user": "bicycle"}, {"password": "rain"})
        clock.desk = desk
        week(desk, server, 280, seed)


def test_a_week_of_stopncii(database: Database) -> None:
    clock = Clock()
    with StopNcii(clock=clock, seed=3, faults=dict(FAULTS)) as server:
        desk = Week(
            database,
            "stopncii",
            {"url": server.url},
            {"function_key": "hail", "subscription_key": "thunder"},
        )
        clock.desk = desk
        week(desk, server, 140, 3)


def of_hash_sharing(database: Database, entries: int) -> weeks.Week:
    """A long week of the hash sharing."""
    clock = weeks.Clock()
    faults = {**FAULTS, "repeated": 0.1}
    with Ncmec(clock=clock, seed=9, faults=faults) as server:
        config = {"url": server.url, "user": "bicycle"}
        made = weeks.Week(database, clock, "ncmec", config, {"password": "rain"}, entries)
        made.run(server, 9)
    return made


def of_stopncii(database: Database, entries: int) -> weeks.Week:
    """A long week of StopNCII."""
    clock = weeks.Clock()
    with StopNcii(clock=clock, seed=5, faults=dict(FAULTS)) as server:
        keys = {"function_key": "hail", "subscription_key": "thunder"}
        made = weeks.Week(database, clock, "stopncii", {"url": server.url}, keys, entries)
        made.run(server, 5)
    return made


LONG = pytest.mark.parametrize("week_of", [of_hash_sharing, of_stopncii])


@LONG
def test_a_long_week_whose_process_is_killed(database: Database, week_of: Any) -> None:
    entries = 100_000 if database.is_sqlite else 10_000
    assert week_of(database, entries).kills >= 3


@pytest.mark.soak
@LONG
def test_a_week_of_a_million_entries_takes_no_more_memory_than_one_of_a_quarter(
    tmp_path: Any, week_of: Any
) -> None:
    peaks = []
    for entries in (250_000, 1_000_000):
        with Database(databases.sqlite(tmp_path / f"{entries}.db")) as database:
            began = time.monotonic()
            made = week_of(database, entries)
        peaks.append(made.peak.value / 1024)
        took = time.monotonic() - began
        print(f"\n{entries} entries: {took:.0f} s, {peaks[-1]:.0f} MB, {made.kills} kills")
        assert made.kills >= 3
    few, many = peaks
    assert many < 300 and many < 1.5 * few
