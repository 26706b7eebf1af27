"""Exact search within 31 bits among random hashes, against `threatexchange` and plain faiss.

All sides hold the same uniformly random hashes in the same order, in one process, and are asked the
same: half the queries are a member with 0 to 31 bits turned (each number as often), half are
random. The peer is PDQIndex of `threatexchange`: faiss's multi-index of 16 tables behind Python.
`flat` is faiss's IndexBinaryFlat, which compares with every hash: it says what the right answer is,
and `flat_ratio` how much the tables gain. The answers are the same if for every query all pairs of
entry and distance are, none missing, none too many and none twice; faiss flat is asked fewer of 10
million, since each takes it 15 ms or more.

A time is the processor time of one call from Python, in the thread that makes it, from the value in
hexadecimal as a signal holds it; the clock itself is part of it on all sides, and takes up to 1 us.
It is the median over the queries of a run, and the median of three runs, in which the sides take
turns. No query is asked twice of one side: its buckets would still be in the cache.

Back to back, a search finds in the cache what it shares with the one before: as where many values
are looked up. Between pictures, a JPEG of 1080p is decoded and hashed before each query, outside
the measured time, as where files are screened; queries of a warm-up pass are not counted.

Bytes are of the one buffer that a segment is. Building is from hashes in no order, median of three:
it sorts them and fills the tables, and both are measured again by themselves (the tables in the
same buffer, so that its pages are there). The peer's is that of one `PDQIndex(entries)`, with the
entries at hand.

Goals are those of the compiled code that runs here: without AVX-512 the scan takes 2 to 3 times as
long.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench import ours, peers, pictures
from bench.measure import RUNS
from bench.record import Goal, Record
from tutela.matching.layouts import INDEXED, NEAR
from tutela.matching.ordered import distinct_hashes
from tutela.matching.segment import Segment
from tutela.signals.kernels import NATIVE, kernel

TITLE = f"exact search within {INDEXED} bits among random hashes"
HOW = (
    "processor us a query from Python, p50; peer: threatexchange PDQIndex; same answer: all pairs "
    "of entry and distance equal PDQIndex's and those of faiss flat, for every query"
)
PACKAGES = ("faiss", "threatexchange")

QUERIES = 400 if NATIVE else 64
"""Of a run, and of one side. Without a compiler ours compares with every hash."""

FEW_QUERIES = 64
"""Of a run, to one that compares with each of more than `MANY` hashes."""

MANY = 1_000_000
BETWEEN_PICTURES = 100

Hashes = NDArray[np.uint8]
Pairs = list[tuple[int, int]]
"""Entries and distances, in order."""


class Searcher(ABC):
    """A bank that is asked for one hash at a time."""

    name: str
    queries = QUERIES
    build_s: float | None = None

    @abstractmethod
    def ask(self, value: str) -> Any:
        """What is timed: all hashes within `INDEXED` bits of one in hexadecimal."""

    @abstractmethod
    def pairs(self, answer: Any) -> Pairs:
        """What an answer says."""


class Ours(Searcher):
    name = "ours"

    def __init__(self, segment: Segment) -> None:
        self.segment = segment

    def ask(self, value: str) -> Any:
        return self.segment.search(np.frombuffer(bytes.fromhex(value), np.uint8), INDEXED)

    def pairs(self, answer: Any) -> Pairs:
        return sorted((entry, distance) for _, entry, distance in answer.tolist())


class PdqIndex(Searcher):
    name = "PDQIndex"

    def __init__(self, hashes: Hashes) -> None:
        from threatexchange.signal_type.pdq.pdq_index import PDQIndex

        entries = [(value.tobytes().hex(), number) for number, value in enumerate(hashes)]
        self.build_s, self.index = timed(PDQIndex, entries)

    def ask(self, value: str) -> Any:
        return self.index.query(value)

    def pairs(self, answer: Any) -> Pairs:
        return sorted((match.metadata, match.similarity_info.distance) for match in answer)


class Flat(Searcher):
    name = "flat"

    def __init__(self, hashes: Hashes) -> None:
        import faiss

        if len(hashes) > MANY:
            self.queries = FEW_QUERIES
        faiss.omp_set_num_threads(1)  # what is measured is the time of one thread
        self.index = faiss.IndexBinaryFlat(8 * NEAR.width)
        self.index.add(hashes)

    def ask(self, value: str) -> Any:
        query = np.frombuffer(bytes.fromhex(value), np.uint8)
        return self.index.range_search(query[None], INDEXED + 1)  # finds what is nearer than that

    def pairs(self, answer: Any) -> Pairs:
        _, distances, entries = answer
        return sorted(zip(entries.tolist(), map(int, distances), strict=True))


Make = Callable[[Hashes], Searcher]
PEERS: tuple[Make, ...] = (PdqIndex, Flat)


@dataclass(frozen=True, slots=True)
class Bank:
    """The goals are ratios, but of `memory` and `build`."""

    name: str
    count: int
    back_to_back: Goal
    memory: Goal
    build: Goal | None = None
    between: Goal | None = None
    pictures: bool = False


AVX512 = kernel.family() == "avx512"
BANKS = (
    Bank("1M", MANY, Goal(50 if AVX512 else 30), Goal(150, "most", "ours")),
    Bank(
        "10M",
        10_000_000,
        Goal(100 if AVX512 else 60),
        Goal(140, "most", "ours"),
        Goal(20, "most", "ours"),
        Goal(25) if AVX512 else None,
        pictures=True,
    ),
)


@dataclass(frozen=True, slots=True)
class Built:
    """A segment, and the seconds it took: in all, to sort, and to fill the tables again."""

    segment: Segment
    whole_s: float
    sorting_s: float
    tables_s: float


@dataclass(frozen=True, slots=True)
class Asked:
    """How long each query of each run took one side, in us, and what it found."""

    name: str
    times: list[list[float]] = field(default_factory=list)
    found: dict[str, Pairs] = field(default_factory=dict)

    @property
    def p50(self) -> float:
        return median(map(median, self.times))

    @property
    def p99(self) -> float:
        return float(np.percentile(np.concatenate(self.times), 99))


def run() -> Iterator[Record]:
    makes = () if peers.missing(*PACKAGES) else PEERS
    for bank in BANKS:
        yield from measured(bank, makes)


def measured(bank: Bank, makes: Sequence[Make]) -> Iterator[Record]:
    """All rows of a bank. Of `makes`, the first is the peer; the others are reported beside it."""
    rng = np.random.default_rng(bank.count)
    own = built(rng, bank.count)
    hashes = own.segment.hashes
    sides = [Ours(own.segment), *(make(hashes) for make in makes)]
    runs = [queries(rng, hashes, QUERIES) for _ in range(RUNS)]
    yield compared(f"{bank.name}, back to back", asked(sides, runs), bank.back_to_back)
    if bank.pictures:
        warm_up, *runs = (queries(rng, hashes, BETWEEN_PICTURES) for _ in range(1 + RUNS))
        before = picture_hasher()
        asked(sides[:2], [warm_up], before)
        found = asked(sides[:2], runs, before)
        yield compared(f"{bank.name}, between pictures", found, bank.between)
    each = NEAR.size_of(bank.count) / bank.count
    yield Record(f"matching/{bank.name}, memory", each, "bytes a hash", goal=bank.memory)
    peer_s = sides[1].build_s if makes else None
    ratio = None if peer_s is None else peer_s / own.whole_s
    name = f"matching/{bank.name}, build"
    yield Record(name, own.whole_s, "s", peer_s, ratio, goal=bank.build)
    yield Record(f"{name}: sorting", own.sorting_s, "s")
    yield Record(f"{name}: tables", own.tables_s, "s")


def built(rng: np.random.Generator, count: int) -> Built:
    hashes = uniform(rng, count)
    runs = []
    for _ in range(RUNS):
        whole_s, segment = timed(Segment.of, hashes)
        sorting_s, _ = timed(distinct_hashes, hashes)
        tables_s, _ = timed(Segment.built, segment.buffer, segment.count)
        runs.append((whole_s, sorting_s, tables_s))
    return Built(segment, *map(median, zip(*runs, strict=True)))


def timed(act: Callable[..., Any], *arguments: Any) -> tuple[float, Any]:
    """Processor seconds of this thread, and the result."""
    began = time.thread_time()
    result = act(*arguments)
    return time.thread_time() - began, result


def uniform(rng: np.random.Generator, count: int) -> Hashes:
    return rng.integers(0, 256, (count, NEAR.width), np.uint8)


def queries(rng: np.random.Generator, hashes: Hashes, count: int) -> list[str]:
    """Planted and random ones in turns, so that half of any first few are planted."""
    values = uniform(rng, count)
    for number, row in enumerate(range(0, count, 2)):
        bits = np.unpackbits(hashes[rng.integers(len(hashes))])
        bits[rng.choice(bits.size, number % (INDEXED + 1), replace=False)] ^= 1
        values[row] = np.packbits(bits)
    return [value.tobytes().hex() for value in values]


def picture_hasher() -> Callable[[], object]:
    """Decodes and hashes the next of 8 photographs, again and again."""
    made = [pictures.full_hd(path) for path in pictures.find(8)]
    files = cycle([pictures.encoded(picture, "JPEG", quality=85) for picture in made])
    return lambda: ours.plain(next(files))


def asked(
    sides: Sequence[Searcher],
    runs: Sequence[Sequence[str]],
    before: Callable[[], object] | None = None,
) -> list[Asked]:
    """The times and answers of each side. `before` comes before each query, in nobody's time."""
    results = [Asked(side.name) for side in sides]
    for values in runs:
        for side, result in zip(sides, results, strict=True):
            times = []
            for value in values[: side.queries]:
                if before is not None:
                    before()
                began = time.thread_time_ns()
                answer = side.ask(value)
                times.append((time.thread_time_ns() - began) / 1000)
                result.found[value] = side.pairs(answer)
            result.times.append(times)
    return results


def compared(label: str, results: Sequence[Asked], goal: Goal | None) -> Record:
    """Ours, the peer and others: the ratio is to the peer, the answer is that of all."""
    own, *others = results
    more: dict[str, Any] = {
        "queries": len(own.found),
        "hits": sum(map(len, own.found.values())),
        "p99_us": round(own.p99, 1),
        "runs_us": [round(median(times), 1) for times in own.times],
    }
    name = f"matching/{label}"
    if not others:
        more["note"] = peers.missing(*PACKAGES)
        return Record(name, own.p50, "us", goal=goal, more=more)
    differ = []
    for other in others:
        more |= {
            f"{other.name}_p99_us": round(other.p99, 1),
            f"{other.name}_queries": len(other.found),
        }
        if other is not others[0]:
            more |= {
                f"{other.name}_us": round(other.p50, 1),
                f"{other.name}_ratio": round(other.p50 / own.p50, 1),
            }
        wrong = sum(own.found[value] != pairs for value, pairs in other.found.items())
        if wrong:
            differ.append(f"{other.name} to {wrong} of {len(other.found)}")
    if differ:
        more["note"] = f"{label}: other answers than those of {', '.join(differ)} queries"
    peer = others[0].p50
    return Record(name, own.p50, "us", peer, peer / own.p50, not differ, goal, more)
