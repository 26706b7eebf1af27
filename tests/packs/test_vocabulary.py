"""Words of packs are those of the rooms that packs may not import."""

from __future__ import annotations

import pytest

from tutela.decisions import grades
from tutela.packs import vocabulary
from tutela.policy.vocabulary import CHANNELS
from tutela.reporting.facts import Incident


def test_incidents_are_those_of_reports():
    assert set(vocabulary.INCIDENTS) == set(Incident)


def test_channels_are_those_of_a_policy_but_the_unknown_one():
    assert {*vocabulary.CHANNELS, "unknown"} == set(CHANNELS)


def test_every_fact_of_a_grade_can_be_asked_for():
    for one in grades.facts().asked:
        assert vocabulary.GRADE.fullmatch(f"grade.{one.code}")
        assert one.code in vocabulary.question(f"grade.{one.code}")


@pytest.mark.parametrize(
    ("source", "named"),
    [
        ("The act, https://www.legislation.gov.uk/ukpga/2023/50", True),
        ("https://uscode.house.gov/view.xhtml?req=x", True),
        ("https://legislation.gov.uk.example.org/x", False),
        ("https://notlegislation.gov.uk/x", False),
        ("https://example.org/?from=https://www.legislation.gov.uk", False),
        ("http://www.legislation.gov.uk/x", False),
        ("legislation.gov.uk", False),
        ("https://[", False),
    ],
)
def test_only_an_address_of_a_publisher_of_statutes_names_one(source, named):
    assert vocabulary.names_statute(source) is named


@pytest.mark.parametrize(
    "text",
    [
        "Providers must scan uploads.", "A provider shall proactively monitor.", "duty to search",
        "It is required to detect them.", "The law orders services to screen.", "OBLIGED TO SCAN",
    ],
)  # fmt: skip
def test_a_sentence_that_orders_a_search_is_found(text):
    assert vocabulary.ORDERS.search(text)


@pytest.mark.parametrize(
    "text",
    [
        "There is no duty to search or to monitor.", "no general obligation to monitor",
        "A provider must report what it learns of.", "It may search by its own choice.",
    ],
)  # fmt: skip
def test_a_sentence_that_orders_none_is_let_be(text):
    assert not vocabulary.ORDERS.search(text)
