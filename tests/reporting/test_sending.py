"""The queue of reports: what comes in, in which order it is due, and how it is taken out again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from reporting.desks import ANN, REPORTER
from tutela.alarms.models import Alarm
from tutela.cases import queues
from tutela.evidence import clocks
from tutela.evidence.models import File
from tutela.people.errors import NotPermitted
from tutela.people.permissions import Caller
from tutela.reporting import editing, production, reaching, sending
from tutela.reporting.errors import (
    CannotWithdraw,
    NoSuchReport,
    NotConfigured,
    ReportChanged,
    ReportNotReady,
)
from tutela.reporting.facts import Report as Facts
from tutela.reporting.models import Report, State


def in_queue(desk, name, version=1):
    with desk.database.writing() as session:
        return sending.queue(session, desk.now, ANN.actor, name, version)


def test_a_draft_is_queued_in_the_version_that_was_looked_at(desk):
    """Once, and by nobody who saw another."""
    name = desk.draft(0, rank=77)
    with pytest.raises(ReportChanged, match="changed meanwhile"):
        in_queue(desk, name, version=2)
    row = in_queue(desk, name)
    assert (row.state, row.environment, row.rank) == (State.QUEUED, "test", 77)
    assert (row.queued_by, row.queued_at, row.due_at) == (ANN.actor, desk.now, desk.now)
    with pytest.raises(ReportNotReady, match="no draft"):
        in_queue(desk, name)
    with pytest.raises(NoSuchReport):
        in_queue(desk, "rpt_none")
    (entry,) = desk.audited("report.queue")
    assert entry.subject == name and entry.actor == ANN.actor
    assert desk.steps_of(row.case_id) == ["report-queued"]


def test_all_that_is_wrong_with_a_paper_is_named_before_it_is_queued(desk):
    """With places, and nothing of what stands there."""
    name = desk.draft(0)
    desk.set(replace(desk.options, reporter=replace(REPORTER, email="")))
    with pytest.raises(ReportNotReady, match=r"reportingPerson/email.*no e-mail"):
        in_queue(desk, name)
    assert desk.report(name).state == State.DRAFT


def test_nothing_is_queued_without_credentials(desk):
    """Nor into production, unless two people allowed that; a test never."""
    name, test = desk.draft(0), desk.draft(0, test=True)
    assert in_queue(desk, test).environment == "test"
    desk.set(replace(desk.options, environment="production"))
    with pytest.raises(NotConfigured, match="No two people"):
        in_queue(desk, name)
    with desk.database.writing() as session:
        production.allow(session, desk.now, ANN.actor, "ncmec")
    with pytest.raises(NotConfigured, match=r"no credentials for ncmec \(production\)"):
        in_queue(desk, name)
    desk.sign_in(environment="production")
    with pytest.raises(NotConfigured, match="It is a test"):
        in_queue(desk, desk.draft(0, test=True))
    assert in_queue(desk, name).environment == "production"


def test_the_queue_of_the_case_says_whether_two_people_send_it(desk):
    """The rule `report`."""
    name = desk.draft(0)
    for rule, two in (((), False), (("report",), True)):
        with desk.database.writing() as session:
            queues.put(session, desk.now, ANN, "default", two_for=rule)
            assert sending.takes_two(session, session.get_one(Report, name)) is two


def test_the_most_urgent_is_due_first(desk):
    """Danger, then rank, then who waited longest."""
    late = desk.queue(files=0, rank=500)
    desk.later(seconds=1)
    last, first = desk.queue(files=0, rank=900), desk.queue(files=0, rank=500)
    desk.later(seconds=1)
    danger = desk.queue(files=0, rank=9_000, danger=True)
    assert desk.due() == [danger, late, first, last]
    with desk.database.reading() as session:
        assert [*sending.due(session, desk.now, 1)] == [danger]


def test_while_an_authority_is_down_only_danger_is_due(desk):
    """Until it is to be tried again."""
    plain, danger = desk.queue(files=0), desk.queue(files=0, danger=True)
    with desk.database.writing() as session:
        reaching.failed(session, desk.now, "ncmec", "test", "It is down.", desk.options)
    assert desk.due() == [danger]
    desk.later(seconds=desk.options.retry_first * 1.2)
    assert desk.due() == [danger, plain]


def test_what_is_being_sent_is_not_due_and_is_again_when_its_sender_is_gone(desk):
    """The lease of a report."""
    name = desk.queue(files=0)
    with desk.database.writing() as session:
        until = desk.now + timedelta(minutes=5)
        session.execute(update(Report).values(sending_until=until))
    assert desk.due() == []
    desk.later(minutes=5)
    assert desk.due() == [name]


def test_a_report_that_nobody_sends_yet_is_withdrawn_at_once(desk):
    """It needs a reason, and its files are kept for it no more."""
    name = desk.queue()
    with desk.database.writing() as session:
        row = sending.withdraw(session, desk.now, ANN, name, "It was a mistake.")
    assert row.state == State.WITHDRAWN and desk.due() == []
    assert desk.steps_of(row.case_id)[-2:] == ["report-taken-back", "report-withdrawn"]
    assert [entry.subject for entry in desk.audited("report.withdraw")] == [name]
    assert not desk.server.requests
    with desk.database.writing() as session, pytest.raises(CannotWithdraw, match="is withdrawn"):
        sending.withdraw(session, desk.now, ANN, name, "Again.")


def test_what_is_open_there_is_taken_back_by_who_sends(desk):
    """And its sender, if it still lives, does nothing more."""
    name = desk.queue()
    taken = False

    def between(step: str) -> None:
        nonlocal taken
        if step == "submit kept" and not taken:
            taken = True
            with desk.database.writing() as session:
                row = sending.withdraw(session, desk.now, ANN, name, "It was a mistake.")
                assert row.state == State.QUEUED

    assert desk.send(name, between) is None
    assert desk.due() == [name]
    assert desk.send(name) == State.WITHDRAWN
    assert [str(one.state) for one in desk.server.reports] == ["retracted"]
    assert desk.calls(name) == ["schema", "submit", "retract"]


def test_what_turns_out_to_be_filed_stays_filed(desk):
    """The answer was lost, and somebody wanted it back."""
    name = desk.queue(files=0)
    desk.server.misbehave("reset-after-finish")
    assert desk.send(name) == State.QUEUED
    with desk.database.writing() as session:
        sending.withdraw(session, desk.now, ANN, name, "It was a mistake.")
    assert desk.send(name) == State.FILED
    with desk.database.writing() as session, pytest.raises(CannotWithdraw, match="is filed"):
        sending.withdraw(session, desk.now, ANN, name, "Still.")


def test_a_halted_report_is_sent_again_when_it_was_mended(desk):
    """What was open of its former paper is taken back first."""
    name = desk.queue(files=1)
    desk.server.misbehave("unknown-code", after=1)
    assert desk.send(name) == State.HALTED
    assert "7777" in desk.report(name).last_error and desk.alarms() == {"report.halted": 1}
    with desk.database.writing() as session:
        sending.again(session, desk.now, ANN, name)
    assert desk.alarms() == {}
    assert desk.send(name) == State.FILED
    assert desk.calls(name)[-5:] == ["retract", "submit", "upload", "fileinfo", "finish"]
    with desk.database.writing() as session, pytest.raises(ReportNotReady, match="not halted"):
        sending.again(session, desk.now, ANN, name)


def test_a_halted_report_is_checked_before_it_goes_again(desk):
    """As a draft is."""
    name = desk.queue(files=0)
    desk.server.misbehave("unknown-code")
    assert desk.send(name) == State.HALTED
    desk.set(replace(desk.options, reporter=replace(REPORTER, email="")))
    with desk.database.writing() as session, pytest.raises(ReportNotReady, match="e-mail"):
        sending.again(session, desk.now, ANN, name)


def test_who_may_not_report_neither_withdraws_nor_sends_again(desk):
    """The permission `reports`."""
    name, bob = desk.queue(files=0), Caller("person:bob", frozenset({"cases"}))
    for act in (
        lambda s: sending.withdraw(s, desk.now, bob, name, "No."),
        lambda s: sending.again(s, desk.now, bob, name),
    ):
        with desk.database.writing() as session, pytest.raises(NotPermitted):
            act(session)


def maybe_filed(desk):
    """A report that was filed there, of which nobody here knows it, and that halted."""
    name = desk.queue(files=2)
    desk.server.misbehave("reset-after-finish")
    assert desk.send(name) == State.QUEUED
    desk.later(minutes=10)
    desk.server.misbehave("unknown-code")
    assert desk.send(name) == State.HALTED
    return name


def test_what_may_be_filed_stays_as_it_was_sent(desk):
    """It is asked for again, and all that went is kept from then on."""
    name = maybe_filed(desk)
    (kept, gone) = [one.evidence for one in Facts.from_json(desk.report(name).content).files]
    with desk.database.writing() as session, pytest.raises(ReportNotReady, match="Nobody knows"):
        editing.leave_out(session, desk.now, ANN, name, 1, gone)
    desk.set(replace(desk.options, reporter=replace(REPORTER, email="")))
    with desk.database.writing() as session:
        sending.again(session, desk.now, ANN, name)  # whatever is wrong with it by now
    assert desk.send(name) == State.FILED
    assert desk.calls(name)[-3:] == ["finish"] * 3 and len(desk.server.finished) == 1
    with desk.database.reading() as session:
        for file in (kept, gone):
            assert [one.kind for one in clocks.running(session, desk.now, file)] == ["receipt"]


def test_what_may_be_filed_and_nobody_stands_by_is_only_taken_back(desk, monkeypatch):
    """Which says whether it was filed."""
    name = maybe_filed(desk)
    monkeypatch.setattr(sending, "unconfirmed", lambda *_: ["itm_0"])
    with desk.database.writing() as session, pytest.raises(ReportNotReady, match="itm_0") as told:
        sending.again(session, desk.now, ANN, name)
    assert "Withdraw it" in str(told.value.hint)
    with desk.database.writing() as session:
        sending.withdraw(session, desk.now, ANN, name, "It was someone else.")
    assert desk.send(name) == State.FILED


@pytest.mark.parametrize("at", ["queue", "submit", "finish", "again"])
def test_nothing_is_sent_that_nobody_stands_by(desk, monkeypatch, at):
    """Neither what is queued, nor what waited or halted meanwhile, nor what is open there."""
    asked = []

    def undone(_, content, case_id):
        asked.append(case_id)
        return ["itm_0"]

    name = desk.draft(1) if at == "queue" else desk.queue(files=1)
    if at == "again":
        desk.server.misbehave("unknown-code", after=1)
        assert desk.send(name) == State.HALTED
    if at == "finish":
        desk.send(name, lambda step: step == "fileinfo kept" and monkeypatch.setattr(
            sending, "unconfirmed", undone
        ))  # fmt: skip
    else:
        monkeypatch.setattr(sending, "unconfirmed", undone)
    if at in ("queue", "again"):
        with desk.database.writing() as session, pytest.raises(ReportNotReady, match="itm_0"):
            if at == "queue":
                sending.queue(session, desk.now, ANN.actor, name, 1)
            else:
                sending.again(session, desk.now, ANN, name)
    elif at == "submit":
        assert desk.send(name) == State.HALTED
    row = desk.report(name)
    assert asked and set(asked) == {row.case_id}
    assert not desk.server.finished and "finish" not in desk.calls(name)
    if at in ("submit", "finish"):
        assert row.state == State.HALTED and "itm_0" in row.last_error
        assert len(desk.server.reports) == (at == "finish")


def test_a_report_goes_where_it_was_queued_for_or_nowhere(desk):
    """Tried again after the setting changed, it does not follow: it is drafted anew."""
    name = desk.queue(files=0)
    desk.server.misbehave("unknown-code")
    assert desk.send(name) == State.HALTED
    with desk.database.writing() as session:
        production.allow(session, desk.now, ANN.actor, "ncmec")
    desk.sign_in(environment="production")
    desk.set(replace(desk.options, environment="production"))
    with desk.database.writing() as session, pytest.raises(NotConfigured, match="draft it anew"):
        sending.again(session, desk.now, ANN, name)
    assert desk.report(name).environment == "test"


def test_what_is_open_where_nobody_is_sent_any_more_can_be_withdrawn(desk):
    """Nobody calls there: it is left to expire."""
    name = desk.queue()
    desk.server.misbehave("unavailable", after=3)
    assert desk.send(name) == State.QUEUED and desk.report(name).remote_id
    desk.set(replace(desk.options, environment="production"))
    desk.later(minutes=10)
    assert desk.send(name) == State.HALTED
    before = len(desk.server.requests)
    with desk.database.writing() as session:
        row = sending.withdraw(session, desk.now, ANN, name, "It was a trial.")
    assert row.state == State.WITHDRAWN and desk.alarms() == {}
    assert len(desk.server.requests) == before


def test_what_may_be_filed_for_real_is_not_withdrawn_from_afar(desk):
    """Only there it can be asked whether it was."""
    name = maybe_filed(desk)
    with desk.database.writing() as session:
        session.execute(update(Report).values(environment="production"))
    with desk.database.writing() as session, pytest.raises(CannotWithdraw, match="Nobody knows"):
        sending.withdraw(session, desk.now, ANN, name, "It was a trial.")


def test_what_was_said_of_a_withdrawn_report_is_not_kept_for_ever(desk):
    """As long as of one that was filed; and its reason stands in the case, not in the log."""
    name = desk.queue()
    desk.server.misbehave("unavailable", after=3)
    desk.send(name)
    with desk.database.writing() as session:
        sending.withdraw(session, desk.now, ANN, name, "A mistake of Ann's.")
    assert desk.finish(name).state == State.WITHDRAWN
    said = [one.evidence_id for one in desk.exchanges(name) if one.evidence_id]
    with desk.database.reading() as session:
        until = session.scalars(select(File.keep_until).where(File.id.in_(said))).all()
    assert said and all(one == desk.now.replace(year=desk.now.year + 1) for one in until)
    (entry,) = desk.audited("report.withdraw")
    assert "mistake" not in repr(vars(entry))


@pytest.mark.parametrize("danger, tries", [(False, 3), (True, 2)])
def test_a_report_that_waits_is_told_of(desk, danger, tries):
    """Not at once; and no more when it is filed."""
    name = desk.queue(danger=danger)
    desk.close_vault()
    for number in range(tries):
        assert desk.alarms() == {}, number
        assert desk.send(name) == State.QUEUED
        desk.later(minutes=10)
    assert desk.alarms() == {"report.waiting": 1}
    with desk.database.reading() as session:
        (alarm,) = session.scalars(select(Alarm))
    assert alarm.subject == name and "vault" in alarm.text
    desk.open_vault()
    assert desk.send(name) == State.FILED and desk.alarms() == {}
