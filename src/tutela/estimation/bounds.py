"""What needs no model of how lists depend: Chapman's estimate of two, Chao's lower bound of any."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tutela.estimation import numerics
from tutela.estimation.bootstrap import LEVEL, Interval
from tutela.estimation.errors import BadTable
from tutela.estimation.histories import Histories


@dataclass(frozen=True)
class Chapman:
    """Two lists, taken as independent: which two lists alone cannot show."""

    people: float
    interval: Interval


def chapman(first: int, second: int, both: int, level: float = LEVEL) -> Chapman:
    """People by Chapman's form of the two-list estimate, with a log-normal interval.

    N = (n1+1)(n2+1)/(m+1) - 1, of variance (n1+1)(n2+1)(n1-m)(n2-m) / ((m+1)^2 (m+2)). The
    interval is of the people on neither list, so that it never falls below those seen.
    """
    if not 0 <= both <= min(first, second):
        raise BadTable(
            f"{both} people are on both of two lists of {first} and {second}.",
            "The overlap is at most the smaller list.",
        )
    people = (first + 1) * (second + 1) / (both + 1) - 1
    apart = (first - both) * (second - both)
    variance = (first + 1) * (second + 1) * apart / ((both + 1) ** 2 * (both + 2))
    observed = first + second - both
    unseen = people - observed
    if unseen <= 0:
        return Chapman(float(observed), Interval(observed, observed, level))
    z = float(numerics.normal_quantile((1 + level) / 2))
    factor = math.exp(z * math.sqrt(math.log1p(variance / unseen**2)))
    return Chapman(people, Interval(observed + unseen / factor, observed + unseen * factor, level))


def chao(histories: Histories) -> float:
    """At least this many people: N + ((t-1)/t) f1 (f1-1) / (2 (f2+1)), f on one list and on two.

    A bound where people differ in how easily they come on lists; not where lists avoid each other.
    """
    t, once, twice = len(histories.lists), histories.seen(1), histories.seen(2)
    return histories.observed + (t - 1) / t * once * (once - 1) / (2 * (twice + 1))
