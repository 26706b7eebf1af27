"""Partners at their test servers, fetched from by the driver, over HTTP, into banks."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import timedelta

import pytest

from exchanges.feeds import Desk as Desks
from exchanges.feeds import Killed
from tutela.exchanges import fetching, secrets, service
from tutela.exchanges.models import Exchange
from tutela.storage import Database
from tutela.testing.hash_sharing import Ncmec, StopNcii
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
    assert desk.fetch(after=timedelta(hours=1)) is None
    ncmec.behave()
    desk.admitted()
    desk.until_complete()
    assert desk.values() == {value for _, value in ncmec.held()}


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
