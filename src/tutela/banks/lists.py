"""Reads lists of signals, line by line: plain ones, and CSV with any columns. Pure.

A line is a record: what stands in quotes over several lines is rejected line by line, so that a
quote that is never closed costs one line, not the rest of the list.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice

from tutela.banks.changes import From, New
from tutela.banks.errors import ListRefused
from tutela.banks.values import bankable, is_listed, packed
from tutela.errors import TutelaError
from tutela.signals import SignalType
from tutela.signals.errors import SignalError
from tutela.signals.urls import Keyer

FIELDS = (
    "value", "type", "member", "external_id", "labels", "quality",
    "first_seen", "last_seen", "hashed_by", "source",
)  # fmt: skip
"""What a column may hold. A column may also be of a signal type, and hold values of it."""

LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
BETWEEN_LABELS = re.compile(r"[\s,;|]+")
LONGEST = {"external_id": 256, "member": 128, "hashed_by": 128, "source": 128}
MOST_LABELS = 32
MOST_QUALITY = 100
MOST_NAMES = 1000
"""Type names kept in mind, right or wrong."""


class Rejected(Exception):
    """A line that is no record, in words that do not echo it."""


@dataclass(frozen=True, slots=True)
class ListFormat:
    """How the lines of a list are read.

    `type` is that of values whose line does not say. `columns` gives the header's name of a field
    or signal type; None says that the list is plain: a value a line. `fixed` are fields that all
    lines share.
    """

    type: str | None = None
    columns: Mapping[str, str] | None = None
    delimiter: str = ","
    fixed: Mapping[str, str] = field(default_factory=dict)

    @property
    def plain(self) -> bool:
        return self.columns is None


def form_of(
    type_name: str | None, pairs: Iterable[str], *, csv: bool, delimiter: str = ",", **fixed: str
) -> ListFormat:
    """How a list is read, from texts that a person gave: `pairs` are FIELD=COLUMN. Raises
    `ListRefused`."""
    columns: dict[str, str] = {}
    for pair in pairs:
        name, equals, column = pair.partition("=")
        name = name.strip().lower()
        if not equals or not name or not column.strip():
            raise ListRefused(
                f"--map {pair!r} is not FIELD=COLUMN.",
                f"Fields are {', '.join(FIELDS)}, and the names of signal types.",
            )
        columns[name] = column
    if columns and not csv:
        raise ListRefused("A plain list has no columns.", "Leave out --map, or say --csv.")
    given = {name: text for name, text in fixed.items() if text}
    return ListFormat(
        type_name.lower() if type_name else None,
        columns if csv else None,
        "\t" if delimiter == "\\t" else delimiter,
        given,
    )


class LineReader:
    """Turns lines into signals."""

    def __init__(
        self, form: ListFormat, header: str | None = None, keyer: Keyer | None = None
    ) -> None:
        """`header` is the first line of a CSV; `keyer` keys addresses and words. Raises `BankError`
        if a column is missing or banks do not take the type, `SignalError` if there is none."""
        self.form = form
        self._keyer = keyer
        self.met_listed = False
        """Whether a line held an address or words."""
        if form.type is not None:
            bankable(form.type)
        if len(form.delimiter) != 1 or form.delimiter in '\r\n"':
            raise ListRefused("The delimiter is one character.", "Tab is written as \\t.")
        self._fixed = {name: self._text(name, form.fixed.get(name, "")) for name in LONGEST}
        self._labels = labels(form.fixed.get("labels", ""))
        self._kinds: dict[str, SignalType | None] = {}
        """What was looked up: a list may name a type that is none on every line."""
        self._places: dict[str, int] = {}
        self._types: list[tuple[str, int]] = []
        if not form.plain:
            self._find_columns(header or "")
        if not self._types and form.type is None and "type" not in self._places:
            raise ListRefused(
                "Nothing says of which type the values are.",
                "Give --type, or map the column that holds it: --map type=COLUMN",
            )

    def _find_columns(self, header: str) -> None:
        try:
            names = [name.strip() for name in self._cells(header)]
        except Rejected as error:
            raise ListRefused(f"The header cannot be read: {error}.") from None
        at = {name.lower(): place for place, name in reversed([*enumerate(names)])}
        known = (*FIELDS, *self._known_types(names))
        chosen = {name: name for name in known if name in at} | dict(self.form.columns or {})
        for name, column in chosen.items():
            if column.strip().lower() not in at:
                raise ListRefused(
                    f"The list has no column {column!r}.",
                    f"Its columns are: {', '.join(map(repr, islice(names, 20)))}.",
                )
            place = at[column.strip().lower()]
            if name in FIELDS:
                self._places[name] = place
            else:
                bankable(name)
                self._types.append((name, place))
        if not self._types and "value" not in self._places:
            raise ListRefused(
                "No column holds values.",
                f"Map it: --map value=COLUMN. Columns are: {', '.join(map(repr, names[:20]))}.",
            )

    def _known_types(self, names: Iterable[str]) -> list[str]:
        """Column names that are signal types."""
        found = []
        for name in dict.fromkeys(name.lower() for name in names):
            try:
                found.append(bankable(name).name)
            except TutelaError:
                continue
        return found

    def read(self, text: str) -> list[New]:
        """The signals of a line without its end; none for an empty line or a comment of a plain
        list. Raises `Rejected`."""
        if self.form.plain:
            value = text.strip()
            if not value or value.startswith("#"):
                return []
            return [self.signal(self.form.type or "", value, {})]
        if not text.strip():
            return []
        cells = self._cells(text)
        try:
            given = {name: cells[place].strip() for name, place in self._places.items()}
            values = [(name, cells[place].strip()) for name, place in self._types]
        except IndexError:
            raise Rejected(f"it has {len(cells)} columns, fewer than the header") from None
        if given.get("value"):
            values.append((given.get("type") or self.form.type or "", given["value"]))
        made = [self.signal(kind, value, given) for kind, value in values if value]
        if not made:
            raise Rejected("it has no value")
        return made

    @property
    def listed(self) -> bool:
        """Whether all lines may hold addresses or words, of which nothing is kept in clear."""
        names = [name for name, _ in self._types]
        names += [self.form.type] if self.form.type else []
        return any(is_listed(bankable(name)) for name in names)

    @property
    def may_list(self) -> bool:
        """Whether some lines may."""
        return self.listed or (not self.form.plain and "type" in self._places)

    def may_tell(self, text: str) -> bool:
        """Whether a line that was rejected may be shown: not if it may hold addresses or words."""
        if self.listed:
            return False
        place = self._places.get("type")
        if place is None or self.form.plain:
            return True
        try:
            name = self._cells(text)[place].strip().lower()
            return not is_listed(bankable(name))
        except (Rejected, IndexError, TutelaError):
            return False

    def _cells(self, text: str) -> list[str]:
        try:
            return next(csv.reader((text,), delimiter=self.form.delimiter, strict=True))
        except csv.Error:
            raise Rejected("its quotes do not close, or do not stand around a whole cell") from None
        except StopIteration:
            return []

    def signal(self, name: str, value: str, given: Mapping[str, str]) -> New:
        """The signal of a type, a value and the texts of other fields. Raises `Rejected`."""
        kind = self._kind(name)
        try:
            stored = packed(kind, value, self._keyer)
        except SignalError as error:
            raise Rejected(str(error)) from None
        source, member, hashed_by, external = (
            self._text(field, given[field]) if given.get(field) else self._fixed[field]
            for field in ("source", "member", "hashed_by", "external_id")
        )
        origin = From(source, member, hashed_by)
        coded = self._labels
        if given.get("labels"):
            coded = labels(f"{coded} {given['labels']}")
        first, last = time_of(given.get("first_seen")), time_of(given.get("last_seen"))
        if first and last and first > last:
            raise Rejected("first_seen is after last_seen")
        quality = quality_of(given.get("quality"))
        return New(kind.name, stored, origin, external, quality, coded, first, last)

    def _kind(self, name: str) -> SignalType:
        if name not in self._kinds:
            try:
                self._kinds[name] = bankable(name.lower())
            except TutelaError:
                if len(self._kinds) > MOST_NAMES:
                    self._kinds.clear()
                self._kinds[name] = None
        kind = self._kinds[name]
        if kind is None:
            raise Rejected("its type is none that banks take")
        self.met_listed |= is_listed(kind)
        return kind

    def _text(self, name: str, text: str) -> str:
        if len(text) > LONGEST[name]:
            raise Rejected(f"its {name} is longer than {LONGEST[name]} letters")
        if "\0" in text:
            raise Rejected(f"its {name} holds a zero byte")
        return text


def labels(text: str) -> str:
    """Codes in order, each once, separated by spaces. Raises `Rejected`."""
    codes = sorted({code for code in BETWEEN_LABELS.split(text) if code})
    if len(codes) > MOST_LABELS:
        raise Rejected(f"it has more than {MOST_LABELS} labels")
    if not all(map(LABEL.fullmatch, codes)):
        raise Rejected("a label is not a code: letters, digits, dot, colon, dash, underscore")
    return " ".join(codes)


def quality_of(text: str | None) -> int | None:
    """A quality from 0 to 100, if there is one. Raises `Rejected`."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and int(text[:4]) <= MOST_QUALITY):
        raise Rejected("its quality is not a whole number from 0 to 100")
    return int(text)


def time_of(text: str | None) -> datetime | None:
    """A time in UTC, if there is one; without a zone it is taken to be UTC. Raises `Rejected`."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Rejected("a time is not in ISO 8601, such as 2026-11-24T13:00:00Z") from None
