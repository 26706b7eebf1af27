"""PhotoDNA values: 144 bytes, kept and counted; only licensed software can compare them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence

from tutela.signals.errors import SignalError

BYTES = 144
BASE64 = BYTES // 3 * 4


class PhotoDna:
    name = "photodna"
    digits = BYTES * 2
    max_distance = 1
    match_distance = 0
    listed = True

    _form = re.compile(rf"[0-9a-f]{{{BYTES * 2}}}")

    def validate(self, value: str) -> str:
        """In hexadecimal; lists also have it in base64, or as numbers with commas between them."""
        text = value.strip()
        if len(text) == BASE64:
            try:
                return base64.b64decode(text, validate=True).hex()
            except binascii.Error:
                raise _refused() from None
        if "," in text:
            return _of_numbers(text)
        canonical = text.lower()
        if not self._form.fullmatch(canonical):
            raise _refused()
        return canonical

    def distance(self, one: str, other: str) -> int:
        return int(one != other)

    def examples(self) -> Sequence[str]:
        return [hashlib.shake_128(one).hexdigest(BYTES) for one in (b"a red bicycle", b"rain")]


def _of_numbers(text: str) -> str:
    parts = text.split(",")
    if len(parts) != BYTES or not all(
        one.strip().isascii() and one.strip().isdigit() and int(one.strip()[:4]) < 256
        for one in parts
    ):
        raise _refused()
    return bytes(map(int, parts)).hex()


def _refused() -> SignalError:
    return SignalError(
        "This is not a photodna value.", f"It has {BYTES} bytes, in hexadecimal or base64."
    )


signal_type = PhotoDna()
