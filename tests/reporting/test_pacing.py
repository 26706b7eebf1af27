"""The polite rate, by a clock that goes on only while somebody sleeps."""

from __future__ import annotations

import threading

import pytest

from tutela.reporting.pacing import Pace


class Hands:
    """A clock, and a sleep that moves it."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.mark.parametrize("rate", [1, 5, 100])
def test_calls_are_spread_evenly(rate):
    """The first at once, each next so much later."""
    hands = Hands()
    pace = Pace(rate, hands, hands.sleep)
    times = []
    for _ in range(10):
        pace.wait("ncmec")
        times.append(hands())
    assert times == pytest.approx([n / rate for n in range(10)])


def test_time_that_passed_is_not_saved_up():
    """After a pause there is no burst."""
    hands = Hands()
    pace = Pace(2, hands, hands.sleep)
    pace.wait("ncmec")
    hands.seconds += 100
    began = hands()
    for _ in range(3):
        pace.wait("ncmec")
    assert hands() - began == pytest.approx(1.0)


def test_each_authority_has_its_own_and_none_has_a_rate_of_0():
    """Nobody waits for calls to another."""
    hands = Hands()
    pace = Pace(1, hands, hands.sleep)
    pace.wait("ncmec")
    pace.wait("weather")
    assert hands() == 0
    unlimited = Pace(0, hands, hands.sleep)
    for _ in range(1000):
        unlimited.wait("ncmec")
    assert hands() == 0


def test_threads_share_the_rate():
    """No two calls have the same turn."""
    slept: list[float] = []
    pace = Pace(10, lambda: 0.0, slept.append)
    threads = [threading.Thread(target=pace.wait, args=("ncmec",)) for _ in range(20)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(slept) == pytest.approx([n / 10 for n in range(1, 20)])
