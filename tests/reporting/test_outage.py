"""A day without the authority, by an injected clock: who is tried, how often, and in which order
all go when it is back."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from tutela.outbound import OutboundError, Reason
from tutela.reporting import driving
from tutela.reporting.models import State
from tutela.reporting.pacing import Pace


class Down:
    """The one door, with nobody behind it."""

    def __init__(self, desk) -> None:
        self.desk, self.at = desk, []

    def post(self, *_, **__):
        self.at.append(self.desk.now)
        raise OutboundError(Reason.UNREACHABLE, "It cannot be reached.")

    fetch = post


class Hands:
    """A clock that goes on only while somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


def test_a_day_without_the_authority_loses_nothing_and_no_order(desk):
    """It is tried soon at first, then each hour; then all go by rank, as fast as is polite."""
    desk.send(desk.queue(files=0))
    ranks = [500, 100, 900, 300]
    names = {rank: desk.queue(files=1, rank=rank) for rank in ranks}
    down, began = Down(desk), desk.now
    parts = desk.parts(outbound=down)
    while desk.now - began < timedelta(hours=24):
        for name in desk.due()[:1]:
            assert name == names[100], "the first finds out, for all"
            assert driving.send(parts, name) == State.QUEUED
        desk.later(minutes=5)
    assert 24 <= len(down.at) <= 24 * 3600 / desk.options.retry_most + 10
    assert max(b - a for a, b in pairwise(down.at)) <= timedelta(hours=1, minutes=5)
    assert desk.alarms() == {"report.authority-down": 1}
    danger = desk.queue(files=0, rank=9_000, danger=True)

    desk.later(hours=1)
    hands, order = Hands(), []
    back = desk.parts(pace=Pace(5, hands, hands.sleep))
    start, calls = hands(), len(desk.server.requests)
    while due := desk.due():
        order.append(due[0])
        assert driving.send(back, due[0]) == State.FILED
    assert order == [danger, *(names[rank] for rank in sorted(ranks))]
    assert desk.alarms() == {}
    calls = len(desk.server.requests) - calls
    assert calls == 3 + 4 * 4, "the schema, two calls without a file, four each with one"
    assert hands() - start >= (calls - 1) / 5


def test_where_a_child_may_be_in_danger_it_is_tried_each_minute(desk):
    """However long the authority is left alone by all others."""
    plain, danger = desk.queue(files=0), desk.queue(files=0, danger=True)
    parts, asked = desk.parts(outbound=Down(desk)), []
    for _ in range(30):
        for name in desk.due():
            asked.append(name)
            driving.send(parts, name)
        desk.later(minutes=1)
    assert asked.count(danger) == 30 and asked.count(plain) < 10


@pytest.mark.parametrize("failures", [1, 2, 3])
def test_a_few_failures_are_no_alarm(desk, failures):
    """As many as the setting says are."""
    name = desk.queue(files=0)
    parts = desk.parts(outbound=Down(desk))
    for _ in range(failures):
        driving.send(parts, name)
        desk.later(hours=1)
    assert desk.alarms() == ({"report.authority-down": 1} if failures >= 3 else {})
