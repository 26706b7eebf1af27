"""What goes into an index, what it should answer, and what it does."""

from __future__ import annotations

import numpy as np

from tutela.matching.layouts import NEAR, SCANNED, Equal

LAYOUTS = {
    "NEAR": NEAR,
    "SCANNED": SCANNED,
    "Equal(16)": Equal(16),
    "Equal(20)": Equal(20),
    "Equal(32)": Equal(32),
}
"""As the code says them."""


def uniform(seed, count, width):
    return np.random.default_rng(seed).integers(0, 256, (count, width), np.uint8)


def altered(values, bits):
    """Each with its first bits turned."""
    return values ^ np.packbits(np.arange(8 * values.shape[1]) < bits)


def expected(known, queries, distance):
    """Query number, value and distance of every pair that is near, by comparing all."""
    apart = np.bitwise_count(queries[:, None, :] ^ known[None, :, :]).sum(axis=2)
    near = np.argwhere(apart <= distance)
    return {(int(q), bytes(known[e]).hex(), int(apart[q, e])) for q, e in near}


def answers(segment, queries, distance):
    found = segment.search(queries, distance).tolist()
    return {(q, bytes(segment.hashes[e]).hex(), apart) for q, e, apart in found}


def contents(opened):
    return [bytes(row) for row in opened.segment.hashes]


def names(folder):
    return sorted(path.name for path in folder.glob("*"))


def said(process):
    """What another process printed, when it ended well."""
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err[-3000:]
    return out.strip()


def with_bit_turned(path, at, bit):
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 1 << bit]))
