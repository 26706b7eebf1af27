"""What of an entry can be kept: checked, cut to size, in the stored form. Pure but for `now`."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from tutela.banks.lists import LABEL, MOST_LABELS, MOST_QUALITY
from tutela.banks.values import bankable, packed
from tutela.errors import TutelaError
from tutela.exchanges.errors import Unreadable
from tutela.exchanges.partners import Entry, Opinion
from tutela.signals import SignalType
from tutela.signals.errors import SignalError
from tutela.signals.urls import Keyer

LONGEST_KEY, LONGEST_MEMBER, LONGEST_EXTERNAL = 300, 128, 256
LONGEST_EXTRA = 16_384
"""Letters of what has no place elsewhere: more is no longer a note to an entry."""

MOST_SIGNALS = 1_000
"""Of one entry: a file has a handful, a film some hundreds."""

AHEAD = timedelta(days=1)
"""How far a partner's clock may be before ours. A stamp beyond is taken as now: else what is
stamped with the year 9999 could never be changed again."""

UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
OPINIONS = {Opinion.POSITIVE: 1, Opinion.SEED: 0, Opinion.NEGATIVE: -1}

Value = tuple[str, bytes]
"""Type and stored value of a signal."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An entry as it is stored."""

    key: str
    at: datetime | None
    role: str
    member: str
    external_id: str
    labels: str
    opinion: int
    values: dict[Value, int | None]
    """Each with its quality."""
    extra: str
    deleted: bool

    def digest(self, bank_id: int) -> bytes:
        """Of all that it says, but for when."""
        said = json.dumps(
            [
                bank_id, self.member, self.external_id, self.labels, self.opinion, self.deleted,
                sorted((kind, value.hex(), quality) for (kind, value), quality
                       in self.values.items()),
                self.extra,
            ],
            separators=(",", ":"),
        )  # fmt: skip
        return hashlib.blake2b(said.encode(), digest_size=16).digest()


class Reader:
    """Reads entries; `faults` counts what could not be kept, in words that echo no value."""

    def __init__(self, roles: frozenset[str], now: datetime, keyer: Keyer | None = None) -> None:
        self.roles = roles
        self.now = now
        self.keyer = keyer
        self.faults: Counter[str] = Counter()
        self._kinds: dict[str, SignalType | None] = {}

    def read(self, entry: Entry) -> Kept | None:
        """What of an entry is kept; None if nothing can be. Raises `Unreadable` where the partner's
        module is at fault."""
        if entry.role not in self.roles:
            raise Unreadable(f"An entry came for the bank {entry.role!r}, which there is not.")
        why = _unfit(entry)
        if why:
            self.faults[why] += 1
            return None
        values: dict[Value, int | None] = {}
        for one in entry.signals or ():
            value = self._value(one.type, one.value)
            if value is not None:
                good = one.quality is not None and 0 <= one.quality <= MOST_QUALITY
                values[value] = one.quality if good else None
        return Kept(
            entry.key, self._at(entry.at), entry.role, entry.member, external_of(entry),
            self._labels(entry.labels), OPINIONS[entry.opinion], values, self._extra(entry),
            entry.signals is None,
        )  # fmt: skip

    def _value(self, name: str, text: str) -> Value | None:
        if name not in self._kinds and len(self._kinds) < 1_000:
            try:
                self._kinds[name] = bankable(name)
            except TutelaError:
                self._kinds[name] = None
        kind = self._kinds.get(name)
        if kind is None:
            shown = name if LABEL.fullmatch(name) else "?"
            self._count(f"signals of the type {shown}, which banks do not take")
            return None
        try:
            return kind.name, packed(kind, text, self.keyer)
        except SignalError:
            self._count(f"{kind.name} values that are none")
            return None

    def _count(self, fault: str) -> None:
        if len(self.faults) < 100 or fault in self.faults:
            self.faults[fault] += 1
        else:
            self.faults["others"] += 1

    def _at(self, at: datetime | None) -> datetime | None:
        if at is None:
            return None
        if at.tzinfo is None:
            raise Unreadable("The time of an entry came without a zone.")
        return self.now if at > self.now + AHEAD else at

    def _labels(self, given: tuple[str, ...]) -> str:
        codes = sorted({code for code in given if LABEL.fullmatch(code)})
        if len(codes) != len(set(given)) or len(codes) > MOST_LABELS:
            self._count("labels that are no codes, or too many: left out")
        return " ".join(codes[:MOST_LABELS])

    def _extra(self, entry: Entry) -> str:
        try:
            text = json.dumps(entry.extra, sort_keys=True, separators=(",", ":")) or "{}"
        except (TypeError, ValueError, RecursionError):
            raise Unreadable("What an entry says besides is no JSON.") from None
        if len(text) > LONGEST_EXTRA:
            self._count("notes that are too long: left out")
            return "{}"
        return text


def external_of(entry: Entry) -> str:
    """What its signals have as their external id: with its member, it says which file they are
    of."""
    if entry.external_id:
        return entry.external_id
    if len(entry.key) <= LONGEST_EXTERNAL:
        return entry.key
    return hashlib.sha256(entry.key.encode()).hexdigest()


def _unfit(entry: Entry) -> str:
    """Why an entry cannot be kept; empty: it can."""
    for name, text, most in (
        ("key", entry.key, LONGEST_KEY), ("member", entry.member, LONGEST_MEMBER),
        ("external id", entry.external_id, LONGEST_EXTERNAL),
    ):  # fmt: skip
        if len(text) > most or UNSTORABLE.search(text):
            return f"entries whose {name} is no text of up to {most} letters"
    if not entry.key:
        return "entries without a key"
    if len(entry.signals or ()) > MOST_SIGNALS:
        return f"entries of more than {MOST_SIGNALS} signals"
    return ""
