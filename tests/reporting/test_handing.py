"""Reports to an authority without an interface wait for a person."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reporting.desks import ANN
from reporting.nca.desk import again, answer, declare, drafted, handed, send
from reporting.nca.reports import REPORTER
from tutela.law import options as law
from tutela.reporting import handing, production, sending
from tutela.reporting.errors import NotConfigured, ReportNotReady
from tutela.reporting.models import Report, State


@pytest.fixture(autouse=True)
def _by_hand(desk):
    desk.set(replace(desk.options, reporter=REPORTER))


def waits(desk, name):
    with desk.database.reading() as session:
        return handing.waits(session, session.get_one(Report, name))


def test_a_report_waits_for_a_person_and_takes_no_credentials(desk):
    """Nothing is called; the alarm says what to do; no other is drafted beside it."""
    name = handed(desk)
    row = desk.report(name)
    assert (row.state, row.last_error) == (State.HALTED, handing.WAITS)
    assert waits(desk, name) and not desk.due() and not desk.exchanges(name)
    assert desk.alarms()["report.halted"] == 1
    assert desk.steps_of(row.case_id)[-2:] == ["report-queued", "report-handed"]


def test_what_is_not_declared_is_not_handed_over(desk):
    """With what is wrong."""
    name = drafted(desk)
    with pytest.raises(ReportNotReady, match="declared"):
        send(desk, name)


def test_what_was_changed_meanwhile_is_handed_over_again(desk):
    """Found ready anew, as it is now."""
    name = handed(desk)
    answer(desk, name, room="rain")
    assert not waits(desk, name)
    with pytest.raises(ReportNotReady, match="declared"):
        again(desk, name)
    declare(desk, name)
    again(desk, name)
    assert waits(desk, name) and desk.alarms()["report.halted"] == 1


def test_for_real_it_takes_two_people_as_any_other(desk):
    """And waits by hand then."""
    desk.set(replace(desk.options, environment="production",
                     test_urls=("nca=http://127.0.0.1:1",)))  # fmt: skip
    desk.database.info[law.IN_SESSION] = law.Options(packs=())
    name = drafted(desk)
    declare(desk, name)
    with pytest.raises(NotConfigured, match="No two people"):
        send(desk, name)
    with desk.database.writing() as session:
        production.allow(session, desk.now, ANN.actor, "nca")
    assert send(desk, name).state == State.HALTED


def test_it_can_be_taken_back(desk):
    """Nobody has it."""
    name = handed(desk)
    with desk.database.writing() as session:
        sending.withdraw(session, desk.now, ANN, name, "it was a bicycle")
    assert desk.report(name).state == State.WITHDRAWN and not desk.alarms()


def test_what_another_agency_was_told_is_not_told_again_without_a_reason(desk):
    """Of the same files, in a report that was filed."""
    case = desk.case()
    name = drafted(desk, case)
    other = desk.draft(1, case)
    files = desk.report(name).content
    with desk.database.writing() as session:
        session.get_one(Report, other).content = files
    declare(desk, name)
    with desk.database.reading() as session:
        row = session.get_one(Report, name)
        assert handing.told(session, row, handing.facts.Report.from_json(row.content)) == []
    with desk.database.writing() as session:
        session.get_one(Report, other).state = State.FILED
    with pytest.raises(ReportNotReady, match=f"{other} told ncmec of 1 of them"):
        send(desk, name)
    answer(desk, name, covered="the agency asked for it")
    declare(desk, name)
    assert send(desk, name).state == State.HALTED
