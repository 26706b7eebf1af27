"""What is not known stays so: a rule is asked, and answers yes, no, or that it must know more."""

from __future__ import annotations

from datetime import datetime

import pytest

from packs.texts import AT, situation
from tutela.packs import Linked, Service, Situation
from tutela.packs.vocabulary import FACTS


def test_of_an_empty_situation_everything_is_asked_but_a_notice_and_reports():
    """Nobody asked for removal, and nobody was told: that a service knows."""
    empty = situation()
    known = [fact for fact in FACTS if empty.holds(fact, ("nothing",)) is not None]
    assert known == ["reported", "notice"]


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        ({"established": "GB"}, True),
        ({"established": "US", "under": ["GB"]}, True),
        ({"under": ["GB"]}, True),
        ({"established": "US", "under": []}, False),
        ({"established": "US", "served": ["US"]}, False),
        ({"established": "US", "served": ["US", "GB"]}, None),
        ({"established": "US", "served": ["US", "GB"], "under": ["FR"]}, False),
        ({"established": "US"}, None),
        ({"served": ["GB"]}, None),
        ({"under": ["FR"]}, None),
        ({}, None),
    ],
)
def test_a_law_applies_where_a_service_is_established_or_counsel_said_so(given, answer):
    assert situation(**given).holds("law", ("GB",)) is answer


@pytest.mark.parametrize(
    ("linked", "answer"),
    [
        (Linked(frozenset({"GB"})), True),
        (Linked(frozenset({"US"})), None),
        (Linked(frozenset({"US"}), frozenset({"US"}), frozenset()), False),
        (Linked(frozenset(), frozenset(), frozenset({"GB", "FR"})), True),
        (Linked(), None),
    ],
)
def test_one_linked_country_is_enough_and_none_only_when_all_are_known(linked, answer):
    assert Situation(Service(), AT, linked=linked).holds("linked", ("GB",)) is answer


def test_the_union_stands_for_its_countries():
    assert situation(established="FR").holds("established", ("EU",)) is True
    assert situation(established="NO").holds("established", ("EU",)) is False
    assert situation(served=["IE", "US"]).holds("served", ("EU",)) is True


def test_one_of_several_kinds_is_enough():
    both = situation(kinds=["hosting", "search"])
    assert both.holds("kinds", ("hosting", "payment")) is True
    assert both.holds("kinds", ("messaging",)) is False


def test_danger_counts_as_the_first_priority():
    assert situation(danger=True, priority=3).holds("priority", ("1",)) is True
    assert situation(danger=True).urgency == 1
    assert situation(danger=False, priority=3).urgency == 3
    assert situation(danger=False).holds("priority", ("1",)) is None


def test_a_subject_is_a_child_to_the_eighteenth_birthday():
    assert situation(age=17).holds("subject", ("child",)) is True
    assert situation(age=18).holds("subject", ("child",)) is False


def test_a_grade_is_a_fact():
    graded = situation(grades={"band": "A"})
    assert graded.holds("grade.band", ("A", "B")) is True
    assert graded.holds("grade.rank", ("1",)) is None


def test_a_rule_that_can_never_hold_asks_nothing():
    found = situation(established="US", under=[])
    assert found.missing({"law": ("GB",), "confirmed": ("person",)}) is None
    assert found.missing({"law": ("US",), "confirmed": ("person",)}) == ("confirmed",)
    assert found.missing({"law": ("US",)}) == ()


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        situation(at=datetime(2026, 1, 1))
    with pytest.raises(ValueError, match="time zone"):
        situation(reported={"office": datetime(2026, 1, 1)})


def test_there_are_three_priorities():
    with pytest.raises(ValueError, match="1, 2 or 3"):
        situation(priority=4)
