"""Times as processor time, and as the median of three runs.

Processor time leaves out what others on the machine take, though not what they do to the caches.
Both sides take turns within a run, so that a change of the machine's speed meets both.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

RUNS = 3


def processor_ms(act: Callable[[Any], object], items: Sequence[Any], repeats: int = 1) -> float:
    """Mean processor time of `act` on one item, in ms."""
    began = time.process_time()
    for _ in range(repeats):
        for item in items:
            act(item)
    return (time.process_time() - began) * 1000 / (repeats * len(items))


def medians(
    acts: Sequence[Callable[[Any], object] | None], items: Sequence[Any], repeats: Sequence[int]
) -> list[float]:
    """Median over the runs of each act's `processor_ms`; NaN for an act that is None.

    `repeats` are those of each act: quick ones need more to be measured at all.
    """
    for act in acts:
        if act is not None:
            act(items[0])  # the first call loads and allocates what later calls find
    runs = [
        [
            float("nan") if act is None else processor_ms(act, items, times)
            for act, times in zip(acts, repeats, strict=True)
        ]
        for _ in range(RUNS)
    ]
    return [median(column) for column in zip(*runs, strict=True)]
