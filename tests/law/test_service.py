"""What the packs in use say of a case, for whom is drafted, and how long what is kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from reporting.scenes import START
from sqlalchemy import select

from law.courts import UK, US, Court
from tutela.cases.models import Case, Step
from tutela.law import service
from tutela.law.service import CHOICE, CONFLICT
from tutela.reporting.facts import Report as Facts
from tutela.reporting.models import Report

BOTH = ("ncmec", "nca")


def chosen(court: Court, known: tuple[str, ...] = BOTH) -> tuple[str, ...]:
    with court.database.writing() as session:
        case = session.get_one(Case, court.case())
        return service.recipients(session, case, court.now, known)


def test_a_confirmed_case_of_a_us_service_is_owed_to_ncmec(court):
    court.item()
    (duty,) = [one for one in court.said().duties if one.must]
    assert (duty.to, duty.pack, duty.exact) == ("ncmec", "us", False)
    assert duty.due == START + timedelta(hours=24)  # the operator's own day


def test_where_a_child_may_be_in_danger_nobody_gives_themselves_time(court):
    court.item()
    court.report(danger=True)
    assert all(one.due == START for one in court.said().duties)


def test_without_own_hours_what_has_no_number_is_due_at_once(court):
    court.law(own_hours=0)
    court.item()
    assert court.said().duties[0].due == START


def test_what_is_not_known_of_the_service_is_asked_for(court):
    court.law(established="", kinds=(), under=())
    court.item()
    found = court.said()
    assert not found.duties
    assert {"law", "kinds"} <= {one.fact for one in found.asks}


def test_no_pack_in_use_says_nothing(court):
    court.law(packs=())
    court.item()
    assert court.said() == service.Outcome()


def test_a_draft_pack_chooses_nobody(court):
    court.law(packs=("ca",), established="CA", kinds=("internet-access",))
    court.report()
    found = court.said()
    assert found.drafts and not found.duties
    assert chosen(court) == BOTH


def test_only_whom_a_law_names_is_drafted_for(court):
    court.confirmed()
    assert chosen(court) == ("ncmec",)
    court.law(packs=("uk",), **UK)
    court.report(danger=True)
    assert chosen(court) == ("nca",)


@pytest.mark.parametrize("law", [
    {"packs": ()}, {"established": "", "kinds": (), "under": ()},
    {"packs": ("us", "weather")} | {"established": "FR"},
])  # fmt: skip
def test_where_no_law_names_any_the_settings_choose(court, law):
    court.law(**law)
    court.item()
    assert chosen(court) == BOTH


def test_what_went_to_ncmec_does_not_go_to_the_nca_again(court):
    court.confirmed()
    court.file()
    court.law(packs=("us", "uk"), **UK | {"under": ("US",)})
    court.law(kinds=("user-to-user", "electronic-communication"))
    court.report(danger=True)
    assert chosen(court) == ("ncmec",)  # for what is new


def torn(court: Court, *, danger: bool = True) -> None:
    """A service to which two laws apply, one of which is not to be told what the other was."""
    court.law(packs=("us", "uk"), **US | {"under": ("GB",)})
    court.law(kinds=("user-to-user", "electronic-communication"))
    court.set(authorities=BOTH)
    court.item(item={"place": {"country": "GB"}})
    if danger:
        court.report(danger=True)


def test_where_two_laws_conflict_a_person_chooses(court):
    torn(court)
    assert any(one.sort == "duplicate" for one in court.said().conflicts)
    court.decide(*court_items(court))
    assert court.drafts() == []
    assert (CONFLICT, court.case()) in court.sounding()
    with court.database.reading() as session:
        steps = session.scalars(select(Step.text).where(Step.what == CHOICE)).all()
    assert len(steps) == 1 and "nca" in steps[0]


def test_a_duty_whose_time_waits_for_a_priority_is_a_duty(court):
    court.law(packs=("uk",), **UK)
    court.confirmed()
    assert not court.said().duties and "priority" in {one.fact for one in court.said().asks}
    assert chosen(court) == ("nca",)


def test_before_anyone_gave_a_priority_two_laws_conflict_too(court):
    torn(court, danger=False)
    assert chosen(court) == ()
    assert (CONFLICT, court.case()) in court.sounding()


def test_a_priority_that_a_person_gave_a_report_counts(court):
    court.law(packs=("uk",), **UK)
    court.set(authorities=("nca",))
    court.confirmed()
    with court.database.writing() as session:
        row = session.scalars(select(Report)).one()
        content = Facts.from_json(row.content)
        row.content = replace(content, answers=(("priority", "2"),)).to_json()
    (duty,) = court.said().duties
    assert duty.to == "nca"


def test_a_conflict_with_one_that_is_not_known_here_leaves_no_choice(court):
    torn(court)
    assert chosen(court, ("ncmec",)) == ("ncmec",)
    assert (CONFLICT, court.case()) not in court.sounding()


def court_items(court: Court) -> list[str]:
    with court.database.reading() as session:
        from tutela.cases.models import Alert

        return [
            one
            for one in session.scalars(select(Alert.item_id).where(Alert.case_id == court.case()))
            if one
        ]


def test_what_was_told_is_kept_as_the_law_of_the_authority_says(court):
    court.confirmed()
    with court.database.writing() as session:
        case = session.get_one(Case, court.case())
        found = service.kept(session, case, court.now, "ncmec", court.now)
        assert found is not None
        assert found.basis == "18 USC 2258A(h)(1)"
        assert found.until > START.replace(year=START.year + 1)
        assert service.kept(session, case, court.now, "weather", court.now) is None


def test_a_later_report_is_kept_from_when_it_was_filed(court):
    court.confirmed()
    court.file()
    court.later(days=100)
    with court.database.writing() as session:
        case = session.get_one(Case, court.case())
        found = service.kept(session, case, court.now, "ncmec", court.now)
    assert found is not None and found.until >= court.now + timedelta(days=365)


@pytest.mark.parametrize(("law", "may"), [
    ({}, True), ({"packs": ()}, False), ({"established": "", "under": ()}, False),
    ({"kinds": ()}, False), ({"packs": ("ca",), "established": "CA"}, False),
])  # fmt: skip
def test_where_no_duty_can_arise_none_is_looked_for(court, law, may):
    court.law(**law)
    with court.database.reading() as session:
        assert service.may_owe(session, court.now) is may


def test_the_nca_alone_is_not_drafted_for_what_ncmec_was_told(court):
    court.confirmed()
    court.file()
    court.law(packs=("us", "uk"), **UK | {"kinds": ("user-to-user",)})
    court.report(danger=True)
    assert chosen(court, ("nca",)) == ()
