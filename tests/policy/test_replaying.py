"""Who changes a policy sees first what it would have decided otherwise; and the names that a
platform uses become those of the policy."""

from __future__ import annotations

import ast
from datetime import date
from pathlib import Path

import pytest

import tutela.policy
from policy.policies import HEAD, case, pdq, policy, rule
from tutela.banks.models import Purpose
from tutela.decoding.models import Cause, Note
from tutela.policy import Change, FactsRefused, Recorded, map_facts, replay
from tutela.policy.vocabulary import CAUSES, NOTES, PURPOSES

DAY = date(2026, 5, 1)


def test_only_what_would_be_other_is_told():
    old = [
        Recorded("itm_1", DAY, case(pdq(3)), "block", "near"),
        Recorded("itm_2", DAY, case(pdq(25)), "block", "near"),
        Recorded("itm_3", DAY, case(pdq(40)), "review", "else"),
        Recorded("itm_4", DAY, case(pdq(3), channel="unknown"), "block", "near"),
        Recorded("itm_5", DAY, case(), "allow", ""),
    ]
    made = policy(rule("match.distance < 20", "block", "near"), rule("any match", name="rest"))
    changes = list(replay(made, iter(old)))
    assert changes == [
        Change("itm_2", "block", "near", "review", "rest", changes[0].explanation),
        Change("itm_3", "review", "else", "review", "rest", changes[1].explanation),
        Change("itm_4", "block", "near", "refused", "", changes[2].explanation),
    ]
    assert [c.of_verdict for c in changes] == [True, False, True]
    assert "Rule rest" in changes[0].explanation
    assert "does not list the channel unknown" in changes[2].explanation


def test_a_policy_replayed_on_its_own_decisions_changes_nothing():
    made = policy(rule("match.distance < 20", "block", "near"), rule("any match", name="rest"))
    facts = [case(pdq(n, surging=n % 3 == 0)) for n in range(40)] + [case()]
    old = [
        Recorded(f"itm_{n}", DAY, f, made.decide(f).verdict, made.decide(f).rule)
        for n, f in enumerate(facts)
    ]
    assert list(replay(made, old)) == []


FIELDS = f"""{HEAD}fields:
  item.id: post.number
  item.channel: post.where
  creator.id: user
  extra.gears: {{from: post.bike.gears, kind: number}}
"""


def test_a_platforms_own_names_become_roles():
    raw = {
        "post": {"number": "7", "where": "private-storage", "bike": {"gears": 3}},
        "user": "u1", "item": {"url": "x", "id": "6"}, "weather": "rain", "extra": {"b": 1},
    }  # fmt: skip
    made = map_facts(policy(head=FIELDS), raw)
    assert made == {
        "item": {"id": "7", "url": "x", "channel": "private-storage"},
        "creator": {"id": "u1"},
        "extra": {"gears": 3, "weather": "rain", "b": 1},
        "channel": "private-storage",
    }
    assert raw["item"] == {"url": "x", "id": "6"}, "what came is left as it is"


@pytest.mark.parametrize("raw", [{}, {"post": 3}, {"post": {"bike": "red"}}, {"post": None}])
def test_roles_that_are_not_there_stay_unknown(raw):
    made = map_facts(policy(head=FIELDS), raw)
    assert made == {"item": {}, "creator": {}, "extra": {}, "channel": "unknown"}


@pytest.mark.parametrize(
    "raw",
    [
        {"item": []}, {"creator": "u1"}, {"extra": None}, {"item": {"channel": "town square"}},
        {"item": {"channel": ["public"]}}, {"item": {"channel": {}}},
    ],
)  # fmt: skip
def test_facts_of_the_wrong_shape_are_refused(raw):
    with pytest.raises(FactsRefused) as caught:
        map_facts(policy(), raw)
    assert caught.value.hint


def test_words_that_come_from_other_packages_are_theirs():
    assert tuple(cause.value for cause in Cause) == CAUSES
    assert set(NOTES) == {note.value for note in Note}
    assert set(PURPOSES) == {p.value for p in Purpose if not p.vetoes}


def test_no_policy_asks_what_time_it_is():
    """The linter lets dates in; this keeps clocks out."""
    clocks = {"now", "utcnow", "today", "time", "monotonic", "perf_counter"}
    for file in Path(tutela.policy.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            assert not (isinstance(node, ast.Attribute) and node.attr in clocks), file.name
            assert not (isinstance(node, ast.Name) and node.id in ("eval", "exec", "open")), file
