"""A year is a year wherever it is counted: never a day short of what must be kept, never a day long
of what may be kept, and never late."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.packs.clocks import STANDARDS, Term, deadline, limit, shown, until
from tutela.policy.periods import Period
from tutela.preservation.options import over

ZONES = (
    "UTC", "Europe/London", "Europe/Brussels", "Pacific/Honolulu", "America/New_York",
    "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns", "Pacific/Chatham",
    # These changed their day, skip midnight, or go back over it.
    "Pacific/Apia", "Pacific/Kiritimati", "America/Sao_Paulo", "America/Havana", "Asia/Beirut",
    "Europe/Istanbul", "Asia/Pyongyang", "America/Caracas", "Africa/Casablanca", "Atlantic/Azores",
)  # fmt: skip

zones = st.sampled_from(ZONES).map(ZoneInfo)
moments = st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1)).map(
    lambda found: found.replace(microsecond=0, tzinfo=UTC)
)
periods = st.sampled_from(
    ["P1Y", "P5Y", "P6M", "P1M", "P21D", "P180D", "P1D", "P2W", "P1M15D", "P3Y", "P13M"]
).map(Period.parse)
offsets = st.integers(-14 * 60, 14 * 60).map(lambda found: timezone(timedelta(minutes=found)))


def day_after(day: date, period: Period) -> date:
    """The day on which a period ends, counted one month at a time: a day that a month lacks is the
    first of the next. Slow, and another way than the code's."""
    year, month = day.year, day.month
    for _ in range(period.months):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    try:
        ended = date(year, month, day.day)
    except ValueError:
        ended = date(year + month // 12, month % 12 + 1, 1)
    for _ in range(period.days):
        ended += timedelta(days=1)
    return ended


@given(moments, periods, zones)
def test_what_must_be_kept_is_never_kept_a_day_short(moment, period, zone):
    """In the pack's zone and in UTC, all of the last day is over."""
    end = until(moment, period, zone)
    for one in (zone, UTC):
        last = day_after(moment.astimezone(one).date(), period)
        assert (end - timedelta(microseconds=1)).astimezone(one).date() >= last
        assert end.astimezone(one).date() > last or not day_exists(last, one)


def day_exists(day: date, zone) -> bool:
    """Islands that crossed the date line left out a day."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=zone)
    return noon.astimezone(UTC).astimezone(zone).date() == day


@given(moments, periods, zones)
def test_a_pack_keeps_at_least_as_long_as_preservation_does(moment, period, zone):
    assert until(moment, period, zone) >= over(period, moment)


@given(moments, periods, zones)
def test_what_must_be_kept_is_kept_less_than_five_days_too_long(moment, period, zone):
    """To be careful is not to keep for ever. Most where it is 28 February in UTC, and March there:
    six months later, one ends on 28 August, the other on 1 September."""
    assert until(moment, period, zone) < over(period, moment) + timedelta(days=5)


@given(moments, periods, zones)
def test_what_may_be_kept_is_gone_before_its_last_day_begins(moment, period, zone):
    end = limit(moment, period, zone)
    assert end > moment
    for one in (zone, UTC):
        last = day_after(moment.astimezone(one).date(), period)
        assert (end - timedelta(microseconds=1)).astimezone(one).date() < last


@given(moments, periods, zones, offsets)
def test_how_a_moment_is_written_does_not_matter(moment, period, zone, offset):
    """The same moment with another offset has the same clocks."""
    other = moment.astimezone(offset)
    assert until(other, period, zone) == until(moment, period, zone)
    assert limit(other, period, zone) == limit(moment, period, zone)
    assert deadline(other, Term.parse("P7D"), zone) == deadline(moment, Term.parse("P7D"), zone)


@given(moments, moments, periods, zones)
def test_what_came_later_is_kept_no_shorter(one, other, period, zone):
    first, second = sorted((one, other))
    assert until(first, period, zone) <= until(second, period, zone)


@given(moments, zones, st.integers(1, 200))
def test_hours_are_hours_also_when_clocks_change(moment, zone, hours):
    found = deadline(moment.astimezone(zone), Term.parse(f"PT{hours}H"), zone)
    assert found - moment == timedelta(hours=hours)


@given(moments, periods, zones)
def test_a_deadline_is_never_later_than_any_reading_of_it(moment, period, zone):
    found = deadline(moment, Term(str(period), period=period), zone)
    assert found <= period.after(moment)
    assert found <= period.after(moment.astimezone(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("moment", "period", "zone", "end"),
    [
        ("2028-02-29T12:00Z", "P1Y", "UTC", "2029-03-02T00:00Z"),  # 1 March is kept whole
        ("2027-02-28T12:00Z", "P1Y", "UTC", "2028-02-29T00:00Z"),
        ("2026-01-31T12:00Z", "P1M", "UTC", "2026-03-02T00:00Z"),
        ("2026-11-26T12:30Z", "P1Y", "Pacific/Honolulu", "2027-11-27T10:00Z"),
        # Summer time: London's 1 July ends an hour before that of UTC, which counts.
        ("2026-01-01T12:00Z", "P6M", "Europe/London", "2026-07-02T00:00Z"),
        # It is the next day in Tokyo already, and that day is kept too.
        ("2026-01-31T23:00Z", "P1M", "Asia/Tokyo", "2026-03-02T00:00Z"),
        # Samoa had no 30 December 2011.
        ("2010-12-30T12:00-11:00", "P1Y", "Pacific/Apia", "2011-12-31T00:00Z"),
        # Midnight did not come on 15 October 2017 in São Paulo: the day before ended at 3 UTC.
        ("2016-10-14T12:00Z", "P1Y", "America/Sao_Paulo", "2017-10-15T03:00Z"),
    ],
)
def test_ends_that_people_ask_about(moment, period, zone, end):
    found = until(datetime.fromisoformat(moment), Period.parse(period), ZoneInfo(zone))
    assert found == datetime.fromisoformat(end)


def test_a_month_from_the_31st_at_most_ends_with_the_shorter_month():
    moment = datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert limit(moment, Period.parse("P1M"), UTC) == datetime(2026, 2, 28, tzinfo=UTC)


def test_words_of_a_statute_promise_no_later_moment():
    moment = datetime(2026, 1, 31, 12, tzinfo=UTC)
    for words in STANDARDS:
        assert deadline(moment, Term.parse(words), UTC) == moment


def test_only_hours_periods_and_immediately_are_exact():
    exact = ["immediately", "PT48H", "P7D"]
    assert [one for one in (*STANDARDS, "PT48H", "P7D") if Term.parse(one).is_exact] == exact


@pytest.mark.parametrize("text", ["PT0H", "P0D", "soon", "", "PT48M", "-P1D", "PT99999H", "48"])
def test_what_is_no_term_is_refused(text):
    with pytest.raises(ValueError, match=r"\w"):
        Term.parse(text)


@pytest.mark.parametrize("text", ["P1Y", "P5Y", "P6M", "P21D", "P1Y10D", "P13M"])
def test_periods_are_shown_as_laws_write_them(text):
    assert shown(Period.parse(text)) == text
