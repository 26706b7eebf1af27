"""Broken files: valid ones, damaged in the ways that break decoders. Deterministic by seed."""

from __future__ import annotations

import random
from collections.abc import Iterator

EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def mutate(data: bytes, seed: int) -> bytes:
    """One to eight damages to one file."""
    chance = random.Random(seed)
    broken = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4, 8))):
        if broken:
            chance.choice(DAMAGES)(broken, chance)
    return bytes(broken)


def mutations(files: list[bytes], count: int, seed: int = 0) -> Iterator[bytes]:
    """`count` broken files, from each of the given ones in turn."""
    for n in range(count):
        yield mutate(files[n % len(files)], seed + n)


def _place(broken: bytearray, chance: random.Random) -> int:
    """Headers break more than pixels: half of all damage falls on the first 256 bytes."""
    near = chance.random() < 0.5
    return chance.randrange(min(len(broken), 256) if near else len(broken))


def _flip_bit(broken: bytearray, chance: random.Random) -> None:
    broken[_place(broken, chance)] ^= 1 << chance.randrange(8)


def _overwrite_number(broken: bytearray, chance: random.Random) -> None:
    size = chance.choice((1, 2, 4))
    at = _place(broken, chance)
    value = chance.choice(EXTREMES) % (1 << 8 * size)
    broken[at : at + size] = value.to_bytes(size, chance.choice(("big", "little")))


def _noise(broken: bytearray, chance: random.Random) -> None:
    at, length = _place(broken, chance), chance.randrange(1, 64)
    broken[at : at + length] = chance.randbytes(length)


def _delete(broken: bytearray, chance: random.Random) -> None:
    at = _place(broken, chance)
    del broken[at : at + chance.randrange(1, 128)]


def _repeat(broken: bytearray, chance: random.Random) -> None:
    at, length = _place(broken, chance), chance.randrange(1, 256)
    broken[at:at] = broken[at : at + length] * chance.randrange(1, 5)


def _move(broken: bytearray, chance: random.Random) -> None:
    one, other, length = _place(broken, chance), _place(broken, chance), chance.randrange(1, 128)
    broken[other : other + length] = broken[one : one + length]


def _cut(broken: bytearray, chance: random.Random) -> None:
    del broken[_place(broken, chance) :]


DAMAGES = (_flip_bit, _overwrite_number, _noise, _delete, _repeat, _move, _cut)
