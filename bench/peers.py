"""The other programs: imported when wanted, and named when they are not here."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

import numpy as np

from tutela.signals.models import Pixels

PixelHash = Callable[[Pixels], tuple[bytes, int]]
FileHash = Callable[[bytes], tuple[bytes, int]]


def missing(*packages: str) -> str | None:
    """What to say of the first of these packages that is not installed, or None."""
    for package in packages:
        if find_spec(package) is None:
            return (
                f"The peer {package} (PyPI) is not installed: it needs a compiler (make oracles)."
            )
    return None


def pdqhash_compute() -> PixelHash | None:
    """Hash and quality of pixels by PyPI `pdqhash`, Meta's C++ code; None if it is missing."""
    if missing("pdqhash"):
        return None
    import pdqhash

    def compute(pixels: Pixels) -> tuple[bytes, int]:
        bits, quality = pdqhash.compute(pixels)
        return np.packbits(np.asarray(bits, np.uint8)).tobytes(), int(quality)

    return compute


def threatexchange_pdq() -> FileHash | None:
    """Hash and quality of a file's bytes by `threatexchange`, as HMA does; None if missing."""
    if missing("pdqhash", "threatexchange"):
        return None
    from threatexchange.signal_type.pdq.pdq_hasher import pdq_from_bytes

    def hash_file(data: bytes) -> tuple[bytes, int]:
        value, quality = pdq_from_bytes(data)
        return bytes.fromhex(value), int(quality)

    return hash_file
