"""The lease, as two workers meet it whose clocks jump and who are paused at the worst time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tutela.jobs import lease as leases
from tutela.jobs import lease_state
from tutela.jobs.lease import Lease
from tutela.storage import Database

LEASE = 15.0


class Time:
    """A clock since boot that goes on when somebody waits; and who waits may be called away."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.meanwhile = lambda: None

    def wait(self, seconds: float) -> bool:
        self.seconds += seconds
        self.meanwhile()
        return False

    def is_set(self) -> bool:
        return False


@pytest.fixture
def time(monkeypatch) -> Time:
    made = Time()
    monkeypatch.setattr(leases, "since_boot", lambda: made.seconds)
    return made


def held_by(database: Database) -> str:
    with database.reading() as session:
        return lease_state(session, database.now()).holder


def test_the_first_takes_it_at_once_and_shows_it(database, time):
    lease = Lease(database, LEASE)
    began = time.seconds
    assert lease.take(time) and time.seconds == began and lease.held()
    with database.reading() as session:
        state = lease_state(session, database.now())
        assert state.alive and state.holder == lease.holder
        assert not lease_state(session, state.until).alive


def test_without_any_worker_none_is_alive(database):
    with database.reading() as session:
        assert not lease_state(session, database.now()).alive


def test_who_waits_takes_it_after_the_lease_time_when_the_holder_knows_already(database, time):
    first, second = Lease(database, LEASE), Lease(database, LEASE)
    assert first.take(time)
    began = time.seconds
    assert second.take(time)
    assert LEASE <= time.seconds - began < LEASE * 1.2
    assert first.expired() and not first.held() and second.held()


def test_nobody_takes_it_while_its_holder_renews(database, time):
    first, second = Lease(database, LEASE), Lease(database, LEASE)
    assert first.take(time)
    renewed = []

    def renew() -> None:
        if len(renewed) < 100:
            assert first.renew() and first.held()
            renewed.append(time.seconds)

    time.meanwhile = renew
    assert second.take(time)
    assert time.seconds - renewed[-1] >= LEASE and len(renewed) == 100


def test_wall_clocks_that_jump_change_nothing(database, time):
    first = Lease(database, LEASE)
    assert first.take(time)
    database.now = lambda: datetime.now(UTC) + timedelta(days=400)
    second = Lease(database, LEASE)
    began = time.seconds
    time.meanwhile = lambda: (time.seconds < began + 100 and first.renew()) and None
    assert second.take(time)
    assert time.seconds >= began + 100 + LEASE - 1


def test_who_was_paused_finds_it_lost_and_gets_no_numbers(database, time):
    first, second = Lease(database, LEASE), Lease(database, LEASE)
    assert first.take(time)
    with database.writing() as session:
        assert first.numbers(session, 2) == range(1, 3)
    assert second.take(time)
    time.seconds -= 100  # even if the clock of the first stood still while it was paused
    assert not first.expired() and not first.held()
    assert not first.renew()
    with database.writing() as session:
        assert first.numbers(session, 1) is None
    with database.writing() as session:
        assert second.numbers(session, 3) == range(3, 6)
    assert held_by(database) == second.holder


def test_what_was_given_back_is_taken_at_once(database, time):
    first, second = Lease(database, LEASE), Lease(database, LEASE)
    assert first.take(time)
    first.give_back()
    assert not first.held() and held_by(database) == ""
    began = time.seconds
    assert second.take(time) and time.seconds == began
    first.give_back()  # by now it is not the first's to give
    assert second.held() and held_by(database) == second.holder


def test_who_is_told_to_stop_does_not_wait_on(database, time):
    assert Lease(database, LEASE).take(time)
    stopped = Time()
    stopped.is_set = lambda: True
    waiting = Lease(database, LEASE)
    assert not waiting.take(stopped) and waiting.expired()
