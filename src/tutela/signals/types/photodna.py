"""PhotoDNA values and edge hashes: kept and counted. Only licensed software makes or compares them:
a package that has it declares types of these names (docs/extension-points.md)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence

from tutela.signals.errors import SignalError

BYTES = 144
EDGE_BYTES = 924
"""Of an edge hash, second version (`PreHashV2`), which the cloud service is asked about."""


class Licensed:
    """A type of which we know how long its values are, and no more."""

    max_distance = 1
    match_distance = 0
    listed = True
    licensed = True
    """An installed type of its name takes its place. No other's: what an address or a word is must
    stay keyed."""

    def __init__(self, name: str, size: int) -> None:
        """`size`: bytes of a value, divisible by three."""
        self.name = name
        self.size = size
        self.digits = size * 2
        self._form = re.compile(rf"[0-9a-f]{{{self.digits}}}")

    def validate(self, value: str) -> str:
        """In hexadecimal; lists also have it in base64, or as numbers with commas between them."""
        text = value.strip()
        if len(text) == self.size // 3 * 4:
            try:
                return base64.b64decode(text, validate=True).hex()
            except (binascii.Error, ValueError):
                raise self._refused() from None
        if "," in text:
            return self._of_numbers(text)
        canonical = text.lower()
        if not self._form.fullmatch(canonical):
            raise self._refused()
        return canonical

    def distance(self, one: str, other: str) -> int:
        return int(one != other)

    def examples(self) -> Sequence[str]:
        return [hashlib.shake_128(one).hexdigest(self.size) for one in (b"a red bicycle", b"rain")]

    def _of_numbers(self, text: str) -> str:
        parts = text.split(",")
        if len(parts) != self.size or not all(
            one.strip().isascii() and one.strip().isdigit() and int(one.strip()[:4]) < 256
            for one in parts
        ):
            raise self._refused()
        return bytes(map(int, parts)).hex()

    def _refused(self) -> SignalError:
        return SignalError(
            f"This is not a {self.name} value.",
            f"It has {self.size} bytes, in hexadecimal or base64.",
        )


signal_type = Licensed("photodna", BYTES)
edge = Licensed("photodna-edge", EDGE_BYTES)
