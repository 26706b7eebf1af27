"""How much one person may see: the rules alone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.views import limits
from tutela.views.limits import Allowed, Refused, Seen, Shift, Standing
from tutela.views.options import Options, most_shown

ROME = ZoneInfo("Europe/Rome")
NINE = datetime(2031, 5, 5, 9, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SHIFT = Shift(date(2031, 5, 5), NINE, NINE + 8 * HOUR)


def standing(**changed) -> Standing:
    plain = {
        "shift": SHIFT, "day_seconds": 0.0, "week_seconds": 0.0, "stretch_began": None,
        "last_ended": None, "worst_run": 0,
    }  # fmt: skip
    return Standing(**(plain | changed))


def asked(now: datetime, worst: bool = False, **changed) -> Allowed | Refused:
    return limits.answer(now, standing(**changed), Options(), worst=worst)


def test_the_defaults_are_those_of_practice():
    chosen = Options()
    assert chosen.day_minutes == 5 * 60 and chosen.stretch_minutes + chosen.break_minutes == 60
    assert asked(NINE + HOUR) == Allowed()


def test_after_five_hours_nothing_is_shown_until_the_next_shift():
    assert asked(NINE + HOUR, day_seconds=5 * 3600 - 1) == Allowed()
    assert asked(NINE + HOUR, day_seconds=5 * 3600) == Refused("day", NINE + 24 * HOUR)


def test_a_week_adds_up():
    assert asked(NINE, week_seconds=20 * 3600) == Refused("week", NINE + 24 * HOUR)


def test_a_break_is_due_each_hour_and_lasts_ten_minutes_from_what_was_seen_last():
    due = {"stretch_began": NINE, "last_ended": NINE + 49 * MINUTE}
    assert asked(NINE + 49 * MINUTE, **due) == Allowed()
    assert asked(NINE + 50 * MINUTE, **due) == Refused("break", NINE + 59 * MINUTE)
    assert asked(NINE + 59 * MINUTE, last_ended=NINE + 49 * MINUTE) == Allowed()


def test_the_last_hour_of_a_shift_shows_nothing_nor_does_the_time_before_it():
    last = NINE + 7 * HOUR
    assert asked(last - MINUTE) == Allowed()
    assert asked(last) == Refused("late", NINE + 24 * HOUR)
    assert asked(NINE - MINUTE) == Refused("late", NINE)


def test_the_worst_grades_come_in_short_runs():
    run = {"worst_run": 5, "stretch_began": NINE, "last_ended": NINE}
    assert asked(NINE + MINUTE, worst=True, **run) == Refused("worst-run", None)
    assert asked(NINE + MINUTE, worst=False, **run) == Allowed()
    assert asked(NINE + MINUTE, worst=True, **run | {"stretch_began": None}) == Allowed()


def seen(*minutes: tuple[int, int]) -> list[Seen]:
    return [
        Seen(NINE + start * MINUTE, (end - start) * 60.0, NINE + end * MINUTE)
        for start, end in minutes
    ]


def test_a_stretch_of_work_begins_after_the_last_break():
    rest = 10 * MINUTE
    assert limits.stretch(NINE, [], rest) is None
    one = seen((0, 5), (9, 12), (25, 30))
    assert limits.stretch(NINE + 31 * MINUTE, one, rest) == NINE + 25 * MINUTE
    assert limits.stretch(NINE + 31 * MINUTE, one[:2], rest) is None
    assert limits.stretch(NINE + 13 * MINUTE, one[:2], rest) == NINE
    inside = seen((0, 30), (5, 6), (39, 41))  # two pages at once: the longer one counts
    assert limits.stretch(NINE + 42 * MINUTE, inside, rest) == NINE


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-28", 8), ("2026-03-29", 8), ("2026-10-24", 8), ("2026-10-25", 8)]
)
def test_a_shift_by_day_is_as_long_whatever_clocks_do_in_the_night(day: str, hours: int):
    now = datetime.fromisoformat(f"{day}T12:00+00:00")
    shift = limits.stated_shift(now, ROME, time(9), time(17))
    assert shift.day.isoformat() == day
    assert shift.ends_at - shift.began_at == hours * HOUR
    assert shift.began_at.astimezone(ROME).time() == time(9)


@pytest.mark.parametrize(("day", "hours"), [("2026-03-28", 7), ("2026-10-24", 9)])
def test_a_shift_by_night_is_measured_in_hours_that_pass(day: str, hours: int):
    now = datetime.fromisoformat(f"{day}T23:30+00:00")
    shift = limits.stated_shift(now, ROME, time(22), time(6))
    assert shift.day.isoformat() == day
    assert shift.ends_at - shift.began_at == hours * HOUR


def test_after_midnight_a_night_shift_is_still_that_of_the_day_before():
    now = datetime(2031, 5, 6, 2, tzinfo=ROME)
    shift = limits.stated_shift(now, ROME, time(22), time(6))
    assert shift.day == date(2031, 5, 5) and shift.began_at <= now < shift.ends_at
    later = limits.stated_shift(now + 6 * HOUR, ROME, time(22), time(6))
    assert later.day == date(2031, 5, 5) and later.ends_at < now + 6 * HOUR


@given(
    now=st.datetimes(datetime(2024, 1, 1), datetime(2032, 1, 1), timezones=st.just(UTC)),
    zone=st.sampled_from(["Europe/Rome", "America/New_York", "Australia/Lord_Howe", "UTC"]),
    begins=st.times(), length=st.integers(1, 12 * 60),
)  # fmt: skip
def test_a_stated_shift_began_within_a_day_and_its_next_is_to_come(now, zone, begins, length):
    place = ZoneInfo(zone)
    begins = begins.replace(second=0, microsecond=0)
    ends = (datetime.combine(date(2024, 1, 1), begins) + length * MINUTE).time()
    shift = limits.stated_shift(now, place, begins, ends)
    assert timedelta(0) <= now - shift.began_at <= 25 * HOUR
    assert timedelta(minutes=length - 60) <= shift.ends_at - shift.began_at
    assert shift.ends_at - shift.began_at <= timedelta(minutes=length + 60)
    answer = limits.answer(now, standing(shift=shift), Options(), worst=False)
    assert answer == Allowed() or answer.until > now


def test_who_did_not_say_begins_with_what_they_see_first_after_a_rest():
    chosen = Options()
    first = limits.unstated_shift(NINE, UTC, chosen, None)
    assert (first.began_at, first.ends_at) == (NINE, NINE + 8 * HOUR)
    same = limits.unstated_shift(NINE + 12 * HOUR, UTC, chosen, NINE)
    assert same.began_at == NINE
    fresh = limits.unstated_shift(NINE + 23 * HOUR, UTC, chosen, NINE)
    assert fresh.began_at == NINE + 23 * HOUR
    early = datetime(2031, 5, 5, 0, 30, tzinfo=UTC)  # a day has one shift
    assert limits.unstated_shift(early + 23 * HOUR, UTC, chosen, early).began_at == early


@given(
    day=st.floats(0, 1e6), week=st.floats(0, 1e6), run=st.integers(0, 50), worst=st.booleans(),
    after=st.integers(0, 600), stretch=st.none() | st.integers(0, 600),
)  # fmt: skip
def test_more_exposure_never_allows_more(day, week, run, worst, after, stretch):
    now = NINE + after * MINUTE
    began = None if stretch is None else now - stretch * MINUTE
    less = standing(day_seconds=day, week_seconds=week, worst_run=run, stretch_began=began,
                    last_ended=now)  # fmt: skip
    more = standing(day_seconds=day + 60, week_seconds=week + 60, worst_run=run + 1,
                    stretch_began=began, last_ended=now)  # fmt: skip
    chosen = Options()
    if isinstance(limits.answer(now, less, chosen, worst=worst), Refused):
        assert isinstance(limits.answer(now, more, chosen, worst=worst), Refused)


def test_the_floor_leaves_what_shows_less():
    assert most_shown("stylised") == ("stylised",)
    assert most_shown("grey") == ("stylised", "blurred", "small", "grey")
    for wrong in ({"floor": "original"}, {"longest": 5000}, {"day_minutes": 0}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            Options(**wrong)
