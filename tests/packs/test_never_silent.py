"""Whatever is not known, no duty is lost: it is there, or what it waits for is asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from tutela.packs import Linked, Service, Situation, duties, packs
from tutela.packs.vocabulary import CHANNELS, CONFIRMED, FOUND_BY, INCIDENTS, KINDS

COUNTRIES = ["US", "GB", "FR", "IE", "CA", "BR"]

some_countries = st.frozensets(st.sampled_from(COUNTRIES), max_size=3)
days = st.dates(date(2026, 1, 1), date(2027, 1, 1))
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)).map(
    lambda found: found.replace(tzinfo=UTC)
)


@st.composite
def known(draw) -> Situation:
    """A situation of which everything is known. A service serves where it is, and where counsel
    says that the law applies to it."""
    home, under = draw(st.sampled_from(COUNTRIES)), draw(some_countries)
    service = Service(
        home, draw(st.frozensets(st.sampled_from(KINDS))), draw(some_countries) | under | {home},
        under, draw(st.sampled_from([frozenset(), frozenset({"icu-c9"})])),
    )  # fmt: skip
    return Situation(
        service, draw(moments), draw(st.sampled_from(INCIDENTS)),
        confirmed=draw(st.sampled_from(CONFIRMED)), found_by=draw(st.sampled_from(FOUND_BY)),
        channel=draw(st.sampled_from(CHANNELS)), danger=draw(st.booleans()),
        linked=Linked(draw(some_countries), draw(some_countries), draw(some_countries)),
        priority=draw(st.integers(1, 3)),
        reported=draw(st.dictionaries(st.sampled_from(["ncmec", "nca"]), moments)),
    )  # fmt: skip


MASKS = ("incident", "confirmed", "found_by", "channel", "danger", "priority")
OF_SERVICE = ("established", "kinds", "served", "under", "measures")
OF_LINKED = ("upload", "user", "content")


def masked(given: Situation, hidden: set[str]) -> Situation:
    """A situation of which some facts are not known."""

    def without(value, names):
        return replace(value, **{name: None for name in names if name in hidden})

    return replace(
        without(given, MASKS), service=without(given.service, OF_SERVICE),
        linked=without(given.linked, OF_LINKED),
    )  # fmt: skip


@given(known(), st.sets(st.sampled_from([*MASKS, *OF_SERVICE, *OF_LINKED])), days)
def test_a_duty_that_depends_on_what_is_not_known_is_asked_for(whole, hidden, on):
    owed = {(one.pack, one.rule) for one in duties(packs().values(), whole, on).duties}
    found = duties(packs().values(), masked(whole, hidden), on)
    said = {(one.pack, one.rule) for one in found.duties}
    waiting = {rule for ask in found.asks for rule in ask.rules}
    assert owed <= said | waiting


@given(known(), days)
def test_where_everything_is_known_nothing_is_asked(whole, on):
    assert duties(packs().values(), whole, on).asks == ()


@given(known(), days)
def test_what_must_be_told_is_kept_and_told_once(whole, on):
    found = duties(packs().values(), whole, on)
    for duty in found.duties:
        assert duty.to not in whole.reported
        assert duty.due >= whole.at
        assert any(keep.to == duty.to for keep in found.keeps)
    assert {one.to for one in found.receivers} <= {one.to for one in found.duties} | set(
        whole.reported
    )


@given(known(), days)
def test_nothing_of_a_draft_has_a_clock_or_a_recipient(whole, on):
    drafts = [pack for pack in packs().values() if pack.is_draft]
    found = duties(drafts, whole, on)
    assert replace(found, drafts=()) == type(found)()
