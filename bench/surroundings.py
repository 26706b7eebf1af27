"""The machine that a benchmark ran on, as far as its figures depend on it."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tutela.signals.kernels import kernel

QUIET = 0.5
"""Goals hold below this load average of one minute: others on the machine slow both sides, but not
equally, since they take caches and memory more than arithmetic."""

FLAGS = frozenset({
    "sse4_2", "popcnt", "avx", "avx2", "fma", "bmi2", "asimd", "sve",
    "avx512f", "avx512bw", "avx512vl", "avx512_bitalg", "avx512_vpopcntdq",
})  # fmt: skip
"""Processor features that any kernel here, or a plain compiler, would use; the others are noise."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`load` is the load average of one minute, `kernel` the compiled family that runs."""

    load: float
    cpu_flags: tuple[str, ...]
    kernel: str

    @classmethod
    def now(cls) -> Surroundings:
        """To be taken before the first measurement, which is a load itself."""
        load = float(os.environ.get("BENCH_LOAD", os.getloadavg()[0]))
        return cls(round(load, 2), _flags(), kernel.family())

    @property
    def quiet(self) -> bool:
        return self.load < QUIET

    def as_json(self) -> dict[str, Any]:
        return {"cpu_flags": list(self.cpu_flags), "load": self.load, "kernel": self.kernel}


def _flags() -> tuple[str, ...]:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:  # not Linux
        return (platform.machine(),)
    named = (line.partition(":") for line in text.splitlines())
    found = next((flags for key, _, flags in named if key.strip() in ("flags", "Features")), "")
    return tuple(sorted(FLAGS & set(found.split())))
