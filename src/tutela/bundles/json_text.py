"""JSON that is read while it comes, value by value: a file of any size takes the memory of one."""

from __future__ import annotations

import codecs
import json
import math
from collections.abc import Iterator
from typing import Any, BinaryIO

from tutela.bundles.errors import VicsError

PIECE = 1 << 18
LONGEST = 32 << 20
"""Letters of one value: thumbnails may be in a record; more is no record."""

NUMERIC = ".eE+-0123456789"
"""Letters with which a number may go on that seems to have ended."""

FIRST = 8192
"""Letters that are kept of the beginning, where a file shows what it is."""


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise VicsError("An object says the same name twice.")
    return found


def _float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise VicsError("A number is larger than numbers can be.")
    return value


def _refused(name: str) -> float:
    raise VicsError(f"{name} is no value of JSON.")


DECODER = json.JSONDecoder(
    object_pairs_hook=_members, parse_float=_float, parse_constant=_refused
)  # fmt: skip


class Text:
    """What is read so far, and where in it one is. Raises `VicsError` for what is no JSON."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._text, self._at, self._ended = "", 0, False
        self._more(PIECE)
        self.begins = self._text[:FIRST]

    def peek(self) -> str:
        """The next letter that is not white; empty at the end."""
        while True:
            while self._at < len(self._text):
                letter = self._text[self._at]
                if letter not in " \t\r\n":
                    return letter
                self._at += 1
            if not self._more(PIECE):
                return ""

    def members(self) -> Iterator[str]:
        """The names of an object; who takes one reads its value before the next."""
        self._take("{")
        seen: set[str] = set()
        while self.peek() != "}":
            if seen:
                self._take(",")
            name = self.value() if self.peek() == '"' else None
            if not isinstance(name, str) or name in seen:
                raise VicsError("An object has no name for a value, or one twice.")
            seen.add(name)
            self._take(":")
            yield name
        self._take("}")

    def elements(self) -> Iterator[None]:
        """Before each element of a list, which is then to be read."""
        self._take("[")
        first = True
        while self.peek() != "]":
            if not first:
                self._take(",")
            first = False
            yield
        self._take("]")

    def record(self) -> dict[str, Any]:
        found = self.value()
        if not isinstance(found, dict):
            raise VicsError("A record is no object.")
        return found

    def value(self) -> Any:
        self.peek()
        while True:
            wrong = ""
            try:
                found, end = DECODER.raw_decode(self._text, self._at)
            except RecursionError:
                raise VicsError("A record is nested too deeply.") from None
            except ValueError as error:
                wrong = getattr(error, "msg", "a number cannot be read")
            else:
                cut = end == len(self._text) or self._text[end] in NUMERIC
                if not cut or self._ended:
                    self._at = end
                    return found
            held = len(self._text) - self._at
            if held > LONGEST:
                raise VicsError(f"A value is longer than {LONGEST} letters, or no JSON.")
            if not self._more(max(PIECE, held)) and wrong:
                raise VicsError(f"It is no JSON, or it was cut off: {wrong}.")

    def _take(self, wanted: str) -> None:
        found = self.peek()
        if found != wanted:
            what = repr(found) if found else "the end"
            raise VicsError(f"It is no VICS, or it was cut off: {what} stands for {wanted!r}.")
        self._at += 1

    def _more(self, count: int) -> bool:
        """Read on; False at the end."""
        if self._ended:
            return False
        data = self._file.read(count)
        self._ended = not data
        try:
            text = self._decoder.decode(data, final=self._ended)
        except UnicodeDecodeError:
            raise VicsError("It is not UTF-8.") from None
        self._text, self._at = self._text[self._at :] + text, 0
        return not self._ended
