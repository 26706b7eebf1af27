"""Charts of an account, as SVG that needs nothing else."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

import numpy as np

from tutela.estimation.account import Account, Estimate
from tutela.estimation.histories import Histories

WIDTH = 760
SHOWN_OVERLAPS = 30
BARS = 48
LEFT, RIGHT = 200, 24


def overlaps(histories: Histories) -> str:
    """How many people are on exactly which lists: a column each, most people first."""
    held = sorted(
        ((n, w) for w, n in enumerate(histories.counts, 1) if n), key=lambda one: (-one[0], one[1])
    )[:SHOWN_OVERLAPS]
    names = sorted(histories.lists)
    bit = {name: 1 << histories.lists.index(name) for name in names}
    step = min((WIDTH - LEFT - RIGHT) / len(held), 40)
    tall, gap = 180, 22
    bottom = tall + 24
    most = math.log10(held[0][0] + 1)
    drawn = []
    for column, (people, history) in enumerate(held):
        x = LEFT + (column + 0.5) * step
        height = tall * math.log10(people + 1) / most
        drawn.append(
            f'<rect class="bar" x="{x - step * 0.35:.1f}" y="{bottom - height:.1f}" '
            f'width="{step * 0.7:.1f}" height="{height:.1f}"/>'
            f'<text class="small" x="{x:.1f}" y="{bottom - height - 4:.1f}" '
            f'text-anchor="middle">{people}</text>'
        )
        rows = [i for i, name in enumerate(names) if history & bit[name]]
        ys = [bottom + gap * (i + 1) for i in range(len(names))]
        if len(rows) > 1:
            drawn.append(
                f'<line class="line" x1="{x:.1f}" x2="{x:.1f}" y1="{ys[rows[0]]}" '
                f'y2="{ys[rows[-1]]}"/>'
            )
        drawn += [
            f'<circle class="{"on" if i in rows else "off"}" cx="{x:.1f}" cy="{y}" r="5"/>'
            for i, y in enumerate(ys)
        ]
    sizes = histories.sizes
    drawn += [
        f'<text x="{LEFT - 12}" y="{bottom + gap * (i + 1) + 4}" text-anchor="end">'
        f"{_cut(name)} ({sizes[name]:,})</text>"
        for i, name in enumerate(names)
    ]
    height = bottom + gap * (len(names) + 1)
    return _svg(height, "People by the lists they are on; heights are logarithmic", drawn)


def estimates(account: Account) -> str:
    """Each procedure and model with its interval, on one scale, and Chao's bound."""
    rows: list[tuple[str, float, float, float]] = []
    for one in account.estimates:
        limits = one.bootstrapped.interval
        rows.append((one.way, one.people, limits.low, limits.high))
        if one.weighted is not None:
            rows.append(("weighted by BIC", math.nan, *one.weighted))
        rows += [
            (f"model {i}, weight {model.weight:.0%}", model.people, model.wald.low, model.wald.high)
            for i, model in enumerate(one.models, 1)
        ]
    if account.chapman is not None:
        rows.append(("Chapman", account.chapman[0], *_limits(account)))
    rows.append(("at least (Chao)", account.at_least, account.at_least, account.at_least))
    ends = [x for row in rows for x in row[2:] if math.isfinite(x)]
    low, high = min(ends), max(ends)
    spread = (high - low) or 1.0

    def at(people: float) -> float:
        share = min(max((people - low) / spread, 0.0), 1.0)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    drawn = []
    for i, (name, people, first, last) in enumerate(rows):
        y = 24 + 22 * i
        open_ = "" if math.isfinite(last) else " &#8594;"
        drawn.append(
            f'<text x="{LEFT - 12}" y="{y + 4}" text-anchor="end">{escape(name)}{open_}</text>'
            f'<line class="line" x1="{at(first):.1f}" x2="{at(last):.1f}" y1="{y}" y2="{y}"/>'
        )
        if math.isfinite(people):
            drawn.append(f'<circle class="on" cx="{at(people):.1f}" cy="{y}" r="5"/>')
    bottom = 24 + 22 * len(rows)
    drawn += _axis(low, high, bottom)
    return _svg(bottom + 30, "Estimates and their intervals, in people", drawn)


def distribution(one: Estimate) -> str:
    """The estimates of the resamples, with the estimate and the limits of the interval."""
    people = one.bootstrapped.people
    finite = people[np.isfinite(people)]
    if not len(finite):
        return ""
    low, high = float(finite[0]), float(np.quantile(finite, 0.99))
    if high <= low:
        high = low + 1
    counts, edges = np.histogram(np.minimum(finite, high), BARS, (low, high))
    tall, bottom = 120, 140
    most = int(counts.max())
    reach = WIDTH - LEFT - RIGHT

    def at(value: float) -> float:
        return LEFT + min(max((value - low) / (high - low), 0.0), 1.0) * reach

    drawn = [
        f'<rect class="bar" x="{at(float(edge)):.1f}" y="{bottom - tall * n / most:.1f}" '
        f'width="{reach / BARS * 0.9:.1f}" height="{tall * n / most:.1f}"/>'
        for n, edge in zip(counts.tolist(), edges[:-1].tolist(), strict=True)
    ]
    limits = one.bootstrapped.interval
    for value, kind in ((limits.low, "limit"), (one.people, "point"), (limits.high, "limit")):
        if math.isfinite(value):
            drawn.append(
                f'<line class="{kind}" x1="{at(value):.1f}" x2="{at(value):.1f}" y1="10" '
                f'y2="{bottom}"/>'
            )
    drawn.append(f'<text x="{LEFT - 12}" y="{bottom}" text-anchor="end">{escape(one.way)}</text>')
    drawn += _axis(low, high, bottom)
    title = f"{one.way}: estimates of {len(people):,} resamples; what is beyond is in the last bar"
    return _svg(bottom + 30, title, drawn)


def _limits(account: Account) -> tuple[float, float]:
    assert account.chapman is not None  # noqa: S101 - asked only where there is one
    return account.chapman[1].low, account.chapman[1].high


def _axis(low: float, high: float, y: float) -> list[str]:
    reach = WIDTH - LEFT - RIGHT
    drawn = [f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>']
    for i in range(5):
        x = LEFT + reach * i / 4
        value = low + (high - low) * i / 4
        drawn.append(
            f'<text class="small" x="{x:.1f}" y="{y + 18}" text-anchor="middle">{value:,.0f}</text>'
        )
    return drawn


def _cut(name: str) -> str:
    return escape(name if len(name) <= 18 else name[:17] + "…")


def _svg(height: float, title: str, drawn: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img" '
        f'aria-label="{escape(title)}"><title>{escape(title)}</title>{"".join(drawn)}</svg>'
    )
