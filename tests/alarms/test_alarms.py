"""Alarms, as whoever is on duty meets them: one for each thing, however often it sounds."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from tutela import alarms
from tutela.alarms.errors import NoSuchAlarm
from tutela.audit.models import Entry
from tutela.events import Bus
from tutela.events.service import BUS

NOON = datetime(2031, 5, 1, 12, tzinfo=UTC)
RAIN = ("bank.surge", "bank:rain")


@pytest.fixture
def told(database) -> list[alarms.AlarmSounded]:
    """What is told of alarms."""
    heard: list[alarms.AlarmSounded] = []
    bus = Bus()
    bus.on(alarms.AlarmSounded, lambda _, event: heard.append(event))
    database.info[BUS] = bus
    return heard


def sound(database, kind: str, subject: str, text: str = "It rains.", at=NOON, **facts) -> int:
    with database.writing() as session:
        return alarms.sound(session, at, kind, subject, text, **facts)


def test_what_sounds_again_is_counted_and_told_once(database, told):
    first = sound(database, *RAIN, text="It rains.", mean=2)
    assert sound(database, *RAIN, text="It pours.", at=NOON + timedelta(hours=1), mean=3) == first
    other = sound(database, "bank.surge", "bank:snow")
    assert [(e.number, e.subject) for e in told] == [(first, "bank:rain"), (other, "bank:snow")]
    with database.reading() as session:
        alarm, _ = alarms.listed(session)
        assert (alarm.times, alarm.text, alarm.facts) == (2, "It pours.", '{"mean":3}')
        assert alarm.last_at - alarm.sounded_at == timedelta(hours=1)
        assert alarms.counted(session) == {"bank.surge": 2}


def test_a_closed_alarm_sounds_anew(database, told):
    first = sound(database, *RAIN)
    with database.writing() as session:
        alarms.close(session, NOON, "shell:ann", first)
    second = sound(database, *RAIN)
    assert second > first and [e.number for e in told] == [first, second]
    with database.reading() as session:
        assert [a.id for a in alarms.listed(session)] == [second]
        assert [a.id for a in alarms.listed(session, only_open=False)] == [first, second]
        assert [a.id for a in alarms.listed(session, first, only_open=False)] == [second]
        entry = session.scalars(select(Entry)).one()
        assert (entry.action, entry.actor, entry.subject) == (
            "alarm.close", "shell:ann", f"alarm:{first}",
        )  # fmt: skip


def test_an_alarm_whose_cause_is_gone_is_over_and_nobody_acted(database):
    number = sound(database, *RAIN)
    with database.writing() as session:
        assert alarms.clear(session, NOON, *RAIN)
        assert not alarms.clear(session, NOON, *RAIN)
        with pytest.raises(NoSuchAlarm, match=f"No alarm {number} is open"):
            alarms.close(session, NOON, "shell:ann", number)
    with database.reading() as session:
        assert alarms.listed(session) == [] and alarms.counted(session) == {}
        (alarm,) = alarms.listed(session, only_open=False)
        assert (alarm.closed_at, alarm.closed_by) == (NOON, "")
        assert session.scalars(select(Entry)).all() == []


def test_many_that_sound_the_same_at_once_make_one(database, told):
    with ThreadPoolExecutor(8) as many:
        numbers = set(many.map(lambda _: sound(database, *RAIN), range(40)))
    assert len(numbers) == 1 and len(told) == 1
    with database.reading() as session:
        assert alarms.listed(session)[0].times == 40


def test_an_act_that_is_undone_takes_its_alarm_along(database, caplog):
    with pytest.raises(RuntimeError), database.writing() as session:
        alarms.sound(session, NOON, *RAIN, "It rains.")
        raise RuntimeError
    with database.reading() as session:
        assert alarms.listed(session, only_open=False) == []
    assert caplog.records == []


def test_it_is_in_the_log_when_it_is_true(database, caplog):
    caplog.set_level(logging.WARNING)
    with database.writing() as session:
        number = alarms.sound(session, NOON, *RAIN, "It rains.")
        assert caplog.records == []
    assert caplog.messages == [f"alarm {number} bank.surge of bank:rain: It rains."]
    sound(database, *RAIN)
    assert len(caplog.records) == 1, "one line for each alarm, not for each time"


def test_it_can_be_sounded_twice_in_one_transaction(database, told):
    with database.writing() as session:
        first = alarms.sound(session, NOON, *RAIN, "It rains.")
        assert alarms.sound(session, NOON, *RAIN, "It rains.") == first
        assert alarms.listed(session)[0].times == 2
    assert len(told) == 1


@pytest.mark.parametrize("kind", ["", "rain", "Rain.x", "a b.c", "rain."])
def test_a_kind_that_is_none_is_a_fault_of_the_program(database, kind):
    with database.writing() as session, pytest.raises(ValueError, match="kind of an alarm"):
        alarms.sound(session, NOON, kind, "x", "y")
