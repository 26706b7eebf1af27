"""What the exact types share: a digest of the bytes, equal or not."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from tutela.signals.errors import SignalError
from tutela.signals.protocol import Hasher


class Digest:
    """A signal type over one :mod:`hashlib` algorithm."""

    max_distance = 1
    match_distance = 0

    def __init__(self, name: str) -> None:
        self.name = name
        self.digits = hashlib.new(name, usedforsecurity=False).digest_size * 2
        self._form = re.compile(rf"[0-9a-f]{{{self.digits}}}")

    def validate(self, value: str) -> str:
        canonical = value.strip().lower()
        if not self._form.fullmatch(canonical):
            raise SignalError(
                f"This is not a {self.name} value.", f"It has {self.digits} hexadecimal digits."
            )
        return canonical

    def distance(self, one: str, other: str) -> int:
        return int(one != other)

    def examples(self) -> Sequence[str]:
        texts = (b"", b"a red bicycle", b"rain before noon")
        return [hashlib.new(self.name, t, usedforsecurity=False).hexdigest() for t in texts]

    def hasher(self) -> Hasher:
        return hashlib.new(self.name, usedforsecurity=False)
