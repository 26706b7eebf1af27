"""When cases are due by the law, and what sounds if they are late."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from reporting.scenes import ANN, START
from sqlalchemy import select

from law.courts import UK, Court
from tutela.cases.models import Case
from tutela.cases.options import IN_SESSION as CASES
from tutela.cases.options import Options as CaseOptions
from tutela.law import deadlines
from tutela.law.deadlines import OVERDUE
from tutela.reporting import lawful, register
from tutela.reporting.facts import Report as Facts
from tutela.reporting.models import Report

DAY = timedelta(days=1)


def test_a_vetted_hash_makes_a_case_due(court):
    court.item()
    assert court.row().due_at == START + DAY


def test_a_decision_makes_a_case_due_and_taking_it_back_ends_it(court):
    item = court.item(strength="near", sealed=False)
    assert court.row().due_at is None
    (decision,) = court.decide(item)
    assert court.row().due_at == START + DAY
    court.undo(decision)
    assert court.row().due_at is None


def test_without_a_duty_the_settings_say_when(court):
    court.database.info[CASES] = replace(CaseOptions(), due_hours=48)
    (decision,) = court.decide(court.item(strength="near", sealed=False))
    assert court.row().due_at == START + DAY
    court.undo(decision)
    assert court.row().due_at == START + 2 * DAY


def test_a_test_is_never_due(court):
    item = court.item(test=True)
    assert court.row(item).due_at is None


def test_what_is_late_sounds_once_until_it_is_done(court):
    court.confirmed()
    for _ in range(2):
        deadlines.sound_overdue(court.database)
        assert court.sounding() == []
        court.later(hours=13)
    for _ in range(2):
        deadlines.sound_overdue(court.database)
        assert court.sounding() == [(OVERDUE, court.case())]
    court.file()
    follow(court)
    deadlines.sound_overdue(court.database)
    assert court.sounding() == []


def follow(court: Court) -> None:
    with court.database.writing() as session:
        deadlines.follow(session, court.now, session.get_one(Case, court.case()))


def test_each_of_many_late_cases_sounds(court, monkeypatch):
    monkeypatch.setattr(deadlines, "PAGE", 2)
    for number in range(5):
        court.item(f"rider-{number}")
    court.later(days=2)
    deadlines.sound_overdue(court.database)
    assert len(court.sounding()) == 5


def test_a_report_that_its_duty_wanted_sooner_sounds_until_it_is_filed(court):
    court.confirmed()
    lawful.sound_overdue(court.database)
    assert court.sounding() == []
    court.later(days=2)
    lawful.sound_overdue(court.database)
    ((kind, report),) = court.sounding()
    assert kind == lawful.OVERDUE and report.startswith("rpt_")
    court.file()
    lawful.sound_overdue(court.database)
    assert court.sounding() == []


def test_a_report_that_no_law_in_use_demands_is_not_late(court):
    court.confirmed()
    court.law(packs=())
    court.later(days=2)
    lawful.sound_overdue(court.database)
    assert court.sounding() == []


def test_what_a_person_says_of_a_report_may_begin_a_duty(court):
    court.law(packs=("uk",), **UK)
    court.set(authorities=("nca",))
    court.confirmed()
    assert court.row().due_at is None
    with court.database.writing() as session:
        report = session.scalars(select(Report)).one()
        content = replace(Facts.from_json(report.content), answers=(("priority", "2"),))
        register.changed(session, court.now, ANN, report, content, "answers priority")
    assert court.row().due_at is not None
