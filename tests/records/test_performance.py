"""What the record says of matching, against rows counted by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from records.bench import ANN, BOB, START
from tutela.decisions import appeals
from tutela.records import performance
from tutela.records.intervals import wilson
from tutela.records.models import Sample


def record(bench, *given, **named):
    with bench.database.reading() as session:
        return performance.record(session, *given, **named)


def test_each_bucket_is_counted_with_what_people_found(bench):
    near = [bench.item(bench.match("rain", 3), data="copy" if n < 2 else "") for n in range(5)]
    far = bench.item(bench.match("rain", 25))
    for item in near[:3]:
        bench.decide(item, "confirmed")
    bench.decide(near[3], "no-match")
    bench.decide(near[4], "cannot-tell")
    found = record(bench)
    one, other = found.rows
    assert (one.bank, one.type, one.distances, one.source) == (
        "partner-list", "pdq", "1 to 8", "partner",
    )  # fmt: skip
    assert (one.matches, one.files, one.reviewed, one.confirmed) == (5, 4, 4, 3)
    assert (one.overturned, one.undecided, one.drawn, one.viewed) == (1, 1, 5, 0)
    assert one.precision == wilson(3, 4)
    assert (other.distances, other.matches, other.reviewed) == ("25 to 32", 1, 0)
    assert other.precision is None and far


def test_a_decision_that_was_taken_back_counts_no_more(bench):
    from tutela.decisions import service

    decision = bench.decide(bench.item(bench.match("rain", 3)), "confirmed")
    assert record(bench).rows[0].reviewed == 1
    with bench.database.writing() as session:
        service.undo(session, bench.now, ANN, decision, "A slip.")
    assert record(bench).rows[0].reviewed == 0


def test_who_appealed_and_was_right_is_counted(bench):
    items = [bench.item(bench.match("rain", 3)) for _ in range(3)]
    for item, outcome in zip(items, ("upheld", "overturned", ""), strict=True):
        bench.decide(item, "confirmed")
        with bench.database.writing() as session:
            appeal = appeals.hand_in(session, bench.now, item, "It is a bicycle.").id
            if outcome:
                appeals.settle(session, bench.now, BOB, appeal, outcome, "Seen.", agreed=True)
    (row,) = record(bench).rows
    assert (row.appeals, row.appeals_right) == (2, 1)
    assert (row.reviewed, row.confirmed, row.overturned) == (3, 2, 1)


def test_precision_over_buckets_is_weighted_by_the_draw(bench):
    near = [bench.item(bench.match("rain", 3)) for _ in range(4)]
    far = [bench.item(bench.match("rain", 25)) for _ in range(2)]
    with bench.database.writing() as session:  # one in four of the near was drawn: the first
        session.execute(
            update(Sample).where(Sample.item_id.in_(near)).values(probability=0.25, drawn=False)
        )
        session.execute(update(Sample).where(Sample.item_id == near[0]).values(drawn=True))
    bench.decide(near[0], "confirmed")
    (open_,) = record(bench).pooled
    assert open_.pooled.precision is None and "2 are not decided" in open_.pooled.why_not
    bench.decide(far[0], "confirmed")
    bench.decide(far[1], "no-match")
    (done,) = record(bench).pooled
    assert done.matches == 6 and done.pooled.precision is not None
    assert done.pooled.precision.share == pytest.approx((4 + 1) / (4 + 2))
    bench.decide(near[1], "no-match")  # it was not drawn: it says nothing of the others
    assert record(bench).pooled[0].pooled == done.pooled


def test_banks_and_types_are_never_pooled(bench):
    bench.item(bench.match("rain", 3), bench.match("rain", 0, kind="sha256"),
               bench.match("hail", 3, bank="other-list"))  # fmt: skip
    assert [(one.bank, one.type) for one in record(bench).pooled] == [
        ("other-list", "pdq"), ("partner-list", "pdq"), ("partner-list", "sha256"),
    ]  # fmt: skip


def test_it_is_of_a_time_and_split_by_month_and_media(bench):
    bench.item(bench.match("rain", 3))
    bench.later(days=31)
    bench.item(bench.match("rain", 3))
    assert [one.month for one in record(bench, by=["month"]).rows] == ["2031-05", "2031-06"]
    assert [one.media for one in record(bench, by=["media", "month"]).rows] == ["picture"] * 2
    (one,) = record(bench, START + timedelta(days=1)).rows
    assert one.matches == 1 and one.month == ""
    assert record(bench, None, START).rows == []
    with pytest.raises(ValueError, match="weather"):
        record(bench, by=["weather"])


def test_of_nothing_it_says_nothing(bench):
    found = record(bench)
    assert not found.rows and not found.pooled and found.second.count == 0
