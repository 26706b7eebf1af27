"""Partners at their test servers, fetched from by the driver, over HTTP, into banks."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from exchanges.feeds import Desk as Desks
from exchanges.feeds import Killed
from tutela.alarms.models import Alarm
from tutela.exchanges import fetching, outcomes, secrets, service
from tutela.exchanges.models import Exchange
from tutela.storage import Database
from tutela.testing.hash_sharing import Ncmec, StopNcii, stand
from tutela.testing.hash_sharing.stand import Stand

NCMEC = {"user": "bicycle"}
SECRETS = {
    "ncmec": {"password": "rain"},
    "stopncii": {"function_key": "hail", "subscription_key": "thunder"},
}


class OnLine(Desks):
    """An exchange with a test server."""

    def __init__(self, database: Database, server: Stand, name: str, **config: str) -> None:
        super().__init__(database, _Sample())
        self.server = server
        server.clock = lambda: self.at
        with database.writing() as session:
            row = service.add(session, self.at, "test", "line", name, {"url": server.url, **config})
            self.id = row.id
        self.admitted()

    def admitted(self) -> None:
        """Set the secrets, as if anew."""
        with self.database.writing() as session:
            row = session.get_one(Exchange, self.id)
            secrets.put(session, self.at, "test", self.sealing, row, SECRETS[row.partner])

    def until_complete(self) -> None:
        """Run after run, each a minute after the other, as the worker would."""
        for _ in range(200):
            self.at += timedelta(minutes=1)
            try:
                if fetching.fetch(self.parts, self.id, at_once=True) == "complete":
                    return
            except Killed:
                self.at += timedelta(minutes=11)
        raise AssertionError("no run came to its end")


class _Sample:
    name = "sample"


@pytest.fixture
def ncmec() -> Iterator[Ncmec]:
    with Ncmec(size=20) as server:
        yield server


def test_what_ncmec_lists_comes_into_its_banks(database, ncmec):
    desk = OnLine(database, ncmec, "ncmec", **NCMEC, survivor_members="43")
    ncmec.put("42", "one", md5="02" * 16, pdna="AA" * 96)
    ncmec.put("43", "two", sha1="03" * 20)
    desk.until_complete()
    assert desk.values("known") == {"02" * 16, "00" * 144}
    assert desk.values("survivor") == {"03" * 20}
    ncmec.delete("43", "two")
    desk.until_complete()
    assert desk.values("survivor") == set()


def test_a_server_that_misbehaves_at_random_and_kills_end_in_what_it_has(database, ncmec):
    desk = OnLine(database, ncmec, "ncmec", **NCMEC)
    for day in range(7):
        ncmec.traffic(60)
        ncmec.misbehave("unavailable", 2, after=1)
        ncmec.misbehave("repeated", 2)
        ncmec.misbehave("truncated", 1, after=3)
        ncmec.misbehave("stale", 1, after=2)
        if day % 2:
            desk.dies_after = {"stored": 2}
        desk.until_complete()
    ncmec.behave()
    desk.until_complete()
    assert desk.values() == {value for _, value in ncmec.held()}


def test_credentials_that_expire_in_the_middle_halt_it_until_others_are_set(database, ncmec):
    desk = OnLine(database, ncmec, "ncmec", **NCMEC)
    ncmec.traffic(100)
    ncmec.misbehave("revoked", after=2)
    desk.at += timedelta(minutes=1)
    assert desk.fetch() == "refused"
    assert desk.row().checkpoint is not None and desk.run().pages == 2
    assert sounding(database) == {(outcomes.REFUSED, "exchange:line")}
    before, calls = desk.values(), len(ncmec.calls)
    assert before, "what came before stays"
    assert desk.fetch(after=timedelta(hours=1)) is None
    assert desk.values() == before and len(ncmec.calls) == calls
    ncmec.behave()
    desk.admitted()
    desk.until_complete()
    assert desk.values() == {value for _, value in ncmec.held()}


def test_who_asks_for_patience_gets_it_and_the_rest_comes_after(database, ncmec):
    desk = OnLine(database, ncmec, "ncmec", **NCMEC)
    ncmec.traffic(100)
    ncmec.misbehave("too-many", after=2)
    desk.at += timedelta(minutes=1)
    assert desk.fetch() == "complete"
    assert max(desk.slept) >= 1, "as long as Retry-After says"
    assert desk.values() == {value for _, value in ncmec.held()}
    assert sounding(database) == set()


def test_who_asks_for_hours_of_patience_is_left_alone_for_hours(database, ncmec, monkeypatch):
    monkeypatch.setattr(stand, "RETRY", 7200)
    desk = OnLine(database, ncmec, "ncmec", **NCMEC)
    ncmec.traffic(100)
    ncmec.misbehave("too-many", after=2)
    desk.at += timedelta(minutes=1)
    assert desk.fetch() == "failed"
    assert desk.row().due_at == desk.at + timedelta(hours=2)
    before = desk.values()
    assert before and desk.slept.count(7200) == 0, "the worker does not wait for it"
    desk.until_complete()
    assert desk.values() == {value for _, value in ncmec.held()}


def sounding(database: Database) -> set[tuple[str, str]]:
    with database.reading() as session:
        rows = session.scalars(select(Alarm).where(Alarm.closed_at.is_(None)))
        return {(one.kind, one.subject) for one in rows}


def test_tombstones_of_everything_are_held_for_a_person(database, ncmec):
    desk = OnLine(database, ncmec, "ncmec", **NCMEC)
    desk.parts = dataclasses.replace(
        desk.parts, options=dataclasses.replace(desk.options, deletions=10)
    )
    ncmec.traffic(200)
    desk.until_complete()
    before = desk.values()
    ncmec.delete_all()
    assert desk.fetch(after=timedelta(minutes=1)) == "held"
    assert desk.row().held and len(desk.values()) > 0.8 * len(before)


def test_what_stopncii_lists_comes_into_a_bank_for_adults(database):
    with StopNcii() as server:
        desk = OnLine(database, server, "stopncii")
        for _ in range(5):
            server.traffic(300)
            server.misbehave("unavailable", 1)
            desk.until_complete()
        assert desk.values("adult") == {value for _, value in server.held()}
        assert desk.bank("adult").purpose == "adult-intimate"
