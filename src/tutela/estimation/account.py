"""An honest account: every defensible model and what speaks against it, or a refusal."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tutela.estimation import words
from tutela.estimation.bootstrap import (
    LEVEL,
    RESAMPLES,
    SEED,
    Bootstrapped,
    Interval,
    bootstrap,
    left_out,
)
from tutela.estimation.bounds import chao, chapman
from tutela.estimation.fitting import fit
from tutela.estimation.histories import Histories
from tutela.estimation.intervals import profile, wald
from tutela.estimation.models import MOST_MODELS, Design, Models, count_models, design
from tutela.estimation.selecting import (
    Ranked,
    best_found,
    best_of,
    best_of_all,
    stepwise,
)

FEWEST_SHARED = 10
"""A list that shares fewer people with all others says next to nothing of those on none."""
FARTHEST_APART = 1.8
"""The largest of the estimates (stepwise, best by BIC, Chao's bound) over the smallest. Of
published tables, UK with five lists is beyond (2.0); Kosovo (1.6) and Western US (1.1) are not."""
MOST_FAILED = 0.05
"""Share of resamples without any estimate, above which an upper limit means little."""
TOP_MODELS = 60
"""The bootstrap of BIC chooses among so many of the best models: more hardly move its limits."""
SHOWN_MODELS = 10
TRIPLES_TO = 4
"""Lists for which models of triples are tried: 113 of 4 lists, thousands of 5."""


@dataclass(frozen=True)
class About:
    """Whom a figure counts, where, and when."""

    population: str = ""
    place: str = ""
    period: str = ""


@dataclass(frozen=True)
class Estimate:
    """One procedure's estimate."""

    way: str
    model: tuple[tuple[str, ...], ...]
    """The terms beyond independent lists."""
    people: float
    wald: Interval
    profile: Interval
    bootstrapped: Bootstrapped
    weighted: tuple[float, float] | None = None
    """The middle 95 % of models by weight, of those ranked by BIC."""
    models: tuple[Shown, ...] = ()
    tried: int = 1
    all: bool = True


@dataclass(frozen=True)
class Shown:
    """One of the models that were ranked."""

    model: tuple[tuple[str, ...], ...]
    people: float
    wald: Interval
    weight: float


@dataclass(frozen=True)
class Account:
    about: About
    histories: Histories
    estimates: tuple[Estimate, ...]
    at_least: float
    """Chao's lower bound."""
    chapman: tuple[float, Interval] | None
    """Of two lists only."""
    apart: float
    """Largest estimate over smallest."""
    refusals: tuple[str, ...]
    """Why no figure is given; empty if one is."""
    cautions: tuple[str, ...]
    seed: int
    resamples: int

    @property
    def range(self) -> tuple[float, float] | None:
        """From the smallest limit of any procedure to the largest."""
        return _range(self.estimates, self.chapman)

    @property
    def headline(self) -> tuple[int, int] | None:
        """The figure: the range, rounded outward to three digits. None if it is refused."""
        if self.refusals or self.range is None:
            return None
        low, high = self.range
        fine, coarse = (10 ** max(math.floor(math.log10(x)) - 2, 0) for x in (low, high))
        return (
            max(math.floor(low / fine) * fine, self.histories.observed),
            math.ceil(high / coarse) * coarse,
        )


def _range(
    made: tuple[Estimate, ...], two: tuple[float, Interval] | None
) -> tuple[float, float] | None:
    spans = [(one.bootstrapped.interval.low, one.bootstrapped.interval.high) for one in made]
    spans += [one.weighted for one in made if one.weighted is not None]
    if two is not None:
        spans.append((two[1].low, two[1].high))
    return (min(low for low, _ in spans), max(high for _, high in spans)) if spans else None


def account(
    histories: Histories,
    about: About | None = None,
    *,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Account:
    """Everything that is known about how many there are."""
    about = about or About()
    lists = len(histories.lists)
    shape = design(lists, 2)
    estimates = [_stepwise(shape, histories, resamples, seed)]
    if lists > 2:
        for order in (2, 3) if 3 < lists <= TRIPLES_TO else (2,):
            estimates.append(_best(design(lists, order), histories, resamples, seed))
    made = tuple(one for one in estimates if one is not None)
    two = None
    if lists == 2:
        first, second = histories.sizes.values()
        found = chapman(first, second, histories.counts[2])
        two = found.people, found.interval
    bound = chao(histories)
    points = [one.people for one in made] + [bound] + ([two[0]] if two else [])
    apart = max(points) / min(points)
    refusals = _refusals(histories, made, apart, resamples)
    cautions = _cautions(about, histories, made)
    span = _range(made, two)
    if span is not None and span[0] < bound:
        told = words.below_chao(f"{span[0]:,.0f}", f"{bound:,.0f}")
        cautions = (told, *cautions)
    return Account(about, histories, made, bound, two, apart, refusals, cautions, seed, resamples)


def _stepwise(shape: Design, histories: Histories, resamples: int, seed: int) -> Estimate | None:
    chosen = stepwise(shape, histories.table[None])
    if not np.isfinite(chosen.unseen[0]):
        return None
    model = chosen.models[0]
    made = bootstrap(
        histories, lambda tables: stepwise(shape, tables).unseen,
        left_out(shape, histories, model), number=resamples, seed=seed,
    )  # fmt: skip
    terms = tuple(histories.named(shape.terms[place]) for place in chosen.added[0])
    return Estimate(
        "stepwise", terms, histories.observed + float(chosen.unseen[0]),
        wald(chosen.fits, 0, histories.observed), profile(shape, histories.table, model), made,
    )  # fmt: skip


def _best(shape: Design, histories: Histories, resamples: int, seed: int) -> Estimate | None:
    table, observed = histories.table, histories.observed
    if count_models(shape.lists, shape.order) <= MOST_MODELS:
        ranked = best_of_all(shape, table)
    else:
        start = np.vstack([shape.model(), stepwise(shape, table[None]).models])
        ranked = best_found(shape, table, start)
    if not len(ranked.bics):
        return None
    top = ranked.models[:TOP_MODELS]
    made = bootstrap(
        histories, lambda tables: best_of(shape, tables, top),
        left_out(shape, histories, top[0]), number=resamples, seed=seed,
    )  # fmt: skip
    low, high = ranked.span()
    shown = _shown(shape, histories, ranked)
    return Estimate(
        words.BIC[shape.order], shown[0].model, shown[0].people, shown[0].wald,
        profile(shape, table, top[0]), made, (observed + low, observed + high), shown,
        ranked.tried, ranked.all,
    )  # fmt: skip


def _shown(shape: Design, histories: Histories, ranked: Ranked) -> tuple[Shown, ...]:
    models: Models = ranked.models[:SHOWN_MODELS]
    totals = np.tile(histories.table @ shape.matrix, (len(models), 1))
    supports = np.tile((histories.table > 0) @ shape.matrix, (len(models), 1))
    fits = fit(shape, totals, models, supports)
    return tuple(
        Shown(
            tuple(histories.named(term) for term in shape.chosen(models[i])),
            histories.observed + float(ranked.unseen[i]),
            wald(fits, i, histories.observed),
            float(ranked.weights[i]),
        )
        for i in range(len(models))
    )


def _refusals(
    histories: Histories, made: tuple[Estimate, ...], apart: float, resamples: int
) -> tuple[str, ...]:
    said = []
    if histories.observed == histories.seen(1):
        said.append(words.NO_OVERLAP)
    few = {name: n for name, n in histories.shared.items() if n < FEWEST_SHARED}
    if few:
        said.append(words.few_shared(few, FEWEST_SHARED))
    if not made:
        said.append(words.NO_MODEL)
    elif apart > FARTHEST_APART:
        said.append(words.far_apart(apart, FARTHEST_APART))
    failed = max((one.bootstrapped.failed for one in made), default=0)
    endless = any(math.isinf(one.bootstrapped.interval.high) for one in made)
    if endless or failed > MOST_FAILED * resamples:
        said.append(words.many_failed(failed, resamples))
    return tuple(said)


def _cautions(about: About, histories: Histories, made: tuple[Estimate, ...]) -> tuple[str, ...]:
    said = list(histories.notes)
    if not (about.population and about.place and about.period):
        said.append(words.NOT_STATED)
    if len(histories.lists) == 2:
        said.append(words.TWO_LISTS)
    said += [words.searched(one.tried) for one in made if not one.all]
    said += [
        words.some_failed(one.way, one.bootstrapped.failed)
        for one in made
        if one.bootstrapped.failed
    ]
    return (*said, *words.CRITICISMS, words.interval(LEVEL))
