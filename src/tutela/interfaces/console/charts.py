"""Small charts as SVG, made by hand: without script, style attributes or a library.

Colours are classes of the style sheet, so that charts are as dark or light as the page. Each chart
carries its numbers, for a table beside it: who cannot see it reads that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from markupsafe import Markup, escape

from tutela.interfaces.console.rendering import number

WIDTH = 440
"""Units of a chart's width: it is drawn as wide as its place."""

COLUMNS_HEIGHT, ROOM_LEFT, ROOM_BELOW, ROOM_ABOVE = 180, 52, 24, 10
BAR, NAMES, NUMBERS = 26, 140, 70
LONGEST_NAME = 20
"""Letters of a name beside a bar; the table has all of it."""

STEPS = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class Series:
    """What is drawn in one colour. `look` is a class of the style sheet: one to four."""

    name: str
    look: str
    values: Sequence[int]


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing, and its numbers. `empty` if all are nothing: then a sentence says more."""

    title: str
    svg: Markup
    head: tuple[str, ...]
    rows: tuple[tuple[str | int, ...], ...]
    keys: tuple[tuple[str, str], ...] = ()
    empty: bool = False


def columns(title: str, over: str, labels: Sequence[str], series: Sequence[Series]) -> Chart:
    """A column for each label, its series on top of each other. `over` heads the labels."""
    rows: list[tuple[str | int, ...]] = [
        (label, *(one.values[at] for one in series)) for at, label in enumerate(labels)
    ]
    totals = [sum(one.values[at] for one in series) for at in range(len(labels))]
    most, step = scale(max(totals, default=0))
    plot = COLUMNS_HEIGHT - ROOM_BELOW - ROOM_ABOVE
    wide = (WIDTH - ROOM_LEFT) / max(1, len(labels))
    parts = [*_grid(most, step, plot), *_dates(labels, wide)]
    for at, label in enumerate(labels):
        tops = [0, *accumulate(one.values[at] for one in series)]
        for one, below, above in zip(series, tops, tops[1:], strict=False):
            high = plot * (above - below) / most
            if high:
                parts.append(
                    _rect(
                        ROOM_LEFT + wide * at + wide * 0.15, ROOM_ABOVE + plot * (1 - above / most),
                        wide * 0.7, high, one.look, f"{label}: {one.name} {number(one.values[at])}",
                    )
                )  # fmt: skip
    head = (over, *(one.name for one in series))
    keys = tuple((one.name, one.look) for one in series) if len(series) > 1 else ()
    svg = _svg(title, COLUMNS_HEIGHT, parts)
    return Chart(title, svg, head, tuple(rows), keys, not any(totals))


def bars(
    title: str, head: tuple[str, str], rows: Sequence[tuple[str, int]], look: str = "one"
) -> Chart:
    """A bar for each row, lying, with its name before it and its number behind it."""
    most = max((count for _, count in rows), default=0) or 1
    room = WIDTH - NAMES - NUMBERS
    parts = []
    for at, (name, count) in enumerate(rows):
        middle = at * BAR + BAR / 2
        long = room * count / most
        seen = max(long, 1 if count else 0)
        parts += [
            _text(NAMES - 8, middle, _short(name), anchor="end"),
            _rect(NAMES, middle - BAR * 0.3, seen, BAR * 0.6, look, f"{name}: {number(count)}"),
            _text(NAMES + long + 6, middle, number(count)),
        ]
    empty = not any(count for _, count in rows)
    return Chart(title, _svg(title, max(1, len(rows)) * BAR, parts), head, tuple(rows), (), empty)


def scale(most: int) -> tuple[int, int]:
    """The top of an axis that reaches `most`, and the step of its lines, at most five of them."""
    step, power = 1, 1
    while True:
        for step in (digit * power for digit in STEPS):
            if most <= step * 4:
                return max(step * -(-most // step), step), step
        power *= 10


def _grid(most: int, step: int, plot: float) -> Iterable[Markup]:
    for value in range(0, most + 1, step):
        y = ROOM_ABOVE + plot * (1 - value / most)
        yield Markup('<line x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}" class="rule"/>').format(
            ROOM_LEFT, WIDTH, y, y
        )
        yield _text(ROOM_LEFT - 6, y, number(value), anchor="end")


def _dates(labels: Sequence[str], wide: float) -> Iterable[Markup]:
    """The labels below: the first, one in the middle, and the last, if there is room."""
    shown = {0, len(labels) // 2, len(labels) - 1} if len(labels) > 7 else range(len(labels))
    for at in sorted(shown):
        if 0 <= at < len(labels):
            x = ROOM_LEFT + wide * (at + 0.5)
            yield _text(x, COLUMNS_HEIGHT - ROOM_BELOW / 2, labels[at], anchor="middle")


def _svg(title: str, height: float, parts: Iterable[Markup]) -> Markup:
    return Markup(
        '<svg role="img" aria-label="{}" viewBox="0 0 {} {:g}" class="chart" focusable="false">'
        "{}</svg>"
    ).format(title, WIDTH, height, Markup("").join(parts))


def _rect(x: float, y: float, width: float, height: float, look: str, said: str) -> Markup:
    return Markup(
        '<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" class="{}">'
        "<title>{}</title></rect>"
    ).format(x, y, width, height, look, said)


def _text(x: float, y: float, said: str, anchor: str = "start") -> Markup:
    return Markup(
        '<text x="{:.1f}" y="{:.1f}" dominant-baseline="central" text-anchor="{}">{}</text>'
    ).format(x, y, anchor, escape(said))


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"
