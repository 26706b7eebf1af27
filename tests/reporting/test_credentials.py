"""Credentials of authorities: sealed, bound to whose they are, and never lost with a report."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from reporting.desks import ANN
from tutela.people.errors import NotPermitted
from tutela.people.permissions import Caller
from tutela.reporting import credentials
from tutela.reporting.errors import NoSuchAuthority, NotConfigured
from tutela.reporting.models import Credentials
from tutela.sealing import SealingError


def put(desk, user="bicycle", password="rain", environment="test", by=ANN, authority="ncmec"):
    with desk.database.writing() as session:
        return credentials.put(
            session, desk.now, by, desk.sealing, authority, environment, user, password
        )


def test_what_was_put_is_opened_and_is_in_no_row(desk):
    """Of each environment its own."""
    put(desk, "wheel", "söme:päss w0rd")
    put(desk, "chain", "other", "production")
    with desk.database.reading() as session:
        assert credentials.opened(session, desk.sealing, "ncmec", "test") == (
            "wheel", "söme:päss w0rd",
        )  # fmt: skip
        assert credentials.opened(session, desk.sealing, "ncmec", "production")[0] == "chain"
        rows = credentials.listed(session)
    assert [one.environment for one in rows] == ["production", "test"]
    assert all(b"chain" not in one.sealed and b"wheel" not in one.sealed for one in rows)
    assert [entry.subject for entry in desk.audited("credentials.set")] == [
        "ncmec:test", "ncmec:test", "ncmec:production",
    ]  # fmt: skip


def test_a_row_that_was_swapped_opens_nothing(desk):
    """What is sealed is bound to authority and environment."""
    put(desk, environment="production")
    with desk.database.writing() as session:
        sealed = session.scalar(select(Credentials.sealed).where(Credentials.environment == "test"))
        session.execute(
            update(Credentials).where(Credentials.environment == "production").values(sealed=sealed)
        )
    with desk.database.reading() as session, pytest.raises(SealingError):
        credentials.opened(session, desk.sealing, "ncmec", "production")


def test_what_cannot_be_credentials_is_refused(desk):
    """Nor are any set of what is not there, or by who is no administrator."""
    for user, password in (("", "x"), ("x", ""), ("a:b", "x"), ("x", "a\nb"), ("x" * 1001, "x")):
        with pytest.raises(NotConfigured):
            put(desk, user, password)
    with pytest.raises(NotConfigured, match="no environment 'weather'"):
        put(desk, environment="weather")
    with pytest.raises(NoSuchAuthority):
        put(desk, authority="weather")
    with pytest.raises(NotPermitted):
        put(desk, by=Caller("person:bob", frozenset({"reports"})))
    with desk.database.reading() as session, pytest.raises(NotConfigured, match="no credentials"):
        credentials.opened(session, desk.sealing, "ncmec", "production")


def test_refused_ones_sound_one_alarm_until_they_are_set(desk):
    """However many reports find out."""
    for _ in range(3):
        with desk.database.writing() as session:
            signed = credentials.set_at(session, "ncmec", "test")
            credentials.refused(session, desk.now, "ncmec", "test", "It said 401.", signed)
    assert desk.alarms() == {"report.credentials": 1}
    put(desk)
    assert desk.alarms() == {}
    with desk.database.reading() as session:
        assert session.get_one(Credentials, ("ncmec", "test")).refused_at is None


def test_those_that_were_set_meanwhile_are_not_refused(desk):
    """A worker that tried with the former ones says nothing of these."""
    with desk.database.reading() as session:
        signed = credentials.set_at(session, "ncmec", "test")
    desk.later(seconds=1)
    put(desk)
    with desk.database.writing() as session:
        credentials.refused(session, desk.now, "ncmec", "test", "It said 401.", signed)
        assert session.get_one(Credentials, ("ncmec", "test")).refused_at is None
    assert desk.alarms() == {}
