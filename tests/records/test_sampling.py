"""Which matches are drawn for people, with which probability, and that nothing else decides it."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, update

from records.bench import Bench
from tutela.cases.models import Alert, Case
from tutela.records import sampling
from tutela.records.models import Sample, Source, Stratum
from tutela.records.options import Options
from tutela.records.sampling import KEY, bucket, probability
from tutela.screening.models import Decided


def settled(bench: Bench, expected: int, reviewed: int = 1000) -> None:
    """So many matches a month at distance 5, of a source that is known well."""
    with bench.database.writing() as session:
        session.execute(delete(Stratum))
        session.execute(delete(Source))
        session.add(Stratum(bank="partner-list", type="pdq", bucket=1, expected=expected,
                            reckoned_at=bench.now))  # fmt: skip
        session.add(Source(source="partner", reviewed=reviewed, reckoned_at=bench.now))


def test_what_is_first_seen_far_or_of_a_new_source_is_always_drawn(bench):
    settled(bench, 1_000_000)
    (one,) = bench.samples(bench.item(bench.match("rain", 5)))
    assert (one.design, one.probability, one.drawn) == ("first-seen", 1.0, True)
    (far,) = bench.samples(bench.item(bench.match("rain", 21)))
    assert (far.design, far.probability, far.bucket) == ("outer", 1.0, 17)
    (near,) = bench.samples(bench.item(bench.match("rain", 20)))
    assert near.design == "unknown-rate" and near.bucket == 17 and near.drawn
    (usual,) = bench.samples(bench.item(bench.match("rain", 5)))
    assert usual.design == "random" and usual.probability == pytest.approx(1067 / 1e6, rel=0.01)
    settled(bench, 1_000_000, reviewed=199)
    (new,) = bench.samples(bench.item(bench.match("rain", 5)))
    assert (new.design, new.drawn) == ("new-source", True)


def test_each_bank_and_type_has_one_row_and_the_nearest_counts(bench):
    item = bench.item(
        bench.match("rain", 9), bench.match("hail", 3), bench.match("snow", 0, kind="sha256"),
        bench.match("fog", 0, bank="other-list"), bench.match("sun", 0, purpose="never-match"),
    )  # fmt: skip
    rows = {(one.bank, one.type): one.bucket for one in bench.samples(item)}
    assert rows == {
        ("partner-list", "pdq"): 1, ("partner-list", "sha256"): 0, ("other-list", "pdq"): 0,
    }  # fmt: skip


def test_nothing_is_written_of_tests(bench):
    assert not bench.samples(bench.item(test=True))
    assert not bench.samples(bench.item(bench.match(purpose="test")))


def test_the_draw_is_this_key_s_and_this_item_s_alone(bench):
    settled(bench, 2000)
    bench.item(bench.match("rain", 5))
    drawn = {item: bench.samples(item)[0].drawn for item in
             (bench.item(bench.match("rain", 5)) for _ in range(60))}  # fmt: skip
    share = probability(Options(), 2000)
    assert 0.3 < share < 0.4 and 5 < sum(drawn.values()) < 40  # one in a million misses it
    with bench.database.reading() as session:
        again = {item: sampling._lots(session, item)[0] < share for item in drawn}
    assert again == drawn
    bench.database.info[KEY] = lambda: b"another key"
    with bench.database.reading() as session:
        other = {item: sampling._lots(session, item)[0] < share for item in drawn}
    assert other != drawn
    del bench.database.info[KEY]
    assert bench.samples(bench.item(bench.match("rain", 5)))[0].drawn


def test_all_matches_of_one_item_are_drawn_together(bench):
    settled(bench, 2000)
    both = [bench.match("rain", 5), bench.match("rain", 5, bank="other-list")]
    bench.item(*both)
    with bench.database.writing() as session:
        session.add(Stratum(bank="other-list", type="pdq", bucket=1, expected=2000,
                            reckoned_at=bench.now))  # fmt: skip
    for _ in range(30):
        one, other = bench.samples(bench.item(*both))
        assert one.drawn == other.drawn and one.second == other.second


def test_the_share_of_second_persons_is_a_setting(bench):
    assert not any(one.second for one in (bench.options(second_percent=0),) if one)
    assert not bench.samples(bench.item())[0].second
    bench.options(second_percent=100)
    assert bench.samples(bench.item())[0].second


def test_the_probability_gives_what_is_wanted_and_never_more_than_all():
    options = Options()
    for expected in (0, 1, 29, 30, 31, 500, 1068, 5000, 10**6, 10**9):
        p = probability(options, expected)
        assert 0 < p <= 1
        assert p == 1 if expected <= 30 else p * expected >= 30
    assert probability(options, 10**9) * 10**9 == pytest.approx(1068)
    assert probability(Options(least=5000), 10_000) == 0.5


def test_buckets_are_eight_wide_after_none():
    assert [bucket(one) for one in (0, 1, 8, 9, 16, 17, 31, 64)] == [0, 1, 1, 9, 9, 17, 25, 57]


def test_what_comes_in_a_month_is_counted_anew(bench):
    items = [bench.item(bench.match("rain", 5)) for _ in range(3)]
    bench.decide(items[0], "confirmed")
    bench.decide(items[1], "cannot-tell")
    sampling.reckon(bench.database)
    with bench.database.reading() as session:
        assert session.get_one(Stratum, ("partner-list", "pdq", 1)).expected == 3
        assert session.get_one(Source, "partner").reviewed == 1
    bench.later(days=31)
    sampling.reckon(bench.database)
    with bench.database.reading() as session:
        assert session.get(Stratum, ("partner-list", "pdq", 1)) is None
        assert session.get_one(Source, "partner").reviewed == 1


def test_what_policy_put_on_no_case_is_put_on_one(bench):
    item, bare = bench.item(), bench.item()
    with bench.database.writing() as session:
        for one in (item, bare):
            session.execute(delete(Alert).where(Alert.item_id == one))
            session.execute(update(Decided).where(Decided.item_id == one).values(case_id=None))
        session.get_one(Decided, bare).evidence_id = None
    assert sampling.hand_out(bench.database) == 1
    assert sampling.hand_out(bench.database) == 0
    with bench.database.reading() as session:
        case = session.get_one(Case, session.get_one(Decided, item).case_id)
        assert case.closed_at is None and not case.test
        assert session.get_one(Decided, bare).case_id is None


def test_what_was_not_drawn_is_put_nowhere(bench):
    item = bench.item()
    with bench.database.writing() as session:
        session.execute(delete(Alert).where(Alert.item_id == item))
        session.execute(update(Decided).values(case_id=None))
        session.execute(update(Sample).values(drawn=False))
    assert sampling.hand_out(bench.database) == 0


@pytest.mark.parametrize(
    "wrong", [{"least": 0}, {"margin": 0}, {"margin": 51}, {"new_source": -1},
              {"second_percent": 101}],
)  # fmt: skip
def test_settings_out_of_bounds_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Options(**wrong)
