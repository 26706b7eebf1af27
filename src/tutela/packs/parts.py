"""Reads values of a pack out of nodes: names, days, countries, periods, terms."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from tutela.packs.clocks import Term
from tutela.packs.vocabulary import NAME, UNION, is_country
from tutela.policy.documents import Node, shown
from tutela.policy.periods import Period, parse_date
from tutela.policy.reading import Reader

Parts = Mapping[str, Node]
"""Values of a mapping by their key. What cannot be read is None, and its fault was told."""


def text(reader: Reader, parts: Parts, key: str) -> str | None:
    return reader.text(parts[key], key) if key in parts else None


def choice(reader: Reader, parts: Parts, key: str, choices: tuple[str, ...]) -> str | None:
    return reader.one_of(parts[key], key, choices) if key in parts else None


def name(reader: Reader, parts: Parts, key: str) -> str | None:
    return _as_name(reader, parts[key], key) if key in parts else None


def _as_name(reader: Reader, node: Node, what: str) -> str | None:
    value = reader.text(node, what, 64)
    if value is None or NAME.fullmatch(value):
        return value
    reader.fault(node, f"{what} cannot be {shown(value)}.", "Use small letters, digits and dashes.")
    return None


def names(reader: Reader, parts: Parts, key: str) -> tuple[str, ...]:
    found = [_as_name(reader, one, key) for one in items(reader, parts, key)]
    return tuple(one for one in found if one)


def texts(reader: Reader, parts: Parts, key: str) -> tuple[str, ...]:
    found = [reader.text(one, key) for one in items(reader, parts, key)]
    return tuple(one for one in found if one)


def items(reader: Reader, parts: Parts, key: str) -> tuple[Node, ...]:
    return reader.sequence(parts[key], key) if key in parts else ()


def day(reader: Reader, parts: Parts, key: str) -> date | None:
    if key not in parts:
        return None
    return reader.parsed(parts[key], key, parse_date, "a day: 2026-01-31")


def country(reader: Reader, parts: Parts, key: str) -> str | None:
    value = reader.text(parts[key], key, 64) if key in parts else None
    if value and not is_country(value):
        no_country(reader, parts[key], value)
        return None
    return value


def period(reader: Reader, parts: Parts, key: str) -> Period | None:
    return reader.parsed(
        parts[key], key, Period.parse, "a period longer than nothing: P30D, P6M or P1Y"
    ) if key in parts else None  # fmt: skip


def no_country(reader: Reader, node: Node, value: str) -> None:
    reader.fault(
        node,
        f"There is no country {shown(value)}.",
        f"Write two letters of ISO 3166, as GB, or {UNION} for those of the Union.",
    )


def term(reader: Reader, node: Node, what: str) -> Term | None:
    return reader.parsed(
        node, what, Term.parse, "PT48H, P7D, or in a statute's words: see docs/law-packs.md"
    )
