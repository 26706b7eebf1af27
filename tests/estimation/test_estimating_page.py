"""The numbers of docs/estimating.md are those that come out; `make docs` writes the worked part."""

from __future__ import annotations

import math

from docs.test_docs import DOCS, generated

from tutela.estimation import account, existence, numerics, selecting, tables
from tutela.estimation.fitting import fit
from tutela.estimation.intervals import wald
from tutela.estimation.models import design
from tutela.estimation.tables import published


def test_the_worked_example_of_the_page_is_documented():
    histories = published(tables.UK_SIX)
    shape, table = design(6, 2), histories.table
    chosen = selecting.stepwise(shape, table[None])
    sizes = ", ".join(f"{name} {n:,}" for name, n in sorted(histories.sizes.items()))
    said = f"{histories.observed:,} people: {sizes}.\n\n"
    said += "| step | pair added | overlap | expected | surprise | people |\n"
    said += "|---|---|---|---|---|---|\n"
    model = shape.model()
    for step, place in enumerate([None, *chosen.added[0]]):
        before = fit(shape, (table @ shape.matrix)[None], model[None])
        row = "| 0 | none: independent lists | | | "
        if place is not None:
            term = shape.terms[place]
            overlap = (table @ shape.matrix)[place]
            expected = (before.means @ shape.matrix)[0, place]
            surprise = numerics.log_surprise(before.means @ shape.matrix[:, [place]], overlap)
            model[place] = True
            assert existence.code(shape, table, model) == 0
            pair = "+".join(sorted(histories.named(term)))
            row = (
                f"| {step} | {pair} | {overlap:.0f} | {expected:.1f} | "
                f"{math.exp(surprise[0, 0]):.2g} "
            )
        now = fit(shape, (table @ shape.matrix)[None], model[None])
        said += f"{row}| {histories.observed + now.unseen[0]:,.0f} |\n"
    limits = wald(chosen.fits, 0, histories.observed)
    said += (
        f"\nNo further pair is more surprising than {selecting.SURPRISE}. People on no list: "
        f"{chosen.unseen[0]:,.0f}. **Estimate: {histories.observed + chosen.unseen[0]:,.0f} "
        f"({limits.low:,.0f} to {limits.high:,.0f})**, Wald.\n"
    )
    generated("estimating.md", "worked", said)


def test_the_limits_of_the_page_are_those_of_the_code():
    page = (DOCS / "estimating.md").read_text()
    for number in (account.FEWEST_SHARED, account.FARTHEST_APART, selecting.SURPRISE):
        assert str(number) in page
    assert f"{account.MOST_FAILED:.0%}".replace("%", " %") in page
    assert f"among the {account.TOP_MODELS} best" in page
