"""Which case comes first, and into which queue it goes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tutela.cases import rank, routing
from tutela.cases.errors import CaseRefused
from tutela.cases.rank import Weighed
from tutela.cases.routing import Told

weighed = some.builds(
    Weighed, some.booleans(), some.booleans(), some.none() | some.integers(0, 17),
    some.integers(0, 99),
)  # fmt: skip


def key(what: Weighed):
    age = 18 if what.age is None else what.age
    return (not what.danger, not what.new, age, -what.reports)


@given(weighed, weighed)
def test_rank_follows_danger_then_new_then_age_then_reports(one: Weighed, other: Weighed):
    assert (rank.of(one) < rank.of(other)) == (key(one) < key(other))
    assert 0 <= rank.of(one) < 2**15 and rank.read(rank.of(one)) == one


@given(some.lists(weighed, max_size=5))
def test_one_more_alert_never_makes_a_case_wait_longer(several: list[Weighed]):
    total = Weighed()
    for one in several:
        grown = total.with_(one)
        assert rank.of(grown) <= rank.of(total)
        total = grown


def test_of_a_case_of_which_nothing_is_known_there_are_the_bounds():
    assert rank.LAST == 15_999  # as the migration has it
    assert rank.of(Weighed(True, True, 0, 200)) == rank.of(Weighed(True, True, 0, 99))
    assert rank.read(0).age == 0


@pytest.mark.parametrize(
    ("text", "told", "fits"),
    [
        ("{}", Told("match"), True),
        ('{"kinds": ["report", "notice"]}', Told("notice"), True),
        ('{"kinds": ["report"]}', Told("match"), False),
        ('{"codes": ["A1"]}', Told("match", codes=frozenset({"A1", "B"})), True),
        ('{"codes": ["A1"]}', Told("match", codes=frozenset({"B"})), False),
        ('{"purposes": ["survivor-request"], "danger": true}', Told("match"), False),
        ('{"danger": true}', Told("report", danger=True), True),
        ('{"test": false, "channels": ["public"]}', Told("match", channel="public"), True),
        ('{"roles": ["child"], "about": ["account"]}', Told("report", "account"), False),
    ],
)
def test_a_rule_asks_what_it_says_and_no_more(text: str, told: Told, fits: bool):
    found = routing.rule(text)
    assert found is not None and found.fits(told) is fits


@pytest.mark.parametrize(
    "text", ["[", "[]", '{"colour": ["red"]}', '{"kinds": "match"}', '{"kinds": [1]}',
             '{"danger": 1}'],
)  # fmt: skip
def test_a_rule_that_is_none_is_refused_with_what_is_wrong(text: str):
    with pytest.raises(CaseRefused):
        routing.rule(text)


def test_the_first_queue_whose_rule_fits_takes_it_else_the_general_one():
    rules = [("hand", routing.rule("")), ("calls", routing.rule('{"kinds": ["report"]}')),
             ("rest", routing.rule("{}"))]  # fmt: skip
    assert routing.first(rules, Told("report")) == "calls"
    assert routing.first(rules, Told("match")) == "rest"
    assert routing.first(rules[:2], Told("match")) == "general"
    names = [name for name, _ in rules]
    assert routing.sooner(names, "rest", "calls") == "calls"
    assert routing.sooner(names, "general", "rest") == "rest"
