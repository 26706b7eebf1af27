"""The PDQ kernel: compiled where it could be built, numpy elsewhere, with the same answers.

`TUTELA_NATIVE=0` in the environment asks for numpy, to compare the two.
"""

from __future__ import annotations

import os
from typing import Protocol

from tutela.signals import kernels_numpy
from tutela.signals.models import Pixels


class Kernel(Protocol):
    def pdq(
        self, pixels: Pixels, full_rows: int, full_cols: int, factor: int, dihedral: bool, /
    ) -> tuple[bytes, int]:
        """Hash (32 bytes) and quality (0..100); with dihedral 8 x 32 bytes, as `ORIENTATIONS`."""
        ...

    def border(self, luma: Pixels, edge: str, level: int, tolerance: int, share: float, /) -> int:
        """How many lines from an edge have at least `share` of their pixels near `level`."""
        ...

    def family(self) -> str:
        """Which code runs: `avx512`, `avx2`, `baseline` or `numpy`."""
        ...


kernel: Kernel = kernels_numpy
NATIVE = False
if os.environ.get("TUTELA_NATIVE") != "0":
    try:
        from tutela import _native

        kernel = _native
        NATIVE = True
    except ImportError:  # built without a compiler: slower, same answers
        pass
