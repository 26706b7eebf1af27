"""Named persons sign rules; production waits for them; an edit voids what was signed."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from law.courts import ADA
from tutela.law import signing
from tutela.law.errors import NoSuchPack, NotSigned, SigningRefused
from tutela.people.errors import NotPermitted
from tutela.people.permissions import Caller, Permission
from tutela.reporting import production, sending
from tutela.reporting.models import Report


def unready(court):
    with court.database.reading() as session:
        return signing.not_ready(session)


def test_production_names_rules_that_nobody_signed_and_the_command(court):
    why = unready(court)
    assert "us/intimate-image" in why and "tutela pack sign us " in why


def test_production_is_refused_until_each_rule_is_signed(court):
    with court.database.writing() as session, pytest.raises(NotSigned, match="us/take-it-down"):
        production.allow(session, court.now, ADA.actor, "ncmec")
    court.sign_all()
    with court.database.writing() as session:
        production.allow(session, court.now, ADA.actor, "ncmec")
    assert court.logged("law.sign") == ["us/intimate-image", "us/take-it-down"]


def test_a_signature_that_was_withdrawn_stops_production_again(court):
    court.sign_all()
    assert unready(court) == ""
    with court.database.writing() as session:
        assert signing.withdraw(session, court.now, ADA, "us", "take-it-down") == 1
    assert "us/take-it-down" in unready(court)
    assert court.logged("law.withdraw") == ["us/take-it-down"]
    court.sign("us", "take-it-down")
    assert unready(court) == ""


def test_what_is_queued_for_real_waits_for_signatures_too(court):
    court.confirmed()
    court.sign_all()
    court.set(environment="production")

    def why() -> str:
        with court.database.writing() as session:
            row = session.scalars(select(Report)).one()
            row.environment = "production"
            return sending.not_allowed(session, row, court.options)

    assert "allow-production" in why()
    with court.database.writing() as session:
        production.allow(session, court.now, ADA.actor, "ncmec")
    assert why() == ""
    with court.database.writing() as session:
        signing.withdraw(session, court.now, ADA, "us", "take-it-down")
    assert "tutela pack sign us take-it-down" in why()


def test_a_pack_in_use_that_is_not_there_stops_production(court):
    court.law(packs=("bells",))
    assert "law.packs names bells" in unready(court)


def test_what_was_signed_is_shown_with_who_did(court):
    court.sign_all()
    with court.database.reading() as session:
        rows = signing.listed(session, "us")
        assert {(one.rule, one.by, one.note) for one in rows} == {
            ("intimate-image", "person:ada", "Read it."),
            ("take-it-down", "person:ada", "Read it."),
        }  # fmt: skip
        assert signing.listed(session, "uk") == []


@pytest.mark.parametrize(("pack", "rule", "error", "match"), [
    ("weather", "rain", NoSuchPack, "no pack 'weather'"),
    ("us", "rain", NoSuchPack, "no rule 'rain'"),
    ("us", "ncmec", SigningRefused, "is verified"),
    ("ca", "ncecc", SigningRefused, "is a draft"),
])  # fmt: skip
def test_only_a_rule_that_waits_for_it_is_signed(court, pack, rule, error, match):
    with pytest.raises(error, match=match):
        court.sign(pack, rule)


def test_a_rule_is_signed_once_at_a_time(court):
    court.sign("us", "take-it-down")
    with pytest.raises(SigningRefused, match="signed already"):
        court.sign("us", "take-it-down")


@pytest.mark.parametrize("note", ["", "  ", "x" * 2001, "\0"])
def test_nobody_signs_without_saying_what_was_checked(court, note):
    with pytest.raises(SigningRefused, match="note"):
        court.sign("us", "take-it-down", note)


def test_who_signs_is_a_person_who_may(court):
    with pytest.raises(NotPermitted):
        court.sign("us", "take-it-down", who=Caller("person:bob", frozenset({Permission.REPORTS})))
    with pytest.raises(SigningRefused, match="key of no person"):
        court.sign("us", "take-it-down", who=Caller("key:ci", frozenset(Permission)))
    court.sign("us", "take-it-down", who=Caller("key:ada", frozenset(Permission), "person:ada"))


def test_nothing_to_withdraw_is_said(court):
    with court.database.writing() as session, pytest.raises(SigningRefused, match="Nobody signed"):
        signing.withdraw(session, court.now, ADA, "us", "take-it-down")


def test_a_review_is_recorded_and_counts_from_its_day(court):
    court.law(packs=("uk",), established="GB", kinds=("user-to-user",), measures=("icu-c9",))
    court.item()
    (review,) = court.said().reviews
    assert review.due is None
    with court.database.writing() as session:
        signing.review(session, court.now, ADA, "uk", "matching", "Looked at each bank.")
    (review,) = court.said().reviews
    assert review.due is not None and (review.due.year, review.due.month) == (2031, 11)
    with (
        court.database.writing() as session,
        pytest.raises(NoSuchPack, match="no review of"),
    ):
        signing.review(session, court.now, ADA, "uk", "rain", "It rained.")
