"""What is true of any table."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutela.estimation import bounds, existence, fitting, selecting, tables
from tutela.estimation.account import account
from tutela.estimation.errors import BadTable
from tutela.estimation.histories import Histories
from tutela.estimation.models import design, hierarchical
from tutela.estimation.tables import published


@st.composite
def counted(draw, most: int = 4) -> tuple[int, dict[int, int]]:
    """A number of lists and people by history, with many zeros and ties."""
    lists = draw(st.integers(2, most))
    number = st.sampled_from([0, 0, 0, 1, 1, 2, 5, 5, 20, 300])
    return lists, {w: draw(number) for w in range(1, 2**lists)}


def made(lists: int, counts: dict[int, int], order: tuple[int, ...] | None = None) -> Histories:
    """Histories with the lists in another order, under other names: only counts stay."""
    order = order or tuple(range(lists))
    moved = {
        sum((w >> old & 1) << new for new, old in enumerate(order)): n for w, n in counts.items()
    }
    return Histories.of([f"list {i}" for i in range(lists)], moved)


def estimated(histories: Histories) -> tuple[float, float, float]:
    shape = design(len(histories.lists), 2)
    ranked = selecting.best_of_all(shape, histories.table)
    return (
        float(selecting.stepwise(shape, histories.table[None]).unseen[0]),
        float(ranked.unseen[0]) if len(ranked.unseen) else np.inf,
        bounds.chao(histories),
    )


@given(counted(), st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_the_order_of_lists_changes_nothing(table, random):
    lists, counts = table
    order = list(range(lists))
    random.shuffle(order)
    try:
        first = made(lists, counts)
    except BadTable:
        with pytest.raises(BadTable):
            made(lists, counts, tuple(order))
        return
    other = made(lists, counts, tuple(order))
    assert first.counts == other.counts
    assert estimated(first) == estimated(other)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_no_order_matters_where_pairs_tie(order):
    """Two pairs surprise alike, and together or alone give other estimates: lists in the order in
    which they came would decide."""
    counts = {1: 50, 2: 50, 4: 80, 3: 0, 5: 19, 6: 19, 7: 1}
    assert made(3, counts, order).counts == made(3, counts).counts


def test_everything_of_an_account_is_the_same_in_any_order():
    lists, written = tables.KOSOVO[0].split(), tables.KOSOVO[1].split()
    turned = " ".join(w[::-1] if i % 2 == 0 else w for i, w in enumerate(written))
    first = account(published(tables.KOSOVO), resamples=200)
    other = account(published((" ".join(lists[::-1]), turned)), resamples=200)
    assert first.headline == other.headline
    for one, two in zip(first.estimates, other.estimates, strict=True):
        assert one.people == two.people and one.model == two.model
        assert one.bootstrapped.interval == two.bootstrapped.interval


@given(counted(most=3))
@settings(max_examples=60)
def test_a_list_that_adds_nobody_changes_nothing(table):
    lists, counts = table
    try:
        first = made(lists, counts)
    except BadTable:
        return
    names = [f"list {i}" for i in range(lists)]
    empty = Histories.of([*names, "empty"], counts)
    copied = Histories.of([*names, "copy"], {w | (w & 1) << lists: n for w, n in counts.items()})
    for other in (empty, copied):
        assert (other.lists, other.counts) == (first.lists, first.counts)
    assert any("empty" in note for note in empty.notes)
    if any(w & 1 and n for w, n in counts.items()):
        assert any("copy" in note for note in copied.notes)


@given(counted(most=5))
@settings(max_examples=100)
def test_no_estimate_is_below_what_was_seen(table):
    try:
        histories = made(*table)
    except BadTable:
        return
    shape = design(len(histories.lists), 2)
    chosen = selecting.stepwise(shape, histories.table[None])
    assert chosen.unseen[0] >= 0
    assert bounds.chao(histories) >= histories.observed


@given(counted(most=3))
@settings(max_examples=15)
def test_any_table_has_an_account_that_stays_above_what_was_seen(table):
    try:
        histories = made(*table)
    except BadTable:
        return
    found = account(histories, resamples=100)
    for one in found.estimates:
        for low in (one.wald.low, one.profile.low, one.bootstrapped.interval.low):
            assert low >= histories.observed - 1e-6
        assert one.people >= histories.observed
    if found.headline:
        assert histories.observed <= found.headline[0] <= found.headline[1]


@given(counted())
@settings(max_examples=100)
def test_what_newton_proves_is_what_the_linear_program_says(table):
    """Every model of a table with many zeros, and a second way to look at each."""
    try:
        histories = made(*table)
    except BadTable:
        return
    shape = design(len(histories.lists), 2)
    models = hierarchical(shape)
    totals = np.tile(histories.table @ shape.matrix, (len(models), 1))
    supports = np.tile((histories.table > 0) @ shape.matrix, (len(models), 1))
    fits = fitting.fit(shape, totals, models, supports)
    assert (fits.states != fitting.UNFINISHED).all()
    proven = fits.states == fitting.FINE
    codes = np.array([existence.code(shape, histories.table, model) for model in models])
    assert not (proven & (codes != existence.FINE)).any()
    assert (fits.settled() == (codes == existence.FINE)).all()
    for i in np.flatnonzero(fits.settled()):
        active = fits.terms[i]
        left = (totals[i] - fits.means[i] @ shape.matrix)[active]
        assert np.abs(left).max() < 1e-3


def test_a_figure_without_an_upper_limit_is_refused():
    """Some resamples have no estimate: too few to be refused for, but the limit is among them."""
    found = account(made(3, {3: 5, 4: 5, 5: 20, 6: 300}), resamples=100)
    assert found.headline is None
    assert any("no upper limit" in one for one in found.refusals)


def test_many_at_once_are_as_one_by_one():
    histories = published(tables.UK_FIVE)
    shape = design(5, 2)
    random = np.random.default_rng(5)
    drawn = random.multinomial(2744, histories.table / 2744, size=40).astype(float)
    together = selecting.stepwise(shape, drawn).unseen
    alone = [selecting.stepwise(shape, one[None]).unseen[0] for one in drawn]
    assert together == pytest.approx(alone, rel=1e-6)
    models = selecting.best_of_all(shape, histories.table).models[:20]
    found = selecting.best_of(shape, drawn[:8], models)
    for one, unseen in zip(drawn[:8], found, strict=True):
        ranked = selecting.rank(shape, one, models, all_=True)
        assert unseen == pytest.approx(ranked.unseen[0], rel=1e-5)
