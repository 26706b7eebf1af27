"""A case as laws see it: what records say, and nothing that they do not."""

from __future__ import annotations

import pytest
from reporting.scenes import START

from law.courts import Court
from tutela.cases.models import Case
from tutela.law.options import NONE
from tutela.law.situations import of_case
from tutela.packs import Situation


def seen(court: Court, account: str = "anna") -> Situation:
    with court.database.writing() as session:
        return of_case(session, session.get_one(Case, court.case(account)), court.law_options)


def test_a_vetted_hash_confirms_from_the_moment_it_came(court):
    court.item()
    court.later(hours=2)
    found = seen(court)
    assert (found.confirmed, found.at, found.incident) == ("hash", START, "media")
    assert (found.found_by, found.channel, found.notice) == ("own-system", "public", "none")


@pytest.mark.parametrize("how", [{"strength": "near"}, {"source": "own"}])
def test_what_is_only_near_or_of_an_own_bank_confirms_nothing(court, how):
    court.item(**how)
    assert seen(court).confirmed is None


def test_a_person_counts_before_a_hash_and_the_earlier_moment_before_the_later(court):
    item = court.item()
    court.later(hours=2)
    court.decide(item)
    found = seen(court)
    assert (found.confirmed, found.at) == ("person", START)


def test_what_a_person_refuted_is_confirmed_by_no_hash(court):
    court.decide(court.item(sealed=False), conclusion="no-match")
    assert seen(court).confirmed == "no"


def test_a_decision_that_was_taken_back_confirms_nothing(court):
    _, decision = court.confirmed(strength="near", sealed=False)
    court.undo(decision)
    assert seen(court).confirmed is None


def test_what_is_of_a_purpose_that_nobody_is_told_of_makes_no_duty(court):
    court.confirmed(purpose="adult-intimate", sealed=False)
    assert seen(court).confirmed is None


def test_what_the_records_do_not_say_stays_unknown(court):
    court.item(channel="unknown")
    found = seen(court)
    assert (found.danger, found.priority, found.channel, found.age) == (None, None, None, None)
    assert not found.linked.all and not found.linked.is_whole


def test_two_channels_are_no_one_channel(court):
    court.item()
    court.item(channel="private-message")
    assert seen(court).channel is None


def test_countries_are_those_that_the_platform_named(court):
    court.item(item={"place": {"country": "GB"}}, creator={"address": [{"country": "FR"}, "Rome"]})
    court.item(item={"place": "GB"}, creator={"country": "Atlantis"})
    found = seen(court)
    assert found.linked.upload == {"GB"} and found.linked.user == {"FR"}
    assert found.linked.content is None


def test_danger_that_someone_told_of_is_known(court):
    court.report(danger=True)
    found = seen(court)
    assert (found.danger, found.found_by) == (True, "told")


def test_a_notice_is_of_a_kind_that_nobody_said(court):
    court.report(kind="notice")
    found = seen(court)
    assert (found.notice, found.noticed_at) == (None, START)


def test_none_that_counsel_said_is_not_unknown(court):
    court.item()
    court.law(under=(NONE,), measures=())
    found = seen(court).service
    assert found.under == frozenset() and found.measures is None


def test_who_was_told_and_when_is_known_from_reports(court):
    court.confirmed()
    assert not seen(court).reported
    court.file()
    assert seen(court).reported == {"ncmec": START}
    court.set(environment="production")
    assert not seen(court).reported  # a test server told nobody
