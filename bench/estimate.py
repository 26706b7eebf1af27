"""How long estimates take: the bootstrap that selects the model anew, and more lists.

Times are processor time of one thread, as the goal is of two processors. The estimate of one table
is compared with the published one, which is the peer's answer here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from statistics import median

import numpy as np

from bench.measure import RUNS
from bench.record import Goal, Record
from tutela.estimation import selecting, tables
from tutela.estimation.bootstrap import bootstrap, left_out
from tutela.estimation.histories import Histories
from tutela.estimation.models import design
from tutela.estimation.tables import published

TITLE = "estimates of how many are on no list, in s"
HOW = "BCa bootstrap; each resample selects the model anew"
RESAMPLES = 1_000
LISTS = (3, 4, 5, 6, 7, 8)
GOAL = Goal(30, "most", "ours")
PUBLISHED = 11_313
"""Five lists of the United Kingdom, stepwise."""


def run() -> Iterator[Record]:
    yield from measured(RESAMPLES, LISTS)


def measured(resamples: int, lists: tuple[int, ...], runs: int = RUNS) -> Iterator[Record]:
    five = published(tables.UK_FIVE)
    shape = design(5, 2)
    point = five.observed + selecting.stepwise(shape, five.table[None]).unseen[0]
    same = bool(abs(point - PUBLISHED) <= 1)
    seconds = _seconds(lambda: _stepwise(five, resamples), runs)
    yield Record(
        f"UK five lists, stepwise, {resamples} resamples", seconds, "s", goal=GOAL, same_answer=same
    )
    seconds = _seconds(lambda: _by_bic(five, resamples), runs)
    yield Record(f"UK five lists, by BIC, {resamples} resamples", seconds, "s", goal=GOAL)
    for t in lists:
        histories = made(t)
        seconds = _seconds(lambda histories=histories: _stepwise(histories, resamples), runs)
        yield Record(f"{t} lists, stepwise, {resamples} resamples", seconds, "s")


def made(lists: int) -> Histories:
    """5 000 people on lists of which neighbours depend."""
    random = np.random.default_rng(lists)
    on = random.random((5_000, lists)) < 0.08
    on[:, 1:] |= on[:, :-1] & (random.random((5_000, lists - 1)) < 0.1)
    histories = (on @ (1 << np.arange(lists))).tolist()
    return Histories.of_members([f"list {i}" for i in range(lists)], filter(None, histories))


def _stepwise(histories: Histories, resamples: int) -> None:
    shape = design(len(histories.lists), 2)
    model = selecting.stepwise(shape, histories.table[None]).models[0]
    left = left_out(shape, histories, model)
    bootstrap(histories, lambda t: selecting.stepwise(shape, t).unseen, left, number=resamples)


def _by_bic(histories: Histories, resamples: int) -> None:
    shape = design(len(histories.lists), 2)
    top = selecting.best_of_all(shape, histories.table).models[:60]
    left = left_out(shape, histories, top[0])
    bootstrap(histories, lambda t: selecting.best_of(shape, t, top), left, number=resamples)


def _seconds(act: Callable[[], None], runs: int) -> float:
    """Median processor time, with what the fits of earlier runs found out forgotten."""
    taken = []
    for _ in range(runs):
        design.cache_clear()
        began = time.process_time()
        act()
        taken.append(time.process_time() - began)
    return median(taken)
