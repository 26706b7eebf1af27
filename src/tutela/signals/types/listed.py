"""Addresses and words of lists: 32 bytes that only this installation can make, equal or not.

`validate` takes values that are keyed already; what a list says in clear is keyed where it is read
(`tutela.banks.values.packed`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from tutela.signals.errors import SignalError
from tutela.signals.urls import EXACT, FORMS, HOST, KEYWORD, PREFIX, Keyer


class Listed:
    """A signal type that is made from no file."""

    max_distance = 1
    match_distance = 0
    digits = 64
    listed = True

    _form = re.compile(r"[0-9a-f]{64}")

    def __init__(self, name: str) -> None:
        self.name = name

    def validate(self, value: str) -> str:
        canonical = value.strip().lower()
        if not self._form.fullmatch(canonical):
            raise SignalError(f"This is not a keyed {self.name} value.")
        return canonical

    def keyed(self, text: str, keyer: Keyer | None) -> str:
        """The value of what a list says: of a value that is keyed already, itself. Raises
        `SignalError`, which does not echo it."""
        if self._form.fullmatch(text.lower()):
            return text.lower()
        if keyer is None:
            raise SignalError(f"A {self.name} value cannot be keyed here.")
        return keyer.digest(self.name, FORMS[self.name](text)).hex()

    def distance(self, one: str, other: str) -> int:
        return int(one != other)

    def examples(self) -> Sequence[str]:
        made = (b"a red bicycle", b"rain before noon")
        return [hashlib.sha256(self.name.encode() + one).hexdigest() for one in made]


url, url_prefix, url_host = Listed(EXACT), Listed(PREFIX), Listed(HOST)
keyword = Listed(KEYWORD)
