"""Reads VICS hash sets, versions 1.1 to 2.0, of any size: a record at a time. Pure but for the
stream.

The file is one JSON object. Its `value` is an array of media (a hash set) or of cases, each with an
array of media. What is neither is read and left, so that versions may differ in the rest.
"""

from __future__ import annotations

import codecs
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from tutela.banks.changes import From, New
from tutela.banks.errors import ListRefused
from tutela.banks.lists import LABEL, LONGEST, Rejected, labels
from tutela.banks.values import bankable, packed
from tutela.signals.errors import SignalError

BLOCK = 1 << 20
LARGEST = 16 << 20
"""Letters of a record: one of 2000 films' frames has a tenth. Also of what is left unread."""

MOST_CATEGORY = 99
EMPTY = hashlib.md5(b"", usedforsecurity=False).digest()

SPACE = re.compile(r"[ \t\r\n]*")
HEADERS = ("odata.metadata", "@odata.context", "odata.context", "@odata.metadata")
VERSION = re.compile(r"/(\d\.\d)\.xml", re.ASCII)
HASHES = {"sha1": "sha1", "sha256": "sha256", "photodna": "photodna", "pdq": "pdq"}
"""Fields and names of hashes, in lower case without dashes, and their types; MD5 stands apart."""

WITHOUT = frozenset({"miniature", "md5", "alternativehashes", *HASHES})
"""Fields that are not kept: pictures in small, and what is kept as signals."""


PAUSE = object()


class Records:
    """The media of a stream, with the digest and number of the bytes that were read for them."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self.offset = 0
        self.digest = hashlib.sha256()
        self.count = 0
        self.version = ""
        self._decode = json.JSONDecoder(strict=False).raw_decode
        self._text = codecs.getincrementaldecoder("utf-8-sig")()
        self._held = ""
        self._at = 0
        self._ended = False
        self._media = self._found()

    told = True

    def mark(self) -> bytes:
        """By which these bytes are known again."""
        return self.digest.digest()

    def next(self) -> Any:
        """The next record, or None at the end. Raises `ListRefused` if the file breaks off or is
        not such a set."""
        while (record := self.step()) is PAUSE:
            continue
        return record

    def step(self) -> Any:
        """The same, or `PAUSE` where something else was read: each reads no more than `LARGEST`
        letters and a block. Raises `ListRefused`."""
        record = next(self._media, None)
        if record is not None and record is not PAUSE:
            self.count += 1
        return record

    def _found(self) -> Iterator[Any]:
        self._expect("{", "The file is no VICS hash set: it does not begin with {.")
        found = False
        for name in self._names():
            if name == "value":
                found = True
                yield from self._values()
            else:
                self._header(name, self._value())
                yield PAUSE
        if not found:
            raise ListRefused(
                "The file is no VICS hash set: it has no value.", "Its value is a list of media."
            )
        if self._peek():
            raise self._broken("goes on after its end")

    def _header(self, name: str, value: Any) -> None:
        if name in HEADERS and isinstance(value, str):
            version = VERSION.search(value)
            self.version = version[1] if version else ""
            self._cases = value.rsplit("#", 1)[-1].lower() == "cases"

    _cases: bool | None = None
    """Whether the header says that these are cases; None: it does not say."""

    def _values(self) -> Iterator[Any]:
        for _ in self._items():
            try:
                record, end = self._decode(self._held, self._at)
                self._at = end
            except RecursionError:
                raise self._broken("is nested too deeply") from None
            except ValueError:
                if self._cases is not False and self._is_long():
                    yield from self._case()
                    yield PAUSE
                    continue
                record = self._value()
            if isinstance(record, dict) and isinstance(record.get("Media"), list):
                yield from (one if one is not None else {} for one in record["Media"])
                yield PAUSE
            else:
                yield record if record is not None else {}

    def _case(self) -> Iterator[Any]:
        self._expect("{", "")
        said: dict[str, Any] = {}
        for name in self._names():
            if name == "Media" and self._peek() == "[":
                said[name] = None
                for _ in self._items():
                    record = self._value()
                    yield record if record is not None else {}
            else:
                said[name] = self._value()
                yield PAUSE
        if "Media" not in said:
            yield said  # a record that is as long as a case

    def _is_long(self) -> bool:
        """Whether what comes is more than is held: media are short, a case may have millions."""
        try:
            self._decode(self._held, self._at)
        except ValueError:
            while len(self._held) - self._at < BLOCK and self._more():
                continue
            try:
                self._decode(self._held, self._at)
            except ValueError:
                return True
            except RecursionError:
                raise self._broken("is nested too deeply") from None
        return False

    def _names(self) -> Iterator[str]:
        """The names of an object whose brace was read, each with what follows still to be read."""
        first = True
        while True:
            letter = self._peek()
            if letter == "}":
                self._at += 1
                return
            if not first:
                self._expect(",", "")
            first = False
            if self._peek() != '"':
                raise self._broken("is no JSON")
            name = self._value()
            self._expect(":", "")
            self._peek()
            yield name

    def _items(self) -> Iterator[None]:
        """Once for each item of an array, which is then to be read."""
        self._expect("[", "The value of the file is no list.")
        first = True
        while True:
            letter = self._peek()
            if letter == "]":
                self._at += 1
                return
            if not first:
                self._expect(",", "")
                self._peek()
            first = False
            yield

    def _value(self) -> Any:
        self._peek()
        while True:
            try:
                value, end = self._decode(self._held, self._at)
                if end < len(self._held) or self._ended:
                    self._at = end
                    return value
            except RecursionError:
                raise self._broken("is nested too deeply") from None
            except ValueError:
                pass
            if len(self._held) - self._at > LARGEST:
                raise self._broken("is no JSON, or longer than a record may be")
            if not self._more():
                if self._ended and self._last():
                    continue
                raise self._broken("is no JSON, or the file breaks off there")

    _tried = False

    def _last(self) -> bool:
        """Once more, now that nothing comes after it."""
        tried, self._tried = self._tried, True
        return not tried

    def _peek(self) -> str:
        """The next letter that is no space; empty at the end."""
        while True:
            found = SPACE.match(self._held, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._held):
                return self._held[self._at]
            if not self._more():
                return ""

    def _expect(self, letter: str, otherwise: str) -> None:
        if self._peek() != letter:
            if otherwise:
                raise ListRefused(otherwise, "See docs/formats.md.")
            raise self._broken("is no JSON, or the file breaks off there")
        self._at += 1

    def _more(self) -> bool:
        """Read on; gives whether anything came."""
        if self._ended:
            return False
        data = self.stream.read(BLOCK)
        self._ended = not data
        if not self.offset and data.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise ListRefused("The file is not in UTF-8.", "Have it written in UTF-8.")
        self.offset += len(data)
        self.digest.update(data)
        try:
            text = self._text.decode(data, self._ended)
        except UnicodeDecodeError:
            raise self._broken("is not in UTF-8") from None
        self._held = self._held[self._at :] + text
        self._at = 0
        return bool(data)

    def _broken(self, how: str) -> ListRefused:
        return ListRefused(
            f"What stands after the record {self.count} of the file {how}.",
            "Have the file written anew. What was stored before stays.",
        )


class MediaReader:
    """Turns media into signals of the categories that are taken.

    `left_out` counts records by category, `faults` values by type that are none: their records are
    taken without them.
    """

    def __init__(
        self, categories: Mapping[int, str], *, member: str = "", hashed_by: str = "",
        source: str = "", fixed: str = "",
    ) -> None:  # fmt: skip
        """`categories`: numbers that are taken, each with labels; `fixed`: labels of all. Raises
        `ListRefused`, or `Rejected` of what all records share."""
        if not categories:
            raise ListRefused(
                "It is not said which categories are taken.",
                "Numbers differ between countries: --map 1=LABEL for each that is taken.",
            )
        for name, text in (("member", member), ("hashed_by", hashed_by), ("source", source)):
            if len(text) > LONGEST[name]:
                raise Rejected(f"its {name} is longer than {LONGEST[name]} letters")
        self.origin = From(source, member, hashed_by)
        self.labels = {number: labels(f"{fixed} {label}") for number, label in categories.items()}
        self.left_out: Counter[int] = Counter()
        self.faults: Counter[str] = Counter()
        self._kinds = {name: bankable(name) for name in ("md5", *HASHES.values())}

    def read(self, record: Any) -> list[New]:
        """None if its category is not taken. Raises `Rejected`."""
        found = self.values(record)
        if found is None:
            return []
        md5, coded, values = found
        return [New(kind, value, self.origin, md5.hex(), labels=coded) for kind, value in values]

    def values(self, record: Any) -> tuple[bytes, str, list[tuple[str, bytes]]] | None:
        """The MD5, labels, and values by type of a record. Raises `Rejected`."""
        if not isinstance(record, dict):
            raise Rejected("it is no object")
        category = category_of(record.get("Category"))
        coded = self.labels.get(category)
        if coded is None:
            self.left_out[category] += 1
            return None
        given = record.get("MD5")
        try:
            stored = packed(self._kinds["md5"], given if isinstance(given, str) else "")
        except SignalError:
            raise Rejected("it has no MD5") from None
        if stored == EMPTY or size_of(record.get("MediaSize")) == 0:
            raise Rejected("it is of a file without bytes")
        values = {("md5", stored): None}
        for name, text in _others(record):
            try:
                values[name, packed(self._kinds[name], text)] = None
            except SignalError:
                self.faults[name] += 1
        return stored, coded, list(values)


def _others(record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Type and text of the hashes beside the MD5."""
    for field in ("SHA1", "SHA256", "PhotoDNA"):
        text = record.get(field)
        if isinstance(text, str) and text.strip():
            yield HASHES[field.lower()], text
    others = record.get("AlternativeHashes")
    for one in others if isinstance(others, list) else ():
        if isinstance(one, dict):
            name, text = one.get("HashName"), one.get("HashValue")
            kind = HASHES.get(name.lower().replace("-", "")) if isinstance(name, str) else None
            if kind and isinstance(text, str) and text.strip():
                yield kind, text


def category_of(value: Any) -> int:
    """0 where nothing is said. Raises `Rejected`."""
    if value is None or value == "":
        return 0
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
        value = int(value.strip()[:4])
    if type(value) is not int or not 0 <= value <= MOST_CATEGORY:
        raise Rejected(f"its category is not a number from 0 to {MOST_CATEGORY}")
    return value


def size_of(value: Any) -> int | None:
    """Bytes of a file, if they are said in any way."""
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
        return int(value.strip()[:20])
    return value if type(value) is int and value >= 0 else None


def rest(record: Mapping[str, Any]) -> dict[str, Any]:
    """All that a record says besides its hashes, whatever its version, without pictures."""
    return {name: value for name, value in record.items() if name.lower() not in WITHOUT}


def categories_of(pairs: list[str]) -> dict[int, str]:
    """Of texts NUMBER=LABEL. Raises `ListRefused`."""
    made: dict[int, str] = {}
    for pair in pairs:
        number, equals, label = pair.partition("=")
        digits = number.strip()
        fits = digits.isascii() and digits.isdigit() and 0 < int(digits[:4]) <= MOST_CATEGORY
        if not equals or not fits or not LABEL.fullmatch(label.strip()):
            raise ListRefused(
                f"--map {pair!r} is not NUMBER=LABEL.",
                f"Of a VICS file: a category from 1 to {MOST_CATEGORY}, and the code it stands for"
                " here. 0 means that nobody categorised it.",
            )
        made[int(digits)] = label.strip()
    return made
