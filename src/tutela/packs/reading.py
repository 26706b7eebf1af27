"""Situations as they are written, in examples and by whoever asks what the law says of a case."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import TypeVar

from tutela.packs.parts import Parts, choice
from tutela.packs.situations import Linked, Service, Situation
from tutela.packs.vocabulary import (
    CHANNELS,
    CONFIRMED,
    FOUND_BY,
    INCIDENTS,
    KINDS,
    NAME,
    NOTICES,
)
from tutela.policy.countries import COUNTRIES
from tutela.policy.documents import Node
from tutela.policy.periods import parse_date
from tutela.policy.reading import Reader

Got = TypeVar("Got")

KEYS = {
    "at": True, "established": False, "kinds": False, "served": False, "under": False,
    "measures": False, "last_reviews": False, "incident": False, "grades": False,
    "confirmed": False, "found_by": False, "channel": False, "uploaded_from": False,
    "users_in": False, "content_in": False, "danger": False, "priority": False,
    "reported": False, "notice": False, "noticed_at": False, "age": False,
}  # fmt: skip

MOMENT = "a moment with its zone: 2026-01-31T12:00:00Z"


def situation(reader: Reader, node: Node) -> Situation | None:
    """The situation of a node; None if it is none, whose faults the reader has then. What is not
    written is not known, but for a notice: without one there was none."""
    before = len(reader.faults)
    members = reader.mapping(node, "A situation", KEYS)
    parts = {key: value for key, (_, value) in members.items()}
    at = _moment(reader, parts, "at")
    service = Service(
        _country(reader, parts), _some(reader, parts, "kinds", _among(KINDS)),
        _some(reader, parts, "served", _a_country), _some(reader, parts, "under", _a_country),
        _some(reader, parts, "measures", _a_name), _pairs(reader, parts, "last_reviews", _day),
    )  # fmt: skip
    linked = Linked(*(
        _some(reader, parts, key, _a_country) for key in ("uploaded_from", "users_in", "content_in")
    ))  # fmt: skip
    danger = reader.yes_no(parts["danger"], "danger") if "danger" in parts else None
    priority = reader.whole(parts["priority"], "priority", 1, 3) if "priority" in parts else None
    age = reader.whole(parts["age"], "age", 0, 150) if "age" in parts else None
    values = {
        key: choice(reader, parts, key, choices)
        for key, choices in (
            ("incident", INCIDENTS), ("confirmed", CONFIRMED), ("found_by", FOUND_BY),
            ("channel", CHANNELS),
        )
    }  # fmt: skip
    notice = choice(reader, parts, "notice", NOTICES) if "notice" in parts else "none"
    grades = _pairs(reader, parts, "grades", _text)
    reported = _pairs(reader, parts, "reported", _at)
    noticed_at = _moment(reader, parts, "noticed_at")
    if len(reader.faults) > before or at is None:
        return None
    return Situation(
        service, at, linked=linked, danger=danger, priority=priority, age=age, notice=notice,
        grades=grades, reported=reported, noticed_at=noticed_at, **values,
    )  # fmt: skip


def _country(reader: Reader, parts: Parts) -> str | None:
    if "established" not in parts:
        return None
    return _a_country(reader, parts["established"], "established")


Read = Callable[[Reader, Node, str], Got | None]


def _some(reader: Reader, parts: Parts, key: str, read: Read[str]) -> frozenset[str] | None:
    """Values of a list; None if it is not written, which is not the same as an empty one."""
    if key not in parts:
        return None
    found = [read(reader, one, key) for one in reader.sequence(parts[key], key)]
    return frozenset(one for one in found if one is not None)


def _pairs(reader: Reader, parts: Parts, key: str, read: Read[Got]) -> dict[str, Got]:
    made: dict[str, Got] = {}
    if key in parts:
        for name, (_, node) in reader.mapping(parts[key], key, {}, open_keys=True).items():
            value = read(reader, node, name)
            if value is not None:
                made[name] = value
    return made


def _among(choices: tuple[str, ...]) -> Read[str]:
    return lambda reader, node, what: reader.one_of(node, what, choices)


def _text(reader: Reader, node: Node, what: str) -> str | None:
    return reader.text(node, what, 64)


def _a_name(reader: Reader, node: Node, what: str) -> str | None:
    return reader.parsed(node, what, _named, "small letters, digits and dashes")


def _a_country(reader: Reader, node: Node, what: str) -> str | None:
    return reader.parsed(node, what, _known_country, "two letters of ISO 3166: GB")


def _day(reader: Reader, node: Node, what: str) -> date | None:
    return reader.parsed(node, what, parse_date, "a day: 2026-01-31")


def _at(reader: Reader, node: Node, what: str) -> datetime | None:
    return reader.parsed(node, what, parse_moment, MOMENT)


def _moment(reader: Reader, parts: Parts, key: str) -> datetime | None:
    return _at(reader, parts[key], key) if key in parts else None


def parse_moment(text: str) -> datetime:
    """A moment with its zone (ISO 8601). Raises ValueError."""
    found = datetime.fromisoformat(text)
    if found.utcoffset() is None:
        raise ValueError("no zone")
    return found


def _named(text: str) -> str:
    if not NAME.fullmatch(text):
        raise ValueError("no name")
    return text


def _known_country(text: str) -> str:
    if text not in COUNTRIES:
        raise ValueError("no country")
    return text
