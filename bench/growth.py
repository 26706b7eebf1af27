"""How a search grows with the bank: time, memory and building, from 10 thousand to 10 million.

Uniformly random hashes and queries as in `matching`, asked back to back of ours alone: processor us
of one call from Python, the median of the queries of a run and of three runs. Comparing with every
hash grows as the bank does, a thousandfold here. Of the lists of the tables a search reads 272 of
65,536 in each of 16: so much it costs however few are in them, and beyond a million what is in them
counts, which by then no cache holds.

Bytes are of the one buffer of a segment, of which the keys take 4 MiB however small it is. Building
is the processor time from hashes in no order: the median of three, but of one where it takes long.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from statistics import median

import numpy as np

from bench import matching
from bench.measure import RUNS
from bench.record import Goal, Record
from tutela.matching.layouts import INDEXED, NEAR
from tutela.matching.segment import Segment

TITLE = "a search, its memory and its building, as the bank grows"
HOW = f"processor us a query within {INDEXED} bits from Python, p50; random hashes; no peer"
COUNTS = {"10k": 10_000, "100k": 100_000, "1M": 1_000_000, "10M": 10_000_000}

SHARE = 10
"""The goal: a search grows by this factor less than the bank, whatever the cache holds."""

Points = Sequence[tuple[int, float]]
"""Hashes, and us a query."""

DECADE_COLUMNS, DECADE_ROWS = 15, 3


def run() -> Iterator[Record]:
    yield from grown(COUNTS)


def grown(counts: dict[str, int]) -> Iterator[Record]:
    """Three rows for each count, from the least, and one that compares the last with the first."""
    points = []
    for label, count in counts.items():
        rng = np.random.default_rng(count)
        hashes = matching.uniform(rng, count)
        builds = [
            matching.timed(Segment.of, hashes) for _ in range(RUNS if count <= matching.MANY else 1)
        ]
        segment = builds[-1][1]
        runs = [matching.queries(rng, hashes, matching.QUERIES) for _ in range(RUNS)]
        (own,) = matching.asked([matching.Ours(segment)], runs)
        points.append((count, own.p50))
        more = {"queries": len(own.found), "p99_us": round(own.p99, 1)}
        yield Record(f"growth/{label}", own.p50, "us", more=more)
        yield Record(f"growth/{label}, memory", NEAR.size_of(count) / count, "bytes a hash")
        yield Record(f"growth/{label}, build", median(seconds for seconds, _ in builds), "s")
    (first, least), (last, most) = points[0], points[-1]
    labels = list(counts)
    yield Record(
        f"growth/{labels[-1]} to {labels[0]}",
        most / least,
        "times the time",
        goal=Goal(last / first / SHARE, "most", "ours"),
        more={"times_the_hashes": last / first, "note": plot(points)},
    )


def plot(points: Points) -> str:
    """On logarithmic axes: a bullet for each point, and dots where the bank's growth would lead."""
    (first, least), (last, _) = points[0], points[-1]
    linear = [(count, least * count / first) for count, _ in points]
    low = math.floor(math.log10(min(us for _, us in points)))
    high = math.ceil(math.log10(max(us for _, us in (*points, *linear))))
    columns = round(math.log10(last / first) * DECADE_COLUMNS)
    rows = (high - low) * DECADE_ROWS
    grid = [[" "] * (columns + 1) for _ in range(rows + 1)]

    def put(column: int, us: float, mark: str) -> None:
        grid[rows - round((math.log10(us) - low) * DECADE_ROWS)][column] = mark

    for column in range(columns + 1):
        put(column, least * 10 ** (column / DECADE_COLUMNS), "·")
    for count, us in points:
        put(round(math.log10(count / first) * DECADE_COLUMNS), us, "●")
    names = [f"{10 ** (high - at // DECADE_ROWS):g}" for at in range(0, rows + 1, DECADE_ROWS)]
    width = max(map(len, names))
    lines = ["us a query (●) by hashes, both logarithmic; (·) as fast as the bank grows"]
    for at, line in enumerate(grid):
        name = "" if at % DECADE_ROWS else names[at // DECADE_ROWS]
        lines.append(f"{name:>{width}} ┤{''.join(line)}".rstrip())
    axis = [" "] * (columns + 12)
    for count, _ in points:
        at = round(math.log10(count / first) * DECADE_COLUMNS)
        text = f"{count:,}"
        axis[at : at + len(text)] = text
    return "\n".join([*lines, " " * (width + 2) + "".join(axis).rstrip()])
