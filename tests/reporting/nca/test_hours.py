"""When the agency works: by the clock of London, summer time or not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tutela.reporting.nca import hours


@pytest.mark.parametrize(
    ("at", "working"),
    [
        (datetime(2031, 1, 6, 6, 59, 59, tzinfo=UTC), False),  # a Monday in winter
        (datetime(2031, 1, 6, 7, tzinfo=UTC), True),
        (datetime(2031, 1, 6, 16, 59, 59, tzinfo=UTC), True),
        (datetime(2031, 1, 6, 17, tzinfo=UTC), False),
        (datetime(2031, 7, 7, 5, 59, 59, tzinfo=UTC), False),  # a Monday in summer
        (datetime(2031, 7, 7, 6, tzinfo=UTC), True),
        (datetime(2031, 7, 7, 16, tzinfo=UTC), False),
        (datetime(2031, 3, 28, 16, 30, tzinfo=UTC), True),  # the Friday before summer time
        (datetime(2031, 3, 31, 16, 30, tzinfo=UTC), False),  # and the Monday after
        (datetime(2031, 7, 5, 12, tzinfo=UTC), False),  # a Saturday
        (datetime(2031, 7, 6, 12, tzinfo=UTC), False),
    ],
)
def test_the_hours_are_those_of_london(at, working):
    """To the second."""
    assert hours.are_working(at) is working


def test_only_what_is_urgent_takes_a_call():
    """And only out of hours."""
    night, noon = (datetime(2031, 1, 6, hour, tzinfo=UTC) for hour in (22, 12))
    assert [hours.needs_call(one, night) for one in (1, 2, 3, None)] == [True, True, False, False]
    assert not any(hours.needs_call(one, noon) for one in (1, 2, 3))
