"""Whether an authority takes our credentials, asked before a report depends on it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reporting.desks import ANN
from tutela.people.errors import NotPermitted
from tutela.people.permissions import Caller
from tutela.reporting import trying
from tutela.reporting.authorities import End, Ended, Wait
from tutela.reporting.errors import NotConfigured


def tried(desk, by=ANN, authority="ncmec", environment="test"):
    return trying.tried(
        desk.database, by, desk.outbound, desk.sealing, desk.options, authority, environment
    )


def test_those_that_are_taken_are_said_to_be(desk):
    """Nothing else is asked; that it was is in the log, before."""
    assert tried(desk) is None
    assert [one.path for one in desk.server.requests] == ["/ispws/status"]
    assert [one.subject for one in desk.audited("credentials.check")] == ["ncmec:test"]


def test_those_that_are_refused_sound_an_alarm_until_they_are_taken(desk):
    """What waited because of it goes on, without being set anew."""
    name = desk.queue(files=0)
    desk.server.misbehave("revoked")
    found = tried(desk)
    assert isinstance(found, Ended) and (found.end, found.credentials) == (End.HALTED, True)
    assert desk.alarms() == {"report.credentials": 1} and desk.due() == []
    desk.server.plan.behave()
    assert tried(desk) is None
    assert desk.alarms() == {} and desk.due() == [name]


@pytest.mark.parametrize("fault", ["server-error", "unavailable", "truncated", "doctype"])
def test_who_does_not_say_is_not_taken_to_refuse(desk, fault):
    """No alarm, and reports are still tried."""
    name = desk.queue(files=0)
    desk.server.misbehave(fault)
    assert isinstance(tried(desk), Wait)
    assert desk.alarms() == {} and desk.due() == [name]


def test_a_server_that_is_gone_says_nothing(desk):
    desk.set(replace(desk.options, test_urls=("ncmec=http://127.0.0.1:9/ispws",)))
    found = tried(desk)
    assert isinstance(found, Wait) and found.down


def test_it_is_called_for_real_only_where_the_settings_say_so(desk):
    """And only by administrators, and only whom it can be asked."""
    desk.sign_in(environment="production")
    with pytest.raises(NotConfigured, match="do not say production"):
        tried(desk, environment="production")
    with pytest.raises(NotPermitted):
        tried(desk, by=Caller("person:bob", frozenset({"reports"})))
    with pytest.raises(NotConfigured, match="cannot be asked"):
        tried(desk, authority="nca")
    assert not desk.server.requests and not desk.audited("credentials.check")
