"""What a policy decides: the first live rule that holds, and what no rule can decide."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.policies import HEAD, case, pdq, policy, rule
from tutela.policy import ChannelRefused, Facts, FileFacts, Found, Period, Policy, Verdict, load
from tutela.policy.vocabulary import NAMES, PURPOSES, ROLES, View

TRUE_OF_ONE = {
    "match.type": 'match.type == "pdq"',
    "match.distance": "match.distance == 10 and match.distance <= 10 and match.distance > 9.5",
    "match.quality": "match.quality == 90",
    "match.known_quality": "match.known_quality == null",
    "match.least_quality": "match.least_quality >= 90",
    "match.variant": 'match.variant in ["plain", "mirrored"]',
    "match.bank": 'match.bank != "snow"',
    "match.purpose": 'match.purpose == "test"',
    "match.source": 'match.source == "own"',
    "match.labels": '"code-1" in match.labels and "code-2" not in match.labels',
    "match.members": "match.members in [1, 2]",
    "match.disputed": "not match.disputed",
    "match.seed": "match.seed == false",
    "match.strength": 'match.strength == "near"',
    "match.only_review": "not match.only_review",
    "match.surging": "match.surging == false",
    "any match": "any match",
    "matches": "matches == 1",
    "sources": "sources >= 1 and sources < 2",
    "channel": 'channel == "public"',
    "file.size": "file.size == 7",
    "file.format": 'file.format == "JPEG"',
    "file.undecodable": "file.undecodable == null",
    "file.notes": '"partial" in file.notes',
    "item.id": 'item.id == "i" and item.id == item.id',
    "item.type": 'item.type != "picture"',
    "item.url": '"bicycles" in item.url',
    "item.channel": "item.channel == null",
    "item.created_at": "item.created_at == null",
    "creator.id": 'creator.id in ["c", "d"]',
    "extra.gears": "extra.gears == 3 or false",
    "extra.red": "extra.red and true",
    "extra.tags": '"rain" in extra.tags',
}
FIELDS = f"""{HEAD}fields:
  extra.gears: {{from: gears, kind: number}}
  extra.red: {{from: red, kind: yes-no}}
  extra.tags: {{from: tags, kind: texts}}
"""
ONE = Facts(
    matches=(pdq(labels=("code-1", "code-3")),),
    item={"id": "i", "url": "https://bicycles.example/1"},
    creator={"id": "c"},
    channel="public",
    extra={"gears": 3, "red": True, "tags": ["rain", "snow"]},
    file=FileFacts(7, "JPEG", None, frozenset({"partial"})),
)


def test_every_name_can_be_asked_for():
    assert set(TRUE_OF_ONE) == {*NAMES, *ROLES, "extra.gears", "extra.red", "extra.tags"}


@pytest.mark.parametrize("name", TRUE_OF_ONE)
def test_a_condition_holds_or_its_contrary_does(name):
    when = TRUE_OF_ONE[name]
    assert policy(rule(f"'{when}'"), head=FIELDS).decide(ONE).rule == "bicycles"
    assert policy(rule(f"'not ({when})'"), head=FIELDS).decide(ONE).rule == ""


def test_what_is_not_known_equals_only_null():
    nothing = case(pdq(quality=None))
    for when, holds in (
        ("match.quality == 90", False), ("match.quality != 90", True),
        ("match.quality < 90", False), ("match.quality >= 0", False),
        ("match.quality == null", True), ("match.quality in [90]", False),
        ("match.quality not in [90]", True), ("creator.id == item.id", True),
        ('"x" in item.url', False), ('"x" not in item.url', True),
    ):  # fmt: skip
        assert bool(policy(rule(f"'{when}'")).decide(nothing).rule) is holds, when


def test_facts_of_another_kind_than_the_policy_says_are_not_known():
    made = policy(
        rule("extra.gears != null", name="gears"), rule("extra.red != null", name="red"),
        rule("extra.tags != null", name="tags"), rule("item.id != null", name="id"), head=FIELDS,
    )  # fmt: skip
    for extra in (
        {"gears": "3"}, {"gears": True}, {"gears": None}, {"red": 1}, {"red": "yes"},
        {"tags": "rain"}, {"tags": ["rain", 1]}, {"tags": {"rain": 1}}, {},
    ):  # fmt: skip
        assert made.decide(Facts(extra=extra, item={"id": 7})).rule == "", extra


def test_the_first_live_rule_that_holds_decides():
    made = policy(
        rule("match.distance > 50", "block", "far"),
        rule("any match", "block", "sketch", state="draft"),
        rule("any match", "block", "later", state="background"),
        rule("match.distance < 20", "review", "near"),
        rule("any match", "block", "all"),
        rule("match.distance < 5", "allow", "last", state="background"),
        rule("any match", "allow", "same", state="background"),
    )
    decision = made.decide(case(pdq(10)))
    assert (decision.verdict, decision.rule, decision.match) == (Verdict.REVIEW, "near", 0)
    assert [(w.rule, w.verdict) for w in decision.background] == [
        ("later", "block"), ("same", "allow"),
    ]  # fmt: skip
    assert decision.explanation == (
        "Rule near: A bicycle. (near, pdq, distance 10, plain; bank rain)"
    )
    assert made.decide(case(pdq(60))).rule == "far"
    nothing = made.decide(case())
    assert (nothing.verdict, nothing.rule, nothing.actions, nothing.match) == (
        Verdict.ALLOW, "", frozenset(), None,
    )  # fmt: skip
    assert nothing.explanation == "No rule holds." and nothing.public_reason == ""
    assert {decision.version, nothing.version} == {made.version}


def test_a_rule_holds_for_one_match_not_for_several_together():
    made = policy(rule('match.bank == "rain" and match.distance < 5'))
    assert made.decide(case(pdq(4, bank="snow"), pdq(9))).rule == ""
    found = made.decide(case(pdq(1, bank="snow"), pdq(4)))
    assert (found.rule, found.match) == ("bicycles", 1)


def test_sources_are_counted_once_with_their_members():
    made = policy(*(rule(f"sources == {n}", name=f"s{n}") for n in range(8)))
    for matches, rule_name in (
        ((), "s0"),
        ((pdq(), pdq(3), pdq(bank="snow")), "s1"),
        ((pdq(), pdq(source="other")), "s2"),
        ((pdq(members=2), pdq(3, members=3), pdq(source="other")), "s4"),
        ((pdq(members=3), pdq(3, members=2), pdq(source="other")), "s4"),
    ):
        assert made.decide(case(*matches)).rule == rule_name


@pytest.mark.parametrize("why", ["surging", "only_review", "seed"])
def test_a_match_that_may_only_be_reviewed_never_blocks(why):
    held = pdq(1, **{why: True})
    said = {
        "surging": "matches far more often", "only_review": "so wide a distance",
        "seed": "nobody who checked it",
    }[why]  # fmt: skip
    for when in ("any match", "matches == 1", "sources > 0", "match.distance < 9", f"match.{why}"):
        decision = policy(rule(when, "block", public_reason="Please try later.")).decide(case(held))
        assert (decision.verdict, decision.match) == (Verdict.REVIEW, 0), when
        assert "The bank rain" in decision.explanation and said in decision.explanation
        assert decision.public_reason == "This upload is not available yet."
        assert decision.actions == {"keep", "case", "notify"}
    background = policy(rule("any match", "block", state="background")).decide(case(held))
    assert [w.verdict for w in background.background] == ["review"]


def test_another_match_blocks_beside_one_that_may_not():
    made = policy(rule("match.distance < 20", "block"))
    decision = made.decide(case(pdq(1, surging=True), pdq(9, bank="snow")))
    assert (decision.verdict, decision.match) == (Verdict.BLOCK, 1)
    assert "snow" in decision.explanation
    two = policy(rule("sources >= 2", "block"))
    assert two.decide(case(pdq(1, surging=True), pdq(9, source="b"))).verdict is Verdict.REVIEW


def test_a_match_that_may_not_block_does_not_protect_from_the_next_rule():
    made = policy(
        rule('match.strength == "exact"', "block", "same"),
        rule("match.distance < 20", "block", "near"),
        rule("any match", "review", "else"),
    )
    surging = Found("sha256", 0, bank="snow", strength="exact", surging=True)
    both = made.decide(case(surging, pdq(9)))
    assert (both.verdict, both.rule, both.match) == (Verdict.BLOCK, "near", 1)
    alone = made.decide(case(surging))
    assert (alone.verdict, alone.rule) == (Verdict.REVIEW, "same")
    between = policy(
        rule('match.strength == "exact"', "block", "same"),
        rule('creator.id == "c"', "allow", "trusted"),
        rule("match.distance < 20", "block", "near"),
    ).decide(Facts(matches=(surging, pdq(9)), creator={"id": "c"}, channel="public"))
    assert (between.verdict, between.rule) == (Verdict.REVIEW, "same"), "no more than without it"


def test_bytes_are_kept_only_of_what_matched_and_where_they_may_be():
    head = HEAD + "  unknown: {legal_basis: Terms, keep: no}\n"
    made = policy(rule("any match or file.size > 5"), head=head)
    large = FileFacts(size=9)
    assert "keep" in made.decide(case(pdq())).actions
    assert "keep" not in made.decide(case(file=large)).actions
    for channel in ("unknown", "private-message"):
        assert made.decide(case(pdq(), channel=channel)).actions == {"case", "notify"}
    assert policy(rule("file.size > 5")).rules[0].actions == {"case", "notify"}
    assert policy(rule("any match", "allow")).rules[0].actions == frozenset()
    assert policy(rule("any match", actions="[]")).decide(case(pdq())).actions == frozenset()


def test_a_rule_may_say_what_uploaders_are_told():
    usual = policy(rule("any match", "block")).decide(case(pdq()))
    assert usual.public_reason == "This upload was not accepted."
    own = policy(rule("any match", "block", public_reason="Please choose another picture."))
    assert own.decide(case(pdq())).public_reason == "Please choose another picture."


def test_a_channel_is_screened_on_days_that_have_a_legal_basis():
    made = load(
        "format: 1\nchannels:\n  public: {legal_basis: Terms, from: 2026-02-01, until: 2026-02-03,"
        " keep: yes, keep_for: P1M}\nrules: []\n"
    )
    for day in (1, 2, 3):
        assert made.channel("public", date(2026, 2, day)).legal_basis == "Terms"
    for name, on, said in (
        ("public", date(2026, 1, 31), "begins on 2026-02-01"),
        ("public", date(2026, 2, 4), "ended on 2026-02-03"),
        ("private-message", date(2026, 2, 2), "does not list the channel private-message"),
    ):
        with pytest.raises(ChannelRefused, match=said) as caught:
            made.channel(name, on)
        assert said in caught.value.reason and caught.value.exit_code == 1


@pytest.mark.parametrize(
    ("period", "begin", "end"),
    [
        ("P30D", (2026, 1, 31), (2026, 3, 2)), ("P1M", (2026, 1, 31), (2026, 2, 28)),
        ("P1M", (2028, 1, 31), (2028, 2, 29)), ("P1Y", (2028, 2, 29), (2029, 2, 28)),
        ("P2W", (2026, 12, 25), (2027, 1, 8)), ("P1Y6M", (2026, 8, 31), (2028, 2, 29)),
        ("P1M1D", (2026, 1, 31), (2026, 3, 1)),
    ],
)  # fmt: skip
def test_periods_are_those_of_the_calendar(period, begin, end):
    moment = datetime(*begin, 13, 5, tzinfo=UTC)
    parsed = Period.parse(period)
    assert parsed.after(moment) == datetime(*end, 13, 5, tzinfo=UTC)
    assert Period.parse(str(parsed)) == parsed


texts = st.text(max_size=5)
plain = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), texts
)
values = st.recursive(
    plain, lambda v: st.lists(v, max_size=3) | st.dictionaries(texts, v, max_size=3)
)
quality = st.none() | st.integers(0, 100)
founds = st.builds(
    Found, st.sampled_from(["pdq", "md5", "sha256", "other"]), st.integers(0, 64), quality, quality,
    st.sampled_from(["plain", "mirrored"]), texts, st.sampled_from(PURPOSES), texts,
    st.lists(texts, max_size=3).map(tuple), st.integers(1, 5),
    st.sampled_from(["exact", "weak", "near"]), st.booleans(), st.booleans(),
)  # fmt: skip
objects = st.dictionaries(
    st.sampled_from(["id", "type", "url", "gears", "red", "tags"]) | texts, values, max_size=4
)
facts = st.builds(
    Facts,
    matches=st.lists(founds, max_size=4).map(tuple),
    item=objects,
    creator=objects,
    channel=st.sampled_from(["public", "unknown", "private-message"]) | texts,
    extra=objects,
    file=st.builds(
        FileFacts, st.none() | st.integers(0), st.none() | texts,
        st.none() | st.sampled_from(["damaged", "empty", "?"]),
        st.frozensets(st.sampled_from(["partial", "sampled", "?"])),
    ),
)  # fmt: skip
MANY = [f"'{when}'" for when in TRUE_OF_ONE.values()]


def random_policy(seed: int) -> Policy:
    """Rules of all conditions above, joined by chance."""
    chance = random.Random(seed)
    rules = []
    for number in range(chance.randint(0, 12)):
        parts = [f"({chance.choice(MANY)[1:-1]})" for _ in range(chance.randint(1, 3))]
        when = chance.choice(["", "not "]) + chance.choice([" and ", " or "]).join(parts)
        rules.append(
            rule(
                f"'{when}'",
                chance.choice(["allow", "review", "block"]),
                f"r{number}",
                state=chance.choice(["live", "live", "background", "draft"]),
            )
        )
    return policy(*rules, head=FIELDS)


@given(facts, st.integers(0, 200))
def test_deciding_is_total_and_always_the_same(given_facts, seed):
    made = random_policy(seed)
    decision = made.decide(given_facts)
    assert decision == made.decide(given_facts) == random_policy(seed).decide(given_facts)
    assert decision.match is None or 0 <= decision.match < len(given_facts.matches)
    assert (decision.verdict is Verdict.ALLOW) or decision.rule
    assert decision.verdict is not Verdict.ALLOW or not decision.actions
    assert given_facts.matches or "keep" not in decision.actions
    assert all(would.rule in {rule.name for rule in made.rules} for would in decision.background)


@given(facts, st.integers(0, 200))
def test_a_block_stands_without_the_matches_that_may_not_block(given_facts, seed):
    made = random_policy(seed)
    decision = made.decide(given_facts)
    if decision.verdict is Verdict.BLOCK and decision.match is not None:
        match = given_facts.matches[decision.match]
        assert not match.surging and not match.only_review
    elif decision.verdict is Verdict.BLOCK and all(m.held for m in given_facts.matches):
        (rule_,) = (r for r in made.rules if r.name == decision.rule)
        assert not rule_.when.of_match and rule_.when.holds(View(given_facts, ()), None)


@given(facts)
def test_facts_are_the_same_after_they_were_written_down(given_facts):
    text = given_facts.dumps()
    again = Facts.loads(text)
    assert again == given_facts and again.dumps() == text
    assert text.isascii() and "\n" not in text


def test_equal_facts_give_equal_texts():
    one = Facts(item={"a": 1, "b": 2}, file=FileFacts(notes=frozenset({"sampled", "partial"})))
    two = Facts(item={"b": 2, "a": 1}, file=FileFacts(notes=frozenset({"partial", "sampled"})))
    assert one.dumps() == two.dumps()


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "null", "{", '{"matches": {}}', '{"matches": [{}]}', '{"item": []}',
        '{"matches": [{"type": "pdq"}]}', '{"matches": [{"type": "pdq", "distance": "1"}]}',
        '{"matches": [{"type": "pdq", "distance": true}]}', '{"rain": 1}', '{"channel": 3}',
        '{"matches": [{"type": "pdq", "distance": 1, "strength": "strong"}]}',
        '{"matches": [{"type": "pdq", "distance": 1, "labels": "code-1"}]}',
        '{"matches": [{"type": "pdq", "distance": 1, "labels": [1]}]}',
        '{"file": {"size": 1.5}}', '{"file": {"notes": "partial"}}', '{"file": 3}',
        "[" * 100_000,
    ],
)  # fmt: skip
def test_what_are_no_facts_is_refused(text):
    with pytest.raises(ValueError):
        Facts.loads(text)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {1, 2}])
def test_facts_that_are_not_json_are_refused(value):
    with pytest.raises(ValueError):
        Facts(extra={"rain": value}).dumps()
