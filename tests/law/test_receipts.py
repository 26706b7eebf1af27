"""What follows of a receipt: clocks of the authority's law, and a case that is due no more."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from law.courts import Court
from tutela.evidence.models import Clock
from tutela.preservation.options import IN_SESSION
from tutela.preservation.options import Options as Preservation
from tutela.reporting import outcomes
from tutela.reporting.authorities import Receipt
from tutela.reporting.models import Report

YEAR = timedelta(days=365)


def receive(court: Court) -> Clock:
    """The clock that a receipt of the report began."""
    with court.database.writing() as session:
        row = session.scalars(select(Report)).one()
        outcomes.filed(session, court.now, row, Receipt("4294967299", court.now), court.options)
    with court.database.reading() as session:
        return session.scalars(select(Clock).where(Clock.kind == "receipt")).one()


def test_a_receipt_ends_the_duty(court):
    court.confirmed()
    assert court.row().due_at is not None
    receive(court)
    assert court.row().due_at is None and court.drafts() == []


def test_a_receipt_begins_a_clock_of_the_law_of_its_authority(court):
    court.confirmed()
    clock = receive(court)
    assert clock.basis == "18 USC 2258A(h)(1)"
    # to the end of the last day, in the place of that law, and never a day short
    assert court.now + YEAR < clock.until <= court.now + YEAR + timedelta(days=3)


@pytest.mark.parametrize("how", [{"packs": ()}, {"established": "", "under": ()}])
def test_where_no_law_in_use_says_any_the_setting_does(court, how):
    court.database.info[IN_SESSION] = Preservation(after_report="P6M", basis="A bylaw")
    court.law(**how)
    court.confirmed()
    clock = receive(court)
    assert clock.basis == "A bylaw"
    assert clock.until < court.now + YEAR / 1.9


def test_a_setting_that_is_longer_is_not_made_shorter(court):
    court.database.info[IN_SESSION] = Preservation(after_report="P2Y", basis="A bylaw")
    court.confirmed()
    clock = receive(court)
    assert clock.basis == "A bylaw" and clock.until > court.now + YEAR * 1.9


def test_a_setting_that_is_shorter_gives_way_to_the_law(court):
    court.database.info[IN_SESSION] = Preservation(after_report="P6M", basis="A bylaw")
    court.confirmed()
    clock = receive(court)
    assert clock.basis == "18 USC 2258A(h)(1)" and clock.until > court.now + YEAR
