"""The published figures come out, from the published tables."""

from __future__ import annotations

import csv
from itertools import combinations
from pathlib import Path
from statistics import median

import numpy as np
import pytest

from tutela.estimation import bounds, existence, selecting, tables
from tutela.estimation.account import TOP_MODELS, account
from tutela.estimation.bootstrap import SEED, bootstrap, left_out
from tutela.estimation.histories import Histories
from tutela.estimation.intervals import profile, wald
from tutela.estimation.models import count_models, design, hierarchical
from tutela.estimation.overlaps import BIAS, from_overlaps
from tutela.estimation.tables import published

SHARED = Path(__file__).parents[3] / "shared" / "data"
SOURCES = {
    "UKdat": tables.UK_SIX, "UKdat_5": tables.UK_FIVE, "Western": tables.WESTERN,
    "Kosovo": tables.KOSOVO, "HIV_Rome": tables.ROME, "Artificial_3": tables.ARTIFICIAL,
}  # fmt: skip


def stepped(histories: Histories) -> selecting.Stepped:
    return selecting.stepwise(design(len(histories.lists), 2), histories.table[None])


def people(histories: Histories) -> float:
    return histories.observed + stepped(histories).unseen[0]


def best(histories: Histories, order: int) -> float:
    ranked = selecting.best_of_all(design(len(histories.lists), order), histories.table)
    return histories.observed + ranked.unseen[0]


@pytest.mark.parametrize(("name", "table"), SOURCES.items(), ids=SOURCES)
def test_the_tables_are_those_of_the_source(name, table):
    if not (file := SHARED / f"mse_{name}.csv").exists():
        pytest.skip(f"{file.name} is not here: the typed table is compared with nothing")
    with file.open() as stream:
        rows = list(csv.DictReader(stream))
    lists = [column for column in rows[0] if column != "count"]
    counts = {
        sum((row[one] == "1") << i for i, one in enumerate(lists)): int(row["count"])
        for row in rows
    }
    assert published(table) == Histories.of(lists, counts)


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (tables.UK_SIX, (11_418, 9_977, 13_146)),
        (tables.UK_FIVE, (11_313, 9_884, 13_027)),
    ],
    ids=["six", "five"],
)
def test_the_united_kingdom_stepwise_with_wald_limits(table, expected):
    histories = published(table)
    chosen = stepped(histories)
    limits = wald(chosen.fits, 0, histories.observed)
    point, low, high = expected
    assert people(histories) == pytest.approx(point, abs=1)
    assert limits.low == pytest.approx(low, abs=5)
    assert limits.high == pytest.approx(high, abs=5)


def test_points_of_the_best_models_by_bic():
    assert best(published(tables.UK_FIVE), 2) == pytest.approx(22_991, abs=1)
    assert best(published(tables.KOSOVO), 2) == pytest.approx(14_342, abs=1)
    assert best(published(tables.KOSOVO), 3) == pytest.approx(10_357, abs=1)
    assert best(published(tables.WESTERN), 2) == pytest.approx(2_483, abs=1)
    assert people(published(tables.WESTERN)) == pytest.approx(2_483, abs=1)


def test_the_models_are_all_of_them():
    assert [count_models(t, 2) for t in (2, 3, 4, 5, 6)] == [2, 8, 64, 1024, 32_768]
    assert count_models(4, 3) == len(hierarchical(design(4, 3))) == 113
    assert count_models(7, 2) == 40_001
    for terms in map(set, map(design(4, 3).chosen, hierarchical(design(4, 3)))):
        for term in terms:
            assert all(
                sum(pair) in terms
                for pair in combinations([1 << i for i in range(4) if term >> i & 1], 2)
            )


def test_existence_and_identifiability_of_the_artificial_table():
    histories = published(tables.ARTIFICIAL)
    shape = design(3, 2)
    bit = {name: 1 << i for i, name in enumerate(histories.lists)}

    def code(*pairs: str) -> int:
        return existence.code(
            shape, histories.table, shape.model(*(bit[p[0]] | bit[p[1]] for p in pairs))
        )

    assert code("AB", "AC", "BC") == 2
    assert code("AB") == 1
    assert code("AC", "BC") == 0


def limits(table: tuple[str, str], order: int, seed: int) -> tuple[float, float]:
    """BCa limits at 5 000 resamples: stepwise for pairs, all models by BIC for triples."""
    histories = published(table)
    shape = design(len(histories.lists), order)
    if order == 2:
        chosen = stepped(histories).models[0]
        made = bootstrap(
            histories, lambda drawn: selecting.stepwise(shape, drawn).unseen,
            left_out(shape, histories, chosen), seed=seed,
        )  # fmt: skip
    else:
        top = selecting.best_of_all(shape, histories.table).models[:TOP_MODELS]
        made = bootstrap(
            histories, lambda drawn: selecting.best_of(shape, drawn, top),
            left_out(shape, histories, top[0]), seed=seed,
        )  # fmt: skip
    return made.interval.low, made.interval.high


PUBLISHED = pytest.mark.parametrize(
    ("table", "order", "expected"),
    [(tables.WESTERN, 2, (1_293, 3_670)), (tables.KOSOVO, 3, (6_947, 18_010))],
    ids=["western", "kosovo"],
)


@PUBLISHED
def test_limits_of_the_bootstrap_are_within_a_tenth_of_those_published(table, order, expected):
    assert limits(table, order, SEED) == pytest.approx(expected, rel=0.1)


@pytest.mark.soak
@PUBLISHED
def test_so_they_are_in_the_middle_of_many_seeds(table, order, expected):
    made = [limits(table, order, seed) for seed in range(1, 10)]
    for end in (0, 1):
        assert median(one[end] for one in made) == pytest.approx(expected[end], rel=0.1)


def test_profile_limits_are_where_the_likelihood_has_fallen():
    """For independent lists, from a grid: the fall is worked out by itself."""
    histories = published(tables.ROME)
    shape = design(4, 2)
    found = profile(shape, histories.table, shape.model())
    again = wald(stepped(histories).fits, 0, histories.observed)
    assert stepped(histories).added == ((),)
    assert (found.low, found.high) == pytest.approx((again.low, again.high), rel=0.01)
    assert found.low > again.low and found.high > again.high  # the likelihood leans to the right


def test_chaos_bound_and_chapman_by_hand():
    histories = published(tables.ARTIFICIAL)  # 96 people, 90 on one list, 6 on two
    assert bounds.chao(histories) == pytest.approx(96 + 2 / 3 * 90 * 89 / (2 * 7))
    made = bounds.chapman(200, 150, 30)
    assert made.people == pytest.approx(201 * 151 / 31 - 1)
    unseen = made.people - 320
    variance = 201 * 151 * 170 * 120 / (31**2 * 32)
    factor = np.exp(1.959963985 * np.sqrt(np.log(1 + variance / unseen**2)))
    assert made.interval.low == pytest.approx(320 + unseen / factor)
    assert made.interval.high == pytest.approx(320 + unseen * factor)
    assert bounds.chapman(10, 5, 5).people == 10


@pytest.mark.parametrize(
    ("table", "short"),
    [(tables.UK_FIVE, 0.056), (tables.UK_SIX, 0.079), (tables.WESTERN, 0.0975)],
    ids=["five", "six", "western"],
)
def test_overlaps_alone_give_the_estimate_with_the_union_and_too_little_without(table, short):
    histories = published(table)
    shared = {
        (histories.lists[i], histories.lists[j]): sum(
            n for w, n in enumerate(histories.counts, 1) if w >> i & 1 and w >> j & 1
        )
        for i, j in combinations(range(len(histories.lists)), 2)
    }
    full = from_overlaps(histories.sizes, shared, histories.observed)
    assert full.people == pytest.approx(people(histories), abs=0.01) and not full.bias
    without = from_overlaps(histories.sizes, shared)
    assert 1 - without.people / full.people == pytest.approx(short, abs=0.0006)
    assert without.bias == BIAS


@pytest.mark.parametrize(
    ("table", "refused"),
    [
        (tables.UK_FIVE, "2.0 times"), (tables.WESTERN, "B (8), D (7), E (9)"),
        (tables.ARTIFICIAL, "C (0)"), (tables.KOSOVO, ""), (tables.ROME, ""),
    ],
    ids=["five", "western", "artificial", "kosovo", "rome"],
)  # fmt: skip
def test_a_figure_is_refused_where_models_disagree_or_overlaps_are_few(table, refused):
    made = account(published(table), resamples=100)
    assert any(refused in one for one in made.refusals) == bool(refused)
    assert (made.headline is None) == bool(refused)


def test_the_headline_spans_every_defensible_model():
    made = account(published(tables.KOSOVO), resamples=200)
    low, high = made.headline
    for one in made.estimates:
        assert low <= one.bootstrapped.interval.low and one.bootstrapped.interval.high <= high
        assert low <= one.people <= high
        if one.weighted:
            assert low <= one.weighted[0] and one.weighted[1] <= high
    assert [one.way for one in made.estimates] == [
        "stepwise", "best by BIC, pairs", "best by BIC, triples too",
    ]  # fmt: skip
