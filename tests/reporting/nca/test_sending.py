"""Reports reach the stand-in once, whatever is lost on the way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reporting.desks import ANN
from reporting.nca.desk import answer, declare, drafted, send
from reporting.nca.reports import REPORTER
from tutela.reporting import credentials, sending
from tutela.reporting.models import State


@pytest.fixture
def linked(desk, stand_in):
    """A desk with the stand-in as the agency's test server."""
    stand_in.clock = lambda: desk.now
    desk.set(replace(
        desk.options, reporter=REPORTER, test_urls=(f"nca={stand_in.url}",)
    ))  # fmt: skip
    with desk.database.writing() as session:
        credentials.put(session, desk.now, ANN, desk.sealing, "nca", "test", "bicycle", "rain")
    return desk


def queued(desk, **said):
    name = drafted(desk, files=2, **said)
    declare(desk, name)
    assert send(desk, name).state == State.QUEUED
    return name


def test_a_report_and_its_files_are_filed(linked, stand_in):
    """By calls, with the transcript of each kept."""
    name = queued(linked)
    row = linked.finish(name)
    assert (row.state, row.remote_id) == (State.FILED, "STAND-IN-000001")
    assert linked.calls(name) == ["upload", "upload", "submit"]
    (filed,) = stand_in.reports
    assert [size for _, size in filed.files] == [
        one.size for one in sorted_files(linked, name)
    ]  # fmt: skip
    assert len(linked.transcripts(name)) == 3


def sorted_files(desk, name):
    from reporting.nca.desk import content

    return content(desk, name).files


def test_one_report_is_filed_though_each_reply_is_lost(linked, stand_in):
    """It is asked again with the same reference."""
    name = queued(linked)
    stand_in.lose = 3
    assert linked.finish(name).state == State.FILED
    assert len(stand_in.reports) == 1


def test_what_may_have_arrived_is_asked_about_before_it_is_taken_back(linked, stand_in):
    """It was filed, and stays so."""
    name = queued(linked)

    def die(step):
        if step == "submit answered":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        linked.send(name, die)
    with linked.database.writing() as session:
        sending.withdraw(session, linked.now, ANN, name, "it was a bicycle")
    linked.later(minutes=10)
    row = linked.finish(name)
    assert (row.state, row.remote_id) == (State.FILED, "STAND-IN-000001")


def test_out_of_hours_an_urgent_report_halts_until_the_call_is_acknowledged(linked, stand_in):
    """Nothing is submitted before."""
    linked.later(hours=10)
    name = queued(linked, priority="1")
    row = linked.finish(name)
    assert row.state == State.HALTED and "call" in row.last_error and not stand_in.reports
    answer(linked, name, call_acknowledged="yes")
    declare(linked, name)
    with linked.database.writing() as session:
        sending.again(session, linked.now, ANN, name)
    assert linked.finish(name).state == State.FILED


def test_an_outage_is_waited_out(linked, stand_in):
    """And then it is filed."""
    name = queued(linked)
    stand_in.down = True
    linked.send(name)
    assert linked.report(name).state == State.QUEUED
    stand_in.down = False
    linked.later(minutes=10)
    assert linked.finish(name).state == State.FILED
