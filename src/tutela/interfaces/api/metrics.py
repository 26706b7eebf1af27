"""What is measured: never whom or what an item concerns."""

from __future__ import annotations

import os
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, values
from prometheus_client.multiprocess import MultiProcessCollector

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)

if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
    PROCESS = os.getpid()  # a web process never forks itself, and need not ask each time
    values.ValueClass = values.MultiProcessValue(lambda: PROCESS)  # type: ignore[no-untyped-call]

registry = CollectorRegistry()
screened = Counter(
    "tutela_screened_total", "Items that were screened.", ("door", "verdict", "test"),
    registry=registry,
)  # fmt: skip
evidence = Counter(
    "tutela_evidence_total", "Items of which bytes were to be kept.", ("result",), registry=registry
)
lookups = Counter("tutela_lookups_total", "Lookups.", ("verdict",), registry=registry)
problems = Counter(
    "tutela_problems_total", "Requests that were refused or failed.", ("status",), registry=registry
)
beside = Counter(
    "tutela_hma_beside_total", "Lookups of HMA's clients that another HMA was asked for too.",
    ("outcome",), registry=registry,
)  # fmt: skip
seconds = Histogram(
    "tutela_request_seconds", "From a request's last byte to its answer.", ("door",),
    buckets=SECONDS, registry=registry,
)  # fmt: skip
in_work = Gauge(
    "tutela_requests_in_work", "Requests that are being answered.",
    registry=registry, multiprocess_mode="livesum",
)  # fmt: skip


@cache
def _lookups(verdict: str) -> Counter:
    return lookups.labels(verdict)


_LOOKUP = seconds.labels("lookup")


def looked_up(verdict: str, taken: float) -> None:
    """A lookup was answered. Labels are looked up once: that costs more than to count."""
    _lookups(verdict).inc()
    _LOOKUP.observe(taken)


def besides(outcome: str) -> None:
    """Another HMA was asked for what was looked up, or was not."""
    beside.labels(outcome).inc()


Values = dict[tuple[tuple[str, str], ...], float]
Read = tuple[str, Values]
"""What a gauge means, and its value for each set of labels."""


def exposed(gauges: dict[str, Read]) -> bytes:
    """Everything, of all web processes, in Prometheus's text format; `gauges` are read now."""
    chosen = registry
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        chosen = CollectorRegistry()
        MultiProcessCollector(chosen)  # type: ignore[no-untyped-call] # it has no types
    now = CollectorRegistry()
    for name, (text, readings) in gauges.items():
        labels = next(iter(readings), ())
        gauge = Gauge(name, text, tuple(key for key, _ in labels), registry=now)
        for pairs, value in readings.items():
            (gauge.labels(**dict(pairs)) if pairs else gauge).set(value)
    return generate_latest(chosen) + generate_latest(now)
