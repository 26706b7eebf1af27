"""How often a nominal 95 % interval holds the truth, on tables made with a known one."""

from __future__ import annotations

import math
from statistics import median

import numpy as np
import pytest

from tutela.estimation import selecting
from tutela.estimation.bootstrap import bootstrap, left_out
from tutela.estimation.errors import BadTable
from tutela.estimation.histories import Histories
from tutela.estimation.intervals import wald
from tutela.estimation.models import design

TRUTH = 3_000
SIMULATIONS = 200
RESAMPLES = 500
SHARES = (0.05, 0.08, 0.04, 0.12, 0.06)
DEPENDENT = {(0, 1): 3.0, (2, 3): 2.5}
"""Odds by which being on one of these lists raises being on the other."""


def simulated(random: np.random.Generator) -> Histories:
    lists = len(SHARES)
    weights = []
    for history in range(2**lists):
        weight = math.prod(
            p if history >> i & 1 else 1 - p for i, p in enumerate(SHARES)
        ) * math.prod(
            odds for (i, j), odds in DEPENDENT.items() if history >> i & 1 and history >> j & 1
        )  # fmt: skip
        weights.append(weight)
    drawn = random.multinomial(TRUTH, np.array(weights) / sum(weights))
    return Histories.of(
        [f"list {i}" for i in range(lists)], {w: int(n) for w, n in enumerate(drawn) if w}
    )


def observed(held: int, of: int) -> str:
    share = held / of
    error = 1.96 * math.sqrt(share * (1 - share) / of)
    called = "" if share >= 0.9 else ": less than it says"
    return f"nominal 95 %, observed {share:.1%} ± {error:.1%}{called}"


@pytest.mark.soak
def test_intervals_hold_the_truth_about_as_often_as_published(capsys):
    random = np.random.default_rng(11)
    shape = design(len(SHARES), 2)
    bca = plain = done = 0
    widths = []
    for seed in range(SIMULATIONS):
        try:
            histories = simulated(random)
        except BadTable:
            continue
        chosen = selecting.stepwise(shape, histories.table[None])
        made = bootstrap(
            histories, lambda drawn: selecting.stepwise(shape, drawn).unseen,
            left_out(shape, histories, chosen.models[0]), number=RESAMPLES, seed=seed,
        )  # fmt: skip
        simple = wald(chosen.fits, 0, histories.observed)
        bca += made.interval.low <= TRUTH <= made.interval.high
        plain += simple.low <= TRUTH <= simple.high
        widths.append(made.interval.high / made.interval.low)
        done += 1
    with capsys.disabled():
        print(f"\nBCa, {done} tables of {TRUTH:,} people, {RESAMPLES} resamples each:")
        print(f"  {observed(bca, done)}")
        print(f"Wald of the chosen model, the same tables: {observed(plain, done)}")
    assert done == SIMULATIONS
    assert bca / done >= 0.85  # published: 90 %
    assert median(widths) < 3  # not by being as wide as one likes


def test_what_is_less_than_it_says_is_called_so():
    assert observed(95, 100).startswith("nominal 95 %, observed 95.0% ± 4.3%")
    assert observed(88, 100).endswith(": less than it says")
