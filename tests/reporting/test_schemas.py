"""Schemas that authorities serve: the first is pinned, another is told of."""

from __future__ import annotations

import hashlib

import pytest

from reporting.desks import ANN
from tutela.people.errors import NotPermitted
from tutela.people.permissions import Caller
from tutela.reporting import schemas
from tutela.reporting.errors import NotConfigured

FIRST, SECOND = b"<one/>", b"<two/>"
DIGESTS = [hashlib.sha256(one).hexdigest() for one in (FIRST, SECOND)]


def served(desk, document: bytes) -> None:
    with desk.database.writing() as session:
        schemas.served(session, desk.now, "worker", "ncmec", "test", document)


def pin(desk, digest: str, by: Caller = ANN) -> None:
    with desk.database.writing() as session:
        schemas.pin(session, desk.now, by, "ncmec", "test", digest)


def test_the_first_is_pinned_and_another_sounds_an_alarm_until_it_is_pinned(desk):
    """Each pin is in the log; what is used is always the last that was served."""
    served(desk, FIRST)
    assert [entry.actor for entry in desk.audited("schema.pin")] == ["worker"]
    desk.later(days=1)
    served(desk, SECOND)
    assert desk.alarms() == {"report.schema-changed": 1}
    with desk.database.reading() as session:
        assert schemas.current(session, "ncmec", "test") == SECOND
        assert [one.pinned_by for one in schemas.listed(session)] == ["worker", ""]
    pin(desk, DIGESTS[1][:16])
    assert desk.alarms() == {}
    with desk.database.reading() as session:
        assert [bool(one.pinned_at) for one in schemas.listed(session)] == [False, True]
    assert [entry.actor for entry in desk.audited("schema.pin")] == ["worker", ANN.actor]


def test_the_alarm_is_over_when_the_pinned_one_is_served_again(desk):
    """It was a mishap there."""
    served(desk, FIRST)
    desk.later(hours=1)
    served(desk, SECOND)
    desk.later(hours=1)
    served(desk, FIRST)
    assert desk.alarms() == {}
    with desk.database.reading() as session:
        assert schemas.current(session, "ncmec", "test") == FIRST


def test_what_was_never_served_is_not_pinned(desk):
    """Nor what is not named closely enough, nor by who is no administrator."""
    served(desk, FIRST)
    for digest in (DIGESTS[1], DIGESTS[0][:7], "", "%" * 64):
        with pytest.raises(NotConfigured, match="never served"):
            pin(desk, digest)
    with pytest.raises(NotPermitted):
        pin(desk, DIGESTS[0], Caller("person:bob", frozenset({"reports"})))


def test_it_is_asked_for_again_after_a_day(desk):
    """By the setting `schema_hours`."""
    assert schemas.is_old(None, desk.now, desk.options)
    served(desk, FIRST)
    with desk.database.reading() as session:
        known = schemas.latest(session, "ncmec", "test")
    desk.later(hours=23, minutes=59)
    assert not schemas.is_old(known, desk.now, desk.options)
    desk.later(minutes=1)
    assert schemas.is_old(known, desk.now, desk.options)
