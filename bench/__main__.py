"""`python -m bench NAME [--json]`: exit 0, or 1 if ours and the peer gave different answers."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib import import_module

import bench
from bench.record import Record

ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
"""Threads of numpy that wait for each other would count as processor time of whoever started them;
a decoder process has one as well."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=bench.__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("name", choices=[*bench.BENCHES, "all"])
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    chosen = parser.parse_args(arguments)
    if chosen.name == "all":
        return each_by_itself(chosen.json)
    for variable in ONE_THREAD:
        os.environ.setdefault(variable, "1")  # read when numpy is loaded, which is below
    from tutela.errors import TutelaError

    try:
        return run([chosen.name], as_json=chosen.json)
    except TutelaError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 3


def each_by_itself(as_json: bool) -> int:
    """Every benchmark in a process of its own: what one leaves in the allocator changes the next.

    (A peer that was given large pictures before allocates its next ones 40 % faster.) The load is
    that of the beginning: the benchmarks are a load themselves.
    """
    os.environ.setdefault("BENCH_LOAD", f"{os.getloadavg()[0]:.2f}")
    options = ["--json"] if as_json else []
    return max(
        subprocess.run([sys.executable, "-m", "bench", name, *options], check=False).returncode
        for name in bench.BENCHES
    )


def run(names: Sequence[str], *, as_json: bool) -> int:
    from bench import showing
    from bench.surroundings import Surroundings

    surroundings = Surroundings.now()
    show = showing.Json(surroundings) if as_json else showing.Tables(surroundings)
    show.begin()
    records: list[Record] = []
    for name in names:
        module = import_module(f"bench.{name}")
        show.title(name, module.TITLE, module.HOW)
        began = time.monotonic()
        for record in module.run():
            records.append(record)
            show.record(record)
        show.end(time.monotonic() - began)
    return 1 if any(record.same_answer is False for record in records) else 0


if __name__ == "__main__":
    sys.exit(main())
