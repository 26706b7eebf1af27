"""Who installs Tutela starts from a preset: it is a policy without faults in every country, and
blocks only what is sure."""

from __future__ import annotations

from datetime import date
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.policies import case, pdq
from tutela.policy import ChannelRefused, FileFacts, Found, State, Verdict, load, presets
from tutela.policy.countries import COUNTRIES, EU
from tutela.policy.presets import DISTANCE, PRESETS, QUALITY, PresetError, render
from tutela.policy.vocabulary import CAUSES, NOTES
from tutela.signals.types.pdq import signal_type

POLICIES = {name: load(render(name, "US")) for name in PRESETS}
DAY = date(2026, 6, 1)


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_a_policy_in_every_country(name):
    texts = {render(name, country) for country in COUNTRIES}
    assert {load(text).version for text in texts} == {POLICIES[name].version}
    assert len(texts) == len(COUNTRIES)


def test_countries_are_those_of_iso_3166():
    assert len(COUNTRIES) == 249 and len(EU) == 27 and EU < COUNTRIES
    assert {"US", "GB", "DE", "AU", "CA", "PH", "IN", "JP", "TW", "SS"} <= COUNTRIES
    assert not {"UK", "EU", "XK", "AN", "SU", "ZR"} & COUNTRIES


def test_no_preset_says_that_a_law_orders_scanning():
    for name, country in product(PRESETS, COUNTRIES):
        text = " ".join(render(name, country).replace("#", " ").lower().split())
        for word in ("must scan", "obliged to scan", "duty to scan", "required to scan",
                     "law requires", "must search", "legally required"):  # fmt: skip
            assert word not in text, (name, country)
        assert "confirm" in text and "no legal advice" in text


def test_countries_say_what_is_known_of_their_law():
    assert "18 USC 2258A(f)" in render("small-forum", "US")
    for country in EU:
        text = render("image-host", country)
        assert "Art. 8" in text and "until 3 April 2026" in text
    assert "Nothing is known here" in render("small-forum", "BR")


@pytest.mark.parametrize(
    ("name", "country"),
    [("forum", "US"), ("", "US"), ("small-forum", "UK"), ("small-forum", "us"), ("hotline", "")],
)
def test_other_presets_and_countries_are_refused(name, country):
    with pytest.raises(PresetError) as caught:
        render(name, country)
    assert caught.value.exit_code == 2 and caught.value.hint


def test_the_numbers_are_those_of_pdq():
    assert signal_type.match_distance == DISTANCE
    assert QUALITY == 50


def test_messages_are_off_in_every_preset_and_storage_where_it_is_not_the_service():
    for name, made in POLICIES.items():
        made.channel("public", DAY)
        with pytest.raises(ChannelRefused):
            made.channel("private-message", DAY)
        if name != "file-storage":
            with pytest.raises(ChannelRefused):
                made.channel("private-storage", DAY)


@pytest.mark.parametrize("name", PRESETS)
def test_the_same_file_is_blocked_and_kept(name):
    made = POLICIES[name]
    for kind in ("sha256", "sha1", "md5"):
        decision = made.decide(case(Found(kind, 0, bank="rain", strength="exact")))
        assert (decision.verdict, decision.rule) == (Verdict.BLOCK, "same-file")
        assert decision.actions == {"keep", "case", "notify"}


qualities = st.sampled_from([None, 0, 49, 50, 100])
near = st.builds(
    Found,
    st.sampled_from(["pdq", "pdq", "vpdq"]),
    st.sampled_from([0, 31, 32, 64]),
    qualities,
    qualities,
    st.sampled_from(["plain", "plain", "mirrored", "trimmed"]),
    only_review=st.sampled_from([False, False, False, True]),
    surging=st.sampled_from([False, False, False, True]),
    seed=st.sampled_from([False, False, False, True]),
    members=st.integers(1, 3),
    source=st.sampled_from(["a", "b"]),
)
same = st.builds(
    Found,
    st.sampled_from(["md5", "sha1", "sha256", "other"]),
    st.just(0),
    strength=st.sampled_from(["exact", "weak"]),
    only_review=st.booleans(),
    surging=st.booleans(),
)
files = st.builds(
    FileFacts,
    undecodable=st.none() | st.sampled_from(CAUSES),
    notes=st.frozensets(st.sampled_from(NOTES)),
)


def sure(match: Found) -> bool:
    """What may block, written down a second time."""
    if match.surging or match.only_review or match.seed:
        return False
    if match.strength == "exact":
        return True
    detail = match.quality is not None and match.quality >= 50
    known = match.known_quality is None or match.known_quality >= 50
    return (
        match.type == "pdq" and match.distance <= 31 and detail and known
        and match.variant == "plain"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("quality", "known", "verdict"),
    [(50, None, "block"), (50, 50, "block"), (49, 90, "review"), (90, 49, "review"),
     (None, 90, "review"), (None, None, "review")],
)  # fmt: skip
def test_both_pictures_need_detail_where_it_is_known(quality, known, verdict):
    for made in POLICIES.values():
        match = pdq(0, quality=quality, known_quality=known)
        assert made.decide(case(match)).verdict == verdict


@given(st.sampled_from(sorted(PRESETS)), st.lists(near | near | same, max_size=3), files)
def test_presets_block_only_what_is_sure_and_review_all_else(name, found, file):
    decision = POLICIES[name].decide(case(*found, file=file))
    unseen = file.undecodable not in (None, "empty", "not_a_picture", "too_small")
    in_part = bool(file.notes & {"partial", "cut_short", "sampled"})
    if any(sure(match) for match in found):
        assert decision.verdict is Verdict.BLOCK
        assert decision.match is not None and sure(found[decision.match])
    elif found:
        assert decision.verdict is Verdict.REVIEW
    elif unseen or in_part:
        assert decision.verdict is Verdict.REVIEW and decision.match is None
    else:
        assert (decision.verdict, decision.rule) == (Verdict.ALLOW, "")
    assert decision.actions == ({"keep", "case", "notify"} if found else frozenset())


def test_each_live_rule_of_a_preset_decides_something():
    cases = [
        case(Found("sha256", 0, strength="exact")), case(pdq(31, quality=50)), case(pdq(32)),
        case(file=FileFacts(undecodable="damaged")),
        case(file=FileFacts(notes=frozenset({"partial"}))),
    ]  # fmt: skip
    for made in POLICIES.values():
        live = [rule.name for rule in made.rules if rule.state is State.LIVE]
        assert [made.decide(facts).rule for facts in cases] == live


def test_a_rule_in_the_background_shows_what_it_would_do():
    decision = POLICIES["small-forum"].decide(case(pdq(40, source="a"), pdq(41, source="b")))
    assert decision.verdict is Verdict.REVIEW
    assert [(w.rule, w.verdict) for w in decision.background] == [("two-sources", "block")]


def test_every_line_is_short_and_every_rule_is_explained():
    for name in PRESETS:
        lines = presets.render(name, "DE").split("\n")
        assert max(map(len, lines)) <= 100
        for number, line in enumerate(lines):
            if line.startswith("  - name:"):
                assert lines[number - 1].startswith("  #"), line
