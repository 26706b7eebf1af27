"""A bank's root is the same whichever code sums."""

from __future__ import annotations

import hashlib

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tutela.banks import roots, roots_numpy

TEXTS = [bytes([n]) * size for n, size in enumerate((0, 1, 167, 168, 169, 336, 3000, *[125] * 30))]


def test_a_sum_is_that_of_the_lanes_of_shake() -> None:
    total = np.zeros(roots.LANES, np.uint16)
    for text in TEXTS:
        total += np.frombuffer(hashlib.shake_128(text).digest(2048), "<u2")
    assert roots_numpy.lthash(TEXTS) == total.astype("<u2").tobytes()
    assert roots.summed(TEXTS).tobytes() == total.tobytes()
    assert roots.root(roots_numpy.lthash([b"bicycle", b"rain"])) == (
        "97e506741e63f9c87456265503e9f2464fa1edcee3d9dd063090bac91da94cae"
    )


@given(st.lists(st.binary(max_size=400), max_size=40))
def test_numpy_gives_the_compiled_sum(native, texts: list[bytes]) -> None:
    assert native.lthash(texts) == roots_numpy.lthash(texts)


def test_every_processor_family_gives_the_same_sum(native) -> None:
    best, sums = native.family(), {}
    for family in ("baseline", "avx2", "avx512"):
        try:
            native.use(family)
        except ValueError:
            continue
        sums[family] = [native.lthash(TEXTS[:count]) for count in range(len(TEXTS) + 1)]
    native.use(best)
    assert "baseline" in sums
    assert all(found == sums["baseline"] for found in sums.values())


def test_a_root_does_not_depend_on_how_many_are_summed_at_a_time() -> None:
    many = [str(n).encode() for n in range(2 * roots.PART + 3)]
    parts = [roots.summed(many[at : at + 100]) for at in range(0, len(many), 100)]
    assert (roots.summed(many) == np.sum(parts, axis=0, dtype=np.uint16)).all()
