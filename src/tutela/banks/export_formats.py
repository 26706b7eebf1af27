"""How the signals of a bank are written for others: CSV, STIX 2.1, a MISP event.

Each is written as it is read, a page at a time, whatever size the bank has. Both JSON formats are
few and flat objects: the libraries that know them hold all in memory, and check ours in tests.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from io import StringIO
from typing import Any, Protocol
from uuid import UUID, uuid5

from tutela.banks.errors import BankError
from tutela.banks.models import Bank
from tutela.banks.search import Owner

COLUMNS = (
    "type", "value", "quality", "labels", "source", "member", "external_id", "hashed_by",
    "first_seen", "last_seen",
)  # fmt: skip
"""The columns of an export: an import reads the same without a map."""

STIX_HASHES = {"md5": "MD5", "sha1": "SHA-1", "sha256": "SHA-256", "pdq": "PDQ",
               "photodna": "PHOTODNA"}  # fmt: skip
"""STIX's names of hashes; the last two are none of its vocabulary, which is open."""

MISP_TYPES = {"md5": ("md5", "Payload delivery"), "sha1": ("sha1", "Payload delivery"),
              "sha256": ("sha256", "Payload delivery"), "pdq": ("other", "Other"),
              "photodna": ("other", "Other")}  # fmt: skip
"""MISP's types of attributes, and a category of each. It has none for hashes that are near."""


class Format(Protocol):
    """Writes a bank. What it cannot say is left out, and counted in `left_out`."""

    left_out: int

    def begin(self, bank: Bank, now: datetime) -> str:
        """What stands before all signals."""
        ...

    def rows(self, page: Iterable[Owner]) -> str:
        """Some signals."""
        ...

    def end(self) -> str:
        """What stands after all."""
        ...


class Csv:
    """A line a signal, with all that is known of it."""

    left_out = 0

    def begin(self, bank: Bank, now: datetime) -> str:
        return _lines([COLUMNS])

    def rows(self, page: Iterable[Owner]) -> str:
        return _lines(row(owner) for owner in page)

    def end(self) -> str:
        return ""


class _Objects:
    """JSON with one long list in it. Ids are the same each time, so that who reads it again gets
    no doubles, and tell nobody the bank: they are keyed with its salt."""

    def __init__(self) -> None:
        self.left_out = 0
        self._first = True
        self._salt = UUID(int=0)

    def rows(self, page: Iterable[Owner]) -> str:
        made = []
        for owner in page:
            one = self._object(owner)
            if one is None:
                self.left_out += 1
                continue
            made.append(("" if self._first else ",") + "\n" + json.dumps(one))
            self._first = False
        return "".join(made)

    def _object(self, owner: Owner) -> dict[str, Any] | None:
        """An owner in the format; None for a type that it has no word for. Each format says it."""
        raise NotImplementedError

    def _id(self, *words: str) -> str:
        return str(uuid5(self._salt, json.dumps(words)))


class Stix(_Objects):
    """A bundle of indicators (STIX 2.1, 4.7)."""

    def begin(self, bank: Bank, now: datetime) -> str:
        self._salt = UUID(bytes=bank.salt)
        return f'{{"type": "bundle", "id": "bundle--{self._id("bundle")}", "objects": ['

    def end(self) -> str:
        return "\n]}\n"

    def _object(self, owner: Owner) -> dict[str, Any] | None:
        name = STIX_HASHES.get(owner.type)
        if name is None:
            return None
        first, last = _instant(owner.first_seen), _instant(owner.last_seen)
        made: dict[str, Any] = {
            "type": "indicator", "spec_version": "2.1", "id": f"indicator--{self._of(owner)}",
            "created": first, "modified": max(first, last), "valid_from": first,
            "pattern": f"[file:hashes.'{name}' = '{owner.value}']", "pattern_type": "stix",
        }  # fmt: skip
        if owner.labels:
            made["labels"] = [*owner.labels]
        reference = {"source_name": owner.source, "description": owner.member or owner.source}
        if owner.external_id:
            reference["external_id"] = owner.external_id
        return made | {"external_references": [reference]}

    def _of(self, owner: Owner) -> str:
        return self._id(owner.type, owner.value, owner.source, owner.member, owner.external_id)


class Misp(_Objects):
    """An event with an attribute a signal, for one's own organisation until someone there says
    otherwise."""

    def begin(self, bank: Bank, now: datetime) -> str:
        self._salt = UUID(bytes=bank.salt)
        said = {
            "uuid": self._id("event"), "info": f"Signals of the bank {bank.name}",
            "date": f"{bank.created_at:%Y-%m-%d}", "timestamp": _seconds(now),
            "threat_level_id": "4", "analysis": "2", "distribution": "0", "published": False,
        }  # fmt: skip
        return f'{{"Event": {json.dumps(said)[:-1]}, "Attribute": ['

    def end(self) -> str:
        return "\n]}}\n"

    def _object(self, owner: Owner) -> dict[str, Any] | None:
        if owner.type not in MISP_TYPES:
            return None
        kind, category = MISP_TYPES[owner.type]
        words = (owner.source, owner.member, owner.external_id)
        made: dict[str, Any] = {
            "uuid": self._id(owner.type, owner.value, *words), "type": kind, "category": category,
            "value": owner.value, "to_ids": kind != "other", "distribution": "5",
            "timestamp": _seconds(owner.last_seen),
            "comment": " / ".join(filter(None, (owner.type, *words))),
        }  # fmt: skip
        if owner.labels:
            made["Tag"] = [{"name": label} for label in owner.labels]
        return made


FORMATS: dict[str, type[Csv] | type[Stix] | type[Misp]] = {"csv": Csv, "stix": Stix, "misp": Misp}


def named(name: str) -> Format:
    """A new one of this name. Raises `BankError`."""
    if name not in FORMATS:
        raise BankError(f"{name[:32]!r} is no format.", f"There are: {', '.join(FORMATS)}.")
    return FORMATS[name]()


def row(owner: Owner) -> tuple[object, ...]:
    """A line of CSV."""
    return (
        owner.type, owner.value, "" if owner.quality is None else owner.quality,
        " ".join(owner.labels), owner.source, owner.member, owner.external_id, owner.hashed_by,
        owner.first_seen.isoformat(), owner.last_seen.isoformat(),
    )  # fmt: skip


def _lines(rows: Iterable[tuple[object, ...]] | Iterator[tuple[object, ...]]) -> str:
    text = StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _seconds(at: datetime) -> str:
    return str(int(at.timestamp()))
